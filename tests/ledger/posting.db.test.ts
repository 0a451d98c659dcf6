import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  ConflictError,
  IdempotencyConflictError,
  InsufficientFundsError,
  LedgerAccount,
  LedgerEntry,
  ledger,
  NotFoundError,
  type Posting,
  StateError,
  Transaction,
  ValidationError,
} from '../../src/index.js';
import { dec, NOON, useBank } from './bank.js';

const bank = useBank();

/** The entries of a book in the order of their ids, such as `external 1 -> cash 1`. */
const numbersOf = async (userId: string): Promise<string[]> => {
  const found = await bank.rows<{ line: string }>(
    `select d.kind || ' ' || e.debit_number || ' -> ' || c.kind || ' ' || e.credit_number as line from ledger_entries e
    join ledger_accounts d on (d.user_id, d.id) = (e.user_id, e.debit_id)
    join ledger_accounts c on (c.user_id, c.id) = (e.user_id, e.credit_id) where e.user_id = $1 order by e.id`,
    [userId],
  );
  return found.map(({ line }) => line);
};

describe('a posting', () => {
  test('stores a transaction, its entries with the balances they led to, its fee and its event', async () => {
    const userId = await bank.newUserWith('100');
    const { transaction, entries, fees, replayed } = await bank.spend(userId, '10', {
      amount: dec('10'),
      legs: [
        bank.leg('cash', 'external', '9.5'),
        bank.leg('cash', 'fees', '0.5', { fee: { kind: 'platform', rate: dec('5') } }),
      ],
      external: { source: 'bank', reference: 'W-1' },
      events: [{ type: 'withdrawal.posted', payload: { amount: '10', note: `it's a "?" \\ and a $1` } }],
    });
    expect(replayed).toBe(false);
    expect(entries.map(entry => entry.position)).toEqual([1, 2]);
    expect(fees.map(fee => fee.entry?.id)).toEqual([entries[1]!.id]);

    expect(await bank.balances(userId)).toEqual({
      'cash USD': '90.00000000',
      'external USD': '-90.50000000',
      'fees USD': '0.50000000',
    });
    expect(
      await bank.rows(
        `select type, status, amount::text, occurred_at, posted_at, external_source, external_reference from transactions where id = $1`,
        [transaction.id],
      ),
    ).toEqual([
      {
        type: 'withdrawal',
        status: 'posted',
        amount: '10.00000000',
        occurred_at: NOON,
        posted_at: NOON,
        external_source: 'bank',
        external_reference: 'W-1',
      },
    ]);
    expect(
      await bank.rows(
        `select position, amount::text, debit_balance::text, credit_balance::text from ledger_entries where transaction_id = $1 order by 1`,
        [transaction.id],
      ),
    ).toEqual([
      { position: 1, amount: '9.50000000', debit_balance: '90.50000000', credit_balance: '-90.50000000' },
      { position: 2, amount: '0.50000000', debit_balance: '90.00000000', credit_balance: '0.50000000' },
    ]);
    expect(
      await bank.rows(
        'select kind, amount::text, rate::text, entry_id from transaction_fees where transaction_id = $1',
        [transaction.id],
      ),
    ).toEqual([{ kind: 'platform', amount: '0.50000000', rate: '5.0000', entry_id: entries[1]!.id }]);
    expect(
      await bank.rows('select type, payload, occurred_at, dispatched_at from outbox_events where user_id = $1', [
        userId,
      ]),
    ).toEqual([
      {
        type: 'withdrawal.posted',
        payload: { amount: '10', note: `it's a "?" \\ and a $1` },
        occurred_at: NOON,
        dispatched_at: null,
      },
    ]);
  });

  test('hands back entities that say what is stored, and saving them again writes nothing', async () => {
    const userId = await bank.newUser();
    const posting = bank.posting({ type: 'deposit', legs: [bank.leg('external', 'cash', '12.34')] });
    const handed = await asUser(bank.database.orm.em, userId, async em => {
      const { transaction, entries } = await ledger.post(em, userId, posting);
      const cash = entries[0]!.credit.getEntity();
      expect([cash.balance.toFixed(), cash.entryCount]).toEqual(['12.34', 1]);
      em.getUnitOfWork().computeChangeSets();
      expect(em.getUnitOfWork().getChangeSets()).toEqual([]);
      return { transaction, entry: entries[0]! };
    });
    const stored = await asReader(bank.database.orm.em, async em => ({
      transaction: await em.findOneOrFail(Transaction, { user: userId, id: handed.transaction.id }),
      entry: await em.findOneOrFail(LedgerEntry, { user: userId, id: handed.entry.id }),
    }));
    expect(JSON.parse(JSON.stringify(handed.transaction))).toEqual(JSON.parse(JSON.stringify(stored.transaction)));
    expect(JSON.parse(JSON.stringify(handed.entry))).toMatchObject(JSON.parse(JSON.stringify(stored.entry)));
    expect(stored.transaction.isReversible).toBe(true);
  });

  test('moves the balance of an account that was loaded before it', async () => {
    const userId = await bank.newUserWith('100');
    await asUser(bank.database.orm.em, userId, async em => {
      const cash = await em.findOneOrFail(LedgerAccount, { user: userId, kind: 'cash' });
      expect(cash.balance.toFixed()).toBe('100');
      await ledger.post(em, userId, bank.posting({ legs: [bank.leg('cash', 'external', '30')] }));
      expect(cash.balance.toFixed()).toBe('70');
      await ledger.post(em, userId, bank.posting({ legs: [bank.leg('cash', 'external', '30')] }));
      expect(cash.balance.toFixed()).toBe('40');
    });
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '40.00000000', 'external USD': '-40.00000000' });
  });

  test('may lead through an account that it fills first', async () => {
    const userId = await bank.newUser();
    await bank.post(userId, { legs: [bank.leg('external', 'cash', '5'), bank.leg('cash', 'reserved', '5')] });
    expect(await bank.balances(userId)).toEqual({
      'cash USD': '0.00000000',
      'external USD': '-5.00000000',
      'reserved USD': '5.00000000',
    });
  });

  test('keeps two baskets of one portfolio, two portfolios and two assets apart', async () => {
    const userId = await bank.newUser();
    const [portfolioId, other] = [await bank.newPortfolio(userId), await bank.newPortfolio(userId)];
    const basketId = await bank.newBasket();
    const into = (place: object, amount: string, assetId = bank.usd.id) =>
      bank.leg('market', 'holding', amount, { to: { kind: 'holding', ...place }, assetId });
    await bank.post(userId, {
      legs: [
        into({ portfolioId }, '1'),
        into({ portfolioId, basketId }, '2'),
        into({ portfolioId: other, basketId }, '4'),
        into({ portfolioId }, '8', bank.eur.id),
        into({ portfolioId }, '16'),
      ],
    });
    expect(
      await bank.rows(
        `select balance::text from ledger_accounts where user_id = $1 and kind = 'holding' order by ledger_accounts.balance`,
        [userId],
      ),
    ).toEqual([
      { balance: '2.00000000' },
      { balance: '4.00000000' },
      { balance: '8.00000000' },
      { balance: '17.00000000' },
    ]);
  });

  test('takes what is pending in the unit of work along, and nothing of either when it is refused', async () => {
    const userId = await bank.newUserWith('5');
    const before = await bank.everything(userId);
    await expect(
      asUser(bank.database.orm.em, userId, async em => {
        await ledger.post(em, userId, bank.posting({ legs: [bank.leg('cash', 'external', '5')] }));
        await ledger.post(em, userId, bank.posting({ legs: [bank.leg('cash', 'external', '5')] }));
      }),
    ).rejects.toThrow(InsufficientFundsError);
    expect(await bank.everything(userId)).toEqual(before);
  });

  test('of a job may be of anybody, one user after the other', async () => {
    const [ann, bob] = [await bank.newUserWith('10'), await bank.newUserWith('10')];
    await asWorker(bank.database.orm.em, async em => {
      for (const userId of [ann, bob, ann]) {
        await ledger.post(em, userId, bank.posting({ legs: [bank.leg('rewards', 'cash', '1')] }));
      }
    });
    expect(await bank.balances(ann)).toMatchObject({ 'cash USD': '12.00000000', 'rewards USD': '-2.00000000' });
    expect(await bank.balances(bob)).toMatchObject({ 'cash USD': '11.00000000', 'rewards USD': '-1.00000000' });
  });

  test('of a user in the book of another is refused as if there were no such user', async () => {
    const [ann, bob] = [await bank.newUserWith('10'), await bank.newUserWith('10')];
    const before = await bank.everything(bob);
    const refused = asUser(bank.database.orm.em, ann, em =>
      ledger.post(em, bob, bank.posting({ legs: [bank.leg('cash', 'external', '1')] })),
    );
    await expect(refused).rejects.toThrow(NotFoundError);
    await expect(refused).rejects.toMatchObject({ code: 'user.not-found' });
    expect(await bank.everything(bob)).toEqual(before);
  });

  test.each([
    ['a portfolio that there is not', async () => randomUUID()],
    ['the portfolio of another', async () => bank.newPortfolio(await bank.newUser())],
  ])('in %s is refused, wherever it is named', async (_, portfolioOf) => {
    const userId = await bank.newUserWith('10');
    const [own, portfolioId] = [await bank.newPortfolio(userId), await portfolioOf()];
    const before = await bank.everything(userId);
    const buyFor = (placeId: string, headerId?: string) =>
      bank.post(userId, {
        type: 'buy',
        ...(headerId && { portfolioId: headerId }),
        legs: [bank.leg('market', 'holding', '1', { to: { kind: 'holding', portfolioId: placeId } })],
      });
    for (const refused of [() => buyFor(portfolioId), () => buyFor(own, portfolioId)]) {
      await expect(refused()).rejects.toThrow(NotFoundError);
      await expect(refused()).rejects.toMatchObject({ code: 'portfolio.not-found' });
    }
    expect(await bank.everything(userId)).toEqual(before);
    expect((await buyFor(own, own)).transaction.portfolioId).toBe(own);
  });

  test('in a basket that there is not is refused, wherever it is named', async () => {
    const userId = await bank.newUserWith('10');
    const [portfolioId, basketId] = [await bank.newPortfolio(userId), await bank.newBasket()];
    const before = await bank.everything(userId);
    const buyFor = (placeId: string, headerId?: string) =>
      bank.post(userId, {
        type: 'buy',
        ...(headerId && { basketId: headerId }),
        legs: [bank.leg('market', 'holding', '1', { to: { kind: 'holding', portfolioId, basketId: placeId } })],
      });
    for (const refused of [() => buyFor(randomUUID()), () => buyFor(basketId, randomUUID())]) {
      await expect(refused()).rejects.toThrow(NotFoundError);
      await expect(refused()).rejects.toMatchObject({ code: 'basket.not-found' });
    }
    expect(await bank.everything(userId)).toEqual(before);
    expect((await buyFor(basketId, basketId)).transaction.basketId).toBe(basketId);
  });

  test('numbers its entries on in each of their accounts, in the order in which their balances came about', async () => {
    const userId = await bank.newUserWith('100');
    const { entries } = await bank.spend(userId, '10', {
      legs: [bank.leg('cash', 'external', '8'), bank.leg('cash', 'fees', '2'), bank.leg('fees', 'external', '1')],
    });
    expect(entries.map(({ debitNumber, creditNumber }) => [debitNumber, creditNumber])).toEqual([
      [2, 2],
      [3, 1],
      [2, 3],
    ]);
    expect(await numbersOf(userId)).toEqual([
      'external 1 -> cash 1',
      'cash 2 -> external 2',
      'cash 3 -> fees 1',
      'fees 2 -> external 3',
    ]);
    expect(
      await bank.rows('select kind, entry_count from ledger_accounts where user_id = $1 order by kind', [userId]),
    ).toEqual([
      { kind: 'cash', entry_count: 3 },
      { kind: 'external', entry_count: 3 },
      { kind: 'fees', entry_count: 2 },
    ]);
  });

  test('that is refused takes no number', async () => {
    const userId = await bank.newUserWith('5');
    await expect(bank.spend(userId, '10')).rejects.toThrow(InsufficientFundsError);
    await bank.spend(userId, '5');
    expect(await numbersOf(userId)).toEqual(['external 1 -> cash 1', 'cash 2 -> external 2']);
  });

  test('that would be rounded is refused before the database is asked', async () => {
    const userId = await bank.newUser();
    const refused = bank.deposit(userId, '0.000000001');
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toMatchObject({ code: 'decimal.too-precise' });
    await expect(bank.deposit(userId, '0')).rejects.toMatchObject({ code: 'ledger.amount-not-positive' });
    await expect(bank.deposit(userId, '-1')).rejects.toMatchObject({ code: 'ledger.amount-not-positive' });
    await expect(bank.deposit(userId, 'NaN')).rejects.toMatchObject({ code: 'ledger.amount-not-positive' });
    await expect(bank.deposit(userId, 'Infinity')).rejects.toMatchObject({ code: 'decimal.malformed' });
    await expect(bank.deposit(userId, '10000000000')).rejects.toMatchObject({ code: 'decimal.out-of-range' });
    const fee = (rate: string) => [bank.leg('rewards', 'fees', '1', { fee: { kind: 'platform', rate: dec(rate) } })];
    await expect(bank.post(userId, { legs: fee('0.00001') })).rejects.toMatchObject({ code: 'decimal.too-precise' });
    expect(await bank.count('transactions', userId)).toBe(0);
  });
});

