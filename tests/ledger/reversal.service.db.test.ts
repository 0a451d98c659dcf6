import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AdjustmentService,
  DepositService,
  LedgerReversalService,
  ledger,
  oppositeLegs,
  TRANSACTION_TYPES,
  Transaction,
  type TransactionType,
  WithdrawalService,
} from '../../src/index.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const reverse = (userId: string, transactionId: string, more: { idempotencyKey?: string; reason?: string } = {}) =>
  desk.worker(em =>
    new LedgerReversalService(em, desk.clock).reverse(keyed({ userId, transactionId, reason: 'A mistake.', ...more })),
  );

const FEES = [
  { kind: 'provider' as const, rate: '10' },
  { kind: 'network' as const, fixed: '0.5', assetCode: 'USD' },
];

/** A deposit of 50, of which 5 and 0.50 are fees. */
async function depositWithFees(userId: string): Promise<string> {
  const wish = keyed({ userId, assetCode: 'USD', amount: '50', source: 'bank', reference: randomUUID() });
  return desk.user(userId, async em => {
    const deposits = new DepositService(em, desk.clock, { fees: FEES });
    const { transaction } = await deposits.open(wish);
    await deposits.settle(keyed({ userId, transactionId: transaction.id }));
    return transaction.id;
  });
}

/** A withdrawal of 40, of which 30 were paid, with 4 and 0.50 of fees. */
async function partialWithdrawal(userId: string): Promise<string> {
  return desk.user(userId, async em => {
    const withdrawals = new WithdrawalService(em, desk.clock, { fees: FEES });
    const { transaction } = await withdrawals.request(keyed({ userId, assetCode: 'USD', amount: '40' }));
    await withdrawals.settle(keyed({ userId, transactionId: transaction.id, amount: '30' }));
    return transaction.id;
  });
}

const entries = (transactionId: string) =>
  desk.rows<{ entry: string }>(
    `select d.kind || ' → ' || c.kind || ' ' || trim_scale(e.amount) as entry from ledger_entries e
     join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
     join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
     where e.transaction_id = $1 order by e.position`,
    [transactionId],
  );

