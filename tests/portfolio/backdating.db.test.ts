import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  type EntityManager,
  InvestmentService,
  SnapshotService,
  TradeService,
  ValuationService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);

const day = (date: number, time = '12:00') => new Date(`2026-03-${String(date).padStart(2, '0')}T${time}:00Z`);

beforeAll(async () => {
  await world.list({ code: 'A', name: 'A', kind: 'equity' });
  await world.offer({ slug: 'solo', feeRate: '1', minimumInvestment: '1' }, [{ assetCode: 'A', weight: '100' }]);
  // 4 on the 2nd of March, and one more every day.
  for (let date = 2; date <= 20; date += 1) await world.price({ A: `${date + 2}` }, day(date, '09:00'));
});

const stored = async ({ portfolioId }: Investor) =>
  (
    await world.rows<{ line: string }>(
      `select to_char(date, 'DD') || ': ' || array_to_string(array[trim_scale(start_value), trim_scale(net_deposits),
         trim_scale(market_change), trim_scale(fees), trim_scale(value)], ' ') ||
         case when restated_at is null then '' else ' restated' end as line
       from portfolio_snapshots where portfolio_id = $1 order by date`,
      [portfolioId],
    )
  ).map(({ line }) => line);

const worthAt = async ({ userId, portfolioId }: Investor, at: Date) =>
  (
    await asUser(database.orm.em, userId, em =>
      new ValuationService(em, world.clock).value({ userId, portfolioId, at }),
    )
  ).value.toFixed();

const snapshotOn = async (who: Investor, date: number) => {
  world.clock.moveTo(day(date));
  await world.takeSnapshot(who);
};

/** 40 put into A directly on the 2nd: 10 units at 4; snapshots at noon of the 2nd to the 5th; now it is the 5th, 13:00. */
async function investor(): Promise<Investor> {
  const ann = await world.newInvestor('1000');
  await world.buy(ann, '40', { assetCode: 'A' });
  for (const date of [2, 3, 4, 5]) await snapshotOn(ann, date);
  world.clock.moveTo(day(5, '13:00'));
  return ann;
}

describe('snapshots of 10 units at 4, 5, 6 and 7', () => {
  test('are 40, 50, 60 and 70 before anything is dated back', async () => {
    expect(await stored(await investor())).toEqual([
      '02: 0 40 0 0 40',
      '03: 40 0 10 0 50',
      '04: 50 0 10 0 60',
      '05: 60 0 10 0 70',
    ]);
  });

  // On the 3rd at 11:00, 50 bought 10 units at 5, one hour before that day's snapshot.
  test('take in a purchase that happened on the 3rd: from there on, at their own prices, the flow on its day', async () => {
    const ann = await investor();
    const traded = await world.buy(ann, '50', { assetCode: 'A', occurredAt: day(3, '11:00') });
    expect(traded.restatedSnapshots).toBe(3);
    expect([traded.transaction.occurredAt, traded.transaction.postedAt]).toEqual([day(3, '11:00'), day(3, '11:00')]);
    expect(await stored(ann)).toEqual([
      '02: 0 40 0 0 40',
      '03: 40 50 10 0 100 restated',
      '04: 100 0 20 0 120 restated',
      '05: 120 0 20 0 140 restated',
    ]);
    expect(await world.events(ann, 'snapshots.restated')).toEqual([
      { portfolioId: ann.portfolioId, from: '2026-03-03', count: 3 },
    ]);
    await snapshotOn(ann, 6);
    expect((await stored(ann)).at(-1)).toBe('06: 140 0 20 0 160');
    expect(await world.violations()).toEqual([]);
  });

  // On the 3rd at 13:00, after that day's snapshot, 4 units were sold at 5: the 4th has the flow, and 6 units.
  test('take in a sale after the snapshot of the 3rd from the 4th on', async () => {
    const ann = await investor();
    const traded = await world.sell(ann, '4', { assetCode: 'A', occurredAt: day(3, '13:00') });
    expect(traded.restatedSnapshots).toBe(2);
    expect(await stored(ann)).toEqual([
      '02: 0 40 0 0 40',
      '03: 40 0 10 0 50',
      '04: 50 -20 6 0 36 restated',
      '05: 36 0 6 0 42 restated',
    ]);
    expect(await world.holdings(ann)).toEqual(['A -: 6 cost 24 gain 4']);
    expect(await world.violations()).toEqual([]);
  });

  // 1 % of 100 is the fee; 99 bought 19.8 units at 5.
  test('take in an investment with its fee', async () => {
    const ann = await investor();
    const { restatedSnapshots } = await world.book(ann, '100', { basketSlug: 'solo', occurredAt: day(3) });
    expect(restatedSnapshots).toBe(3);
    expect(await stored(ann)).toEqual([
      '02: 0 40 0 0 40',
      '03: 40 100 10 1 149 restated',
      '04: 149 0 29.8 0 178.8 restated',
      '05: 178.8 0 29.8 0 208.6 restated',
    ]);
  });

  test('take in what happened before the first of them', async () => {
    const ann = await world.newInvestor('1000');
    for (const date of [3, 4]) await snapshotOn(ann, date);
    const { restatedSnapshots } = await world.buy(ann, '40', { assetCode: 'A', occurredAt: day(2) });
    expect(restatedSnapshots).toBe(2);
    expect(await stored(ann)).toEqual(['03: 0 40 10 0 50 restated', '04: 50 0 10 0 60 restated']);
  });

  test('stay as they are when what happened lies after the last of them, or in another portfolio', async () => {
    const ann = await investor();
    const before = await stored(ann);
    const { restatedSnapshots } = await world.buy(ann, '70', { assetCode: 'A', occurredAt: day(5, '12:30') });
    expect([restatedSnapshots, await stored(ann)]).toEqual([0, before]);
    expect(await world.events(ann, 'snapshots.restated')).toEqual([]);
  });

  test('are what the portfolio was worth at their instants by the books, then and now', async () => {
    const ann = await investor();
    expect(await Promise.all([2, 3, 4, 5].map(date => worthAt(ann, day(date))))).toEqual(['40', '50', '60', '70']);
    await world.buy(ann, '50', { assetCode: 'A', occurredAt: day(3, '11:00') });
    expect(await Promise.all([2, 3, 4, 5].map(date => worthAt(ann, day(date))))).toEqual(['40', '100', '120', '140']);
    // An instant before the purchase, at the purchase, and before anything was held.
    expect(await worthAt(ann, new Date(day(3, '11:00').getTime() - 1))).toBe('50');
    expect(await worthAt(ann, day(3, '11:00'))).toBe('100');
    expect(await worthAt(ann, new Date(day(2).getTime() - 1))).toBe('0');
  });

  test('are read as they are now also where they were loaded before', async () => {
    const ann = await investor();
    const values = await asWorker(database.orm.em, async em => {
      const service = new SnapshotService(em, world.clock);
      await service.history(ann);
      const wish = { ...ann, assetCode: 'A', amount: '50', occurredAt: day(3, '11:00'), idempotencyKey: 'k' };
      await new TradeService(em, world.clock).buy(wish);
      return (await service.history(ann)).map(({ value }) => value.toFixed());
    });
    expect(values).toEqual(['40', '100', '120', '140']);
  });
});

