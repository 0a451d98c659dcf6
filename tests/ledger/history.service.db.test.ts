import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { asReader, type HistoryPage, HistoryService, PortfolioService } from '../../src/index.js';
import { dec } from './bank.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const page = (userId: string, more: Partial<HistoryPage> = {}) =>
  desk.user(userId, em => new HistoryService(em).page({ userId, ...more }));

async function amounts(userId: string, more: Partial<HistoryPage> = {}, between?: () => Promise<unknown>) {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const { lines, next } = await page(userId, { ...more, cursor });
    found.push(lines.map(({ amount }) => amount.toFixed()));
    cursor = next ?? undefined;
    if (cursor) await between?.();
  } while (cursor);
  return found;
}

describe('a history', () => {
  test('tells what was done, the newest first', async () => {
    const userId = await desk.newUser();
    await desk.deposit(userId, '10', { external: { source: 'bank', reference: 'R-1' } });
    const { transaction } = await desk.spend(userId, '0.00000001');
    const reversal = await desk.post(userId, {
      ...{ type: 'reversal', reversesId: transaction.id, legs: [desk.leg('external', 'cash', '0.00000001')] },
    });
    const { lines, next } = await page(userId);
    expect(next).toBeNull();
    expect(lines.map(({ amount, ...line }) => ({ ...line, amount: amount.toFixed() }))).toMatchObject([
      { id: reversal.transaction.id, type: 'reversal', status: 'posted', reversesId: transaction.id },
      { type: 'withdrawal', status: 'reversed', amount: '0.00000001', reversesId: null },
      {
        type: 'deposit',
        status: 'posted',
        amount: '10',
        assetCode: 'USD',
        source: 'bank',
        reference: 'R-1',
        postedAt: NOON,
      },
    ]);
  });

  test('comes in pages that fit together, whatever happens meanwhile', async () => {
    const userId = await desk.newUser();
    for (let n = 1; n <= 5; n += 1) await desk.deposit(userId, `${n}`);
    expect(await amounts(userId, { limit: 2 }, () => desk.deposit(userId, '99'))).toEqual([
      ['5', '4'],
      ['3', '2'],
      ['1'],
    ]);
    const exactly = await amounts(userId, { limit: 7 });
    expect(exactly).toEqual([['99', '99', '5', '4', '3', '2', '1']]);
  });

  test('is narrowed down by type, status and portfolio, together', async () => {
    const userId = await desk.newUserWith('100');
    const portfolio = await desk.user(userId, em =>
      new PortfolioService(em).open({ userId, name: 'Rainy days', currencyCode: 'USD' }),
    );
    await desk.deposit(userId, '1', { status: 'pending', amount: dec('1'), legs: [] });
    await desk.spend(userId, '2', { status: 'pending', amount: dec('2'), legs: [] });
    await desk.spend(userId, '3', { portfolioId: portfolio.id });
    await desk.deposit(userId, '4', { portfolioId: portfolio.id });
    expect(await amounts(userId, { types: ['withdrawal'] })).toEqual([['3', '2']]);
    expect(await amounts(userId, { types: ['withdrawal', 'deposit'], statuses: ['pending'] })).toEqual([['2', '1']]);
    expect(await amounts(userId, { portfolioId: portfolio.id })).toEqual([['4', '3']]);
    expect(await amounts(userId, { portfolioId: portfolio.id, types: ['deposit'] })).toEqual([['4']]);
    expect(await amounts(userId, { portfolioId: randomUUID() })).toEqual([[]]);
  });

  test.each([
    ['types.0', { types: ['gift'] }],
    ['types', { types: [] }],
    ['statuses.0', { statuses: ["posted' or true --"] }],
    ['portfolioId', { portfolioId: 5 }],
    ['limit', { limit: 201 }],
    ['orderBy', { orderBy: 'amount' }],
  ])('is narrowed down by nothing else: %s', async (field, more) => {
    const userId = await desk.newUser();
    await expect(page(userId, more as never)).rejects.toMatchObject({
      code: 'input.invalid',
      details: { fields: field },
    });
  });

  test('is its owner’s and a reader’s, and empty to a stranger', async () => {
    const [ann, bob] = [await desk.newUserWith('1'), await desk.newUser()];
    expect((await desk.user(bob, em => new HistoryService(em).page({ userId: ann }))).lines).toEqual([]);
    const read = await asReader(desk.database.orm.em, em => new HistoryService(em).page({ userId: ann }));
    expect(read.lines).toHaveLength(1);
  });

  test('takes its own cursors only: of this user, these filters, this list', async () => {
    const [ann, bob] = [await desk.newUser(), await desk.newUser()];
    for (const userId of [ann, bob]) for (const amount of ['1', '2', '3']) await desk.deposit(userId, amount);
    const cursor = (await page(ann, { limit: 1 })).next!;
    expect((await page(ann, { cursor, limit: 5 })).lines).toHaveLength(2);
    const misused: [string, Partial<HistoryPage>][] = [
      [bob, { cursor }],
      [ann, { cursor, types: ['deposit'] }],
      [ann, { cursor: `${cursor}0` }],
      [ann, { cursor: cursor.replace(/^./, 'x') }],
      [ann, { cursor: keyed({}).idempotencyKey }],
    ];
    for (const [userId, more] of misused)
      await expect(page(userId, more)).rejects.toMatchObject({ code: 'cursor.invalid' });
  });
});
