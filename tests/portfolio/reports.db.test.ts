import { beforeAll, describe, expect, test } from 'vitest';
import {
  asReader,
  type Decimal,
  type EntityManager,
  GainsService,
  PerformanceService,
  PortfolioService,
  type ReportGains,
  SnapshotService,
  ValuationService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);

const day = (date: number, time = '12:00') => new Date(`2026-03-${String(date).padStart(2, '0')}T${time}:00Z`);

beforeAll(async () => {
  await world.list(
    { code: 'A', name: 'A', kind: 'equity' },
    { code: 'T', name: 'T', kind: 'crypto', contract: { chain: 'ethereum', decimals: 18 } },
  );
  // A goes 4, 5, 6, 7; T stays at 2.
  for (let date = 2; date <= 9; date += 1) await world.price({ A: `${date + 2}`, T: '2' }, day(date, '09:00'));
  await world.offer({ slug: 'duo', feeRate: '0', minimumInvestment: '1' }, [
    { assetCode: 'A', weight: '40' },
    { assetCode: 'T', weight: '60' },
  ]);
});

const read = async <T>(work: (em: EntityManager) => Promise<T>): Promise<T> => {
  const before = await world.dump();
  const answer = await asReader(database.orm.em, work);
  expect(await world.dump()).toEqual(before);
  return answer;
};
const value = (who: Investor, at?: Date) =>
  read(em => new ValuationService(em, world.clock).value({ ...who, ...(at && { at }) }));
const allocation = (who: Investor, at?: Date) =>
  read(em => new ValuationService(em, world.clock).allocation({ ...who, ...(at && { at }) }));
const gains = (who: Investor, wish: Partial<ReportGains> = {}) =>
  read(em => new GainsService(em, world.clock).report({ ...who, ...wish }));
const performance = (who: Investor, from: string, to: string) =>
  read(em => new PerformanceService(em).between({ ...who, from, to }));
const text = (figures: Record<string, unknown>) => JSON.parse(JSON.stringify(figures));

/** On the 2nd 40 into A directly (10 at 4) and 50 into the basket (5 of A, 15 of T); on the 4th all of A is sold at 6. */
async function investor(): Promise<Investor> {
  const ann = await world.newInvestor('1000');
  await world.buy(ann, '40', { assetCode: 'A' });
  await world.invest(ann, '50', { basketSlug: 'duo' });
  world.clock.moveTo(day(4));
  await world.sell(ann, 'all', { assetCode: 'A' });
  return ann;
}

describe('a value', () => {
  test('at an instant is of what was held then, at the prices of then', async () => {
    const ann = await investor();
    const lines = async (at?: Date) =>
      (await value(ann, at)).holdings.map(({ asset, units, costBasis, price, value: worth }) =>
        [asset.code, units, costBasis, price, worth].join(' '),
      );
    expect(await lines(day(2))).toEqual(['A 15 60 4 60', 'T 15 30 2 30']);
    expect(await lines(day(3))).toEqual(['A 15 60 5 75', 'T 15 30 2 30']);
    expect(await lines(new Date(day(4).getTime() - 1))).toEqual(['A 15 60 6 90', 'T 15 30 2 30']);
    expect(await lines(day(4))).toEqual(['A 5 20 6 30', 'T 15 30 2 30']);
    expect(await lines()).toEqual(['A 5 20 6 30', 'T 15 30 2 30']);
    expect(await lines(new Date(day(2).getTime() - 1))).toEqual([]);
  });

  test('says which part of an asset is held through which basket', async () => {
    const ann = await investor();
    const { holdings } = await value(ann, day(3));
    expect(
      holdings.map(({ positions }) => positions.map(each => `${each.units} ${each.value} ${!!each.basketId}`)),
    ).toEqual([['10 50 false', '5 25 true'], ['15 30 true']]);
  });

  test('without a price says so, and knows no future', async () => {
    const ann = await investor();
    await expect(value(ann, new Date(day(4).getTime() + 1))).rejects.toMatchObject({ code: 'valuation.in-the-future' });
    await world.list({ code: 'LATE', name: 'Late', kind: 'equity' });
    await world.price({ LATE: '1' }, day(4, '11:00'));
    await world.buy(ann, '10', { assetCode: 'LATE' });
    world.clock.moveTo(day(4, '10:59'));
    const now = value(ann);
    await expect(now).rejects.toMatchObject({ code: 'price.missing', details: { code: 'LATE', quote: 'USD' } });
  });

  test('of a stranger’s portfolio is of none', async () => {
    const [ann, bob] = [await investor(), await world.newInvestor()];
    const hers = { ...bob, portfolioId: ann.portfolioId };
    const refused = { code: 'portfolio.not-found' };
    await expect(value(hers)).rejects.toMatchObject(refused);
    await expect(allocation(hers)).rejects.toMatchObject(refused);
    await expect(gains(hers)).rejects.toMatchObject(refused);
    await expect(performance(hers, '2026-03-01', '2026-03-09')).rejects.toMatchObject(refused);
  });
});

