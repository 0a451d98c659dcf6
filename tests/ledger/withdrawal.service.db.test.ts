import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type CashFeeSchedule,
  closeAccount,
  DepositService,
  type RequestWithdrawal,
  type SettleWithdrawal,
  TransferService,
  UserService,
  WithdrawalService,
  type WithdrawalTerms,
} from '../../src/index.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

/** 1.50 USD for the network and 0.75 % for the provider. */
const FEES: CashFeeSchedule = [
  { kind: 'network', fixed: '1.5', assetCode: 'USD' },
  { kind: 'provider', rate: '0.75', assetCode: 'USD' },
];

const as = <T>(userId: string, work: (withdrawals: WithdrawalService) => Promise<T>, terms?: WithdrawalTerms) =>
  desk.user(userId, em => work(new WithdrawalService(em, desk.clock, terms)));

const request = (userId: string, more: Partial<RequestWithdrawal> = {}, terms?: WithdrawalTerms) =>
  as(userId, service => service.request(keyed({ userId, assetCode: 'USD', amount: '40', ...more })), terms);

const settle = (userId: string, transactionId: string, more: Partial<SettleWithdrawal> = {}, terms?: WithdrawalTerms) =>
  as(userId, service => service.settle(keyed({ userId, transactionId, ...more })), terms);

const end = (verb: 'fail' | 'cancel', userId: string, transactionId: string, idempotencyKey: string = randomUUID()) =>
  as(userId, service => service[verb]({ userId, transactionId, reason: 'No such account.', idempotencyKey }));

const events = (userId: string) =>
  desk.rows(`select type, payload from outbox_events where user_id = $1 order by id`, [userId]);

describe('a request', () => {
  test('holds the amount and its fees, and tells those who pay', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    // 40 + 1.50 + 0.75 % of 40 = 41.80.
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '58.20000000',
      'external USD': '-100.00000000',
      'reserved USD': '41.80000000',
    });
    expect(transaction).toMatchObject({
      type: 'withdrawal',
      status: 'pending',
      expiresAt: new Date('2026-12-22T12:00:00Z'),
    });
    expect(await desk.fees(transaction.id)).toEqual([]);
    expect(await events(userId)).toEqual([
      { type: 'withdrawal.requested', payload: { transactionId: transaction.id, assetCode: 'USD', amount: '40' } },
    ]);
  });

  test('lives as long as the operator says', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { lifetimeDays: 2 });
    expect(transaction.expiresAt).toEqual(new Date('2026-11-24T12:00:00Z'));
    await desk.refused([userId], 'lifetime.invalid', () => request(userId, {}, { lifetimeDays: 0.5 }));
  });

  test('may take everything, to the last digit, but not one more', async () => {
    const userId = await desk.newSaver('41.80000000');
    await desk.refused(
      [userId],
      'ledger.insufficient-funds',
      () => request(userId, { amount: '40.00000001' }, { fees: FEES }),
      {
        details: { account: 'cash', asset: 'USD', available: '41.80000000', needed: '41.80000002' },
      },
    );
    await request(userId, {}, { fees: FEES });
    expect(await desk.balances(userId)).toMatchObject({ 'cash USD': '0.00000000', 'reserved USD': '41.80000000' });
  });

  test('replayed changes nothing, also when the person may do nothing any more; another request under the key is refused', async () => {
    const userId = await desk.newSaver('100');
    const first = await request(userId, { idempotencyKey: 'w-1' });
    await desk.change(userId, user => user.suspend(NOON));
    const before = await desk.everything(userId);
    const again = await request(userId, { idempotencyKey: 'w-1', amount: '40.00' }, { fees: FEES });
    expect([again.replayed, again.transaction.id]).toEqual([true, first.transaction.id]);
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'ledger.idempotency-conflict', () =>
      request(userId, { idempotencyKey: 'w-1', amount: '41' }),
    );
  });

  test('needs an active account and a verified identity', async () => {
    const [unknown, suspended] = [await desk.newUserWith('100'), await desk.newSaver('100')];
    await desk.change(suspended, user => user.suspend(NOON));
    await desk.refused([unknown], 'user.not-verified', () => request(unknown), { details: { kycStatus: 'none' } });
    await desk.refused([suspended], 'user.not-active', () => request(suspended));
    await desk.change(suspended, user => user.reinstate());
    await desk.change(suspended, user => user.expireKyc());
    await desk.refused([suspended], 'user.not-verified', () => request(suspended), {
      details: { kycStatus: 'expired' },
    });
  });

  test.each([
    [{ amount: '0' }, 'input.invalid'],
    [{ amount: '0.000000001' }, 'input.invalid'],
    [{ amount: '10000000000' }, 'input.invalid'],
    [{ assetCode: 'XYZ' }, 'asset.not-found'],
    [{ assetCode: 'CENT', amount: '0.001' }, 'decimal.too-precise'],
    [{ assetCode: 'WHOLE', amount: '1.5' }, 'decimal.too-precise'],
    [{ external: { source: 'transfer', reference: 'x' } }, 'input.invalid'],
    [{ fees: [] } as never, 'input.invalid'],
  ])('of %j is refused', async (more, code) => {
    const userId = await desk.newSaver('100');
    await desk.refused([userId], code, () => request(userId, more));
  });

  test.each([
    ['USD', '0.00000001', '0.00000001'],
    ['USD', '9999999999.99999999', '9999999999.99999999'],
    ['WHOLE', '3', '3.00000000'],
    ['CENT', '0.01', '0.01000000'],
    ['MICRO', '0.000001', '0.00000100'],
    ['SATOSHI', '0.00000001', '0.00000001'],
    ['WEI', '0.00000001', '0.00000001'],
  ])('may be of %s %s', async (assetCode, amount, stored) => {
    const userId = await desk.newSaver();
    await desk.grant(userId, assetCode, amount);
    const { transaction } = await request(userId, { assetCode, amount });
    expect(await desk.balances(userId)).toMatchObject({ [`reserved ${assetCode}`]: stored });
    await settle(userId, transaction.id);
    expect(await desk.balances(userId)).toEqual({
      [`cash ${assetCode}`]: '0.00000000',
      [`external ${assetCode}`]: '0.00000000',
      [`reserved ${assetCode}`]: '0.00000000',
    });
  });
});

