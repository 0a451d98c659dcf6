import { beforeAll, describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  InvestmentService,
  lockPortfolio,
  NotFoundError,
  newId,
  type PortfolioSnapshot,
  PriceMissingError,
  SnapshotService,
  UserPreferences,
  ValuationService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

beforeAll(async () => {
  await world.price({ VTI: '280', WBTC: '60000', EURC: '1.09' }, '2026-03-03T09:00:00Z');
  await world.price({ VTI: '275.5', WBTC: '66000.25', EURC: '1.0799' }, '2026-03-04T09:00:00Z');
});

const worthOf = ({ userId, portfolioId }: Investor) =>
  asUser(database.orm.em, userId, em => new ValuationService(em, world.clock).value({ userId, portfolioId }));

const historyOf = ({ userId, portfolioId }: Investor, actingFor = userId) =>
  asUser(database.orm.em, actingFor, em => new SnapshotService(em, world.clock).history({ userId, portfolioId }));

const takeAt = (who: Investor, instant: string): Promise<PortfolioSnapshot> => {
  world.clock.moveTo(instant);
  return world.takeSnapshot(who);
};

const stored = ({ portfolioId }: Investor) =>
  world.rows(
    `select date::text, start_value::text as start, net_deposits::text as net, market_change::text as market, fees::text, value::text,
       oldest_price_age_seconds as age, taken_at from portfolio_snapshots where portfolio_id = $1 order by date`,
    [portfolioId],
  );

/*
 * 100 into the trio on 2 March, fee 0.7575, buys 0.18301644 VTI, 0.00046338 WBTC and 18.315493 EURC:
 *   2 March    49.62124737 + 29.77239669 + 19.84849976 =  99.24214382   at 271.13, 64250.5, 1.0837
 *   3 March    51.24460320 + 27.80280000 + 19.96388737 =  99.01129057   at 280, 60000, 1.09
 * 20 more on 4 March, fee 0.1515, buys 0.03602268, 0.00009022 and 3.675988; then there are 0.21903912, 0.0005536 and 21.991481:
 *   4 March    60.34527756 + 36.53773840 + 23.74860033 = 120.63161629   at 275.5, 66000.25, 1.0799
 */
describe('the snapshots of three days, with a deposit between the second and the third', () => {
  let ann: Investor;
  let taken: PortfolioSnapshot[];

  beforeAll(async () => {
    ann = await world.newInvestor('200');
    world.clock.moveTo('2026-03-02T12:00:00Z');
    await world.invest(ann, '100');
    taken = [await takeAt(ann, '2026-03-02T12:00:00Z'), await takeAt(ann, '2026-03-03T12:00:00Z')];
    world.clock.moveTo('2026-03-04T10:00:00Z');
    await world.invest(ann, '20');
    taken.push(await takeAt(ann, '2026-03-04T12:00:00Z'));
  });

  test('lead from each value to the next by deposits, the market and fees', async () => {
    expect(await stored(ann)).toEqual([
      {
        ...{ date: '2026-03-02', start: '0.00000000', net: '100.00000000', market: '-0.00035618', fees: '0.75750000' },
        ...{ value: '99.24214382', age: 10_800, taken_at: new Date('2026-03-02T12:00:00Z') },
      },
      {
        ...{ date: '2026-03-03', start: '99.24214382', net: '0.00000000', market: '-0.23085325', fees: '0.00000000' },
        ...{ value: '99.01129057', age: 10_800, taken_at: new Date('2026-03-03T12:00:00Z') },
      },
      {
        ...{ date: '2026-03-04', start: '99.01129057', net: '20.00000000', market: '1.77182572', fees: '0.15150000' },
        ...{ value: '120.63161629', age: 10_800, taken_at: new Date('2026-03-04T12:00:00Z') },
      },
    ]);
  });

  test('are the history, oldest first', async () => {
    const history = await historyOf(ann);
    expect(history.map(({ id }) => id)).toEqual(taken.map(({ id }) => id));
    expect(history.map(({ date }) => date)).toEqual(['2026-03-02', '2026-03-03', '2026-03-04']);
    expect(history.map(({ value }) => value.toFixed())).toEqual(['99.24214382', '99.01129057', '120.63161629']);
  });

  test('are nobody else’s to read', async () => {
    const bob = await world.newInvestor();
    await expect(historyOf({ ...ann, userId: bob.userId })).rejects.toThrow(NotFoundError);
    await expect(historyOf(ann, bob.userId)).rejects.toThrow(NotFoundError);
  });

  test('and what it is worth may be looked at by who only reads', async () => {
    const { value } = await asReader(database.orm.em, em =>
      new ValuationService(em, world.clock).value({ userId: ann.userId, portfolioId: ann.portfolioId }),
    );
    expect(value.toFixed()).toBe((await worthOf(ann)).value.toFixed());
  });

  test('end at what the portfolio is worth', async () => {
    world.clock.moveTo('2026-03-04T12:00:00Z');
    const { value, holdings, oldestPriceAgeSeconds } = await worthOf(ann);
    expect([value.toFixed(), oldestPriceAgeSeconds]).toEqual(['120.63161629', 10_800]);
    expect(
      holdings.map(({ asset, units, costBasis, price, value: worth }) =>
        [asset.code, ...[units, costBasis, price, worth].map(figure => figure.toFixed(8))].join(' '),
      ),
    ).toEqual([
      'VTI 0.21903912 59.54550000 275.50000000 60.34527756',
      'WBTC 0.00055360 35.72730000 66000.25000000 36.53773840',
      'EURC 21.99148100 23.81820000 1.07990000 23.74860033',
    ]);
  });

  test('are each the first of their date: taken again, it is the same one', async () => {
    const before = await world.dump();
    for (const instant of ['2026-03-04T12:00:00Z', '2026-03-04T23:59:59.999Z']) {
      const again = await takeAt(ann, instant);
      expect([again.id, again.value.toFixed()]).toEqual([taken[2]!.id, '120.63161629']);
    }
    expect(await world.dump()).toEqual(before);
  });
});

describe('a snapshot', () => {
  test('taken five times at once is taken once', async () => {
    const ann = await world.newInvestor('100');
    await world.invest(ann, '20');
    const taken = await Promise.all([1, 2, 3, 4, 5].map(() => world.takeSnapshot(ann)));
    expect(new Set(taken.map(({ id }) => id)).size).toBe(1);
    expect(await stored(ann)).toMatchObject([{ net: '20.00000000', value: '19.84804043' }]);
  });

  test('has the date that it is where its owner is', async () => {
    const inKathmandu = await world.newInvestor('100', { timeZone: 'Asia/Kathmandu' });
    const inNewYork = await world.newInvestor('100', { timeZone: 'America/New_York' });
    const inKiritimati = await world.newInvestor('100', { timeZone: 'Pacific/Kiritimati' });
    const dates = async (instant: string) => [
      (await takeAt(inKathmandu, instant)).date,
      (await takeAt(inNewYork, instant)).date,
      (await takeAt(inKiritimati, instant)).date,
    ];
    // Kathmandu is 5:45 ahead of UTC, New York 5 hours behind in winter, Kiritimati 14 ahead.
    expect(await dates('2026-03-02T18:14:59.999Z')).toEqual(['2026-03-02', '2026-03-02', '2026-03-03']);
    expect(await dates('2026-03-02T18:30:00Z')).toEqual(['2026-03-03', '2026-03-02', '2026-03-03']);
    expect((await stored(inKathmandu)).map(({ date }) => date)).toEqual(['2026-03-02', '2026-03-03']);
    expect((await stored(inNewYork)).map(({ date }) => date)).toEqual(['2026-03-02']);
  });

  test('counts in the new zone from the next day on when its owner moves', async () => {
    const ann = await world.newInvestor('100', { timeZone: 'Asia/Kathmandu' });
    await asUser(database.orm.em, ann.userId, async em => {
      const preferences = await em.findOneOrFail(UserPreferences, { user: ann.userId });
      preferences.moveToTimeZone('Pacific/Kiritimati', world.clock.now());
    });
    // It is 2 March in Kathmandu until 18:15Z, and in Kiritimati 3 March from 10:00Z on.
    expect((await takeAt(ann, '2026-03-02T18:14:00Z')).date).toBe('2026-03-02');
    expect((await takeAt(ann, '2026-03-02T18:15:00Z')).date).toBe('2026-03-03');
    expect((await takeAt(ann, '2026-03-03T10:00:00Z')).date).toBe('2026-03-04');
  });

  test('of an empty portfolio is worth nothing, however much cash is beside it', async () => {
    const ann = await world.newInvestor('100');
    await world.takeSnapshot(ann);
    expect(await stored(ann)).toMatchObject([
      { start: '0.00000000', net: '0.00000000', market: '0.00000000', fees: '0.00000000', value: '0.00000000', age: 0 },
    ]);
    expect((await worthOf(ann)).holdings).toEqual([]);
  });

  test('counts what went into its own portfolio and no other', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    await world.invest(ann, '20');
    await world.invest(bob, '30');
    const snapshot = await world.takeSnapshot(ann);
    expect([snapshot.netDeposits, snapshot.fees, snapshot.value].map(each => each.toFixed())).toEqual([
      '20',
      '0.1515',
      '19.84804043',
    ]);
  });

  test('says that a price is missing, and is not taken without it', async () => {
    await world.list({ code: 'GONE', name: 'Gone', kind: 'equity' });
    await world.price({ GONE: '4' }, '2026-03-02T11:00:00Z');
    await world.offer({ slug: 'gone', feeRate: '0' }, [{ assetCode: 'GONE', weight: '100' }]);
    const ann = await world.newInvestor('100');
    await world.invest(ann, '10', { basketSlug: 'gone' });
    const before = await world.dump();
    world.clock.moveTo('2026-03-02T10:59:59.999Z');
    for (const work of [() => world.takeSnapshot(ann), () => worthOf(ann)]) {
      await expect(work()).rejects.toThrow(PriceMissingError);
      await expect(work()).rejects.toMatchObject({ code: 'price.missing', details: { code: 'GONE', quote: 'USD' } });
    }
    expect(await world.dump()).toEqual(before);
  });

  test('is taken at prices of any age, and says how old the oldest is', async () => {
    const ann = await world.newInvestor('100');
    await world.invest(ann, '20');
    const snapshot = await takeAt(ann, '2026-03-14T09:00:00Z');
    expect(snapshot.oldestPriceAgeSeconds).toBe(864_000);
  });

  test('that waits for an investment counts it as a deposit, not as a gain', async () => {
    const ann = await world.newInvestor('100');
    const [locked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const investing = asUser(database.orm.em, ann.userId, async em => {
      const service = new InvestmentService(em, world.clock);
      const wish = { ...ann, basketSlug: 'trio', amount: '20' };
      await lockPortfolio(em, ann.userId, ann.portfolioId);
      locked.resolve();
      await released.promise;
      await service.invest({ ...wish, idempotencyKey: 'k-1' });
    });
    await locked.promise;
    const taking = world.takeSnapshot(ann);
    await expect.poll(waitingForLocks).toBe(1);
    world.clock.moveTo('2026-03-02T12:00:01Z');
    released.resolve();
    await investing;
    await taking;
    expect(await stored(ann)).toMatchObject([
      { net: '20.00000000', fees: '0.15150000', market: '-0.00045957', value: '19.84804043' },
    ]);
  });

  test('of a stranger’s portfolio looks like one of none', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor()];
    const before = await world.dump();
    const asBob = (place: Investor, verb: 'take' | 'value') =>
      asUser<unknown>(database.orm.em, bob.userId, em =>
        verb === 'take'
          ? new SnapshotService(em, world.clock).take(place)
          : new ValuationService(em, world.clock).value({ userId: place.userId, portfolioId: place.portfolioId }),
      );
    for (const place of [ann, { ...bob, portfolioId: ann.portfolioId }, { ...bob, portfolioId: newId() }])
      for (const verb of ['take', 'value'] as const) {
        await expect(asBob(place, verb)).rejects.toThrow(NotFoundError);
        await expect(asBob(place, verb)).rejects.toMatchObject({ code: 'portfolio.not-found', details: {} });
      }
    expect(await world.dump()).toEqual(before);
  });
});

/** How many connections to the suite's database wait for a lock that another holds. */
async function waitingForLocks(): Promise<number> {
  const [row] = await world.rows<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row!.n;
}
