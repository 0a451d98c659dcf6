import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  AdjustmentService,
  asReader,
  DepositService,
  LedgerReversalService,
  linesFromCsv,
  type ReconcileList,
  reconcile,
  WithdrawalService,
} from '../../src/index.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const NOVEMBER = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') };

/** A deposit announced at noon and, unless told otherwise, settled then. */
async function deposit(userId: string, reference: string, amount: string, more: { at?: string; open?: boolean } = {}) {
  const source = 'bank';
  return desk.user(userId, async em => {
    const deposits = new DepositService(em, { now: () => new Date(more.at ?? NOON) });
    const { transaction } = await deposits.open(keyed({ userId, assetCode: 'USD', amount, source, reference }));
    if (!more.open) await deposits.settle(keyed({ userId, transactionId: transaction.id }));
    return transaction.id;
  });
}

const lay = (lines: ReconcileList['lines'], more: Partial<ReconcileList> = {}) =>
  asReader(desk.database.orm.em, em => reconcile(em, { source: 'bank', ...NOVEMBER, lines, ...more }));

const line = (number: number, reference: string, amount: string, more: object = {}) => ({
  ...{ line: number, reference, amount, assetCode: 'USD' },
  ...more,
});

describe('a list that agrees with the books', () => {
  test('has a line for everything that was settled, and differs in nothing', async () => {
    const userId = await desk.newSaver('100');
    const ids = [await deposit(userId, 'R-1', '10'), await deposit(userId, 'R-2', '0.00000001')];
    await deposit(userId, 'R-3', '5', { open: true });
    await desk.user(userId, async em => {
      const withdrawals = new WithdrawalService(em, desk.clock);
      const { transaction } = await withdrawals.request(keyed({ userId, assetCode: 'USD', amount: '3' }));
      const external = { source: 'bank', reference: 'P-1' };
      await withdrawals.settle(keyed({ userId, transactionId: transaction.id, external }));
    });
    await desk.worker(em =>
      new LedgerReversalService(em, desk.clock).reverse(keyed({ userId, transactionId: ids[0]!, reason: 'Bounced.' })),
    );
    const text =
      'reference,amount,asset,status\nR-2,0.00000001,USD,\nP-1,3.00,USD,settled\nR-1,10,USD,reversed\nR-3,5,USD,pending\n';
    expect(await lay(linesFromCsv(text), { userId })).toEqual({ matched: 4, agreed: 4, differences: [] });
  });

  test('need not name what is pending or came to nothing here, nor what another source knows', async () => {
    const userId = await desk.newUserWith('100');
    await deposit(userId, 'R-1', '10', { open: true });
    await desk.deposit(userId, '5', { external: { source: 'card', reference: 'C-1' } });
    await desk.worker(em =>
      new AdjustmentService(em, desk.clock).adjust(
        keyed({ userId, assetCode: 'USD', amount: '1', reason: 'By hand.', direction: 'credit' as const }),
      ),
    );
    expect(await lay([], { userId })).toEqual({ matched: 0, agreed: 0, differences: [] });
  });
});

describe('a list that differs', () => {
  let userId: string;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    userId = await desk.newUser();
    for (const reference of ['R-1', 'R-2', 'R-3', 'R-4', 'R-5'])
      ids[reference] = await deposit(userId, reference, '10');
    ids['R-6'] = await deposit(userId, 'R-6', '10', { open: true });
  });

  test('is told line by line what differs, and nothing is changed', async () => {
    const before = await desk.everything(userId);
    const lines = [
      line(2, 'R-1', '10'),
      line(3, 'R-2', '10.00000001'),
      line(4, 'R-3', '10', { assetCode: 'EUR' }),
      line(5, 'R-2', '10'),
      line(6, 'R-9', '7'),
      line(7, 'R-4', '9.99', { status: 'failed' }),
      line(8, 'R-6', '10'),
      line(9, 'R-2', '10'),
      line(10, 'R-9', '7'),
    ];
    const found = (reference: string) => ({ reference, userId, transactionId: ids[reference] });
    expect(await lay(lines, { userId })).toEqual({
      matched: 5,
      agreed: 1,
      differences: [
        { kind: 'amount', line: 3, ...found('R-2'), here: '10', there: '10.00000001' },
        { kind: 'asset', line: 4, ...found('R-3'), here: 'USD', there: 'EUR' },
        { kind: 'duplicate', line: 5, reference: 'R-2', firstLine: 3 },
        { kind: 'missing-here', line: 6, reference: 'R-9' },
        { kind: 'amount', line: 7, ...found('R-4'), here: '10', there: '9.99' },
        { kind: 'status', line: 7, ...found('R-4'), here: 'settled', there: 'failed' },
        { kind: 'status', line: 8, ...found('R-6'), here: 'pending', there: 'settled' },
        { kind: 'duplicate', line: 9, reference: 'R-2', firstLine: 3 },
        { kind: 'duplicate', line: 10, reference: 'R-9', firstLine: 6 },
        { kind: 'missing-there', ...found('R-5') },
      ],
    });
    expect(await desk.everything(userId)).toEqual(before);
  });

  test('is never matched by amount and date', async () => {
    const { matched, differences } = await lay([line(1, 'r-1', '10'), line(2, 'R-1 x', '10')], { userId });
    expect(matched).toBe(0);
    expect(differences.filter(({ kind }) => kind === 'missing-here')).toHaveLength(2);
  });
});

