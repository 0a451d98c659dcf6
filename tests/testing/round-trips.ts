import { Collection, type EntityMetadata, type EntityProperty, helper, Reference } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/sql';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { asWorker, Decimal, ENTITIES, type EntityManager } from '../../src/index.js';
import { ROUND_TRIPS, type RoundTrip } from './round-trip-cases.js';

type Row = Record<string, unknown>;
type Query = (sql: string) => Promise<Row[]>;

export interface RoundTripDatabase {
  readonly orm: MikroORM;
  /** Runs work as the superuser, whom no policy and no right holds back, and takes it all back. */
  tryAsSuperuser<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

/** Where a job may delete rows; elsewhere only the owner of the database may, if anybody. */
const REMOVABLE_BY_JOBS = ['user_wallets', 'notifications', 'notification_deliveries', 'outbox_events'];

/** What is written once: not even a job may change it. */
const FIXED = [
  ...['ledger_accounts', 'ledger_entries', 'transactions', 'transaction_fees', 'holding_movements'],
  ...['basket_assets', 'xp_events', 'reward_claims', 'loan_payments'],
];

const RULES = { restrict: 'r', cascade: 'c', 'set null': 'n' } as Record<string, string>;
/** PostgreSQL 18 calls a restriction 23001, versions before 23503. */
const RESTRICTED = ['23001', '23503'];
/** What the books refuse, to anybody. */
const APPEND_ONLY = 'NE005';

/** Sends every entity to the database and back. */
export function testRoundTrips(database: RoundTripDatabase): void {
  test('no entity is forgotten', () => {
    expect(new Set(ROUND_TRIPS.map(({ entity }) => entity.name))).toEqual(new Set(ENTITIES.map(({ name }) => name)));
  });

  test('each relation has the rule in the database that it has in the source', async () => {
    const found = await database.tryAsSuperuser(query =>
      query(`select conrelid::regclass::text as "table", confdeltype as rule, array(
          select a.attname::text from unnest(conkey) k join pg_attribute a on a.attrelid = conrelid and a.attnum = k order by 1
        )::text as columns from pg_constraint where contype = 'f'`),
    );
    const inDatabase = found.map(({ table, columns, rule }) => `${table} ${columns} ${rule}`).sort();
    const inSource = ENTITIES.flatMap(entity => {
      const meta = metaOf(database.orm, entity);
      return ownRelations(meta).map(
        ({ joinColumns, deleteRule }) => `${meta.tableName} {${[...joinColumns].sort()}} ${RULES[deleteRule ?? '']}`,
      );
    }).sort();
    expect(inDatabase).toEqual(inSource);
  });

  describe.each(ROUND_TRIPS)('$entity.name, $which', roundTrip => {
    testRoundTrip(database, roundTrip);
  });
}

function testRoundTrip(database: RoundTripDatabase, roundTrip: RoundTrip): void {
  const { entity, make, reads, change, whenDeleted = 'gone' } = roundTrip;
  const heldBy: Partial<Record<string, string>> = roundTrip.heldBy ?? {};
  let meta: EntityMetadata;
  let key: Row;
  let made: Row;

  const load = (em: EntityManager): Promise<object> =>
    em.findOneOrFail(entity, key as never, { populate: meta.relations.map(({ name }) => name) as never });
  const stored = <T>(work: (found: object, em: EntityManager) => T | Promise<T>): Promise<T> =>
    asWorker(database.orm.em, async em => work(await load(em), em));
  const sent = () => {
    const spy = vi.spyOn(database.orm.config.getLogger(), 'logQuery');
    return () => spy.mock.calls.map(([{ query = '' }]) => query);
  };
  const writes = (queries: string[]) => queries.filter(query => /^\s*(insert|update|delete)/i.test(query));
  const deletion = (row: object): string => `delete from ${tableOf(row)} where ${whereOf(row)}`;

  beforeAll(async () => {
    meta = metaOf(database.orm, entity);
    await asWorker(database.orm.em, async em => {
      const row = await make(em);
      em.persist(row);
      await em.flush();
      key = keyOf(row);
      made = pictureOf(row);
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('is read as it was made, with all that it refers to', async () => {
    await stored(found => {
      expect(pictureOf(found)).toEqual(made);
      expect(literally(found, reads)).toEqual(reads);
    });
  });

  test('is not written again when nothing has changed', async () => {
    await stored(async (_, em) => {
      const queries = sent();
      await em.flush();
      expect(queries()).toEqual([]);
    });
  });

  if (change) {
    test('is written once when one thing has changed', async () => {
      const before = await stored(async (found, em) => {
        const version = versionOf(found);
        const queries = sent();
        change.by(found as never);
        await em.flush();
        expect(writes(queries())).toEqual([expect.stringContaining(`update "${meta.tableName}" set`)]);
        return version;
      });
      await stored(found => {
        expect(literally(found, change.reads)).toEqual(change.reads);
        expect(versionOf(found)).toBe(before && before + 1);
      });
    });
  }

  if (roundTrip.isVariant) return;

  test('is changed by hand only where it may be', async () => {
    const attempt = asWorker(database.orm.em, em =>
      em.execute(`update ${meta.tableName} set created_at = created_at where created_at is null`),
    );
    if (FIXED.includes(meta.tableName)) await expect(attempt).rejects.toMatchObject({ code: 'context.not-allowed' });
    else await attempt;
  });

  test('goes only as its rule says', async () => {
    const row = await stored(found => found);
    expect(await outcomeOf(database, deletion(row), row)).toBe(whenDeleted);
    for (const { name, deleteRule, targetMeta } of ownRelations(meta)) {
      const target = (row as Record<string, Reference<object> | undefined>)[name]?.unwrap();
      if (!target) continue;
      const outcome = await outcomeOf(database, deletion(target), row);
      if (deleteRule === 'restrict' || heldBy[name]) {
        expect(`${name}: ${outcome}`).toBe(`${name}: ${isBook(targetMeta!) ? APPEND_ONLY : 'restricted'}`);
      } else expect(`${name}: ${outcome}`).toBe(`${name}: ${deleteRule === 'cascade' ? 'gone' : 'there'}`);
    }
  });

  test('is deleted by a job only where jobs clear away', async () => {
    const queries = sent();
    const attempt = asWorker(database.orm.em, async em => {
      em.remove(em.getReference(entity, helper(await load(em)).getPrimaryKey() as never));
    });
    if (!REMOVABLE_BY_JOBS.includes(meta.tableName)) {
      await expect(attempt).rejects.toMatchObject({ code: 'context.not-allowed' });
      return;
    }
    await attempt;
    expect(writes(queries())).toEqual([expect.stringContaining(`delete from "${meta.tableName}"`)]);
    await expect(stored(() => undefined)).rejects.toMatchObject({ code: expect.stringMatching(/not-found/) });
  });
}

/** What becomes of a row when something is deleted: it is gone, still there, or the deletion is refused with a SQLSTATE. */
async function outcomeOf(database: RoundTripDatabase, deletion: string, row: object): Promise<string> {
  try {
    return await database.tryAsSuperuser(async query => {
      await query(deletion);
      await query('set constraints all immediate');
      const left = await query(`select from ${tableOf(row)} where ${whereOf(row)}`);
      return left.length > 0 ? 'there' : 'gone';
    });
  } catch (error) {
    const { code } = error as { code: string };
    return RESTRICTED.includes(code) ? 'restricted' : code;
  }
}

const metaOf = (orm: MikroORM, entity: RoundTrip['entity']): EntityMetadata =>
  orm.getMetadata().get(entity as never) as EntityMetadata;
const tableOf = (row: object): string => helper(row).__meta.tableName;
const isBook = ({ tableName }: EntityMetadata): boolean =>
  ['ledger_accounts', 'ledger_entries', 'transactions'].includes(tableName);
const ownRelations = ({ relations }: EntityMetadata): EntityProperty[] =>
  relations.filter(({ kind }) => kind === 'm:1' || kind === '1:1');

function keyOf(row: object): Row {
  const values = row as Row;
  return Object.fromEntries(
    helper(row).__meta.primaryKeys.map(name => [
      name,
      Reference.isReference(values[name]) ? idOf(values[name]) : values[name],
    ]),
  );
}

const idOf = (reference: unknown): unknown => keyOf((reference as Reference<object>).unwrap()).id;

const whereOf = (row: object): string =>
  Object.entries(keyOf(row))
    .map(([name, value]) => `${name === 'user' ? 'user_id' : name} = '${value}'`)
    .join(' and ');

function versionOf(row: object): number | undefined {
  const { versionProperty } = helper(row).__meta;
  return versionProperty && ((row as Row)[versionProperty] as number);
}

/** All that a row holds, and all that the rows hold that it refers to, as plain text. */
function pictureOf(row: object, isReferredTo = false): Row {
  const picture: Row = {};
  for (const { name, kind } of helper(row).__meta.props) {
    const value = (row as Row)[name];
    if (kind === '1:m') {
      if (!isReferredTo) picture[name] = picturesOf(value as Collection<object>);
    } else if (!Reference.isReference(value)) picture[name] = plain(value);
    else if (isReferredTo) picture[name] = keyOf((value as Reference<object>).unwrap());
    else picture[name] = pictureOf((value as Reference<object>).unwrap(), true);
  }
  return picture;
}

const picturesOf = (rows: Collection<object>): Row[] =>
  rows
    .getItems()
    .map(row => pictureOf(row, true))
    .sort((a, b) => (`${a.id}` < `${b.id}` ? -1 : 1));

const literally = (row: object, names: Row): Row =>
  Object.fromEntries(Object.keys(names).map(name => [name, plain((row as Row)[name])]));

function plain(value: unknown): unknown {
  if (Decimal.isDecimal(value)) return value.toFixed();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Collection) return value.length;
  return value;
}
