import { describe, expect, test } from 'vitest';
import { FOREIGN_KEYS } from './foreign-keys.js';
import { id, TABLES } from './rows.js';
import { type Constraint, useSchema } from './schema.js';
import { CHECKS, DECIMAL, LISTED, OUT_OF_THE_WAY, UNIQUE } from './violations.js';

const schema = useSchema();

const namesOf = (columns: Record<string, string[]>, suffix: string): string[] =>
  Object.entries(columns).flatMap(([table, names]) => names.map(name => `${table}_${name}_${suffix}`));

const LISTS = namesOf(LISTED, 'check');
const NOT_NAN = namesOf(DECIMAL, 'not_nan');
const PRIMARY = TABLES.map(table => `${table}_pkey`);
const WEIGHTS = {
  baskets_weights_sum: 'set composition_version = 2',
  basket_assets_weights_sum: 'set weight = weight - 0.0001',
};

/** A row that a constraint bears on: none of its columns is null, except where nulls count as a value. */
async function rowOf({ table, columns, name }: Constraint): Promise<Record<string, unknown>> {
  const [where] = await schema.list<{ predicate: string | null }>(
    'select pg_get_expr(indpred, indrelid) as predicate from pg_index where indexrelid = to_regclass($1)',
    [name],
  );
  const conditions = [...columns.map(column => `${column} is not null`), where?.predicate ?? 'true'];
  const [found] = await schema.list<{ row: Record<string, unknown> }>(
    `select to_jsonb(t) as row from ${table} t where ${conditions.join(' and ')} limit 1`,
  );
  if (!found) throw new Error(`No row of ${table} shows ${name}.`);
  return found.row;
}

