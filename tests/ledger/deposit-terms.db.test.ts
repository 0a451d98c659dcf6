import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type CashFeeSchedule,
  DepositService,
  type DepositTerms,
  type OpenDeposit,
  type SettleDeposit,
} from '../../src/index.js';
import { keyed, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const FEES: CashFeeSchedule = [
  { kind: 'provider', rate: '1.4', assetCode: 'USD' },
  { kind: 'provider', fixed: '0.25', assetCode: 'USD' },
  { kind: 'network', fixed: '7', assetCode: 'SATOSHI' },
];

const as = <T>(userId: string, work: (deposits: DepositService) => Promise<T>, terms?: DepositTerms) =>
  desk.user(userId, em => work(new DepositService(em, desk.clock, terms)));

const open = async (userId: string, more: Partial<OpenDeposit> = {}, terms?: DepositTerms) => {
  const wish = { userId, assetCode: 'USD', amount: '50', source: 'bank', reference: randomUUID(), ...more };
  return (await as(userId, deposits => deposits.open(keyed(wish)), terms)).transaction;
};

const settle = (userId: string, transactionId: string, more: Partial<SettleDeposit> = {}, terms?: DepositTerms) =>
  as(userId, deposits => deposits.settle(keyed({ userId, transactionId, ...more })), terms);

describe('what a provider keeps of a deposit', () => {
  test('is taken from what arrived, fee by fee', async () => {
    const userId = await desk.newUser();
    const { id } = await open(userId);
    const { fees } = await settle(userId, id, { amount: '49.99' }, { fees: FEES });
    // 1.4 % of 49.99 is 0.69986; 49.99 - 0.69986 - 0.25 = 49.04014.
    expect(fees.map(fee => fee.amount.toFixed())).toEqual(['0.69986', '0.25']);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '49.04014000',
      'external USD': '-49.99000000',
      'fees USD': '0.94986000',
    });
    expect(await desk.fees(id)).toEqual([
      'provider 0.69986000 @ 1.4000 from cash to fees',
      'provider 0.25000000 @ fixed from cash to fees',
    ]);
  });

  test('is rounded up to the digits of the asset', async () => {
    const userId = await desk.newUser();
    const { id } = await open(userId, { assetCode: 'CENT', amount: '0.01' });
    await settle(userId, id, {}, { fees: [{ kind: 'provider', rate: '0.0001' }] });
    // 0.0001 % of 0.01 is 0.00000001: a whole cent.
    expect(await desk.balances(userId)).toMatchObject({ 'cash CENT': '0.00000000', 'fees CENT': '0.01000000' });
  });

  test('is at most what arrived: nobody pays in to owe', async () => {
    const userId = await desk.newUserWith('100');
    const { id } = await open(userId, { amount: '0.2' });
    await settle(userId, id, {}, { fees: FEES });
    // 1.4 % of 0.2 is 0.0028; of the fixed 0.25 there is 0.1972 left.
    expect(await desk.fees(id)).toEqual([
      'provider 0.00280000 @ 1.4000 from cash to fees',
      'provider 0.19720000 @ fixed from cash to fees',
    ]);
    expect(await desk.balances(userId)).toMatchObject({ 'cash USD': '100.00000000' });
  });

  test('is nobody’s to say who sends the deposit', async () => {
    const userId = await desk.newUser();
    const { id } = await open(userId);
    await desk.refused([userId], 'input.invalid', () => settle(userId, id, { fees: [] } as never));
  });

  test.each([
    [[{ kind: 'provider', rate: '100.0001' }]],
    [[{ kind: 'provider', fixed: '-1', assetCode: 'USD' }]],
    [[{ kind: 'provider', fixed: '1' }]],
    [[{ kind: 'tip', rate: '1' }]],
  ])('is not reckoned by a schedule like %j', async fees => {
    const userId = await desk.newUser();
    await desk.refused([userId], 'input.invalid', () => open(userId, {}, { fees: fees as never }));
  });
});

describe('a deposit of the past', () => {
  test('is booked for when it was announced and when it arrived', async () => {
    const userId = await desk.newUser();
    const announced = new Date('2026-10-23T12:00:00Z');
    const arrived = new Date('2026-11-01T08:00:00Z');
    const { id, occurredAt } = await open(userId, { occurredAt: announced });
    expect(occurredAt).toEqual(announced);
    const { transaction } = await settle(userId, id, { occurredAt: arrived });
    expect(transaction.postedAt).toEqual(arrived);
  });

  test.each([
    ['2026-11-22T12:00:00.001Z', 'occurred-at.in-future'],
    ['2026-10-23T11:59:59.999Z', 'occurred-at.too-old'],
  ])('is not of %s', async (instant, code) => {
    const userId = await desk.newUser();
    const { id } = await open(userId);
    const occurredAt = new Date(instant);
    await desk.refused([userId], code, () => open(userId, { occurredAt }));
    await desk.refused([userId], code, () => settle(userId, id, { occurredAt }));
  });

  test('is answered under its key also when it is long ago by now', async () => {
    const userId = await desk.newUser();
    const more = { reference: 'R-1', occurredAt: new Date('2026-11-20T00:00:00Z'), idempotencyKey: 'o-1' };
    const { id } = await open(userId, more);
    await settle(userId, id, { idempotencyKey: 's-1', occurredAt: more.occurredAt });
    const before = await desk.everything(userId);
    desk.clock.moveTo('2027-03-01T00:00:00Z');
    expect((await open(userId, more)).id).toBe(id);
    expect(await settle(userId, id, { idempotencyKey: 's-1', occurredAt: more.occurredAt })).toMatchObject({
      replayed: true,
    });
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'ledger.idempotency-conflict', () => open(userId, { ...more, occurredAt: undefined }));
  });
});

test('a deposit expires after 30 days, or when the operator says', async () => {
  const userId = await desk.newUser();
  expect((await open(userId)).expiresAt).toEqual(new Date('2026-12-22T12:00:00Z'));
  expect((await open(userId, {}, { lifetimeDays: 3 })).expiresAt).toEqual(new Date('2026-11-25T12:00:00Z'));
});

test('nobody but a transfer has the source of transfers', async () => {
  const userId = await desk.newUser();
  await desk.refused([userId], 'input.invalid', () => open(userId, { source: ' transfer ' }));
});

test.each([
  ['USD', '0.00000001'],
  ['USD', '9999999999.99999999'],
  ['WHOLE', '1'],
  ['CENT', '0.01'],
  ['MICRO', '9999999999.999999'],
  ['SATOSHI', '0.00000001'],
  ['WEI', '9999999999.99999999'],
])('a deposit may be of %s %s', async (assetCode, amount) => {
  const userId = await desk.newUser();
  const { id } = await open(userId, { assetCode, amount });
  await settle(userId, id);
  const [row] = await desk.rows<{ balance: string }>(
    `select trim_scale(balance)::text as balance from ledger_accounts where user_id = $1 and kind = 'cash'`,
    [userId],
  );
  expect(row).toEqual({ balance: amount });
});
