import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/index.js';
import { rawPosting, refusalOf, useBank } from './bank.js';

const bank = useBank();

interface Places {
  userId: string;
  transactionId: string;
  cash: string;
  external: string;
}
let ann: Places;
let bob: Places;
let annCashEur: string;

async function placesOf(userId: string): Promise<Places> {
  const { transaction, entries } = await bank.deposit(userId, '100');
  return { userId, transactionId: transaction.id, external: entries[0]!.debit.id, cash: entries[0]!.credit.id };
}

beforeAll(async () => {
  ann = await placesOf(await bank.newUser());
  bob = await placesOf(await bank.newUser());
  const { entries } = await bank.post(ann.userId, {
    legs: [bank.leg('external', 'cash', '50', { assetId: bank.eur.id })],
  });
  annCashEur = entries[0]!.credit.id;
});

/** Tries a statement as the superuser, whom no right and no policy stops, and takes it back. */
async function superuserTries(sql: string, values: unknown[]): Promise<{ code?: string; constraint?: string } | null> {
  const client = await bank.database.superuser();
  await client.query('begin');
  try {
    await client.query(sql, values);
    return null;
  } catch (error) {
    const { code, constraint } = error as pg.DatabaseError;
    return { code, constraint };
  } finally {
    await client.query('rollback');
  }
}

describe('an entry cannot be stored even by the superuser', () => {
  const tryEntry = (debit: string, credit: string, amount: string, assetId: string = bank.usd.id, owner = ann) =>
    superuserTries(
      `insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount,
        debit_balance, credit_balance, debit_number, credit_number)
      values ($1, $2, $3, 7, $4, $5, $6, $7, 0, 0, 7, 7)`,
      [owner.userId, newId(), owner.transactionId, debit, credit, assetId, amount],
    );

  test('unless it moves a positive amount between two accounts of one book', async () => {
    expect(await tryEntry(ann.external, ann.cash, '0.00000001')).toBeNull();
  });

  test('from one user to another', async () => {
    const debit = { code: '23503', constraint: 'ledger_entries_user_id_debit_id_asset_id_foreign' };
    const credit = { code: '23503', constraint: 'ledger_entries_user_id_credit_id_asset_id_foreign' };
    expect(await tryEntry(ann.cash, bob.cash, '1')).toEqual(credit);
    expect(await tryEntry(bob.cash, ann.cash, '1')).toEqual(debit);
    expect(await tryEntry(ann.external, ann.cash, '1', bank.usd.id, bob)).toEqual(debit);
  });

  test('from one asset to another', async () => {
    const debit = { code: '23503', constraint: 'ledger_entries_user_id_debit_id_asset_id_foreign' };
    const credit = { code: '23503', constraint: 'ledger_entries_user_id_credit_id_asset_id_foreign' };
    expect(await tryEntry(ann.cash, annCashEur, '1', bank.usd.id)).toEqual(credit);
    expect(await tryEntry(ann.cash, annCashEur, '1', bank.eur.id)).toEqual(debit);
  });

  test('from an account to itself', async () => {
    expect(await tryEntry(ann.cash, ann.cash, '1')).toEqual({
      code: '23514',
      constraint: 'ledger_entries_two_accounts',
    });
  });

  test.each(['0', '-1', '-0.00000001', '0.000000001'])('of %s', async amount => {
    expect(await tryEntry(ann.external, ann.cash, amount)).toEqual({
      code: '23514',
      constraint: 'ledger_entries_amount_positive',
    });
  });

  test('of NaN', async () => {
    expect(await tryEntry(ann.external, ann.cash, 'NaN')).toEqual({
      code: '23514',
      constraint: 'ledger_entries_amount_not_nan',
    });
  });

  test.each(['Infinity', '10000000000'])('of %s', async amount => {
    expect(await tryEntry(ann.external, ann.cash, amount)).toMatchObject({ code: '22003' });
  });

  test('of the transaction of another user, or in a place that is taken', async () => {
    const insert = `insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount,
        debit_balance, credit_balance, debit_number, credit_number)
      values ($1, $2, $3, 1, $4, $5, $6, 1, 0, 0, 7, 7)`;
    const [cash, external, usd] = [ann.cash, ann.external, bank.usd.id];
    expect(await superuserTries(insert, [ann.userId, newId(), bob.transactionId, external, cash, usd])).toEqual({
      code: '23503',
      constraint: 'ledger_entries_user_id_transaction_id_foreign',
    });
    expect(await superuserTries(insert, [ann.userId, newId(), ann.transactionId, external, cash, usd])).toEqual({
      code: '23505',
      constraint: 'ledger_entries_position_unique',
    });
  });

  test.each([
    ['0', { code: '23514', constraint: 'ledger_entries_numbers_positive' }],
    ['-1', { code: '23514', constraint: 'ledger_entries_numbers_positive' }],
    ['null', { code: '23502', constraint: undefined }],
  ])('with a number of %s in either of its accounts', async (number, refusal) => {
    const insert = (debitNumber: string, creditNumber: string) =>
      superuserTries(
        `insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount,
          debit_balance, credit_balance, debit_number, credit_number)
        values ($1, $2, $3, 7, $4, $5, $6, 1, 0, 0, ${debitNumber}, ${creditNumber})`,
        [ann.userId, newId(), ann.transactionId, ann.external, ann.cash, bank.usd.id],
      );
    expect(await insert(number, '1')).toEqual(refusal);
    expect(await insert('1', number)).toEqual(refusal);
    expect(await insert('1', '1')).toBeNull();
  });
});

