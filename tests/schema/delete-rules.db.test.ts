import { beforeAll, describe, expect, test } from 'vitest';
import { FOREIGN_KEYS } from './foreign-keys.js';
import { id } from './rows.js';
import { type Constraint, useSchema } from './schema.js';

const schema = useSchema();

/** PostgreSQL 18 has a code of its own for what a restrict refuses. */
let restricted: string;

beforeAll(async () => {
  const [server] = await schema.list<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  restricted = server!.version >= 180_000 ? '23001' : '23503';
});

test('every foreign key has the rule that is written here', () => {
  const found = schema.namesOf('f').map(name => [name, schema.find(name).deleteRule] as const);
  expect(Object.fromEntries(found)).toEqual(FOREIGN_KEYS);
});

/** The condition that rows of a table have what a pointing row has in its columns. */
const having = (columns: string[], values: Record<string, string>, names: string[]) =>
  names.map((name, at) => `${name} = '${values[columns[at]!]}'`).join(' and ');

/** Deletes the row that a key points at, with no other key in the way; tells what is left of the one that pointed. */
async function deleteTarget(key: Constraint) {
  const { table, columns, target, targetColumns } = key;
  const [pointing] = await schema.list<Record<string, string>>(
    `select ${columns} from ${table} where ${columns.map(column => `${column} is not null`).join(' and ')} limit 1`,
  );
  if (!pointing) throw new Error(`No row of ${table} shows ${key.name}.`);
  const pointed = having(columns, pointing, targetColumns);
  const count = async () => {
    const [counts] = await schema.list<Record<'all' | 'pointing' | 'targets', number>>(
      `select (select count(*)::int from ${table}) as all, (select count(*)::int from ${target} where ${pointed}) as targets,
        (select count(*)::int from ${table} where ${having(columns, pointing, columns)}) as pointing`,
    );
    return counts!;
  };
  const inTheWay = schema
    .namesOf('f')
    .map(schema.find)
    .filter(other => other !== key && [table, target].includes(other.target));
  await schema.drop(inTheWay);
  const before = await count();
  const refusal = await schema.refusalOf(`delete from ${target} where ${pointed}`);
  return { refusal, before, after: await count() };
}

describe('a row that is pointed at', () => {
  const by = (rule: string) => Object.keys(FOREIGN_KEYS).filter(name => FOREIGN_KEYS[name] === rule);

  test.each(by('restrict'))('is kept by %s', name =>
    schema.takenBack(async () => {
      const { refusal, before, after } = await deleteTarget(schema.find(name));
      expect(refusal).toEqual({ code: restricted, name });
      expect(after).toEqual(before);
    }),
  );

  test.each(by('cascade'))('takes along what points at it by %s', name =>
    schema.takenBack(async () => {
      const { refusal, before, after } = await deleteTarget(schema.find(name));
      expect(refusal).toBeNull();
      expect(after).toEqual({ targets: 0, pointing: 0, all: before.all - before.pointing });
    }),
  );

  test.each(by('set null'))('leaves without a link what pointed at it by %s', name =>
    schema.takenBack(async () => {
      const { refusal, before, after } = await deleteTarget(schema.find(name));
      expect(refusal).toBeNull();
      expect(after).toEqual({ targets: 0, pointing: 0, all: before.all });
    }),
  );
});

describe('with all keys in place', () => {
  const deleteFrom = (table: string, name: string) =>
    schema.refusalOf(`delete from ${table} where id = $1`, [id(name)]);

  test('whoever decided on a loan can go, and their name stays with the decision', () =>
    schema.takenBack(async () => {
      expect(await deleteFrom('users', 'carol')).toBeNull();
      expect(
        await schema.list(
          `select decided_by_id, decided_by_name, decided_at is not null as decided, status from loan_applications where id = $1`,
          [id('application')],
        ),
      ).toEqual([{ decided_by_id: null, decided_by_name: 'Carol', decided: true, status: 'converted' }]);
    }));

  test('a person without money goes with their profile, preferences, wallets and notices', () =>
    schema.takenBack(async () => {
      const alone = ['user_profiles', 'user_preferences', 'user_wallets', 'notification_preferences'];
      const personal = [...alone, 'notifications', 'notification_deliveries'];
      for (const table of alone) await schema.list(`update ${table} set user_id = $1`, [id('bob')]);
      await schema.list(
        'with moved as (update notification_deliveries set user_id = $1) update notifications set user_id = $1',
        [id('bob')],
      );
      expect(await deleteFrom('users', 'bob')).toBeNull();
      for (const table of personal) expect(await schema.list(`select from ${table}`), table).toEqual([]);
    }));

  test('a person with money stays, and so does every row of their books', () =>
    schema.takenBack(async () => {
      expect(await deleteFrom('users', 'ann')).toMatchObject({ code: restricted });
      for (const [table, name] of [
        ['transactions', 'deposit'],
        ['ledger_accounts', 'cash'],
        ['ledger_entries', 'entry'],
        ['loans', 'loan'],
        ['loan_applications', 'application'],
        ['portfolios', 'portfolio'],
        ['user_battle_passes', 'my pass'],
      ] as const)
        expect(await deleteFrom(table, name), table).toMatchObject({ code: restricted });
    }));

  test('nothing of the catalogue goes that somebody has used', () =>
    schema.takenBack(async () => {
      for (const [table, name] of [
        ['assets', 'WBTC'],
        ['baskets', 'duo'],
        ['quests', 'quest'],
        ['achievements', 'saver'],
        ['battle_passes', 'spring'],
        ['battle_pass_tiers', 'tier'],
        ['ai_experts', 'guide'],
      ] as const)
        expect(await deleteFrom(table, name), table).toMatchObject({ code: restricted });
    }));

  test('a notice takes its deliveries along, and nothing else', () =>
    schema.takenBack(async () => {
      expect(await deleteFrom('notifications', 'notice')).toBeNull();
      expect(await schema.list('select from notification_deliveries')).toEqual([]);
      expect(await schema.list('select id from users where id = $1', [id('ann')])).toHaveLength(1);
    }));
});