describe('an overdraft', () => {
  test('is refused by name, with what there is and what is needed', async () => {
    const userId = await bank.newUserWith('5');
    const refused = bank.spend(userId, '10');
    await expect(refused).rejects.toThrow(InsufficientFundsError);
    await expect(refused).rejects.toMatchObject({
      code: 'ledger.insufficient-funds',
      message: 'The cash account holds 5.00000000 USD; 10.00000000 is needed.',
      details: { account: 'cash', asset: 'USD', available: '5.00000000', needed: '10.00000000' },
      retryable: false,
    });
  });

  test('stores nothing: no transaction, no entry, no account, no event', async () => {
    const userId = await bank.newUserWith('5');
    const before = await bank.everything(userId);
    await expect(
      bank.spend(userId, '10', {
        legs: [bank.leg('cash', 'fees', '1', { fee: { kind: 'network' } }), bank.leg('cash', 'reserved', '9')],
        events: [{ type: 'withdrawal.posted', payload: {} }],
      }),
    ).rejects.toMatchObject({ details: { available: '5.00000000', needed: '10.00000000' } });
    expect(await bank.everything(userId)).toEqual(before);
  });

  test('leaves its key free: the same wish may be granted when there is money', async () => {
    const userId = await bank.newUserWith('5');
    const wish = { idempotencyKey: 'rent', request: { rent: 10 } };
    await expect(bank.spend(userId, '10', wish)).rejects.toThrow(InsufficientFundsError);
    await bank.deposit(userId, '5');
    expect((await bank.spend(userId, '10', wish)).replayed).toBe(false);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
  });

  test('of the last hundred-millionth is refused, to the last hundred-millionth is not', async () => {
    const userId = await bank.newUserWith('9999999999.99999999');
    await bank.spend(userId, '9999999999.99999998');
    await expect(bank.spend(userId, '0.00000002')).rejects.toMatchObject({
      details: { available: '0.00000001', needed: '0.00000002' },
    });
    await bank.spend(userId, '0.00000001');
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
  });

  test.each(['cash', 'reserved', 'collateral'] as const)('of the user’s own %s is refused', async kind => {
    const userId = await bank.newUser();
    await expect(bank.post(userId, { legs: [bank.leg(kind, 'external', '1')] })).rejects.toMatchObject({
      details: { account: kind, asset: 'USD', available: '0.00000000', needed: '1.00000000' },
    });
  });

  test('of a holding is refused, also when another portfolio holds enough', async () => {
    const userId = await bank.newUser();
    const holding = (portfolioId: string) => ({ kind: 'holding' as const, portfolioId });
    const [full, empty] = [await bank.newPortfolio(userId), await bank.newPortfolio(userId)];
    await bank.post(userId, { legs: [bank.leg('market', 'holding', '3', { to: holding(full) })] });
    const sell = (portfolioId: string) =>
      bank.post(userId, { legs: [bank.leg('holding', 'market', '2', { from: holding(portfolioId) })] });
    await expect(sell(empty)).rejects.toMatchObject({ details: { account: 'holding', available: '0.00000000' } });
    expect((await sell(full)).replayed).toBe(false);
  });

  test.each(['external', 'market', 'fees', 'rewards', 'debt', 'interest', 'rounding'] as const)(
    'of the counter-account %s is not one',
    async kind => {
      const userId = await bank.newUser();
      await bank.post(userId, { legs: [bank.leg(kind, 'cash', '1')] });
      expect(await bank.balances(userId)).toEqual({ 'cash USD': '1.00000000', [`${kind} USD`]: '-1.00000000' });
    },
  );
});