describe('an account cannot be made by the superuser', () => {
  const tryBalance = (accountId: string, balance: string) =>
    superuserTries('update ledger_accounts set balance = $1 where id = $2', [balance, accountId]);

  test('to hold less than nothing of what is the user’s own', async () => {
    expect(await tryBalance(ann.cash, '-0.00000001')).toEqual({
      code: '23514',
      constraint: 'ledger_accounts_own_not_negative',
    });
    expect(await tryBalance(ann.cash, '0')).toBeNull();
    expect(await tryBalance(ann.external, '-0.00000001')).toBeNull();
  });

  test('to hold NaN', async () => {
    expect(await tryBalance(ann.cash, 'NaN')).toEqual({ code: '23514', constraint: 'ledger_accounts_balance_not_nan' });
    expect(await tryBalance(ann.external, 'NaN')).toEqual({
      code: '23514',
      constraint: 'ledger_accounts_balance_not_nan',
    });
  });

  test('to exist twice in one place', async () => {
    const open = `insert into ledger_accounts (user_id, id, kind, asset_id, portfolio_id) values ($1, $2, $3, $4, $5)`;
    const portfolioId = await bank.newPortfolio(ann.userId);
    const twice = { code: '23505', constraint: 'ledger_accounts_place_unique' };
    expect(await superuserTries(open, [ann.userId, newId(), 'cash', bank.usd.id, null])).toEqual(twice);
    expect(await superuserTries(open, [ann.userId, newId(), 'holding', bank.usd.id, portfolioId])).toBeNull();
    await bank.post(ann.userId, {
      legs: [bank.leg('market', 'holding', '1', { to: { kind: 'holding', portfolioId } })],
    });
    expect(await superuserTries(open, [ann.userId, newId(), 'holding', bank.usd.id, portfolioId])).toEqual(twice);
  });

  test('to be a holding outside of a portfolio, or cash inside of one', async () => {
    const open = `insert into ledger_accounts (user_id, id, kind, asset_id, portfolio_id) values ($1, $2, $3, $4, $5)`;
    const place = { code: '23514', constraint: 'ledger_accounts_place' };
    expect(await superuserTries(open, [ann.userId, newId(), 'holding', bank.usd.id, null])).toEqual(place);
    expect(await superuserTries(open, [ann.userId, newId(), 'cash', bank.usd.id, newId()])).toEqual(place);
  });
});

