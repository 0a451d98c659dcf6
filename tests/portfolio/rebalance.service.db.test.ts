import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { accepted, useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);
const charged = world.on({ fees: [{ kind: 'platform', rate: '1' }] });

const LATER = '2026-03-02T13:00:00Z';
let slug = '';
let [a, b] = ['', ''];
let made = 0;

beforeAll(async () => {
  await world.list({ code: 'C', name: 'C', kind: 'equity' });
  await world.price({ C: '2' });
});

/** A basket of its own for each test: two assets half and half within five points, priced at 4 and 5, then 8 and 5. */
beforeEach(async () => {
  made += 1;
  slug = `duo-${made}`;
  [a, b] = [`A${made}`, `B${made}`];
  await world.list({ code: a, name: a, kind: 'equity' }, { code: b, name: b, kind: 'equity' });
  await world.price({ [a]: '4', [b]: '5' });
  await world.price({ [a]: '8', [b]: '5' }, LATER);
  await world.offer({ slug, feeRate: '0' }, [
    { assetCode: a, weight: '50', minWeight: '45', maxWeight: '55' },
    { assetCode: b, weight: '50', minWeight: '45', maxWeight: '55' },
  ]);
});

/** Has put 100 in: 12.5 of the one and 10 of the other. An hour later that is 100 and 50. */
async function investor(): Promise<Investor> {
  const ann = await world.newInvestor('100');
  await world.invest(ann, '100', { basketSlug: slug });
  world.clock.moveTo(LATER);
  return ann;
}

describe('a position that has drifted to two thirds and one third', () => {
  // 75 each: 25 / 8 = 3.125 of the one are sold, at a cost of 50 × 3.125 / 12.5 = 12.5, and 5 of the other bought.
  test('is brought back to half and half, first selling, then buying, with no cash left over', async () => {
    const ann = await investor();
    const traded = await world.rebalance(ann, slug);
    expect(await world.entries(traded!)).toEqual([
      `holding market ${a} 3.125`,
      'market cash USD 25',
      'cash market USD 25',
      `market holding ${b} 5`,
    ]);
    expect(await world.holdings(ann)).toEqual([
      `${a} ${slug}: 9.375 cost 37.5 gain 12.5`,
      `${b} ${slug}: 15 cost 75 gain 0`,
    ]);
    expect((await world.balances(ann))['cash USD']).toBe('0.00000000');
    const { type, amount } = traded!.transaction;
    expect([type, amount.toFixed()]).toEqual(['rebalance', '25']);
    expect(await world.events(ann, 'basket.rebalanced')).toEqual([
      { portfolioId: ann.portfolioId, basketSlug: slug, turnover: '25' },
    ]);
  });

  test('pays its fee out of what it sells', async () => {
    const ann = await investor();
    const traded = await charged.rebalance(ann, slug);
    expect(await world.entries(traded!)).toEqual([
      `holding market ${a} 3.125`,
      'market cash USD 25',
      'cash fees USD 0.25',
      'cash market USD 24.75',
      `market holding ${b} 4.95`,
    ]);
  });

  test('is planned first, and executed to the last digit as it was planned', async () => {
    const ann = await investor();
    const before = await world.dump();
    const plan = await charged.planRebalance(ann, slug);
    expect(await world.dump()).toEqual(before);
    const traded = await charged.rebalance(ann, slug, { quote: accepted(plan) });
    expect(await world.entries(traded!)).toEqual(
      plan.legs.map(({ from, to, asset, amount }) => `${from} ${to} ${asset} ${amount.toFixed()}`),
    );
    await world.refused(() => charged.rebalance(ann, slug, { quote: accepted(plan) }), 'quote.moved');
  });

  test('is left alone once it is back, and the key stays unused', async () => {
    const ann = await investor();
    await world.rebalance(ann, slug);
    const before = await world.dump();
    expect(await world.rebalance(ann, slug, { idempotencyKey: 'k' })).toBeUndefined();
    expect((await world.planRebalance(ann, slug)).isEmpty).toBe(true);
    expect(await world.dump()).toEqual(before);
    world.clock.moveTo('2026-03-02T13:00:01Z');
    await world.price({ [a]: '16' });
    expect(await world.rebalance(ann, slug, { idempotencyKey: 'k' })).toMatchObject({ replayed: false });
  });

  test('takes effect once per key', async () => {
    const ann = await investor();
    const first = await world.rebalance(ann, slug, { idempotencyKey: 'k' });
    const before = await world.dump();
    const again = await world.rebalance(ann, slug, { idempotencyKey: 'k' });
    expect([again?.replayed, again?.transaction.id]).toEqual([true, first!.transaction.id]);
    expect(await world.dump()).toEqual(before);
    await world.refused(() => world.rebalance(ann, 'trio', { idempotencyKey: 'k' }), 'ledger.idempotency-conflict');
  });

  test('buys nothing that is halted, and says so; sells what is halted', async () => {
    const ann = await investor();
    await world.changeAsset(b, asset => asset.halt());
    const plan = await world.planRebalance(ann, slug);
    expect([plan.isEmpty, plan.notBought.map(({ asset, missing }) => `${asset.code} ${missing}`)]).toEqual([
      ...[true, [`${b} 25`]],
    ]);
    expect(await world.rebalance(ann, slug)).toBeUndefined();
    await world.changeAsset(b, asset => asset.resume());
    await world.changeAsset(a, asset => asset.halt());
    expect(await world.entries((await world.rebalance(ann, slug))!)).toHaveLength(4);
  });

  test('is not touched while its basket is paused, or at prices that are too old', async () => {
    const ann = await investor();
    await world.baskets(service => service.pause(slug));
    await world.refused(() => world.rebalance(ann, slug), 'basket.not-investable');
    await world.baskets(service => service.activate(slug));
    world.clock.moveTo('2026-03-03T13:00:01Z');
    await world.refused(() => world.rebalance(ann, slug), 'price.stale');
    await world.refused(() => world.planRebalance(ann, slug), 'price.stale');
  });

  test('of a stranger, or in a basket that holds nothing, is refused', async () => {
    const [ann, bob] = [await investor(), await world.newInvestor('100')];
    await world.refused(() => world.rebalance({ ...bob, portfolioId: ann.portfolioId }, slug), 'portfolio.not-found');
    await world.refused(() => world.rebalance(bob, slug), 'basket.nothing-held');
    await world.refused(() => world.rebalance(ann, 'nowhere'), 'basket.not-found');
  });
});

