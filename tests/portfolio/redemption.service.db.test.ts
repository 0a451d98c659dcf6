import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { accepted, useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);
const charged = world.on({ fees: [{ kind: 'platform', rate: '0.5' }] });

const LATER = '2026-03-02T13:00:00Z';

beforeAll(() => world.price({ VTI: '280', WBTC: '60000', EURC: '1.09' }, LATER));

/** Has put 33.337 of 100 into the trio at noon: 0.06101219 VTI, 0.00015447 WBTC and 6.105835 EURC. It is one o'clock. */
async function investor(): Promise<Investor> {
  const ann = await world.newInvestor('100');
  await world.invest(ann, '33.337');
  world.clock.moveTo(LATER);
  return ann;
}

describe('10 out of a basket that is worth 33.00697335', () => {
  /*
   * The fewest units that bring 5.17569818, 2.8079521 and 2.01634972 (see the plan's own test) bring 10.00004987. Their cost:
   *   16.54223611 × 0.01848464 / 0.06101219 = 5.01174075|6…
   *    9.92534167 × 0.0000468  / 0.00015447 = 3.00709516|5…
   *    6.61689444 × 1.849863   / 6.105835   = 2.00469685|1…
   */
  test('sells of each holding in proportion to its value, and takes the fee out of what that brings', async () => {
    const ann = await investor();
    const traded = await charged.redeem(ann, '10');
    expect(await world.entries(traded)).toEqual([
      'holding market VTI 0.01848464',
      'market cash USD 5.1756992',
      'holding market WBTC 0.0000468',
      'market cash USD 2.808',
      'holding market EURC 1.849863',
      'market cash USD 2.01635067',
      'cash fees USD 0.05000025',
    ]);
    expect(await world.holdings(ann)).toEqual([
      'VTI trio: 0.04252755 cost 11.53049536 gain 0.16395845',
      'WBTC trio: 0.00010767 cost 6.91824651 gain -0.19909516',
      'EURC trio: 4.255972 cost 4.61219759 gain 0.01165382',
    ]);
    // 66.663 + 10.00004987 − 0.05000025
    expect((await world.balances(ann))['cash USD']).toBe('76.61304962');
    const { type, amount } = traded.transaction;
    expect([type, amount.toFixed()]).toEqual(['basket_redemption', '10.00004987']);
    expect(await world.events(ann, 'basket.redeemed')).toEqual([
      { portfolioId: ann.portfolioId, basketSlug: 'trio', received: '9.95004962' },
    ]);
  });

  test('is what the quote said, to the last digit', async () => {
    const ann = await investor();
    const before = await world.dump();
    const quote = await charged.quoteRedemption(ann, '10');
    expect(await world.dump()).toEqual(before);
    const traded = await charged.redeem(ann, '10', { quote: accepted(quote) });
    const said = quote.legs.map(({ from, to, asset, amount }) => `${from} ${to} ${asset} ${amount.toFixed()}`);
    expect(await world.entries(traded)).toEqual(said);
  });

  test('more than it is worth is refused, exactly that is paid', async () => {
    const ann = await investor();
    await world.refused(() => world.redeem(ann, '33.00697336'), {
      code: 'redemption.exceeds-value',
      details: { slug: 'trio', value: '33.00697335', amount: '33.00697336' },
    });
    expect((await world.redeem(ann, '33.00697335')).transaction.amount.toFixed()).toBe('33.00697335');
  });
});