test('an allocation of an instant sums to 100 by asset, kind and basket', async () => {
  const ann = await investor();
  const lines = (slices: readonly { key: unknown; value: Decimal; percentage: Decimal }[]) =>
    slices.map(slice => `${slice.key ? slice.key : '-'} ${slice.value} ${slice.percentage}`);
  // 75 of A and 30 of T; 50 directly, 55 through the basket: of 105.
  const { byAsset, byKind, byBasket } = await allocation(ann, day(3));
  expect(lines(byAsset)).toEqual(['A 75 71.4286', 'T 30 28.5714']);
  expect(lines(byKind)).toEqual(['equity 75 71.4286', 'crypto 30 28.5714']);
  expect(byBasket.map(({ value: worth, percentage }) => `${worth} ${percentage}`)).toEqual(['55 52.381', '50 47.619']);
  expect(await allocation(ann, day(1))).toEqual({ byAsset: [], byKind: [], byBasket: [] });
});

describe('gains', () => {
  test('are realised sale by sale, and unrealised by what is held', async () => {
    const ann = await investor();
    world.clock.moveTo(day(5));
    // 7 and 2: 5 of A and 15 of T are worth 35 and 30; half of each is redeemed for 32.5, at a cost of 10 and 15.
    await world.redeem(ann, '32.5', { basketSlug: 'duo' });
    const { realised, realisedTotals, unrealised, unrealisedTotal } = text({ ...(await gains(ann)) });
    expect(realised).toMatchObject([
      {
        type: 'basket_redemption',
        assetCode: 'T',
        basketSlug: 'duo',
        quantity: '7.5',
        proceeds: '15',
        cost: '15',
        gain: '0',
      },
      {
        type: 'basket_redemption',
        assetCode: 'A',
        basketSlug: 'duo',
        quantity: '2.5',
        proceeds: '17.5',
        cost: '10',
        gain: '7.5',
      },
      {
        type: 'sell',
        assetCode: 'A',
        quantity: '10',
        proceeds: '60',
        cost: '40',
        gain: '20',
        occurredAt: '2026-03-04T12:00:00.000Z',
      },
    ]);
    expect(realisedTotals).toEqual({ sales: 3, proceeds: '92.5', cost: '65', gain: '27.5' });
    expect(unrealised).toEqual([
      { assetCode: 'A', units: '2.5', value: '17.5', cost: '10', gain: '7.5' },
      { assetCode: 'T', units: '7.5', value: '15', cost: '15', gain: '0' },
    ]);
    expect(unrealisedTotal).toBe('7.5');
    const [sum] = await world.rows(
      'select trim_scale(sum(realised_gain))::text as gain from portfolio_holdings where user_id = $1',
      [ann.userId],
    );
    expect(sum).toEqual({ gain: '27.5' });
  });

  test('of a period are those of its sales, its end left out; a list may be shorter than the totals', async () => {
    const ann = await investor();
    expect((await gains(ann, { from: day(4), to: new Date(day(4).getTime() + 1) })).realisedTotals.sales).toBe(1);
    expect((await gains(ann, { from: day(3), to: day(4) })).realisedTotals).toMatchObject({ sales: 0 });
    world.clock.moveTo(day(5));
    await world.redeem(ann, 'all', { basketSlug: 'duo' });
    const { realised, realisedTotals } = await gains(ann, { limit: 1 });
    expect([realised.length, realisedTotals.sales]).toEqual([1, 3]);
    await expect(gains(ann, { from: day(4), to: day(4) })).rejects.toMatchObject({ details: { fields: 'to' } });
  });

  test('forget a sale that was reversed', async () => {
    const ann = await investor();
    const sale = await world.redeem(ann, 'all', { basketSlug: 'duo' });
    expect((await gains(ann)).realisedTotals.sales).toBe(3);
    await world.reverse(ann, sale);
    const { realisedTotals, realised } = await gains(ann);
    expect([realisedTotals.sales, realisedTotals.gain.toFixed(), realised.length]).toEqual([1, '20', 1]);
  });
});