describe('the same key', () => {
  const KEY = { idempotencyKey: 'salary-2026-11', request: { amount: dec('10'), note: 'salary' } };

  test('twice has one effect and the same answer', async () => {
    const userId = await bank.newUser();
    const first = await bank.deposit(userId, '10', KEY);
    const afterFirst = await bank.everything(userId);
    const second = await bank.deposit(userId, '10', KEY);
    expect(first.replayed).toBe(false);
    expect(second.replayed).toBe(true);
    expect(second.transaction.id).toBe(first.transaction.id);
    expect(second.transaction.amount.toFixed()).toBe('10');
    expect(second.entries).toEqual([]);
    expect(await bank.everything(userId)).toEqual(afterFirst);
  });

  test('twice in one unit of work has one effect', async () => {
    const userId = await bank.newUser();
    const posting = bank.posting({ type: 'deposit', legs: [bank.leg('external', 'cash', '10')], ...KEY });
    await asUser(bank.database.orm.em, userId, async em => {
      const first = await ledger.post(em, userId, posting);
      const second = await ledger.post(em, userId, posting);
      expect(second.replayed).toBe(true);
      expect(second.transaction).toBe(first.transaction);
    });
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '10.00000000', 'external USD': '-10.00000000' });
  });

  test('for a request that differs only in how it is written is the same wish', async () => {
    const userId = await bank.newUser();
    await bank.deposit(userId, '10', KEY);
    const again = await bank.deposit(userId, '10', { ...KEY, request: { note: 'salary', amount: dec('10.00') } });
    expect(again.replayed).toBe(true);
  });

  test('for another request is refused', async () => {
    const userId = await bank.newUser();
    await bank.deposit(userId, '10', KEY);
    const before = await bank.everything(userId);
    const refused = bank.deposit(userId, '11', { ...KEY, request: { amount: dec('11'), note: 'salary' } });
    await expect(refused).rejects.toThrow(IdempotencyConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'ledger.idempotency-conflict' });
    expect(await bank.everything(userId)).toEqual(before);
  });

  test('of two users is two wishes', async () => {
    const [ann, bob] = [await bank.newUser(), await bank.newUser()];
    const first = await bank.deposit(ann, '10', KEY);
    const second = await bank.deposit(bob, '10', KEY);
    expect([first.replayed, second.replayed]).toEqual([false, false]);
    expect(second.transaction.id).not.toBe(first.transaction.id);
  });

  test('cannot open one transaction and end another', async () => {
    const userId = await bank.newUser();
    const pending = () => bank.deposit(userId, '10', { status: 'pending', legs: [] });
    const [first, second] = [(await pending()).transaction, (await pending()).transaction];

    await expect(
      bank.close(userId, { transactionId: second.id, status: 'voided', idempotencyKey: first.idempotencyKey }),
    ).rejects.toThrow(IdempotencyConflictError);
    await bank.close(userId, { transactionId: first.id, status: 'voided', idempotencyKey: 'the-end' });
    await expect(
      bank.close(userId, { transactionId: second.id, status: 'voided', idempotencyKey: 'the-end' }),
    ).rejects.toThrow(IdempotencyConflictError);
    await expect(bank.deposit(userId, '10', { idempotencyKey: 'the-end' })).rejects.toThrow(IdempotencyConflictError);
    expect(
      await bank.rows('select status, count(*)::int as n from transactions where user_id = $1 group by 1 order by 1', [
        userId,
      ]),
    ).toEqual([
      { status: 'pending', n: 1 },
      { status: 'voided', n: 1 },
    ]);
  });

  test('is known before anything is decided', async () => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10', KEY);
    await asUser(bank.database.orm.em, userId, async em => {
      expect((await ledger.replayOf(em, userId, KEY))?.id).toBe(transaction.id);
      expect(await ledger.replayOf(em, userId, { ...KEY, idempotencyKey: 'unheard-of' })).toBeNull();
      await expect(ledger.replayOf(em, userId, { ...KEY, request: {} })).rejects.toThrow(IdempotencyConflictError);
    });
  });
});

