import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  asUser,
  ConflictError,
  DepositService,
  IdempotencyConflictError,
  NotFoundError,
  type OpenDeposit,
  StateError,
  ValidationError,
} from '../../src/index.js';
import { NOON, useBank } from './bank.js';

const bank = useBank();

const as = <T>(userId: string, work: (deposits: DepositService) => Promise<T>): Promise<T> =>
  asUser(bank.database.orm.em, userId, em => work(new DepositService(em, { now: () => NOON })));

const wish = (userId: string, more: Partial<OpenDeposit> = {}): OpenDeposit => ({
  userId,
  assetCode: 'USD',
  amount: '50',
  source: 'bank',
  reference: `R-${randomUUID()}`,
  idempotencyKey: randomUUID(),
  ...more,
});

async function openDeposit(userId: string, more: Partial<OpenDeposit> = {}): Promise<string> {
  const { transaction } = await as(userId, deposits => deposits.open(wish(userId, more)));
  return transaction.id;
}

const settle = (userId: string, transactionId: string, idempotencyKey: string, amount?: string) =>
  as(userId, deposits => deposits.settle({ userId, transactionId, idempotencyKey, amount }));

const fail = (userId: string, transactionId: string, idempotencyKey: string, reason = 'The bank refused it.') =>
  as(userId, deposits => deposits.fail({ userId, transactionId, idempotencyKey, reason }));

const stored = (transactionId: string) =>
  bank.rows(`select status, amount::text, posted_at, closed_at, failure_reason from transactions where id = $1`, [
    transactionId,
  ]);

describe('an announced deposit', () => {
  test('is pending and nobody’s to spend', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    expect(await stored(id)).toEqual([
      { status: 'pending', amount: '50.00000000', posted_at: null, closed_at: null, failure_reason: null },
    ]);
    expect(await bank.balances(userId)).toEqual({});
    expect(await bank.count('outbox_events', userId)).toBe(0);
  });

  test('is announced once under one key', async () => {
    const userId = await bank.newUser();
    const input = wish(userId);
    const [first, second] = [
      await as(userId, deposits => deposits.open(input)),
      await as(userId, deposits => deposits.open({ ...input, amount: '50.00' })),
    ];
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.transaction.id).toBe(first.transaction.id);
    await expect(as(userId, deposits => deposits.open({ ...input, amount: '51' }))).rejects.toThrow(
      IdempotencyConflictError,
    );
    expect(await bank.count('transactions', userId)).toBe(1);
  });

  test('has a reference of its own', async () => {
    const userId = await bank.newUser();
    await openDeposit(userId, { reference: 'R-7' });
    const refused = openDeposit(userId, { reference: 'R-7' });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'transaction.reference-taken' });
    expect(await bank.count('transactions', userId)).toBe(1);
  });

  test('is of an asset that exists', async () => {
    const userId = await bank.newUser();
    const refused = openDeposit(userId, { assetCode: 'XYZ' });
    await expect(refused).rejects.toThrow(NotFoundError);
    await expect(refused).rejects.toMatchObject({ code: 'asset.not-found' });
  });

  test.each([
    ['amount', { amount: '0' }],
    ['amount', { amount: '1.123456789' }],
    ['amount', { amount: 'NaN' }],
    ['amount', { amount: '1e3' }],
    ['amount', { amount: 5 as never }],
    ['reference', { reference: '' }],
    ['idempotencyKey', { idempotencyKey: 'two words' }],
  ])('with a wrong %s is refused at the door', async (field, more) => {
    const userId = await bank.newUser();
    const refused = openDeposit(userId, more);
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toMatchObject({ code: 'input.invalid', details: { fields: field } });
    expect(await bank.count('transactions', userId)).toBe(0);
  });
});