describe('a performance', () => {
  /*
   * 40 in A on the 2nd: 40, 50, 60 at noon of the 2nd, 3rd and 4th; 60 more on the 4th after the snapshot, 10 units at 6; 20
   * units at 7 on the 5th: 140. In the book's own words: 60 + 60 + 20 − 0 = 140.
   */
  async function history(): Promise<Investor> {
    const ann = await world.newInvestor('1000');
    await world.buy(ann, '40', { assetCode: 'A' });
    for (const date of [2, 3, 4]) {
      world.clock.moveTo(day(date));
      await world.takeSnapshot(ann);
    }
    world.clock.moveTo(day(4, '13:00'));
    await world.buy(ann, '60', { assetCode: 'A' });
    world.clock.moveTo(day(5));
    await world.takeSnapshot(ann);
    return ann;
  }

  test('follows the snapshots from one date to another', async () => {
    const ann = await history();
    // The market: 50/40, 60/50, 80/60 (the flow counts as made at the end of its day); 1.25 × 1.2 × 1.333… = 2.
    const whole = text({ ...(await performance(ann, '2026-03-02', '2026-03-05')) });
    expect(whole).toMatchObject({
      ...{ from: '2026-03-02', to: '2026-03-05', days: 3, snapshots: 3 },
      ...{ startValue: '40', netDeposits: '60', marketChange: '40', fees: '0', endValue: '140' },
      timeWeighted: { total: '1' },
    });
    const part = text({ ...(await performance(ann, '2026-03-03', '2026-03-04')) });
    expect(part).toMatchObject({
      days: 1,
      startValue: '50',
      marketChange: '10',
      endValue: '60',
      timeWeighted: { total: '0.2' },
    });
  });

  test('starts with the first snapshot where the portfolio is younger, and bridges dates without one', async () => {
    const ann = await history();
    expect(text({ ...(await performance(ann, '2025-01-01', '2027-01-01')) })).toMatchObject({
      ...{ from: '2026-03-02', to: '2026-03-05', days: 3, snapshots: 4 },
      ...{ startValue: '0', netDeposits: '100', marketChange: '40', endValue: '140' },
      timeWeighted: { total: '1' },
    });
  });

  test('of one date is nothing yet, before the first snapshot it is refused', async () => {
    const ann = await history();
    const { days, timeWeighted, moneyWeighted } = await performance(ann, '2026-03-05', '2026-03-05');
    expect([days, timeWeighted.total.toFixed(), timeWeighted.annual, moneyWeighted]).toEqual([
      0,
      '0',
      undefined,
      undefined,
    ]);
    const early = performance(ann, '2026-01-01', '2026-03-01');
    await expect(early).rejects.toMatchObject({ code: 'performance.no-snapshots' });
    await expect(performance(ann, '2026-03-05', '2026-03-04')).rejects.toMatchObject({ details: { fields: 'to' } });
  });

  // 100 in on a date and 110 a year later; XIRR counts days over 365.
  test('weighs money by the dates on which it went in', async () => {
    await world.price({ T: '2' }, '2026-03-02T11:00:00Z');
    await world.price({ T: '2.2' }, '2027-03-02T11:00:00Z');
    const ann = await world.newInvestor('1000');
    await world.buy(ann, '100', { assetCode: 'T' });
    await world.takeSnapshot(ann);
    world.clock.moveTo('2027-03-02T12:00:00Z');
    await world.takeSnapshot(ann);
    const { timeWeighted, moneyWeighted, days } = await performance(ann, '2026-03-02', '2027-03-02');
    expect([days, timeWeighted.total.toFixed(), timeWeighted.annual?.toFixed(), moneyWeighted?.toFixed()]).toEqual([
      ...[365, '0.1', '0.1', '0.1'],
    ]);
  });
});

