import { beforeAll, describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  ledger,
  newId,
  Portfolio,
  PortfolioHolding,
  ReversalService,
  type Traded,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON } from '../support/world.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const free = useTrading(database);
const world = free.on({
  fees: [
    { kind: 'platform', rate: '0.5' },
    { kind: 'network', fixed: '0.30', assetCode: 'USD' },
  ],
});

const LATER = '2026-03-02T13:00:00Z';

beforeAll(async () => {
  await world.list({ code: 'A', name: 'A', kind: 'equity' }, { code: 'B', name: 'B', kind: 'equity' });
  await world.price({ A: '4', B: '5' });
  await world.price({ A: '8', VTI: '280', WBTC: '60000', EURC: '1.09' }, LATER);
  await world.offer({ slug: 'duo', feeRate: '0.5' }, [
    { assetCode: 'A', weight: '50', minWeight: '45', maxWeight: '55' },
    { assetCode: 'B', weight: '50', minWeight: '45', maxWeight: '55' },
  ]);
});

/** Book and holdings, to compare before with after. */
const state = async (who: Investor) => ({
  balances: Object.fromEntries(
    Object.entries(await world.balances(who)).filter(([, balance]) => Number(balance) !== 0),
  ),
  holdings: (await world.holdings(who)).filter(line => !line.endsWith(': 0 cost 0 gain 0')),
});

const redeemed = async (ann: Investor): Promise<Traded> => {
  await world.invest(ann, '100', { basketSlug: 'duo' });
  world.clock.moveTo(LATER);
  return world.redeem(ann, '30', { basketSlug: 'duo' });
};

describe('taken back exactly, with its fees, are units, cost, gain and money of', () => {
  test.each<[string, (ann: Investor) => Promise<unknown>, (ann: Investor) => Promise<Traded>]>([
    ['a purchase', async () => undefined, ann => world.buy(ann, '100')],
    ['a second purchase', ann => world.buy(ann, '50'), ann => world.buy(ann, '100')],
    ['a sale', ann => world.buy(ann, '100'), ann => world.sell(ann, '0.1')],
    ['a sale of all', ann => world.buy(ann, '100'), ann => world.sell(ann, 'all')],
    ['an investment', async () => undefined, ann => world.book(ann, '33.337')],
    ['an automatic investment', async () => undefined, ann => world.book(ann, '33.337', {}, 'auto_invest')],
    ['round-ups', ann => world.book(ann, '10'), ann => world.book(ann, '33.337', {}, 'round_up')],
    ['a redemption', ann => world.invest(ann, '33.337'), ann => world.redeem(ann, '10')],
    ['a redemption of all', ann => world.invest(ann, '33.337'), ann => world.redeem(ann, 'all')],
    [
      'a rebalance',
      async ann => {
        await world.invest(ann, '100', { basketSlug: 'duo' });
        world.clock.moveTo(LATER);
      },
      async ann => (await world.rebalance(ann, 'duo'))!,
    ],
  ])('%s', async (_, before, trade) => {
    const ann = await world.newInvestor('1000');
    await before(ann);
    const then = await state(ann);
    const traded = await trade(ann);
    const reversal = await world.reverse(ann, traded);
    expect(await state(ann)).toEqual(then);
    const { type, status, amount, reverses } = reversal.transaction;
    expect([type, status, amount.toFixed(), reverses?.id]).toEqual([
      ...['reversal', 'posted', traded.transaction.amount.toFixed(), traded.transaction.id],
    ]);
    const opposite = traded.movements.map(each => [each.quantity, each.cost, each.gain].map(n => n.neg().toFixed()));
    expect(reversal.movements.map(each => [each.quantity, each.cost, each.gain].map(n => n.toFixed()))).toEqual(
      opposite,
    );
    expect(await world.rows('select status from transactions where id = $1', [traded.transaction.id])).toEqual([
      { status: 'reversed' },
    ]);
    expect(await world.violations()).toEqual([]);
  });

  test('the legs are the opposite ones, the last first, and the event says why', async () => {
    const ann = await world.newInvestor('1000');
    const traded = await world.buy(ann, '100');
    const reversal = await world.reverse(ann, traded, { reason: 'Twice by mistake.' });
    expect(await world.entries(reversal)).toEqual(
      (await world.entries(traded)).toReversed().map(entry => entry.replace(/^(\w+) (\w+)/, '$2 $1')),
    );
    expect(await world.events(ann, 'transaction.reversed')).toEqual([
      { transactionId: traded.transaction.id, reason: 'Twice by mistake.' },
    ]);
  });
});