describe('what is booked', () => {
  const bookedAt = async (userId: string) =>
    (
      await bank.rows<{ created_at: Date }>('select created_at from ledger_entries where user_id = $1 order by id', [
        userId,
      ])
    ).map(row => row.created_at.getTime());

  test('has the time at which it was, not that of the business or of the start of its transaction', async () => {
    const userId = await bank.newUserWith('10');
    const before = Date.now();
    await asUser(bank.database.orm.em, userId, async em => {
      await em.execute('select pg_sleep(0.05)');
      const { entries } = await ledger.post(em, userId, bank.posting({ legs: [bank.leg('cash', 'external', '1')] }));
      const booked = entries[0]!.createdAt.getTime();
      expect(booked).toBeGreaterThanOrEqual(before + 50);
      expect(booked).toBeLessThanOrEqual(Date.now());
    });
    const [first, second] = await bookedAt(userId);
    expect(second).toBeGreaterThan(first!);
  });

  test('is never booked before what an account has booked already, though the clock was set back', async () => {
    const userId = await bank.newUserWith('10');
    const future = new Date('2100-01-01T00:00:00.000Z');
    // As if the clock had been a lifetime ahead when the cash was last moved.
    await bank.rows(`update ledger_accounts set updated_at = $2 where user_id = $1 and kind = 'cash'`, [
      userId,
      future,
    ]);
    const { entries } = await bank.spend(userId, '1');
    expect(entries[0]!.createdAt).toEqual(future);
    // Its other side is bound by it now, and passes it on.
    await bank.post(userId, { legs: [bank.leg('external', 'rewards', '1')] });
    expect((await bookedAt(userId)).slice(1)).toEqual([future.getTime(), future.getTime()]);
    expect(await numbersOf(userId)).toEqual([
      'external 1 -> cash 1',
      'cash 2 -> external 2',
      'external 3 -> rewards 1',
    ]);
    // What is of neither goes by the clock of today.
    const { entries: others } = await bank.post(userId, {
      legs: [bank.leg('debt', 'cash', '1', { assetId: bank.eur.id })],
    });
    expect(others[0]!.createdAt.getTime()).toBeLessThan(future.getTime());
  });
});