describe('a withdrawal that was paid', () => {
  test('leaves the book with its fees, and nothing stays reserved', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    const external = { source: 'bank', reference: 'P-1' };
    const paid = await settle(userId, transaction.id, { external }, { fees: FEES });
    expect(paid.transaction).toMatchObject({ status: 'posted', externalSource: 'bank', externalReference: 'P-1' });
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '58.20000000',
      'external USD': '-60.00000000',
      'fees USD': '1.80000000',
      'reserved USD': '0.00000000',
    });
    expect(await desk.fees(transaction.id)).toEqual([
      'network 1.50000000 @ fixed from reserved to fees',
      'provider 0.30000000 @ 0.7500 from reserved to fees',
    ]);
    expect(await events(userId)).toMatchObject([
      { type: 'withdrawal.requested' },
      { type: 'withdrawal.settled', payload: { transactionId: transaction.id, amount: '40' } },
    ]);
  });

  test('in part gives the rest back to cash, and keeps the fees that were held', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    const { transaction: paid } = await settle(userId, transaction.id, { amount: '39.99999999' }, { fees: FEES });
    expect(paid.amount.toFixed()).toBe('39.99999999');
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '58.20000001',
      'external USD': '-60.00000001',
      'fees USD': '1.80000000',
      'reserved USD': '0.00000000',
    });
  });

  test('cannot have been more than was asked for', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId);
    await desk.refused(
      [userId],
      'withdrawal.more-than-requested',
      () => settle(userId, transaction.id, { amount: '40.00000001' }),
      {
        details: { requested: '40' },
      },
    );
  });

  test('costs what it cost when it was asked for, though prices have changed since', async () => {
    const userId = await desk.newSaver('100');
    const change = new Date('2026-11-23T00:00:00Z');
    const fees: CashFeeSchedule = [
      { kind: 'network', fixed: '1', assetCode: 'USD', validUntil: change },
      { kind: 'network', fixed: '2', assetCode: 'USD', validFrom: change },
    ];
    const { transaction } = await request(userId, {}, { fees });
    desk.clock.moveTo(change);
    const { transaction: later } = await request(userId, {}, { fees });
    await settle(userId, transaction.id, {}, { fees });
    await settle(userId, later.id, {}, { fees });
    expect(await desk.fees(transaction.id)).toEqual(['network 1.00000000 @ fixed from reserved to fees']);
    expect(await desk.fees(later.id)).toEqual(['network 2.00000000 @ fixed from reserved to fees']);
  });

  test('is not settled under terms that lead to other fees than were held', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    await desk.refused([userId], 'withdrawal.fees-differ', () => settle(userId, transaction.id), {
      details: { held: '1.8', reckoned: '0' },
    });
    await settle(userId, transaction.id, {}, { fees: FEES });
    expect(await desk.status(transaction.id)).toBe('posted');
  });

  test('is paid once, however often it is said; another key or other words are refused', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    const more = { idempotencyKey: 's-1', amount: '30' };
    await settle(userId, transaction.id, more, { fees: FEES });
    const before = await desk.everything(userId);
    expect(await settle(userId, transaction.id, more)).toMatchObject({ replayed: true });
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'ledger.idempotency-conflict', () =>
      settle(userId, transaction.id, { ...more, amount: '29' }),
    );
    await desk.refused([userId], 'transaction.not-pending', () => settle(userId, transaction.id), {
      details: { status: 'posted' },
    });
  });

  test('keeps the reference it has, and takes none that is taken', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, { external: { source: 'bank', reference: 'P-1' } });
    const { transaction: other } = await request(userId);
    await desk.refused([userId], 'transaction.other-reference', () =>
      settle(userId, transaction.id, { external: { source: 'bank', reference: 'P-2' } }),
    );
    await desk.refused([userId], 'transaction.reference-taken', () =>
      settle(userId, other.id, { external: { source: 'bank', reference: 'P-1' } }),
    );
    await settle(userId, transaction.id, { external: { source: 'bank', reference: 'P-1' } });
    expect(await desk.status(transaction.id)).toBe('posted');
  });

  test('may have been paid earlier, but neither tomorrow nor long ago', async () => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId);
    await desk.refused([userId], 'occurred-at.in-future', () =>
      settle(userId, transaction.id, { occurredAt: new Date('2026-11-22T12:00:00.001Z') }),
    );
    await desk.refused([userId], 'occurred-at.too-old', () =>
      settle(userId, transaction.id, { occurredAt: new Date('2026-10-23T11:59:59.999Z') }),
    );
    const occurredAt = new Date('2026-10-23T12:00:00Z');
    const { transaction: paid } = await settle(userId, transaction.id, { occurredAt });
    expect(paid.postedAt).toEqual(occurredAt);
  });
});