test('a new composition is taken over: what has left is sold, what has joined is bought', async () => {
  const ann = await investor();
  await world.baskets(service =>
    service.publish({
      slug,
      composition: [
        { assetCode: a, weight: '60', minWeight: '55', maxWeight: '65' },
        { assetCode: 'C', weight: '40', minWeight: '35', maxWeight: '45' },
      ],
    }),
  );
  // Of 150, 90 and 60: 10 of the one and all 50 of the other are sold for 60, which buys 30 of C at 2.
  await world.rebalance(ann, slug);
  expect(await world.holdings(ann)).toEqual([
    `${a} ${slug}: 11.25 cost 45 gain 5`,
    `${b} ${slug}: 0 cost 0 gain 0`,
    `C ${slug}: 30 cost 60 gain 0`,
  ]);
  expect((await world.balances(ann))['cash USD']).toBe('0.00000000');
  expect(await world.violations()).toEqual([]);
});

test('whatever the prices do, the plan is what is executed, and cash gains the remainder alone', async () => {
  const ann = await investor();
  let seconds = 0;
  const price = fc
    .bigInt({ min: 3n * 10n ** 12n, max: 6n * 10n ** 12n })
    .map(n => `${n / 10n ** 12n}.${String(n % 10n ** 12n).padStart(12, '0')}`);
  await fc.assert(
    fc.asyncProperty(price, price, async (first, second) => {
      seconds += 1;
      world.clock.moveTo(new Date(Date.parse(LATER) + seconds * 1000));
      await world.price({ [a]: first, [b]: second });
      const before = (await world.balances(ann))['cash USD']!;
      const plan = await charged.planRebalance(ann, slug);
      const traded = await charged.rebalance(ann, slug, { quote: accepted(plan) });
      expect(traded === undefined).toBe(plan.isEmpty);
      if (traded)
        expect(await world.entries(traded)).toEqual(
          plan.legs.map(({ from, to, asset, amount }) => `${from} ${to} ${asset} ${amount.toFixed()}`),
        );
      const after = (await world.balances(ann))['cash USD']!;
      expect(BigInt(after.replace('.', '')) - BigInt(before.replace('.', ''))).toBe(
        BigInt(plan.remainder.toFixed(8).replace('.', '')),
      );
    }),
    { numRuns: 20 },
  );
  expect(await world.violations()).toEqual([]);
}, 60_000);