test('an external reference is recorded once per user and source', async () => {
  const [ann, bob] = [await bank.newUser(), await bank.newUser()];
  const by = (source: string) => ({ external: { source, reference: 'R-1' } });
  await bank.deposit(ann, '10', by('bank'));
  const refused = bank.deposit(ann, '10', by('bank'));
  await expect(refused).rejects.toThrow(ConflictError);
  await expect(refused).rejects.toMatchObject({ code: 'transaction.reference-taken' });
  await bank.deposit(ann, '10', by('card'));
  await bank.deposit(bob, '10', by('bank'));
  expect([await bank.count('transactions', ann), await bank.count('transactions', bob)]).toEqual([2, 1]);
});

describe('a hold', () => {
  test('keeps money from being spent, and moves on when it is settled', async () => {
    const userId = await bank.newUserWith('10');
    const { transaction } = await bank.spend(userId, '8', {
      status: 'pending',
      legs: [bank.leg('cash', 'reserved', '8')],
    });
    await expect(bank.spend(userId, '3')).rejects.toMatchObject({ details: { available: '2.00000000' } });

    const settled = await bank.close(userId, {
      transactionId: transaction.id,
      status: 'posted',
      legs: [bank.leg('reserved', 'external', '8')],
    });
    expect(settled.entries.map(entry => entry.position)).toEqual([2]);
    expect(settled.transaction.status).toBe('posted');
    expect(await bank.balances(userId)).toEqual({
      'cash USD': '2.00000000',
      'external USD': '-2.00000000',
      'reserved USD': '0.00000000',
    });
  });

  test('goes back when it is voided', async () => {
    const userId = await bank.newUserWith('10');
    const { transaction } = await bank.spend(userId, '8', {
      status: 'pending',
      legs: [bank.leg('cash', 'reserved', '8')],
    });
    await bank.close(userId, {
      transactionId: transaction.id,
      status: 'voided',
      legs: [bank.leg('reserved', 'cash', '8')],
    });
    expect(await bank.balances(userId)).toMatchObject({ 'cash USD': '10.00000000', 'reserved USD': '0.00000000' });
  });
});