describe('a reversal', () => {
  test('is made at most once, and its key answers again', async () => {
    const ann = await world.newInvestor('1000');
    const traded = await world.buy(ann, '100', { idempotencyKey: 'buy' });
    const reversal = await world.reverse(ann, traded, { idempotencyKey: 'k' });
    const before = await world.dump();
    const again = await world.reverse(ann, traded, { idempotencyKey: 'k' });
    expect([again.replayed, again.transaction.id, again.movements.length]).toEqual([true, reversal.transaction.id, 1]);
    expect(await world.dump()).toEqual(before);
    await world.refused(() => world.reverse(ann, traded), 'transaction.not-reversible');
    await world.refused(() => world.reverse(ann, reversal), 'transaction.not-reversible');
    await world.refused(
      () => world.reverse(ann, traded, { idempotencyKey: 'k', reason: 'Another.' }),
      'ledger.idempotency-conflict',
    );
    // The key of the trade answers with it as it is now.
    const replay = await world.buy(ann, '100', { idempotencyKey: 'buy' });
    expect([replay.replayed, replay.transaction.status]).toEqual([true, 'reversed']);
    await world.buy(ann, '100');
  });

  test('five times at once is made once', async () => {
    const ann = await world.newInvestor('1000');
    const traded = await world.buy(ann, '100');
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => world.reverse(ann, traded)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await state(ann)).toEqual({
      balances: { 'cash USD': '1000.00000000', 'external USD': '-1000.00000000' },
      holdings: [],
    });
  });

  test('is refused while later sales of the same holdings rest on it: these are reversed first', async () => {
    const ann = await world.newInvestor('1000');
    const first = await world.buy(ann, '100');
    const second = await world.buy(ann, '100');
    const sales = [await world.sell(ann, '0.1'), await world.sell(ann, '0.1')];
    await world.buy(ann, '100', { assetCode: 'A' });
    await world.sell(ann, 'all', { assetCode: 'A' });
    for (const purchase of [first, second])
      await world.refused(() => world.reverse(ann, purchase), {
        code: 'transaction.has-dependents',
        details: { dependents: 2 },
      });
    await world.refused(() => world.reverse(ann, sales[0]!), {
      code: 'transaction.has-dependents',
      details: { dependents: 1 },
    });
    await world.reverse(ann, sales[1]!);
    await world.refused(() => world.reverse(ann, first), { details: { dependents: 1 } });
    await world.reverse(ann, sales[0]!);
    await world.reverse(ann, first);
    await world.reverse(ann, second);
    expect(await world.holdings(ann)).toEqual(['VTI -: 0 cost 0 gain 0', 'A -: 0 cost 0 gain 0']);
    expect(await world.violations()).toEqual([]);
  });

  test('counts a sale once, however many holdings it took from, and asks the books, not the clocks', async () => {
    const ann = await world.newInvestor('1000');
    const invested = await world.book(ann, '100');
    world.clock.moveTo('2026-03-02T11:00:00Z');
    await world.redeem(ann, '10');
    world.clock.moveTo(LATER);
    await world.refused(() => world.reverse(ann, invested), {
      code: 'transaction.has-dependents',
      details: { dependents: 1 },
    });
  });

  test('of a rebalance is refused while a sale rests on what it bought', async () => {
    const ann = await world.newInvestor('1000');
    await redeemed(ann);
    const rebalanced = await world.rebalance(ann, 'duo');
    const sale = await world.redeem(ann, '1', { basketSlug: 'duo' });
    await world.refused(() => world.reverse(ann, rebalanced!), { details: { dependents: 1 } });
    await world.reverse(ann, sale);
    await world.reverse(ann, rebalanced!);
    expect(await world.violations()).toEqual([]);
  });

  test('of a purchase whose units are pledged is refused until they are released', async () => {
    const ann = await world.newInvestor('1000');
    const first = await world.buy(ann, '40', { assetCode: 'A' });
    const holding = { kind: 'holding', portfolioId: ann.portfolioId } as const;
    const collateral = { ...holding, kind: 'collateral' } as const;
    const assetId = (await world.rows<{ id: string }>(`select id from assets where code = 'A'`))[0]!.id;
    const move = (type: 'collateral_lock' | 'collateral_release') =>
      asUser(database.orm.em, ann.userId, async em => {
        const [from, to] = type === 'collateral_lock' ? [holding, collateral] : [collateral, holding];
        const amount = first.movements[0]!.quantity.div(2).toDecimalPlaces(8, 1);
        const { transaction } = await ledger.post(em, ann.userId, {
          ...{ type, assetId, amount, portfolioId: ann.portfolioId, occurredAt: NOON, idempotencyKey: newId() },
          ...{ request: {}, legs: [{ from, to, assetId, amount }] },
        });
        const own = await em.findOneOrFail(PortfolioHolding, { user: ann.userId, asset: assetId });
        const held = first.movements[0]!.quantity;
        em.persist(
          type === 'collateral_lock'
            ? own.recordSale(transaction, amount, held, own.costBasis.mul(amount).div(held).toDecimalPlaces(8, 1))
            : own.recordPurchase(transaction, amount, first.movements[0]!.cost.minus(own.costBasis)),
        );
      });
    const second = await world.buy(ann, '40', { assetCode: 'B' });
    await move('collateral_lock');
    await world.refused(() => world.reverse(ann, first), { code: 'transaction.has-dependents' });
    await world.reverse(ann, second);
    await move('collateral_release');
    await world.reverse(ann, first);
    expect(await world.violations()).toEqual([]);
  });

  test('of a sale whose money is gone is refused, and nothing is taken back', async () => {
    const ann = await free.newInvestor('27.113');
    await free.buy(ann, '27.113');
    const sale = await free.sell(ann, 'all');
    await free.buy(ann, '20', { assetCode: 'EURC' });
    await free.refused(() => free.reverse(ann, sale), { code: 'ledger.insufficient-funds' });
  });

  test('of what is no trade, is unknown or somebody else’s is refused', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const [deposit] = await world.rows<{ id: string }>(`select id from transactions where user_id = $1`, [ann.userId]);
    const of = (id: string) => ({ transaction: { id } }) as Traded;
    await world.refused(() => world.reverse(ann, of(deposit!.id)), {
      code: 'transaction.not-reversible-here',
      details: { type: 'deposit' },
    });
    await world.refused(() => world.reverse(ann, of(newId())), 'transaction.not-found');
    await world.refused(() => world.reverse(bob, of(deposit!.id)), 'transaction.not-found');
  });

  test('is an operator’s: in the trader’s own hand it would be a trade with hindsight', async () => {
    const ann = await world.newInvestor('100');
    const { transaction } = await world.buy(ann, '50');
    const wish = { userId: ann.userId, transactionId: transaction.id, reason: 'It fell.', idempotencyKey: 'k' };
    await world.refused(
      () => asUser(database.orm.em, ann.userId, em => new ReversalService(em, world.clock).reverse(wish)),
      'context.not-allowed',
    );
  });

  test('brings nothing back into a portfolio that is closed', async () => {
    const ann = await world.newInvestor('100');
    await world.buy(ann, '50');
    const sale = await world.sell(ann, 'all');
    await asWorker(database.orm.em, async em =>
      (await em.findOneOrFail(Portfolio, { user: ann.userId, id: ann.portfolioId })).close(NOON),
    );
    await world.refused(() => world.reverse(ann, sale), 'portfolio.closed');
  });
});

test('a reversal gives its fees back today: the day’s snapshot says so, and the days before stay', async () => {
  const ann = await world.newInvestor('1000');
  const traded = await world.book(ann, '100');
  await world.takeSnapshot(ann);
  world.clock.moveTo('2026-03-03T12:00:00Z');
  await world.reverse(ann, traded);
  await world.takeSnapshot(ann);
  expect(
    await world.rows(
      `select date::text, trim_scale(net_deposits)::text as net, trim_scale(fees)::text as fees, trim_scale(value)::text as value,
         trim_scale(market_change)::text as market, restated_at from portfolio_snapshots where user_id = $1 order by date`,
      [ann.userId],
    ),
  ).toEqual([
    { date: '2026-03-02', net: '100', fees: '0.7575', value: '99.24214382', market: '-0.00035618', restated_at: null },
    { date: '2026-03-03', net: '-100', fees: '-0.7575', value: '0', market: '0.00035618', restated_at: null },
  ]);
});