describe('a portfolio', () => {
  const as = <T>(who: Investor, work: (service: PortfolioService) => Promise<T>) =>
    world.as(who, em => work(new PortfolioService(em, world.clock)));
  const portfolios = ({ userId }: Investor) =>
    world.rows(
      `select name, trim_scale(goal_amount)::text as goal, goal_date::text as by, is_default, status, closed_at
       from portfolios where user_id = $1 order by name`,
      [userId],
    );
  const another = async (ann: Investor): Promise<Investor> => ({
    userId: ann.userId,
    portfolioId: (await as(ann, service => service.open({ userId: ann.userId, name: 'Travels', currencyCode: 'USD' })))
      .id,
  });

  test('aims for a goal, another one, and none', async () => {
    const ann = await world.newInvestor();
    await as(ann, service => service.setGoal({ ...ann, amount: '5000.5', date: '2028-02-29' }));
    expect(await portfolios(ann)).toMatchObject([{ goal: '5000.5', by: '2028-02-29' }]);
    await as(ann, service => service.setGoal({ ...ann, amount: '6000' }));
    expect(await portfolios(ann)).toMatchObject([{ goal: '6000', by: null }]);
    for (let twice = 0; twice < 2; twice += 1) await as(ann, service => service.clearGoal(ann));
    expect(await portfolios(ann)).toMatchObject([{ goal: null, by: null }]);
    for (const amount of ['0', '-1', '1.000000001'])
      await world.refused(() => as(ann, service => service.setGoal({ ...ann, amount })), 'input.invalid');
    await world.refused(
      () => as(ann, service => service.setGoal({ ...ann, amount: '1', date: '2027-02-29' })),
      'input.invalid',
    );
  });

  test('becomes the default one instead of another, also five times at once', async () => {
    const ann = await world.newInvestor();
    const travels = await another(ann);
    await as(ann, service => service.makeDefault(travels));
    expect(await portfolios(ann)).toMatchObject([
      { name: 'My portfolio', is_default: false },
      { name: 'Travels', is_default: true },
    ]);
    await as(ann, service => service.makeDefault(travels));
    await Promise.all([ann, travels, ann, travels, ann].map(which => as(ann, service => service.makeDefault(which))));
    expect((await portfolios(ann)).filter(({ is_default: isDefault }) => isDefault)).toHaveLength(1);
  });

  test('closes when it is empty, and not before', async () => {
    const ann = await world.newInvestor('100');
    await world.invest(ann, '50', { basketSlug: 'duo' });
    await world.refused(() => as(ann, service => service.close(ann)), {
      code: 'portfolio.not-empty',
      details: { assets: 2 },
    });
    await world.redeem(ann, 'all', { basketSlug: 'duo' });
    await as(ann, service => service.close(ann));
    expect(await portfolios(ann)).toMatchObject([{ status: 'closed', is_default: false, closed_at: day(2) }]);
    for (const work of [
      (service: PortfolioService) => service.close(ann),
      (service: PortfolioService) => service.makeDefault(ann),
      (service: PortfolioService) => service.clearGoal(ann),
      (service: PortfolioService) => service.setGoal({ ...ann, amount: '1' }),
    ])
      await world.refused(() => as(ann, work), { name: 'StateError' });
    await world.refused(() => world.buy(ann, '10', { assetCode: 'A' }), 'portfolio.closed');
    await world.refused(() => world.redeem(ann, 'all', { basketSlug: 'duo' }), 'portfolio.closed');
    expect(await world.as(ann, em => new SnapshotService(em).history(ann))).toEqual([]);
  });

  test('closes or is bought into, whichever comes first', async () => {
    const ann = await world.newInvestor('100');
    const outcomes = await Promise.allSettled([
      world.buy(ann, '10', { assetCode: 'A' }),
      as(ann, service => service.close(ann)),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of a stranger looks like none', async () => {
    const [ann, bob] = [await world.newInvestor(), await world.newInvestor()];
    const hers = { ...bob, portfolioId: ann.portfolioId };
    for (const verb of ['close', 'makeDefault', 'clearGoal'] as const)
      await world.refused(() => as(bob, service => service[verb](hers)), 'portfolio.not-found');
    await world.refused(() => as(bob, service => service.setGoal({ ...hers, amount: '1' })), 'portfolio.not-found');
  });
});