describe('a reversal', () => {
  const reverse = (userId: string, transactionId: string, amount: string, more = {}) =>
    bank.post(userId, {
      type: 'reversal',
      reversesId: transactionId,
      legs: [bank.leg('cash', 'external', amount)],
      ...more,
    });

  test('marks what it reverses, and refers to it', async () => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10');
    const reversal = await reverse(userId, transaction.id, '10', { occurredAt: new Date('2026-11-23T08:00:00Z') });
    expect(reversal.transaction.isReversible).toBe(false);
    expect(
      await bank.rows(
        'select status, posted_at, reversed_at, reverses_id from transactions where user_id = $1 order by id',
        [userId],
      ),
    ).toEqual([
      { status: 'reversed', posted_at: NOON, reversed_at: new Date('2026-11-23T08:00:00Z'), reverses_id: null },
      { status: 'posted', posted_at: new Date('2026-11-23T08:00:00Z'), reversed_at: null, reverses_id: transaction.id },
    ]);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
  });

  test('is seen on the transaction that is loaded already', async () => {
    const userId = await bank.newUser();
    await asUser(bank.database.orm.em, userId, async em => {
      const { transaction } = await ledger.post(
        em,
        userId,
        bank.posting({ legs: [bank.leg('external', 'cash', '10')] }),
      );
      const legs = [bank.leg('cash', 'external', '10')];
      const reversal = bank.posting({ type: 'reversal', reversesId: transaction.id, legs });
      await ledger.post(em, userId, reversal);
      expect(transaction.status).toBe('reversed');
      expect(transaction.isReversible).toBe(false);
    });
  });

  test('happens once', async () => {
    const userId = await bank.newUserWith('100');
    const { transaction } = await bank.deposit(userId, '10');
    await reverse(userId, transaction.id, '10');
    const before = await bank.everything(userId);
    const refused = reverse(userId, transaction.id, '10');
    await expect(refused).rejects.toThrow(StateError);
    await expect(refused).rejects.toMatchObject({ code: 'transaction.not-reversible' });
    expect(await bank.everything(userId)).toEqual(before);
  });

  test('is refused when the money is gone', async () => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10');
    await bank.spend(userId, '1');
    const before = await bank.everything(userId);
    await expect(reverse(userId, transaction.id, '10')).rejects.toThrow(InsufficientFundsError);
    expect(await bank.everything(userId)).toEqual(before);
  });

  test('of a reversal, of what is pending or failed, or of somebody else’s is refused', async () => {
    const [userId, stranger] = [await bank.newUserWith('100'), await bank.newUserWith('100')];
    const { transaction } = await bank.deposit(userId, '10');
    const reversal = await reverse(userId, transaction.id, '10');
    const pending = await bank.deposit(userId, '10', { status: 'pending', legs: [] });
    const failed = await bank.deposit(userId, '10', { status: 'pending', legs: [] });
    await bank.close(userId, { transactionId: failed.transaction.id, status: 'failed' });
    const before = await bank.everything(userId);
    for (const { transaction } of [reversal, pending, failed]) {
      await expect(reverse(userId, transaction.id, '10')).rejects.toMatchObject({ code: 'transaction.not-reversible' });
    }
    expect(await bank.everything(userId)).toEqual(before);

    const theirs = await bank.deposit(stranger, '10');
    await expect(reverse(userId, theirs.transaction.id, '10')).rejects.toThrow();
    await expect(reverse(userId, randomUUID(), '10')).rejects.toThrow();
    expect(await bank.rows('select status from transactions where id = $1', [theirs.transaction.id])).toEqual([
      { status: 'posted' },
    ]);
  });
});