describe('a period', () => {
  test('asks only for what was settled within it, and still finds what was a few days off', async () => {
    const userId = await desk.newUser();
    await deposit(userId, 'LAST', '1', { at: '2026-10-31T23:59:59.999Z' });
    await deposit(userId, 'FIRST', '1', { at: '2026-11-01T00:00:00Z' });
    await deposit(userId, 'NEXT', '1', { at: '2026-12-01T00:00:00Z' });
    await deposit(userId, 'WEEK-OFF', '1', { at: '2026-12-08T00:00:00Z' });
    expect((await lay([], { userId })).differences).toMatchObject([{ kind: 'missing-there', reference: 'FIRST' }]);
    const all = ['LAST', 'FIRST', 'NEXT', 'WEEK-OFF'].map((reference, index) => line(index + 1, reference, '1'));
    expect(await lay(all, { userId })).toMatchObject({
      agreed: 3,
      differences: [{ kind: 'missing-here', line: 4, reference: 'WEEK-OFF' }],
    });
  });
});

describe('a list of all users', () => {
  test('finds everybody’s, and says where a reference is of several', async () => {
    const [ann, bob] = [await desk.newUser(), await desk.newUser()];
    const [own, shared] = [randomUUID(), randomUUID()];
    const id = await deposit(ann, own, '2');
    for (const userId of [ann, bob]) await deposit(userId, shared, '1');
    const result = await lay([line(1, own, '3'), line(2, shared, '1')]);
    expect(result.differences.filter(({ kind }) => kind !== 'missing-there')).toEqual([
      { kind: 'amount', line: 1, reference: own, userId: ann, transactionId: id, here: '2', there: '3' },
      { kind: 'ambiguous', line: 2, reference: shared, users: 2 },
    ]);
    expect(await lay([line(2, shared, '1'), line(3, own, '2')], { userId: ann })).toMatchObject({ agreed: 2 });
  });

  test('shows somebody who acts for themselves nothing of others', async () => {
    const [ann, bob] = [await desk.newUser(), await desk.newUser()];
    const reference = randomUUID();
    await deposit(ann, reference, '2');
    const wish = { source: 'bank', ...NOVEMBER, lines: [line(1, reference, '2')] };
    for (const more of [{}, { userId: ann }])
      expect(await desk.user(bob, em => reconcile(em, { ...wish, ...more }))).toEqual({
        matched: 0,
        agreed: 0,
        differences: [{ kind: 'missing-here', line: 1, reference }],
      });
  });
});

test.each([
  ['lines.0.amount', { lines: [line(1, 'R', '1.123456789')] }],
  ['lines.0.status', { lines: [line(1, 'R', '1', { status: 'paid' })] }],
  ['source', { source: 'transfer' }],
  ['to', { to: NOVEMBER.from }],
  ['to', { to: new Date('+099999-01-01T00:00:00Z') }],
  ['limit', { limit: 5 }],
])('a list with a wrong %s is refused', async (field, more) => {
  await expect(lay([], more as never)).rejects.toMatchObject({ code: 'input.invalid', details: { fields: field } });
});