test('a transaction and a fee cannot be of NaN even for the superuser', async () => {
  expect(
    await superuserTries(
      `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key, request_hash)
      values ($1, $2, 'deposit', 'posted', $3, 'NaN', now(), now(), 'k', 'h')`,
      [ann.userId, newId(), bank.usd.id],
    ),
  ).toEqual({ code: '23514', constraint: 'transactions_amount_not_nan' });
  expect(
    await superuserTries(
      `insert into transaction_fees (user_id, id, transaction_id, kind, asset_id, amount, entry_id)
      select user_id, $2, transaction_id, 'platform', asset_id, 'NaN', id from ledger_entries where user_id = $1 limit 1`,
      [ann.userId, newId()],
    ),
  ).toEqual({ code: '23514', constraint: 'transaction_fees_amount_not_nan' });
});

describe('the door takes no', () => {
  /** Under the application's role, past everything that TypeScript checks. */
  async function refusal(bend: (posting: ReturnType<typeof rawPosting>) => void) {
    const posting = rawPosting(bank, 'external', 'cash', '1.00000000');
    bend(posting);
    const service = await bank.database.service();
    return refusalOf(service, 'nestegg_app', ann.userId, 'select nestegg_post($1, $2)', [ann.userId, posting]);
  }
  const BAD_ENTRY = { code: 'NE004', message: 'ledger.bad-entry' };

  test.each(['0', '-1', 'NaN', 'Infinity', '-Infinity', '0.000000001', '1.123456789', '10000000000'])(
    'entry of %s, nor a transaction',
    async amount => {
      expect(await refusal(posting => (posting.entries[0]!.amount = amount))).toMatchObject(BAD_ENTRY);
      expect(await refusal(posting => (posting.amount = amount))).toMatchObject(BAD_ENTRY);
    },
  );

  test('more than an account can hold', async () => {
    const into = (amount: string) => refusal(posting => (posting.entries[0]!.amount = amount));
    expect(await into('9999999899.99999999')).toBeNull();
    expect(await into('9999999999.99999999')).toMatchObject({ code: '22003' });
  });

  test('entry without an amount', async () => {
    expect(await refusal(posting => delete (posting.entries[0] as { amount?: string }).amount)).toMatchObject(
      BAD_ENTRY,
    );
  });

  test('entry from an account to itself, across assets, or of an account that is not named', async () => {
    expect(await refusal(posting => (posting.entries[0]!.credit = 1))).toMatchObject(BAD_ENTRY);
    expect(await refusal(posting => (posting.accounts[1]!.asset = bank.eur.id))).toMatchObject(BAD_ENTRY);
    expect(await refusal(posting => (posting.entries[0]!.credit = 3))).toMatchObject(BAD_ENTRY);
  });

  test('account that is named twice, so that it could be spent twice', async () => {
    const posting = rawPosting(bank, 'cash', 'external', '60.00000000');
    posting.accounts.push({ ...posting.accounts[0]!, id: newId() });
    posting.entries.push({ id: newId(), debit: 3, credit: 2, amount: '60.00000000' });
    const service = await bank.database.service();
    expect(
      await refusalOf(service, 'nestegg_app', bob.userId, 'select nestegg_post($1, $2)', [bob.userId, posting]),
    ).toMatchObject(BAD_ENTRY);
  });

  test('fee without an entry of its own', async () => {
    const fee = { id: newId(), kind: 'platform', amount: '1.00000000', entry: 2 };
    expect(await refusal(posting => posting.fees.push({ ...fee, entry: 1 }))).toBeNull();
    expect((await refusal(posting => posting.fees.push(fee)))?.code).toBe('23502');
  });
});

test('a fee is what its entry took, whatever else is said', async () => {
  const posting = rawPosting(bank, 'external', 'fees', '1.00000000');
  const said = { asset: bank.eur.id, amount: '2.00000000' };
  posting.fees.push({ id: newId(), kind: 'platform', rate: '0.5', entry: 1, ...said });
  const client = await bank.database.service();
  await client.query('begin');
  await client.query(`select nestegg_enter('nestegg_app', $1)`, [ann.userId]);
  await client.query('select nestegg_post($1, $2)', [ann.userId, posting]);
  const { rows } = await client.query('select asset_id, amount, rate from transaction_fees where transaction_id = $1', [
    posting.id,
  ]);
  await client.query('rollback');
  expect(rows).toEqual([{ asset_id: bank.usd.id, amount: '1.00000000', rate: '0.5000' }]);
});