describe('a deposit that arrives', () => {
  test('is credited as announced, and tells those who wait for it', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    const { transaction, entries, replayed } = await settle(userId, id, 's-1');
    expect(replayed).toBe(false);
    expect(transaction.status).toBe('posted');
    expect(transaction.postedAt).toEqual(NOON);
    expect(entries.map(entry => entry.amount.toFixed())).toEqual(['50']);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '50.00000000', 'external USD': '-50.00000000' });
    expect(await bank.rows('select type, payload from outbox_events where user_id = $1', [userId])).toEqual([
      { type: 'deposit.settled', payload: { transactionId: id, amount: '50' } },
    ]);
  });

  test('is credited with what arrived when that differs', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    await settle(userId, id, 's-1', '49.99');
    expect(await stored(id)).toEqual([
      { status: 'posted', amount: '49.99000000', posted_at: NOON, closed_at: null, failure_reason: null },
    ]);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '49.99000000', 'external USD': '-49.99000000' });
  });

  test('is credited once, however often it is said under one key', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    const answers = [await settle(userId, id, 's-1'), await settle(userId, id, 's-1'), await settle(userId, id, 's-1')];
    expect(answers.map(answer => answer.replayed)).toEqual([false, true, true]);
    expect(answers.map(answer => answer.transaction.id)).toEqual([id, id, id]);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '50.00000000', 'external USD': '-50.00000000' });
  });

  test('cannot arrive again under another key, nor differently under the same', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    await settle(userId, id, 's-1');
    const again = settle(userId, id, 's-2');
    await expect(again).rejects.toThrow(StateError);
    await expect(again).rejects.toMatchObject({ code: 'transaction.not-pending', details: { status: 'posted' } });
    await expect(settle(userId, id, 's-1', '60')).rejects.toThrow(IdempotencyConflictError);
    await expect(fail(userId, id, 's-3')).rejects.toMatchObject({ code: 'transaction.not-pending' });
    expect(await bank.balances(userId)).toMatchObject({ 'cash USD': '50.00000000' });
  });

  test('needs a key of its own, not the one it was announced with', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId, { idempotencyKey: 'one-for-all' });
    await expect(settle(userId, id, 'one-for-all')).rejects.toThrow(IdempotencyConflictError);
    expect(await bank.balances(userId)).toEqual({});
  });

  test('is not there for a stranger, and looks no different from one that never was', async () => {
    const [ann, bob] = [await bank.newUser(), await bank.newUser()];
    const id = await openDeposit(ann);
    const errors = await Promise.all(
      [id, randomUUID()].flatMap(transactionId => [
        settle(bob, transactionId, 's-1').catch(error => error),
        fail(bob, transactionId, 'f-1').catch(error => error),
      ]),
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({
        code: 'transaction.not-found',
        message: 'There is no such transaction.',
        details: {},
      });
    }
    expect(await stored(id)).toMatchObject([{ status: 'pending' }]);
  });

  test('cannot be settled by somebody who names the owner', async () => {
    const [ann, bob] = [await bank.newUser(), await bank.newUser()];
    const id = await openDeposit(ann);
    await expect(
      as(bob, deposits => deposits.settle({ userId: ann, transactionId: id, idempotencyKey: 's-1' })),
    ).rejects.toMatchObject({ code: 'transaction.not-found' });
    await expect(as(bob, deposits => deposits.open(wish(ann)))).rejects.toMatchObject({ code: 'user.not-found' });
    expect(await bank.count('transactions', ann)).toBe(1);
  });

  test('is a deposit and nothing else', async () => {
    const userId = await bank.newUserWith('10');
    const { transaction } = await bank.spend(userId, '1', { status: 'pending', legs: [] });
    await expect(settle(userId, transaction.id, 's-1')).rejects.toMatchObject({ code: 'transaction.not-a-deposit' });
  });
});

describe('a deposit that will not come', () => {
  test('ends without a movement, and says why', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    const reason = `The "bank" said: it's not ours? \\ 50 % off`;
    const first = await fail(userId, id, 'f-1', reason);
    const second = await fail(userId, id, 'f-1', reason);
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(await stored(id)).toEqual([
      { status: 'failed', amount: '50.00000000', posted_at: null, closed_at: NOON, failure_reason: reason },
    ]);
    expect(await bank.balances(userId)).toEqual({});
  });

  test('does not arrive any more', async () => {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    await fail(userId, id, 'f-1');
    await expect(settle(userId, id, 's-1')).rejects.toMatchObject({
      code: 'transaction.not-pending',
      message: 'This transaction is failed already.',
    });
    expect(await bank.balances(userId)).toEqual({});
  });
});

test('of a deposit that is settled and failed at the same time exactly one happens', async () => {
  for (let round = 0; round < 10; round++) {
    const userId = await bank.newUser();
    const id = await openDeposit(userId);
    const outcomes = await Promise.allSettled([settle(userId, id, 's-1'), fail(userId, id, 'f-1')]);
    const refused = outcomes.filter(outcome => outcome.status === 'rejected');
    expect(refused.map(outcome => outcome.reason.code)).toEqual(['transaction.not-pending']);
    const settled = outcomes[0].status === 'fulfilled';
    expect(await stored(id)).toMatchObject([{ status: settled ? 'posted' : 'failed' }]);
    expect(await bank.balances(userId)).toEqual(
      settled ? { 'cash USD': '50.00000000', 'external USD': '-50.00000000' } : {},
    );
  }
});
