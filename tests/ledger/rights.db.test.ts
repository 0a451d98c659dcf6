import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../src/index.js';
import { rawPosting, refusalOf, useBank } from './bank.js';

const bank = useBank();
let userId: string;

beforeAll(async () => {
  userId = await bank.newUserWith('100');
  await bank.spend(userId, '10', {
    legs: [bank.leg('cash', 'external', '9'), bank.leg('cash', 'fees', '1', { fee: { kind: 'platform' } })],
  });
});

/** Values for a row that would be right if only it came through the door. */
const transactionValues = () =>
  `('${userId}', '${newId()}', 'deposit', 'posted', '${bank.usd.id}', 5, now(), now(), 'k-${newId()}', 'h')`;
const entryValues =
  () => `select user_id, '${newId()}', transaction_id, 9, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance
  from ledger_entries where user_id = '${userId}' limit 1`;

/** What somebody at an SQL prompt might try. */
const DEEDS: [deed: string, sql: () => string][] = [
  ['set a balance', () => 'update ledger_accounts set balance = 1000000'],
  [
    'open an account',
    () =>
      `insert into ledger_accounts (user_id, id, kind, asset_id, balance) values ('${userId}', '${newId()}', 'reserved', '${bank.usd.id}', 5)`,
  ],
  ['close an account', () => 'delete from ledger_accounts'],
  ['empty the accounts', () => 'truncate ledger_accounts cascade'],
  [
    'add an entry',
    () =>
      `insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance) ${entryValues()}`,
  ],
  ['change an entry', () => 'update ledger_entries set amount = 1'],
  ['delete an entry', () => 'delete from ledger_entries'],
  ['empty the entries', () => 'truncate ledger_entries cascade'],
  [
    'add a transaction',
    () =>
      `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key, request_hash) values ${transactionValues()}`,
  ],
  ['change a transaction', () => `update transactions set failure_reason = 'because'`],
  ['delete a transaction', () => 'delete from transactions'],
  ['empty the transactions', () => 'truncate transactions cascade'],
  [
    'add a fee',
    () =>
      `insert into transaction_fees (user_id, id, transaction_id, kind, asset_id, amount) select user_id, '${newId()}', transaction_id, kind, asset_id, 0 from transaction_fees where user_id = '${userId}' limit 1`,
  ],
  ['change a fee', () => 'update transaction_fees set amount = 0'],
  ['delete a fee', () => 'delete from transaction_fees'],
  ['empty the fees', () => 'truncate transaction_fees'],
];

describe.each(['nestegg_app', 'nestegg_worker', 'nestegg_readonly'])('acting as %s, nobody can', role => {
  test.each(DEEDS)('%s', async (_deed, sql) => {
    const refusal = await refusalOf(await bank.database.service(), role, userId, sql());
    expect(refusal).toMatchObject({ code: '42501', message: expect.stringContaining('permission denied for table') });
  });

  test('switch off a trigger, a policy or the door', async () => {
    const client = await bank.database.service();
    for (const sql of [
      'alter table ledger_entries disable trigger all',
      'alter table ledger_accounts disable row level security',
      'drop policy own_rows on ledger_accounts',
      'drop function nestegg_post(uuid, jsonb)',
      'create table public.shadow (id int)',
      `set session_replication_role = 'replica'`,
    ]) {
      expect(await refusalOf(client, role, userId, sql)).toMatchObject({ code: '42501' });
    }
  });
});

test('the rows that nobody could change are there to be seen', async () => {
  const client = await bank.database.service();
  await client.query('begin');
  await client.query(`select nestegg_enter('nestegg_app', $1)`, [userId]);
  const { rows } = await client.query(`
    select (select count(*)::int from ledger_accounts) as accounts, (select count(*)::int from ledger_entries) as entries,
      (select count(*)::int from transactions) as transactions, (select count(*)::int from transaction_fees) as fees`);
  await client.query('rollback');
  expect(rows).toEqual([{ accounts: 3, entries: 3, transactions: 2, fees: 1 }]);
});

describe('the door into the books', () => {
  const POST = 'select nestegg_post($1, $2)';

  test('is open to a user for their own book', async () => {
    const posting = rawPosting(bank, 'external', 'cash', '1.00000000');
    expect(await refusalOf(await bank.database.service(), 'nestegg_app', userId, POST, [userId, posting])).toBeNull();
  });

  test('is closed to a user for the book of another', async () => {
    const other = await bank.newUser();
    const posting = rawPosting(bank, 'external', 'cash', '1.00000000');
    expect(await refusalOf(await bank.database.service(), 'nestegg_app', other, POST, [userId, posting])).toMatchObject(
      {
        code: 'NE003',
        message: 'ledger.not-your-book',
      },
    );
  });

  test('is open to a job for any book, and leaves nobody named behind', async () => {
    const client = await bank.database.service();
    await client.query('begin');
    await client.query(`select nestegg_enter('nestegg_worker', null)`);
    await client.query(POST, [userId, rawPosting(bank, 'external', 'cash', '1.00000000')]);
    const { rows } = await client.query(`select nestegg_user_id() as acting`);
    await client.query('rollback');
    expect(rows).toEqual([{ acting: null }]);
  });

  test('is closed to readers, and to a login that has taken no role', async () => {
    const client = await bank.database.service();
    const posting = rawPosting(bank, 'external', 'cash', '1.00000000');
    expect(await refusalOf(client, 'nestegg_readonly', userId, POST, [userId, posting])).toMatchObject({
      code: '42501',
      message: 'permission denied for function nestegg_post',
    });
    await expect(client.query(POST, [userId, posting])).rejects.toMatchObject({ code: '42501' });
  });

  test('leads to the real books when somebody has put tables of the same names in the way', async () => {
    const other = await bank.newUser();
    const client = await bank.database.service();
    await client.query('begin');
    await client.query(`select nestegg_enter('nestegg_app', $1)`, [other]);
    for (const table of ['transactions', 'ledger_accounts', 'ledger_entries', 'assets']) {
      await client.query(`create temp table ${table} (like public.${table} including all)`);
    }
    await client.query('set local search_path = pg_temp, public');
    await client.query(POST, [other, rawPosting(bank, 'external', 'cash', '7.00000000')]);
    const { rows } = await client.query(
      `select (select count(*)::int from pg_temp.ledger_entries) as fake, (select count(*)::int from public.ledger_entries) as real`,
    );
    await client.query('rollback');
    expect(rows).toEqual([{ fake: 0, real: 1 }]);
  });
});