describe('what is dated back', () => {
  // Bought at the 4 of the 2nd and sold at the 7 of today, 100 would be 175 at once.
  test('is an operator’s to book: in the hands of the trader it would be a trade with hindsight', async () => {
    const ann = await investor();
    const quoted = { ...ann, occurredAt: day(2) };
    const wish = { ...quoted, idempotencyKey: 'hindsight' };
    const attempts: ((em: EntityManager) => Promise<unknown>)[] = [
      em => new TradeService(em, world.clock).buy({ ...wish, assetCode: 'A', amount: '100' }),
      em => new TradeService(em, world.clock).quoteBuy({ ...quoted, assetCode: 'A', amount: '100' }),
      em => new TradeService(em, world.clock).sell({ ...wish, assetCode: 'A', quantity: 'all' }),
      em => new TradeService(em, world.clock).quoteSell({ ...quoted, assetCode: 'A', quantity: 'all' }),
      em => new InvestmentService(em, world.clock).book({ ...wish, basketSlug: 'solo', amount: '100' }),
      em => new InvestmentService(em, world.clock).quote({ ...quoted, basketSlug: 'solo', amount: '100' }),
    ];
    for (const attempt of attempts) await world.refused(() => world.as(ann, attempt), 'context.not-allowed');
    for (const attempt of attempts.slice(0, 2)) await asWorker(database.orm.em, attempt);
  });

  test('counts at the price of its instant', async () => {
    const ann = await investor();
    const { movements } = await world.buy(ann, '50', { assetCode: 'A', occurredAt: day(3, '08:59') });
    expect(movements[0]!.quantity.toFixed()).toBe('12.5');
    const later = await world.buy(ann, '50', { assetCode: 'A', occurredAt: day(3, '09:00') });
    expect(later.movements[0]!.quantity.toFixed()).toBe('10');
  });

  test('lies neither in the future nor more than 30 days back', async () => {
    const ann = await world.newInvestor('1000');
    world.clock.moveTo('2026-04-02T12:00:00Z');
    const wish = (occurredAt: Date) => ({ assetCode: 'A', occurredAt });
    await world.refused(
      () => world.buy(ann, '40', wish(new Date('2026-04-02T12:00:00.001Z'))),
      'occurred-at.in-future',
    );
    const limit = new Date('2026-03-03T12:00:00Z');
    const before = new Date(limit.getTime() - 1);
    for (const work of [
      () => world.buy(ann, '40', wish(before)),
      () => world.quoteBuy(ann, '40', wish(before)),
      () => world.book(ann, '40', { basketSlug: 'solo', occurredAt: before }),
      () => world.sell(ann, 'all', wish(before)),
    ])
      await world.refused(work, { code: 'occurred-at.too-old', details: { daysMax: 30 } });
    await world.buy(ann, '40', wish(limit));
    await world.refused(() => world.on({ backdatingDays: 1 }).buy(ann, '40', wish(limit)), {
      details: { daysMax: 1 },
    });
  });

  test('needs a price that was fresh then', async () => {
    const ann = await investor();
    await world.refused(() => world.buy(ann, '40', { assetCode: 'A', occurredAt: day(1) }), 'price.missing');
  });

  test('is quoted and committed alike', async () => {
    const ann = await investor();
    const wish = { assetCode: 'A', occurredAt: day(3, '11:00') };
    const { fingerprint, expiresAt } = await world.quoteBuy(ann, '50', wish);
    const quote = { fingerprint, expiresAt };
    await world.refused(() => world.buy(ann, '50', { ...wish, occurredAt: day(3, '11:01'), quote }), 'quote.moved');
    await world.buy(ann, '50', { ...wish, quote });
  });

  test('as a sale, is of what was there then and ever since', async () => {
    const ann = await investor();
    await world.buy(ann, '70', { assetCode: 'A' });
    const wish = { assetCode: 'A', occurredAt: day(3) };
    await world.refused(() => world.sell(ann, '10.00000001', wish), {
      code: 'ledger.insufficient-funds',
      details: { available: '10.00000000' },
    });
    await world.refused(
      () => world.sell(ann, 'all', { ...wish, occurredAt: new Date(day(2).getTime() - 1) }),
      'holding.nothing-held',
    );
    // 12 are sold today, so 8 are what was there all the time.
    await world.sell(ann, '12', { assetCode: 'A' });
    await world.refused(() => world.sell(ann, '8.00000001', wish), { details: { available: '8.00000000' } });
    const { movements } = await world.sell(ann, 'all', wish);
    expect(movements[0]!.quantity.toFixed()).toBe('-8');
    expect(await world.violations()).toEqual([]);
  });

  test('and reversed later, was there until then', async () => {
    const ann = await investor();
    const traded = await world.buy(ann, '50', { assetCode: 'A', occurredAt: day(3, '11:00') });
    await world.reverse(ann, traded);
    expect(await worthAt(ann, day(5))).toBe('140');
    expect(await worthAt(ann, day(5, '13:00'))).toBe('70');
    await snapshotOn(ann, 6);
    // 140 less 50 given back, and 10 units of which each gained 1, less what was lost by giving 10 back at 5.
    expect((await stored(ann)).at(-1)).toBe('06: 140 -50 -10 0 80');
    expect(await world.violations()).toEqual([]);
  });
});

