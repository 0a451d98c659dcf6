import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  asUser,
  type EntityManager,
  ledger,
  PortfolioService,
  type SnapshotRun,
  takeDueSnapshots,
  UserPreferences,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);

const run = (options?: { batchSize: number }): Promise<SnapshotRun> =>
  takeDueSnapshots(database.orm.em, world.clock, options);

const runAt = (instant: string | Date): Promise<SnapshotRun> => {
  world.clock.moveTo(instant);
  return run();
};

const HOUR_MS = 3_600_000;

/** Runs the job every hour from one instant to another, both inclusive. */
async function runHourly(from: string, to: string): Promise<void> {
  for (let at = Date.parse(from); at <= Date.parse(to); at += HOUR_MS) await runAt(new Date(at));
}

const datesOf = async ({ portfolioId }: Investor): Promise<string[]> =>
  (
    await world.rows<{ date: string }>(
      'select date::text from portfolio_snapshots where portfolio_id = $1 order by date',
      [portfolioId],
    )
  ).map(({ date }) => date);

const moveTo = ({ userId }: Investor, timeZone: string): Promise<void> =>
  asUser(database.orm.em, userId, async em => {
    (await em.findOneOrFail(UserPreferences, { user: userId })).moveToTimeZone(timeZone, world.clock.now());
  });

const open = ({ userId }: Investor, name: string): Promise<Investor> =>
  asUser(database.orm.em, userId, async em => {
    const { id } = await new PortfolioService(em).open({ userId, name, currencyCode: 'USD' });
    return { userId, portfolioId: id };
  });

const close = (who: Investor) => world.as(who, em => new PortfolioService(em, world.clock).close(who));

/** Everybody of the tests before leaves, so that each test has its own people. */
beforeEach(async () => {
  await world.rows(
    `update portfolios set status = 'closed', closed_at = now(), is_default = false where status = 'active'`,
  );
});

beforeAll(() => world.price({ VTI: '300', WBTC: '60000', EURC: '1' }, '2026-03-04T09:00:00Z'));

describe('a pass', () => {
  test('takes one snapshot of every open portfolio of everybody, and none when made again', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const travels = await open(ann, 'Travels');
    const closed = await open(bob, 'Old');
    await close(closed);
    await world.invest(ann, '20');
    expect(await run()).toEqual({ taken: 3, gaps: [], putOff: [] });
    const before = await world.dump();
    expect(await run()).toEqual({ taken: 0, gaps: [], putOff: [] });
    expect(await world.dump()).toEqual(before);
    for (const who of [ann, bob, travels]) expect(await datesOf(who)).toEqual(['2026-03-02']);
    expect(await datesOf(closed)).toEqual([]);
    // The same as somebody would get who takes it by hand; see the snapshots' own tests for the figures.
    expect(
      await world.rows(
        `select trim_scale(net_deposits)::text as net, trim_scale(fees)::text as fees, trim_scale(value)::text as value,
           oldest_price_age_seconds as age from portfolio_snapshots where portfolio_id = $1`,
        [ann.portfolioId],
      ),
    ).toEqual([{ net: '20', fees: '0.1515', value: '19.84804043', age: 10_800 }]);
    expect(await world.violations()).toEqual([]);
  });

  test('by eight workers at once over sixty people takes each snapshot once', async () => {
    const people: Investor[] = [];
    for (let i = 0; i < 60; i += 1) people.push(await world.newInvestor(i % 3 ? undefined : '20'));
    for (const who of people.filter((_, i) => i % 3 === 0)) await world.invest(who, '20');
    const runs = await Promise.all(Array.from({ length: 8 }, () => run({ batchSize: 7 })));
    expect(runs.map(({ taken }) => taken).reduce((sum, taken) => sum + taken)).toBe(60);
    expect(runs.flatMap(({ putOff }) => putOff)).toEqual([]);
    for (const who of people) expect(await datesOf(who)).toEqual(['2026-03-02']);
    expect(await world.violations()).toEqual([]);
  }, 60_000);

  test('waits at its end for whoever is trading, and counts what they did', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor()];
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const trading = world.as(ann, async (em: EntityManager) => {
      await ledger.lockBook(em, ann.userId);
      held.resolve();
      await released.promise;
    });
    await held.promise;
    const passing = run();
    await expect.poll(() => datesOf(bob)).toEqual(['2026-03-02']);
    expect(await datesOf(ann)).toEqual([]);
    released.resolve();
    await trading;
    expect((await passing).taken).toBe(2);
    expect(await datesOf(ann)).toEqual(['2026-03-02']);
  });

  test('puts off what has no price and says why; the others are taken, and it is once there is one', async () => {
    await world.list({ code: 'GONE', name: 'Gone', kind: 'equity' });
    await world.price({ GONE: '4' }, '2026-03-03T12:00:00Z');
    await world.offer({ slug: 'gone', feeRate: '0' }, [{ assetCode: 'GONE', weight: '100' }]);
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    await world.invest(bob, '10');
    world.clock.moveTo('2026-03-03T12:00:00Z');
    await world.invest(ann, '10', { basketSlug: 'gone' });
    expect(await runAt('2026-03-03T11:00:00Z')).toEqual({
      ...{ taken: 1, gaps: [] },
      putOff: [{ userId: ann.userId, portfolioId: ann.portfolioId, code: 'price.missing' }],
    });
    expect([await datesOf(ann), await datesOf(bob)]).toEqual([[], ['2026-03-03']]);
    expect(await runAt('2026-03-03T12:00:00Z')).toEqual({ taken: 1, gaps: [], putOff: [] });
  });

  test('says which days nobody ran it on, and bridges them', async () => {
    const ann = await world.newInvestor('100');
    await world.invest(ann, '20');
    await run();
    const { gaps } = await runAt('2026-03-06T00:00:00Z');
    expect(gaps).toEqual([
      { userId: ann.userId, portfolioId: ann.portfolioId, from: '2026-03-03', to: '2026-03-05', days: 3 },
    ]);
    expect(await datesOf(ann)).toEqual(['2026-03-02', '2026-03-06']);
    expect(await world.violations()).toEqual([]);
  });

  test('takes none for a date that has passed already, on a server whose clock is behind', async () => {
    const ann = await world.newInvestor();
    await runAt('2026-03-03T00:00:01Z');
    expect((await runAt('2026-03-02T23:59:59Z')).taken).toBe(0);
    world.clock.moveTo('2026-03-02T23:59:59Z');
    expect((await world.takeSnapshot(ann)).date).toBe('2026-03-03');
    expect(await datesOf(ann)).toEqual(['2026-03-03']);
  });
});

