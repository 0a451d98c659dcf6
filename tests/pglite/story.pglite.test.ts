import { beforeAll, describe, expect, test } from 'vitest';
import {
  AppendOnlyError,
  asReader,
  asUser,
  asWorker,
  checkInvariants,
  type EntityManager,
  InsufficientFundsError,
  LedgerAccount,
  NotAllowedError,
  NotFoundError,
  Portfolio,
  Transaction,
  translateError,
  User,
} from '../../src/index.js';
import { usePglite } from '../support/pglite.js';
import { type Investor, useWorld } from '../support/world.js';

const database = usePglite();
const world = useWorld(database);

/** What is refused stores nothing. */
async function refusedWithoutTrace(work: () => Promise<unknown>, expected: object): Promise<void> {
  const before = await world.dump();
  await expect(work()).rejects.toMatchObject(expected);
  expect(await world.dump()).toEqual(before);
}

/** As the owner of the tables, whom no policy stops. */
const asOwner = (sql: string) =>
  database.orm.em
    .fork()
    .execute(sql)
    .catch(error => {
      throw translateError(error);
    });

describe('inside one process', () => {
  let ann: Investor;
  let bob: Investor;

  beforeAll(async () => {
    ann = await world.newInvestor('100', { displayName: 'Ann' });
    bob = await world.newInvestor('50');
  });

  // The figures are worked out in the tests of investments on PostgreSQL.
  test('an investment moves the same money', async () => {
    await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    expect(await world.balances(ann)).toEqual({
      'cash USD': '66.66300000',
      'external USD': '-100.00000000',
      'fees USD': '0.25252778',
      'market USD': '33.08447222',
      'holding VTI': '0.06101219',
      'market VTI': '-0.06101219',
      'holding WBTC': '0.00015447',
      'market WBTC': '-0.00015447',
      'holding EURC': '6.10583500',
      'market EURC': '-6.10583500',
    });
  });

  test('a key takes effect once', async () => {
    const before = await world.dump();
    await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    expect(await world.dump()).toEqual(before);
    await refusedWithoutTrace(() => world.invest(ann, '33.338', { idempotencyKey: 'first' }), {
      code: 'ledger.idempotency-conflict',
    });
  });

  test('a snapshot tells value, deposits and fees', async () => {
    const snapshot = await world.takeSnapshot(ann);
    expect([snapshot.date, snapshot.netDeposits.toFixed(), snapshot.fees.toFixed(), snapshot.value.toFixed()]).toEqual([
      '2026-03-02',
      '33.337',
      '0.25252778',
      // 0.06101219 · 271.13 + 0.00015447 · 64250.5 + 6.105835 · 1.0837 = 16.54223507 + 9.92477473 + 6.61689338
      '33.08390318',
    ]);
    expect((await world.takeSnapshot(ann)).id).toBe(snapshot.id);
  });

  test('an overdraft is refused', async () => {
    await expect(world.invest(bob, '50.00000001')).rejects.toThrow(InsufficientFundsError);
    await refusedWithoutTrace(() => world.invest(bob, '50.00000001'), { code: 'ledger.insufficient-funds' });
  });

  test('ten investments of 20 out of 100 in cash are five', async () => {
    const cleo = await world.newInvestor('100');
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => world.invest(cleo, '20')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await world.balances(cleo)).toMatchObject({ 'cash USD': '0.00000000', 'market USD': '99.24250000' });
  });

  test('nobody sees another user’s rows', async () => {
    const seenBy = ({ userId }: Investor) =>
      asUser(database.orm.em, userId, async em => {
        const owners = [
          ...(await em.find(User, {})).map(({ id }) => id),
          ...(await em.find(Portfolio, {})).map(({ user }) => user.id),
          ...(await em.find(LedgerAccount, {})).map(({ user }) => user.id),
          ...(await em.find(Transaction, {})).map(({ user }) => user.id),
        ];
        return [...new Set(owners)];
      });
    expect([await seenBy(ann), await seenBy(bob)]).toEqual([[ann.userId], [bob.userId]]);
    await expect(world.invest({ ...bob, portfolioId: ann.portfolioId }, '10')).rejects.toThrow(NotFoundError);
    const before = await world.dump();
    const rename = `update portfolios set name = 'Mine now' where user_id = '${ann.userId}'`;
    await asUser(database.orm.em, bob.userId, em => em.execute(rename));
    expect(await world.dump()).toEqual(before);
  });

  test('a user writes neither catalogue nor books', async () => {
    for (const statement of [
      'update ledger_accounts set balance = 1000000',
      'update asset_prices set price = 1',
      'delete from ledger_entries',
    ])
      await expect(asUser(database.orm.em, bob.userId, em => em.execute(statement))).rejects.toThrow(NotAllowedError);
  });

  test('what is in the books stays, the owner included', async () => {
    const before = await world.dump();
    for (const statement of [
      'update ledger_entries set amount = amount + 1',
      'delete from ledger_entries',
      'update transaction_fees set amount = 0',
      'delete from transactions',
      'truncate ledger_entries cascade',
    ])
      await expect(asOwner(statement)).rejects.toThrow(AppendOnlyError);
    expect(await world.dump()).toEqual(before);
  });

  test('weights sum to 100 at commit', async () => {
    await refusedWithoutTrace(
      () => asWorker(database.orm.em, (em: EntityManager) => em.execute('update baskets set composition_version = 2')),
      { code: 'basket.weights-not-100' },
    );
  });

  test('the books are sound', async () => {
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(results[0]).toMatchObject({ name: 'every balance equals the sum of its entries', checked: 22 });
  });
});