test('whatever is dated back in whatever order, the snapshots are those of a portfolio in which it happened in time', async () => {
  const trade = fc.record({
    minutes: fc.integer({ min: 0, max: 5 * 24 * 60 }),
    cents: fc.integer({ min: 100, max: 10_000 }),
    inBasket: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(trade, { minLength: 1, maxLength: 5, selector: each => each.minutes }),
      async trades => {
        world.clock.moveTo(day(2));
        const [late, inTime] = [await world.newInvestor('1000'), await world.newInvestor('1000')];
        const at = ({ minutes }: { minutes: number }) => new Date(day(2).getTime() + minutes * 60_000);
        const make = (who: Investor, { cents, inBasket }: (typeof trades)[number], occurredAt?: Date) => {
          const amount = (cents / 100).toFixed(2);
          return inBasket
            ? world.book(who, amount, { basketSlug: 'solo', occurredAt })
            : world.buy(who, amount, { assetCode: 'A', occurredAt });
        };
        const waiting = [...trades].sort((a, b) => a.minutes - b.minutes);
        for (let date = 3; date <= 8; date += 1) {
          for (let next = waiting[0]; next && at(next) <= day(date); next = waiting[0]) {
            world.clock.moveTo(at(next));
            await make(inTime, next);
            waiting.shift();
          }
          for (const who of [late, inTime]) await snapshotOn(who, date);
        }
        for (const each of trades) await make(late, each, at(each));
        const lines = async (who: Investor) => (await stored(who)).map(line => line.replace(' restated', ''));
        expect(await lines(late)).toEqual(await lines(inTime));
      },
    ),
    { numRuns: 8 },
  );
  expect(await world.violations()).toEqual([]);
}, 90_000);