describe('the owner of the tables', () => {
  /** The owner is under row-level security too: this names the user, so that the rows are found. */
  const tryAsOwner = async (sql: string, userId: string, values: unknown[] = []) => {
    const client = await bank.database.owner();
    await client.query('begin');
    try {
      await client.query(`select set_config('nestegg.user_id', $1, true)`, [userId]);
      const { rowCount } = await client.query(sql, values);
      return { rowCount };
    } catch (error) {
      const { code, message, detail } = error as { code: string; message: string; detail: string };
      return { code, message, detail };
    } finally {
      await client.query('rollback');
    }
  };
  const appendOnly = (table: string) => ({
    code: 'NE005',
    message: 'ledger.append-only',
    detail: `{"table" : "${table}"}`,
  });

  test.each([
    ['change an entry', 'update ledger_entries set amount = 1', 'ledger_entries'],
    ['change an entry to what it is', 'update ledger_entries set amount = amount', 'ledger_entries'],
    ['delete an entry', 'delete from ledger_entries', 'ledger_entries'],
    ['empty the entries', 'truncate ledger_entries cascade', 'ledger_entries'],
    ['change a fee', 'update transaction_fees set rate = 0', 'transaction_fees'],
    ['delete a fee', 'delete from transaction_fees', 'transaction_fees'],
    ['empty the fees', 'truncate transaction_fees', 'transaction_fees'],
    ['delete an account', 'delete from ledger_accounts', 'ledger_accounts'],
    ['empty the accounts', 'truncate ledger_accounts cascade', 'ledger_accounts'],
    ['delete a transaction', 'delete from transactions', 'transactions'],
    ['empty the transactions', 'truncate transactions cascade', 'transactions'],
  ])('cannot %s', async (_deed, sql, table) => {
    expect(await tryAsOwner(sql, userId)).toEqual(appendOnly(table));
  });

  test.each([
    ['the amount', 'amount = 1000'],
    ['the type', `type = 'adjustment'`],
    ['the asset', `asset_id = (select id from assets where code = 'EUR')`],
    ['the moment', `occurred_at = occurred_at - interval '1 day'`],
    ['the moment of posting', `posted_at = posted_at + interval '1 day'`],
    ['the idempotency key', `idempotency_key = 'another'`],
    ['the hash of the request', `request_hash = 'another'`],
    ['the external reference', `external_source = 'bank', external_reference = 'another'`],
    ['the portfolio', 'portfolio_id = id'],
    ['the basket', 'basket_id = id'],
    ['the day of storing', `created_at = created_at - interval '1 day'`],
    ['the owner', 'user_id = id'],
    ['the id', 'id = user_id'],
    ['the state, back to pending', `status = 'pending', posted_at = null`],
    ['the state, to failed', `status = 'failed', posted_at = null, closed_at = now()`],
  ])('cannot change of a posted transaction %s', async (_what, change) => {
    expect(await tryAsOwner(`update transactions set ${change}`, userId)).toEqual(appendOnly('transactions'));
  });

  describe('of a transaction that has ended', () => {
    let ended: Record<'reversed' | 'failed', string>;
    beforeEach(async () => {
      const reversed = await bank.deposit(userId, '3');
      await bank.post(userId, {
        type: 'reversal',
        reversesId: reversed.transaction.id,
        legs: [bank.leg('cash', 'external', '3')],
      });
      const pending = await bank.deposit(userId, '4', { status: 'pending', legs: [] });
      await bank.close(userId, { transactionId: pending.transaction.id, status: 'failed' });
      ended = { reversed: reversed.transaction.id, failed: pending.transaction.id };
    });

    test('cannot take back the reversal', async () => {
      const sql = `update transactions set status = 'posted', reversed_at = null where id = $1`;
      expect(await tryAsOwner(sql, userId, [ended.reversed])).toEqual(appendOnly('transactions'));
    });

    test('cannot make it posted after it failed, or change its amount', async () => {
      const revive = `update transactions set status = 'posted', closed_at = null, posted_at = now() where id = $1`;
      expect(await tryAsOwner(revive, userId, [ended.failed])).toEqual(appendOnly('transactions'));
      const grow = 'update transactions set amount = 5 where id = $1';
      expect(await tryAsOwner(grow, userId, [ended.failed])).toEqual(appendOnly('transactions'));
    });
  });

  test('sees no row without naming a user', async () => {
    const client = await bank.database.owner();
    const { rows } = await client.query('select count(*)::int as n from ledger_entries');
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('may correct the words about a failure, which are not in the books', async () => {
    const sql = `update transactions set failure_reason = 'the bank closed the account' where type = 'withdrawal'`;
    expect(await tryAsOwner(sql, userId)).toEqual({ rowCount: 1 });
  });
});

test('nothing of all that has moved a balance', async () => {
  expect(await bank.balances(userId)).toEqual({
    'cash USD': '90.00000000',
    'external USD': '-91.00000000',
    'fees USD': '1.00000000',
  });
});
