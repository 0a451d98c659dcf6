import type pg from 'pg';
import { beforeAll } from 'vitest';
import { useDatabase } from '../support/database.js';
import { storeRows } from './rows.js';

/** What the catalogue says of a constraint, or of a unique index that has none. */
export interface Constraint {
  name: string;
  table: string;
  /** As in `pg_constraint`: check, foreign key, primary key, trigger, unique (or a unique index), exclusion. */
  kind: 'c' | 'f' | 'p' | 't' | 'u' | 'x';
  columns: string[];
  /** Foreign keys only. */
  target: string;
  targetColumns: string[];
  deleteRule: 'restrict' | 'cascade' | 'set null' | 'no action';
  isIndex: boolean;
}

const columnsOf = (relation: string, numbers: string) =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality as k(number, place)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.number order by k.place)`;

/** Not-null constraints are left out: only PostgreSQL 18 has rows for them. */
const CATALOGUE = `
  select conname as name, conrelid::regclass::text as table, contype as kind, ${columnsOf('conrelid', 'conkey')} as columns,
    confrelid::regclass::text as target, ${columnsOf('confrelid', 'confkey')} as "targetColumns", false as "isIndex",
    case confdeltype when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' when 'a' then 'no action' end as "deleteRule"
  from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 'mikro_orm_migrations'::regclass
  union all
  select c.relname, i.indrelid::regclass::text, 'u', ${columnsOf('i.indrelid', 'i.indkey::int2[]')}, null, null, true, null
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indisunique and c.relnamespace = 'public'::regnamespace and i.indrelid <> 'mikro_orm_migrations'::regclass
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`;

export interface Refusal {
  code: string;
  /** What refused: a constraint, or the column that must not be null. */
  name: string;
}

/** A suite's own database with at least one row in every table. What a test does to it is taken back. */
export function useSchema() {
  const database = useDatabase();
  const constraints = new Map<string, Constraint>();
  let client: pg.Client;

  beforeAll(async () => {
    client = await database.superuser();
    for (const constraint of await list<Constraint>(CATALOGUE)) {
      if (constraints.has(constraint.name)) throw new Error(`Two constraints are called ${constraint.name}.`);
      constraints.set(constraint.name, constraint);
    }
    await storeRows(client);
  });

  const list = async <T extends object>(sql: string, values: unknown[] = []): Promise<T[]> =>
    (await client.query<T>(sql, values)).rows;

  /** What refuses a statement; `null` when it is allowed. Allowed or refused, it stays within the transaction. */
  async function refusalOf(sql: string, values: unknown[] = []): Promise<Refusal | null> {
    await client.query('savepoint before');
    try {
      await client.query(sql, values);
      return null;
    } catch (error) {
      const { code, constraint, column, message } = error as pg.DatabaseError;
      await client.query('rollback to before');
      return { code: code!, name: constraint ?? column ?? message };
    }
  }

  async function drop(dropped: Constraint[]): Promise<void> {
    for (const { name, table, isIndex } of dropped)
      await client.query(
        isIndex ? `drop index if exists ${name}` : `alter table ${table} drop constraint if exists ${name} cascade`,
      );
  }

  return {
    constraints,
    list,
    refusalOf,
    drop,

    find(name: string): Constraint {
      const constraint = constraints.get(name);
      if (!constraint) throw new Error(`There is no constraint ${name}.`);
      return constraint;
    },

    namesOf: (...kinds: Constraint['kind'][]): string[] =>
      [...constraints.values()].flatMap(({ kind, name }) => (kinds.includes(kind) ? [name] : [])).sort(),

    /**
     * Takes a table's other constraints away, so that what is refused is refused by this one. A foreign key within the
     * table needs the primary key to point at.
     */
    async leaveOnly(kept: Constraint): Promise<void> {
      const stays = (other: Constraint) =>
        other === kept || other.kind === 't' || (other.kind === 'p' && kept.target === kept.table);
      await drop([...constraints.values()].filter(other => other.table === kept.table && !stays(other)));
    },

    async takenBack<T>(work: () => Promise<T>): Promise<T> {
      await client.query('begin');
      try {
        return await work();
      } finally {
        await client.query('rollback');
      }
    },
  };
}
