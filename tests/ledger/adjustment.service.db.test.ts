import { describe, expect, test } from 'vitest';
import { type AdjustCash, AdjustmentService, type ChargeFee, FEE_KINDS } from '../../src/index.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const BOOKING = { assetCode: 'USD', amount: '2.5', reason: 'The bank’s own mistake.' };

const adjust = (userId: string, direction: AdjustCash['direction'], more: Partial<AdjustCash> = {}) =>
  desk.worker(em => new AdjustmentService(em, desk.clock).adjust(keyed({ userId, direction, ...BOOKING, ...more })));

const charge = (userId: string, kind: ChargeFee['kind'], more: Partial<ChargeFee> = {}) =>
  desk.worker(em => new AdjustmentService(em, desk.clock).chargeFee(keyed({ userId, kind, ...BOOKING, ...more })));

describe('an adjustment', () => {
  test('credits or debits cash, and says why', async () => {
    const userId = await desk.newUserWith('10');
    await adjust(userId, 'credit');
    expect(await desk.balances(userId)).toEqual({ 'cash USD': '12.50000000', 'external USD': '-12.50000000' });
    const { transaction } = await adjust(userId, 'debit', { amount: '12.5' });
    expect(transaction).toMatchObject({ type: 'adjustment', status: 'posted' });
    expect(await desk.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
    expect(await desk.rows('select type, payload from outbox_events where user_id = $1 order by id', [userId])).toEqual(
      [
        { type: 'cash.adjusted', payload: { assetCode: 'USD', amount: '2.5', reason: BOOKING.reason } },
        { type: 'cash.adjusted', payload: { assetCode: 'USD', amount: '12.5', reason: BOOKING.reason } },
      ],
    );
  });

  test('is due to an account in any state', async () => {
    const userId = await desk.newUserWith('10');
    await desk.change(userId, user => user.suspend(NOON));
    await adjust(userId, 'credit');
    expect(await desk.balances(userId)).toMatchObject({ 'cash USD': '12.50000000' });
  });

  test('is made once under one key; another direction is another wish', async () => {
    const userId = await desk.newUserWith('10');
    await adjust(userId, 'credit', { idempotencyKey: 'a-1' });
    const before = await desk.everything(userId);
    expect(await adjust(userId, 'credit', { idempotencyKey: 'a-1' })).toMatchObject({ replayed: true });
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'ledger.idempotency-conflict', () =>
      adjust(userId, 'debit', { idempotencyKey: 'a-1' }),
    );
  });

  test('is refused with nothing moved', async () => {
    const userId = await desk.newUserWith('10');
    const refusals: [string, () => Promise<unknown>][] = [
      ['ledger.insufficient-funds', () => adjust(userId, 'debit', { amount: '10.00000001' })],
      ['asset.not-found', () => adjust(userId, 'credit', { assetCode: 'XYZ' })],
      ['decimal.too-precise', () => adjust(userId, 'credit', { assetCode: 'CENT', amount: '0.001' })],
      ['input.invalid', () => adjust(userId, 'credit', { reason: ' ' })],
      ['input.invalid', () => adjust(userId, 'sideways' as never)],
      ['occurred-at.in-future', () => adjust(userId, 'credit', { occurredAt: new Date('2026-11-23T00:00:00Z') })],
      ['occurred-at.too-old', () => adjust(userId, 'credit', { occurredAt: new Date('2026-10-01T00:00:00Z') })],
      ['user.not-found', () => adjust('00000000-0000-7000-8000-000000000000', 'credit')],
    ];
    for (const [code, attempt] of refusals) await desk.refused([userId], code, attempt);
  });

  test('is an operator’s, not a user’s', async () => {
    const userId = await desk.newUserWith('10');
    const wish = keyed({ userId, direction: 'credit' as const, ...BOOKING });
    await desk.refused([userId], 'context.not-allowed', () =>
      desk.user(userId, em => new AdjustmentService(em, desk.clock).adjust(wish)),
    );
    await desk.refused([userId], 'context.not-allowed', () =>
      desk.user(userId, em =>
        new AdjustmentService(em, desk.clock).chargeFee(keyed({ userId, kind: 'platform' as const, ...BOOKING })),
      ),
    );
  });

  test('may be of yesterday', async () => {
    const userId = await desk.newUser();
    const occurredAt = new Date('2026-11-21T12:00:00Z');
    expect((await adjust(userId, 'credit', { occurredAt })).transaction.occurredAt).toEqual(occurredAt);
  });
});

describe('a fee by itself', () => {
  test.each(FEE_KINDS)('may be for the %s', async kind => {
    const userId = await desk.newUserWith('10');
    const { transaction } = await charge(userId, kind, { rate: '0.25' });
    expect(transaction).toMatchObject({ type: 'fee', status: 'posted' });
    expect(await desk.fees(transaction.id)).toEqual([`${kind} 2.50000000 @ 0.2500 from cash to fees`]);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '7.50000000',
      'external USD': '-10.00000000',
      'fees USD': '2.50000000',
    });
  });

  test('is refused when there is too little, or when it is of no known kind', async () => {
    const userId = await desk.newUserWith('10');
    await desk.refused([userId], 'ledger.insufficient-funds', () =>
      charge(userId, 'provider', { amount: '10.00000001' }),
    );
    await desk.refused([userId], 'input.invalid', () => charge(userId, 'tip' as never));
    await desk.refused([userId], 'input.invalid', () => charge(userId, 'platform', { rate: '100.0001' }));
  });

  test('is charged once under one key', async () => {
    const userId = await desk.newUserWith('10');
    await charge(userId, 'platform', { idempotencyKey: 'f-1' });
    expect(await charge(userId, 'platform', { idempotencyKey: 'f-1' })).toMatchObject({ replayed: true });
    await desk.refused([userId], 'ledger.idempotency-conflict', () =>
      charge(userId, 'network', { idempotencyKey: 'f-1' }),
    );
    expect(await desk.balances(userId)).toMatchObject({ 'fees USD': '2.50000000' });
  });
});