/** Stores a row once more, some of it changed. */
const storeAgain = (table: string, row: Record<string, unknown>, changed: Record<string, unknown>) =>
  schema.refusalOf(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`, [
    { ...row, ...changed },
  ]);

/** Another value of the same type. */
async function other(table: string, column: string): Promise<string> {
  const [found] = await schema.list<{ value: string }>(
    `select case format_type(atttypid, null)
       when 'uuid' then gen_random_uuid()::text
       when 'date' then '2001-01-01'
       when 'timestamp with time zone' then '2001-01-01T00:00:00Z'
       when 'smallint' then '77' when 'integer' then '77' when 'numeric' then '77'
       else 'else' end as value
     from pg_attribute where attrelid = $1::regclass and attname = $2`,
    [table, column],
  );
  return found!.value;
}

test('the constraints that are shown here are those of the schema', () => {
  expect([...LISTS, ...NOT_NAN, ...Object.keys(CHECKS)].sort()).toEqual(schema.namesOf('c'));
  expect([...PRIMARY].sort()).toEqual(schema.namesOf('p'));
  expect(Object.keys(UNIQUE).sort()).toEqual(schema.namesOf('u'));
  expect(Object.keys(FOREIGN_KEYS).sort()).toEqual(schema.namesOf('f'));
  expect(schema.namesOf('x')).toEqual(['battle_passes_no_overlap']);
  expect(Object.keys(WEIGHTS).sort()).toEqual(schema.namesOf('t'));
});

describe('a check', () => {
  const violations = Object.entries(CHECKS).flatMap(([name, updates]) =>
    [updates].flat().map(update => [name, update] as const),
  );

  test.each(violations)('%s refuses to %s, which nothing else would', (name, violation) =>
    schema.takenBack(async () => {
      const check = schema.find(name);
      const update = `update ${check.table} ${violation}`;
      expect(await schema.refusalOf(update)).toEqual({ code: '23514', name });
      await schema.drop([check]);
      expect(await schema.refusalOf(update)).toBeNull();
    }),
  );

  test.each([...LISTS.map(name => [name, 'nonsense'] as const), ...NOT_NAN.map(name => [name, 'NaN'] as const)])(
    '%s refuses %s',
    (name, value) =>
      schema.takenBack(async () => {
        const check = schema.find(name);
        const [column] = check.columns;
        const update = `update ${check.table} set ${column} = '${value}'`;
        await schema.leaveOnly(check);
        expect(await schema.refusalOf(update)).toEqual({ code: '23514', name });
        await schema.drop([check]);
        expect(await schema.refusalOf(update)).toBeNull();
      }),
  );
});

describe('what no constraint is against', () => {
  test('fees of a snapshot may be below zero, for those that were given back', () =>
    schema.takenBack(async () => {
      expect(await schema.refusalOf('update portfolio_snapshots set fees = -1, value = value + 2')).toBeNull();
    }));

  test('a transaction may expire or not, a snapshot may be reckoned anew or not', () =>
    schema.takenBack(async () => {
      for (const [table, column] of [
        ['transactions', 'expires_at'],
        ['portfolio_snapshots', 'restated_at'],
      ])
        for (const value of ['now()', 'null'])
          expect(await schema.refusalOf(`update ${table} set ${column} = ${value}`), `${column} ${value}`).toBeNull();
    }));
});

describe('a column', () => {
  interface Column {
    table: string;
    column: string;
  }

  test('that may not be null refuses null', () =>
    schema.takenBack(async () => {
      const columns = await schema.list<Column>(
        `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and a.attnotnull and c.relname = any ($1)`,
        [TABLES],
      );
      expect(columns.length).toBeGreaterThan(300);
      const taking: Column[] = [];
      for (const { table, column } of columns) {
        const refusal = await schema.refusalOf(`update ${table} set ${column} = null`);
        if (refusal?.code !== '23502' || refusal.name !== column) taking.push({ table, column });
      }
      expect(taking).toEqual([]);
    }));

  test.each([
    ['NaN', '23514'],
    ['Infinity', '22003'],
    ['-Infinity', '22003'],
  ])('for money, a quantity, a price or a rate refuses %s', (value, code) =>
    schema.takenBack(async () => {
      const columns = await schema.list<Column>(
        `select table_name as table, column_name as column from information_schema.columns
         where table_schema = 'public' and data_type = 'numeric'`,
      );
      expect(columns.map(({ table, column }) => `${table}_${column}_not_nan`).sort()).toEqual([...NOT_NAN].sort());
      const taking: Column[] = [];
      for (const { table, column } of columns) {
        const refusal = await schema.refusalOf(`update ${table} set ${column} = '${value}'`);
        if (refusal?.code !== code) taking.push({ table, column });
      }
      expect(taking).toEqual([]);
    }),
  );
});

describe('a key', () => {
  test.each(PRIMARY)('%s is nobody else’s', name =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      const row = await rowOf(key);
      await schema.leaveOnly(key);
      expect(await storeAgain(key.table, row, {})).toEqual({ code: '23505', name });
      for (const column of key.columns)
        expect(await storeAgain(key.table, row, { [column]: await other(key.table, column) }), column).toBeNull();
    }),
  );

  test.each(Object.entries(UNIQUE))('%s is unique by (%s), each of which counts', (name, columns) =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      expect(key.columns.join(', ')).toBe(columns);
      const row = await rowOf(key);
      await schema.leaveOnly(key);
      const next = key.columns.includes('id') ? {} : { id: id('next') };
      expect(await storeAgain(key.table, row, next)).toEqual({ code: '23505', name });
      for (const column of key.columns) {
        const changed = { ...next, [column]: await other(key.table, column) };
        expect(await storeAgain(key.table, row, changed), column).toBeNull();
      }
    }),
  );

  test('for some rows only is known here to be one', async () => {
    const partial = await schema.list<{ name: string }>(
      `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
       where i.indisunique and i.indpred is not null and c.relnamespace = 'public'::regnamespace order by 1`,
    );
    expect(partial.map(({ name }) => name)).toEqual(Object.keys(OUT_OF_THE_WAY));
  });

  test.each(Object.entries(OUT_OF_THE_WAY))('%s lets by a row with %s', (name, assignment) =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      const row = await rowOf(key);
      const [column, value] = assignment.replaceAll(`'`, '').split(' = ');
      await schema.leaveOnly(key);
      expect(await storeAgain(key.table, row, { id: id('next'), [column!]: value })).toBeNull();
    }),
  );

  test.each([
    ['ledger_accounts_place_unique', ['portfolio_id', 'basket_id']],
    ['portfolio_holdings_place_unique', ['basket_id']],
  ])('%s takes a place without a %s for a place like any other', (name, empty) =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      const row = { ...(await rowOf(key)), ...Object.fromEntries(empty.map(column => [column, null])) };
      await schema.leaveOnly(key);
      expect(await storeAgain(key.table, row, { id: id('next') })).toBeNull();
      expect(await storeAgain(key.table, row, { id: id('next but one') })).toEqual({ code: '23505', name });
    }),
  );
});