describe('all of a basket', () => {
  test('leaves exactly zero units and zero cost in every holding', async () => {
    const ann = await investor();
    await world.redeem(ann, '10');
    await world.redeem(ann, 'all');
    const held = await world.holdings(ann);
    expect(held).toHaveLength(3);
    for (const line of held) expect(line).toMatch(/: 0 cost 0 gain /);
    // 66.663 + 33.00697335: what all of it was worth.
    expect(await world.balances(ann)).toMatchObject({
      'cash USD': '99.66997335',
      ...{ 'holding VTI': '0.00000000', 'holding WBTC': '0.00000000', 'holding EURC': '0.00000000' },
      ...{ 'market VTI': '0.00000000', 'market WBTC': '0.00000000', 'market EURC': '0.00000000' },
    });
    await world.refused(() => world.redeem(ann, 'all'), 'basket.nothing-held');
    await world.refused(() => world.redeem(ann, '1'), 'basket.nothing-held');
  });

  test('is what is there when the book is held', async () => {
    const ann = await investor();
    const quote = accepted(await world.quoteRedemption(ann, 'all'));
    await world.invest(ann, '10');
    await world.refused(() => world.redeem(ann, 'all', { quote }), 'quote.moved');
    await world.redeem(ann, 'all');
    for (const line of await world.holdings(ann)) expect(line).toMatch(/: 0 cost 0 gain /);
  });

  test('may be taken out of a basket that is paused or retired, with assets that are halted', async () => {
    await world.list({ code: 'STOP', name: 'Stop', kind: 'equity' });
    await world.price({ STOP: '4' }, '2026-03-02T11:00:00Z');
    await world.offer({ slug: 'stopped', feeRate: '0' }, [{ assetCode: 'STOP', weight: '100' }]);
    const ann = await world.newInvestor('100');
    await world.invest(ann, '50', { basketSlug: 'stopped' });
    await world.baskets(service => service.pause('stopped'));
    await world.changeAsset('STOP', asset => asset.halt());
    await world.redeem(ann, '10', { basketSlug: 'stopped' });
    await world.baskets(service => service.activate('stopped'));
    await world.baskets(service => service.retire('stopped'));
    await world.redeem(ann, 'all', { basketSlug: 'stopped' });
    expect(await world.holdings(ann)).toEqual(['STOP stopped: 0 cost 0 gain 0']);
  });

  test('at prices that are too old is refused', async () => {
    const ann = await investor();
    world.clock.moveTo('2026-03-03T13:00:01Z');
    await world.refused(() => world.redeem(ann, 'all'), { code: 'price.stale', retryable: true });
  });

  test('is the basket’s part alone: what is held directly, or through another portfolio, stays', async () => {
    const ann = await investor();
    await world.buy(ann, '28');
    await world.redeem(ann, 'all');
    expect((await world.holdings(ann)).at(-1)).toBe('VTI -: 0.1 cost 28 gain 0');
  });
});

describe('a redemption', () => {
  test.each([
    ['basket that is not there', { basketSlug: 'nowhere' }, 'basket.not-found'],
    ['amount of nothing', { amount: '0' }, 'input.invalid'],
    ['key of two words', { idempotencyKey: 'two words' }, 'input.invalid'],
  ])('with an %s is refused', async (_, wish, code) => {
    const ann = await investor();
    await world.refused(() => world.redeem(ann, '10', wish), code);
  });

  test('takes effect once per key', async () => {
    const ann = await investor();
    const first = await world.redeem(ann, 'all', { idempotencyKey: 'k' });
    const before = await world.dump();
    const again = await world.redeem(ann, 'all', { idempotencyKey: 'k' });
    expect([again.replayed, again.transaction.id]).toEqual([true, first.transaction.id]);
    expect(await world.dump()).toEqual(before);
    await world.refused(() => world.redeem(ann, '1', { idempotencyKey: 'k' }), 'ledger.idempotency-conflict');
  });

  test('of one user by ten at once sells each unit once', async () => {
    const ann = await investor();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => world.redeem(ann, '10')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await world.violations()).toEqual([]);
  });
});

test('whatever amount is redeemed, the quote is what is booked', async () => {
  const ann = await world.newInvestor('1000000');
  await world.invest(ann, '1000000');
  world.clock.moveTo(LATER);
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: 1n, max: 3_000_000_000_000n }), async n => {
      const amount = `${n / 100_000_000n}.${String(n % 100_000_000n).padStart(8, '0')}`;
      const quote = await charged.quoteRedemption(ann, amount);
      const traded = await charged.redeem(ann, amount, { quote: accepted(quote) });
      const said = quote.legs.map(leg => `${leg.from} ${leg.to} ${leg.asset} ${leg.amount.toFixed()}`);
      expect(await world.entries(traded)).toEqual(said);
    }),
    { numRuns: 20 },
  );
  expect(await world.violations()).toEqual([]);
}, 60_000);