describe('a withdrawal that comes to nothing', () => {
  test.each([
    ['fail', 'failed'],
    ['cancel', 'voided'],
  ] as const)('gives back amount and fees: %s', async (verb, status) => {
    const userId = await desk.newSaver('100');
    const { transaction } = await request(userId, {}, { fees: FEES });
    const first = await end(verb, userId, transaction.id, 'e-1');
    expect(first.transaction).toMatchObject({ status, failureReason: 'No such account.', closedAt: NOON });
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '100.00000000',
      'external USD': '-100.00000000',
      'reserved USD': '0.00000000',
    });
    expect(await desk.fees(transaction.id)).toEqual([]);
    const before = await desk.everything(userId);
    expect(await end(verb, userId, transaction.id, 'e-1')).toMatchObject({ replayed: true });
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'transaction.not-pending', () => settle(userId, transaction.id, {}, { fees: FEES }));
    await desk.refused([userId], 'transaction.not-pending', () => end(verb, userId, transaction.id));
  });

  test('is nobody else’s to end, and looks like one that never was', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newSaver('100')];
    const { transaction } = await request(ann);
    for (const transactionId of [transaction.id, randomUUID()]) {
      await desk.refused([ann, bob], 'transaction.not-found', () => end('cancel', bob, transactionId));
      await desk.refused([ann, bob], 'transaction.not-found', () => settle(bob, transactionId));
    }
    await desk.refused([ann, bob], 'transaction.not-found', () =>
      as(bob, service => service.settle(keyed({ userId: ann, transactionId: transaction.id }))),
    );
  });

  test('is a withdrawal and nothing else', async () => {
    const userId = await desk.newSaver('100');
    const deposit = keyed({ userId, assetCode: 'USD', amount: '5', source: 'bank', reference: 'D-1' });
    const { transaction } = await desk.user(userId, em => new DepositService(em, desk.clock).open(deposit));
    await desk.refused([userId], 'transaction.not-a-withdrawal', () => settle(userId, transaction.id));
    await desk.refused([userId], 'transaction.not-a-withdrawal', () => end('fail', userId, transaction.id));
  });
});

test('what comes with its fees to more than any account can hold is refused', async () => {
  const userId = await desk.newSaver('100');
  const amount = '9999999999.99999999';
  await desk.refused([userId], 'ledger.insufficient-funds', () => request(userId, { amount }));
  await desk.refused([userId], 'ledger.insufficient-funds', () => request(userId, { amount }, { fees: FEES }));
});

test('of somebody who is leaving is paid, so that nothing is left; new business is refused', async () => {
  const [leaver, friend] = [await desk.newSaver('100'), await desk.newSaver('1')];
  await desk.worker(em => new UserService(em, desk.clock).startClosing({ userId: leaver }));
  const transfer = keyed({ senderId: leaver, recipientId: friend, assetCode: 'USD', amount: '5' });
  await desk.refused([leaver, friend], 'user.not-active', () =>
    desk.worker(em => new TransferService(em, desk.clock).send(transfer)),
  );
  const { transaction } = await request(leaver, { amount: '100' });
  await settle(leaver, transaction.id);
  await desk.worker(em => closeAccount(em, { userId: leaver }, desk.clock));
  const late = keyed({ userId: leaver, assetCode: 'USD', amount: '5', source: 'bank', reference: 'late' });
  await desk.refused([leaver], 'user.closed', () =>
    desk.user(leaver, em => new DepositService(em, desk.clock).open(late)),
  );
  await desk.refused([leaver, friend], 'recipient.not-active', () =>
    desk.worker(em =>
      new TransferService(em, desk.clock).send(
        keyed({ senderId: friend, recipientId: leaver, assetCode: 'USD', amount: '1' }),
      ),
    ),
  );
});

test('of two requests for the last dollar, at the same moment, one is taken', async () => {
  const userId = await desk.newSaver('40');
  const outcomes = await Promise.allSettled([request(userId), request(userId), request(userId)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await desk.balances(userId)).toMatchObject({ 'cash USD': '0.00000000', 'reserved USD': '40.00000000' });
});