describe('a foreign key', () => {
  const names = Object.keys(FOREIGN_KEYS);

  test.each(names)('%s points at a row that is there', name =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      const row = await rowOf(key);
      await schema.leaveOnly(key);
      const pointing = key.columns.findLast(column => column !== 'asset_id') ?? 'asset_id';
      expect(await storeAgain(key.table, row, { id: id('next'), [pointing]: id('nobody') })).toEqual({
        code: '23503',
        name,
      });
      expect(await storeAgain(key.table, row, { id: id('next') })).toBeNull();
    }),
  );

  test.each(names.filter(name => /_user_id_\w+_foreign$|user_battle_pass_foreign$/.test(name)))(
    '%s never points at another user’s row',
    name =>
      schema.takenBack(async () => {
        const key = schema.find(name);
        expect(key.columns[0]).toBe('user_id');
        const row = await rowOf(key);
        await schema.leaveOnly(key);
        expect(await storeAgain(key.table, row, { id: id('next'), user_id: id('bob') })).toEqual({
          code: '23503',
          name,
        });
      }),
  );

  test('between rows of users carries the user in all of these', () => {
    const owned = names.filter(name => schema.find(name).targetColumns[0] === 'user_id');
    expect(owned).toEqual(names.filter(name => /_user_id_\w+_foreign$|user_battle_pass_foreign$/.test(name)));
  });

  test.each([
    ['to an account of another asset', 'ledger_entries_user_id_debit_id_asset_id_foreign', { asset_id: id('WBTC') }],
    ['to an account of another asset', 'ledger_entries_user_id_credit_id_asset_id_foreign', { asset_id: id('WBTC') }],
    ['to an account of another asset', 'loan_collaterals_user_id_account_id_asset_id_foreign', { asset_id: id('USD') }],
    ['to the tier of another season', 'reward_claims_tier_id_battle_pass_id_foreign', { battle_pass_id: id('autumn') }],
    ['to the pass of another season', 'reward_claims_user_battle_pass_foreign', { battle_pass_id: id('autumn') }],
  ])('never points %s: %s', (_, name, changed) =>
    schema.takenBack(async () => {
      const key = schema.find(name);
      const row = await rowOf(key);
      await schema.leaveOnly(key);
      expect(await storeAgain(key.table, row, changed)).toEqual({ code: '23503', name });
    }),
  );
});

test.each(Object.entries(WEIGHTS))('%s refuses weights that do not sum to 100', (name, violation) =>
  schema.takenBack(async () => {
    const { table } = schema.find(name);
    const update = `update ${table} ${violation}`;
    expect(await schema.refusalOf(update)).toBeNull();
    expect(await schema.refusalOf('set constraints all immediate')).toEqual({
      code: '23514',
      name: 'baskets_weights_sum',
    });
  }),
);

test('battle_passes_no_overlap refuses a season within another', () =>
  schema.takenBack(async () => {
    const key = schema.find('battle_passes_no_overlap');
    const row = { ...(await rowOf(key)), id: id('next'), code: 'next', season: 2, status: 'draft', activated_at: null };
    expect(await storeAgain(key.table, row, {})).toEqual({ code: '23P01', name: key.name });
    await schema.drop([key]);
    expect(await storeAgain(key.table, row, {})).toBeNull();
  }));