describe('a pending transaction', () => {
  test('ends once, and the same key ends it again without effect', async () => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10', { status: 'pending', legs: [] });
    const settle = (idempotencyKey: string) =>
      bank.close(userId, {
        transactionId: transaction.id,
        status: 'posted',
        idempotencyKey,
        request: { settle: transaction.id },
        legs: [bank.leg('external', 'cash', '10')],
      });
    expect((await settle('settle-1')).replayed).toBe(false);
    expect((await settle('settle-1')).replayed).toBe(true);
    await expect(settle('settle-2')).rejects.toMatchObject({
      code: 'transaction.not-pending',
      message: 'This transaction is posted already.',
      details: { status: 'posted' },
    });
    expect(await bank.balances(userId)).toMatchObject({ 'cash USD': '10.00000000' });
  });

  test('keeps when it expires, and ends as expired with what it held given back', async () => {
    const userId = await bank.newUserWith('10');
    const expiresAt = new Date('2026-11-29T12:00:00.000Z');
    const { transaction } = await bank.spend(userId, '8', {
      status: 'pending',
      expiresAt,
      legs: [bank.leg('cash', 'reserved', '8')],
    });
    expect(transaction.expiresAt).toEqual(expiresAt);
    const expired = await bank.close(userId, {
      transactionId: transaction.id,
      status: 'expired',
      legs: [bank.leg('reserved', 'cash', '8')],
    });
    expect(expired.transaction).toMatchObject({ status: 'expired', expiresAt, closedAt: NOON });
    expect(await bank.balances(userId)).toMatchObject({ 'cash USD': '10.00000000', 'reserved USD': '0.00000000' });
    const { transaction: other } = await bank.deposit(userId, '1', { status: 'pending', legs: [] });
    expect(other.expiresAt ?? null).toBeNull();
  });

  test('that does not exist cannot end', async () => {
    const userId = await bank.newUser();
    await expect(bank.close(userId, { transactionId: randomUUID(), status: 'voided' })).rejects.toMatchObject({
      code: 'transaction.not-found',
    });
  });
});