describe('a reversal', () => {
  test('of a deposit takes back what came and gives back its fees, the last entry first', async () => {
    const userId = await desk.newUserWith('7');
    const id = await depositWithFees(userId);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '51.50000000',
      'external USD': '-57.00000000',
      'fees USD': '5.50000000',
    });
    const { transaction } = await reverse(userId, id);
    expect(transaction).toMatchObject({ type: 'reversal', status: 'posted', occurredAt: NOON });
    expect((await entries(transaction.id)).map(({ entry }) => entry)).toEqual([
      'fees → cash 0.5',
      'fees → cash 5',
      'cash → external 50',
    ]);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '7.00000000',
      'external USD': '-7.00000000',
      'fees USD': '0.00000000',
    });
    expect(await desk.rows('select status, reversed_at from transactions where id = $1', [id])).toEqual([
      { status: 'reversed', reversed_at: NOON },
    ]);
    expect(
      await desk.rows(`select payload from outbox_events where user_id = $1 and type = 'transaction.reversed'`, [
        userId,
      ]),
    ).toEqual([{ payload: { transactionId: id, reason: 'A mistake.' } }]);
  });

  test('of a withdrawal goes all the way back: paid, fees, rest and hold', async () => {
    const userId = await desk.newSaver('100');
    const id = await partialWithdrawal(userId);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '65.50000000',
      'external USD': '-70.00000000',
      'fees USD': '4.50000000',
      'reserved USD': '0.00000000',
    });
    const { transaction } = await reverse(userId, id);
    expect((await entries(transaction.id)).map(({ entry }) => entry)).toEqual([
      'cash → reserved 10',
      'fees → reserved 0.5',
      'fees → reserved 4',
      'external → reserved 30',
      'reserved → cash 0.5',
      'reserved → cash 4',
      'reserved → cash 40',
    ]);
    expect(await desk.balances(userId)).toEqual({
      'cash USD': '100.00000000',
      'external USD': '-100.00000000',
      'fees USD': '0.00000000',
      'reserved USD': '0.00000000',
    });
  });

  test('of fees, rewards and adjustments restores the book', async () => {
    const userId = await desk.newUserWith('100');
    const before = await desk.balances(userId);
    const booking = { userId, assetCode: 'USD', amount: '3', reason: 'By hand.' };
    const { transaction: fee } = await desk.worker(em =>
      new AdjustmentService(em, desk.clock).chargeFee(keyed({ ...booking, kind: 'platform' as const })),
    );
    const { transaction: debit } = await desk.worker(em =>
      new AdjustmentService(em, desk.clock).adjust(keyed({ ...booking, direction: 'debit' as const })),
    );
    const { transaction: reward } = await desk.post(userId, {
      type: 'reward',
      legs: [desk.leg('rewards', 'cash', '2')],
    });
    for (const { id } of [reward, debit, fee]) await reverse(userId, id);
    expect(await desk.balances(userId)).toEqual({ ...before, 'fees USD': '0.00000000', 'rewards USD': '0.00000000' });
  });

  test('happens once: the same key says so again, another is refused', async () => {
    const userId = await desk.newUser();
    const id = await depositWithFees(userId);
    const first = await reverse(userId, id, { idempotencyKey: 'r-1' });
    const before = await desk.everything(userId);
    const again = await reverse(userId, id, { idempotencyKey: 'r-1' });
    expect([again.replayed, again.transaction.id]).toEqual([true, first.transaction.id]);
    expect(await desk.everything(userId)).toEqual(before);
    await desk.refused([userId], 'ledger.idempotency-conflict', () =>
      reverse(userId, id, { idempotencyKey: 'r-1', reason: 'Another one.' }),
    );
    await desk.refused([userId], 'transaction.not-reversible', () => reverse(userId, id));
    await desk.refused([userId], 'transaction.not-reversible', () => reverse(userId, first.transaction.id));
  });

  test('happens once, asked for many times at the same moment', async () => {
    const userId = await desk.newUser();
    const id = await depositWithFees(userId);
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => reverse(userId, id)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await desk.balances(userId)).toMatchObject({ 'cash USD': '0.00000000' });
  });

  test('is refused when the money is gone, by one unit of the last digit', async () => {
    const userId = await desk.newUser();
    const id = await depositWithFees(userId);
    await desk.spend(userId, '0.00000001');
    // With both fees back there are 44.49999999 + 5.50 in cash, and 50 to give.
    await desk.refused([userId], 'ledger.insufficient-funds', () => reverse(userId, id), {
      details: { account: 'cash', asset: 'USD', available: '44.49999999', needed: '50.00000000' },
    });
  });

  test('is of what took effect: not of what is pending or came to nothing', async () => {
    const userId = await desk.newSaver('100');
    const service = (em: ConstructorParameters<typeof WithdrawalService>[0]) => new WithdrawalService(em, desk.clock);
    const request = () =>
      desk.user(userId, em => service(em).request(keyed({ userId, assetCode: 'USD', amount: '1' })));
    const [pending, voided] = [(await request()).transaction.id, (await request()).transaction.id];
    await desk.user(userId, em => service(em).cancel(keyed({ userId, transactionId: voided, reason: 'No.' })));
    for (const id of [pending, voided])
      await desk.refused([userId], 'transaction.not-reversible', () => reverse(userId, id));
  });

  test.each(
    TRANSACTION_TYPES.filter(
      type => !['deposit', 'withdrawal', 'fee', 'reward', 'adjustment', 'transfer', 'reversal'].includes(type),
    ),
  )('of a %s belongs elsewhere', async (type: TransactionType) => {
    const userId = await desk.newUserWith('100');
    const { transaction } = await desk.post(userId, { type, legs: [desk.leg('cash', 'market', '1')] });
    await desk.refused([userId], 'transaction.not-reversible-here', () => reverse(userId, transaction.id), {
      details: { type },
    });
  });

  test('of half a transfer, of which the other half is nowhere, is refused', async () => {
    const userId = await desk.newUserWith('100');
    // Goes with the transaction that is refused: the books are sound in the end.
    const halved = () =>
      desk.worker(async em => {
        const { transaction } = await ledger.post(em, userId, {
          ...desk.posting({ type: 'transfer', legs: [desk.leg('cash', 'external', '1')] }),
        });
        const wish = keyed({ userId, transactionId: transaction.id, reason: 'A mistake.' });
        return new LedgerReversalService(em, desk.clock).reverse(wish);
      });
    await desk.refused([userId], 'transaction.not-reversible-here', halved);
  });

  test('of somebody else’s looks like one of nothing', async () => {
    const [ann, bob] = [await desk.newUser(), await desk.newUser()];
    const id = await depositWithFees(ann);
    for (const transactionId of [id, randomUUID()])
      await desk.refused([ann, bob], 'transaction.not-found', () => reverse(bob, transactionId));
  });
});

test('nobody takes back what they have paid with their own hand', async () => {
  const [ann, bob] = [await desk.newUser(), await desk.newUser()];
  const id = await depositWithFees(ann);
  const wish = { userId: ann, transactionId: id, reason: 'I want my fees back.', idempotencyKey: randomUUID() };
  for (const userId of [ann, bob])
    await desk.refused([ann, bob], 'context.not-allowed', () =>
      desk.user(userId, em => new LedgerReversalService(em, desk.clock).reverse(wish)),
    );
});

test('opposite legs name places as they were, portfolio and basket included, and are none where nothing moved', async () => {
  const userId = await desk.newUser();
  const pending = await desk.deposit(userId, '10', { status: 'pending', legs: [] });
  const id = await depositWithFees(userId);
  const legs = await desk.user(userId, async em => {
    const [nothing, something] = [
      await oppositeLegs(em, pending.transaction),
      await oppositeLegs(em, await em.findOneOrFail(Transaction, { user: userId, id })),
    ];
    expect(nothing).toEqual([]);
    return something.map(({ from, to, assetId, amount }) => ({ from, to, assetId, amount: amount.toFixed() }));
  });
  expect(legs).toEqual([
    { from: { kind: 'fees' }, to: { kind: 'cash' }, assetId: desk.usd.id, amount: '0.5' },
    { from: { kind: 'fees' }, to: { kind: 'cash' }, assetId: desk.usd.id, amount: '5' },
    { from: { kind: 'cash' }, to: { kind: 'external' }, assetId: desk.usd.id, amount: '50' },
  ]);
});