describe('run every hour, it takes each local date exactly once', () => {
  const days = (from: string, count: number) =>
    Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * 24 * HOUR_MS).toISOString().slice(0, 10));

  test.each([
    // 5:45 ahead of UTC; the other zones 5 hours behind, 1 ahead, 12:45 ahead (13:45 in summer).
    ['at the end of a month', 'Asia/Kathmandu', '2026-04-28T18:15:00Z', '2026-05-01T18:00:00Z', days('2026-04-29', 3)],
    ['on a leap day', 'Asia/Kathmandu', '2028-02-27T18:15:00Z', '2028-03-01T18:00:00Z', days('2028-02-28', 3)],
    [
      'when clocks go forward',
      'America/New_York',
      '2026-03-07T05:00:00Z',
      '2026-03-10T03:00:00Z',
      days('2026-03-07', 3),
    ],
    ['when clocks go back', 'America/New_York', '2026-10-31T04:00:00Z', '2026-11-03T04:00:00Z', days('2026-10-31', 3)],
    [
      'when midnight itself is skipped',
      'Africa/Cairo',
      '2026-04-22T22:00:00Z',
      '2026-04-25T20:00:00Z',
      days('2026-04-23', 3),
    ],
    ['at the turn of a year', 'Pacific/Chatham', '2026-12-29T10:15:00Z', '2027-01-01T10:00:00Z', days('2026-12-30', 3)],
  ])(
    '%s',
    async (_, timeZone, from, to, expected) => {
      const ann = await world.newInvestor(undefined, { timeZone });
      await runHourly(from, to);
      expect(await datesOf(ann)).toEqual(expected);
    },
    60_000,
  );

  test('where a day is left out to cross the date line: no snapshot of it, and no gap', async () => {
    const ann = await world.newInvestor(undefined, { timeZone: 'Pacific/Apia' });
    // 10 hours behind UTC in summer until the end of the 29th, 14 ahead from the start of the 31st.
    await runHourly('2011-12-28T10:00:00Z', '2011-12-30T09:00:00Z');
    expect(await datesOf(ann)).toEqual(['2011-12-28', '2011-12-29']);
    expect(await runAt('2011-12-30T10:00:00Z')).toEqual({ taken: 1, gaps: [], putOff: [] });
    await runHourly('2011-12-30T11:00:00Z', '2012-01-01T09:00:00Z');
    expect(await datesOf(ann)).toEqual(['2011-12-28', '2011-12-29', '2011-12-31', '2012-01-01']);
  }, 60_000);

  test('of whoever moves ahead, also over the date line, which leaves out a date and says so', async () => {
    const [ann, bob] = [
      await world.newInvestor(undefined, { timeZone: 'Asia/Kathmandu' }),
      await world.newInvestor(undefined, { timeZone: 'Pacific/Pago_Pago' }),
    ];
    await runAt('2026-03-02T12:00:00Z');
    await moveTo(ann, 'Pacific/Kiritimati');
    await moveTo(bob, 'Pacific/Kiritimati');
    await runHourly('2026-03-02T13:00:00Z', '2026-03-03T10:00:00Z');
    expect(await datesOf(ann)).toEqual(['2026-03-02', '2026-03-03', '2026-03-04']);
    // His 2nd ends at 11:00Z of the 3rd, when it is the 4th already where he lives from then on.
    expect(await datesOf(bob)).toEqual(['2026-03-02']);
    expect((await runAt('2026-03-03T11:00:00Z')).gaps).toEqual([
      { userId: bob.userId, portfolioId: bob.portfolioId, from: '2026-03-03', to: '2026-03-03', days: 1 },
    ]);
    expect(await datesOf(bob)).toEqual(['2026-03-02', '2026-03-04']);
  });

  test('of whoever moves back over the date line has no date twice, and none out of order', async () => {
    const ann = await world.newInvestor(undefined, { timeZone: 'Pacific/Kiritimati' });
    await runHourly('2026-03-02T10:00:00Z', '2026-03-02T11:00:00Z');
    await moveTo(ann, 'Pacific/Pago_Pago');
    await runHourly('2026-03-02T12:00:00Z', '2026-03-06T12:00:00Z');
    expect(await datesOf(ann)).toEqual(['2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06']);
    const { taken } = await runAt('2026-03-06T12:30:00Z');
    expect(taken).toBe(0);
  }, 60_000);
});