describe('the reference of a provider, named at the end', () => {
  const legs = [bank.leg('external', 'cash', '10')];
  const announce = async (userId: string, wish: Partial<Posting> = {}) =>
    (await bank.deposit(userId, '10', { status: 'pending', legs: [], ...wish })).transaction;
  const referenceOf = async (transactionId: string) => {
    const [row] = await bank.rows<{ source: string | null; reference: string | null }>(
      'select external_source as source, external_reference as reference from transactions where id = $1',
      [transactionId],
    );
    return row;
  };

  test('is kept with the transaction that had none', async () => {
    const userId = await bank.newUser();
    const transactionId = (await announce(userId)).id;
    const external = { source: 'bank', reference: 'R-9' };
    const { transaction } = await bank.close(userId, { transactionId, status: 'posted', external, legs });
    expect(transaction).toMatchObject({ externalSource: 'bank', externalReference: 'R-9', status: 'posted' });
    expect(await referenceOf(transactionId)).toEqual(external);
  });

  test('does not take the place of one that is there', async () => {
    const userId = await bank.newUser();
    const known = { source: 'bank', reference: 'R-1' };
    const transactionId = (await announce(userId, { external: known })).id;
    const { transaction } = await bank.close(userId, {
      ...{ transactionId, status: 'posted', legs },
      external: { source: 'card', reference: 'R-2' },
    });
    expect(transaction).toMatchObject({ externalSource: 'bank', externalReference: 'R-1' });
    expect(await referenceOf(transactionId)).toEqual(known);
  });

  test('is refused when another transaction has it, with nothing stored', async () => {
    const [userId, stranger] = [await bank.newUser(), await bank.newUser()];
    const external = { source: 'bank', reference: 'R-1' };
    await bank.deposit(userId, '5', { external });
    const transactionId = (await announce(userId)).id;
    const before = await bank.everything(userId);
    const refused = bank.close(userId, { transactionId, status: 'posted', external, legs });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'transaction.reference-taken' });
    expect(await bank.everything(userId)).toEqual(before);
    const theirs = (await announce(stranger)).id;
    await bank.close(stranger, { transactionId: theirs, status: 'posted', external, legs });
    expect(await referenceOf(theirs)).toEqual(external);
  });

  test('is not changed, nor named later, even by the superuser', async () => {
    const userId = await bank.newUser();
    const named = (await announce(userId, { external: { source: 'bank', reference: 'R-1' } })).id;
    const { transaction: posted } = await bank.deposit(userId, '5');
    const name = (id: string) =>
      bank.rows(`update transactions set external_source = 'bank', external_reference = 'R-2' where id = $1`, [id]);
    for (const id of [named, posted.id]) await expect(name(id)).rejects.toMatchObject({ code: 'NE005' });
    const open = (await announce(userId)).id;
    await name(open);
    expect(await referenceOf(open)).toEqual({ source: 'bank', reference: 'R-2' });
  });
});

describe('what is taken back', () => {
  const refusal = { code: 'ledger.not-taken-back' };
  test.each([
    ['gives again what had come in', [['external', 'cash', '10']]],
    ['takes more', [['cash', 'external', '11']]],
    ['takes less', [['cash', 'external', '9']]],
    ['takes it from another account', [['reserved', 'external', '10']]],
  ] as const)('is what was moved: a reversal that %s is refused, with nothing stored', async (_, legs) => {
    const userId = await bank.newUserWith('100');
    await bank.post(userId, { legs: [bank.leg('cash', 'reserved', '20')] });
    const { transaction } = await bank.post(userId, { legs: [bank.leg('external', 'cash', '10')] });
    const before = await bank.everything(userId);
    const wrong = legs.map(([from, to, amount]) => bank.leg(from, to, amount));
    await expect(
      bank.post(userId, { type: 'reversal', reversesId: transaction.id, legs: wrong }),
    ).rejects.toMatchObject(refusal);
    expect(await bank.everything(userId)).toEqual(before);
    const right = [bank.leg('cash', 'external', '10')];
    const reversal = await bank.post(userId, { type: 'reversal', reversesId: transaction.id, legs: right });
    expect(reversal.transaction.status).toBe('posted');
  });

  test('is a hold too: a withdrawal is voided only with what it held', async () => {
    const userId = await bank.newUserWith('100');
    const { transaction } = await bank.post(userId, { status: 'pending', legs: [bank.leg('cash', 'reserved', '5')] });
    const giveBack = (amount?: string) =>
      bank.close(userId, {
        transactionId: transaction.id,
        status: 'voided',
        legs: amount ? [bank.leg('reserved', 'cash', amount)] : [],
      });
    await expect(giveBack()).rejects.toMatchObject(refusal);
    await expect(giveBack('4')).rejects.toMatchObject(refusal);
    expect((await giveBack('5')).transaction.status).toBe('voided');
  });
});
