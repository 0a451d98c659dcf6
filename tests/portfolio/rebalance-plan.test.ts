import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Asset } from '../../src/market/index.js';
import type { Basket } from '../../src/portfolio/index.js';
import { RebalancePlan } from '../../src/portfolio/rebalance-plan.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { refusal } from '../shared/examples.js';
import { anAsset, at, basketOf, charging, feesOf, free, positionOf, purchasesOf, salesOf } from './plans.js';

beforeAll(entitiesKnown, 30_000);

type Line = [asset: Asset, held: string, price: string];

const rebalance = (basket: Basket, lines: Line[], charge = free) =>
  new RebalancePlan(
    basket,
    lines.map(([asset, held]) => positionOf(asset, held, basket)),
    new Map(lines.map(([asset, , price]) => [asset.id, at(price)])),
    charge,
    8,
  );

/** 50 : 30 : 20, each within five percent points. */
function trio(decimalsOfC?: number) {
  const [a, b, c] = [anAsset('A'), anAsset('B'), anAsset('C', decimalsOfC)];
  return { a, b, c, basket: basketOf([a, '50', '45', '55'], [b, '30', '25', '35'], [c, '20', '15', '25']) };
}

describe('a position of 200 with 60 : 30 : 10 percent, in a basket of 50 : 30 : 20 within five points', () => {
  const drifted = (decimalsOfC?: number) => {
    const { a, b, c, basket } = trio(decimalsOfC);
    return {
      basket,
      lines: [
        [a, '10', '12'],
        [b, '6', '10'],
        [c, '20', '1'],
      ] as Line[],
      a,
      b,
      c,
    };
  };

  // A is 20 above its 100: 20 / 12 = 1.66666666|6… units bring 19.99999992, which all buy C.
  test('sells what is too much and buys what is too little for it, to the last digit', () => {
    const { basket, lines } = drifted();
    const plan = rebalance(basket, lines);
    expect(plan.isDue).toBe(true);
    expect(salesOf(plan)).toEqual(['1.66666666 A for 19.99999992']);
    expect(purchasesOf(plan)).toEqual(['19.99999992 C for 19.99999992']);
    expect(plan.remainder.toFixed()).toBe('0');
    expect(plan.lines.map(({ asset, target }) => `${asset.code} ${target}`)).toEqual(['A 100', 'B 60', 'C 40']);
  });

  test('leaves in cash, and says, what is too little for another unit', () => {
    const { basket, lines } = drifted(6);
    const plan = rebalance(basket, lines);
    expect(purchasesOf(plan)).toEqual(['19.999999 C for 19.999999']);
    expect(plan.remainder.toFixed()).toBe('0.00000092');
  });

  // 1 % of 19.99999992 is 0.1999999992, rounded up to 0.2: 19.79999992 is left to buy with.
  test('pays the fees out of what it sells', () => {
    const { basket, lines } = drifted();
    const plan = rebalance(basket, lines, charging({ kind: 'platform', rate: '1' }));
    expect(feesOf(plan)).toEqual(['platform 0.2 1%']);
    expect(purchasesOf(plan)).toEqual(['19.79999992 C for 19.79999992']);
    expect(plan.remainder.toFixed()).toBe('0');
    expect(() => rebalance(basket, lines, charging({ kind: 'network', fixed: '20', assetCode: 'USD' }))).toThrow(
      refusal('trade.fees-exceed-proceeds'),
    );
  });

  // C stays at its 20; A and B share the other 180 by 50 : 30, which is 112.5 and 67.5. C lacks 20 of its 40.
  test('buys nothing that is halted: it stays as it is, and the others share the rest by their weights', () => {
    const { basket, lines, c } = drifted();
    c.halt();
    const plan = rebalance(basket, lines);
    expect(salesOf(plan)).toEqual(['0.625 A for 7.5']);
    expect(purchasesOf(plan)).toEqual(['0.75 B for 7.5']);
    expect(plan.notBought.map(({ asset, missing }) => `${asset.code} ${missing}`)).toEqual(['C 20']);
  });

  test('sells what is halted', () => {
    const { basket, lines, a } = drifted();
    a.halt();
    const plan = rebalance(basket, lines);
    expect(salesOf(plan)).toEqual(['1.66666666 A for 19.99999992']);
    expect(plan.notBought).toEqual([]);
  });

  test('does nothing when nothing may be bought', () => {
    const { basket, lines, b, c } = drifted();
    for (const asset of [b, c]) asset.halt();
    const plan = rebalance(basket, lines);
    expect([plan.isEmpty, plan.sales, plan.fees]).toEqual([true, [], []]);
    expect(plan.notBought.map(({ asset, missing }) => `${asset.code} ${missing}`)).toEqual(['C 20']);
  });
});

describe('nothing is done', () => {
  test('while every share is within its band, at its very edges too', () => {
    const { a, b, c, basket } = trio();
    const plan = rebalance(basket, [
      [a, '55', '1'],
      [b, '30', '1'],
      [c, '15', '1'],
    ]);
    expect([plan.isDue, plan.isEmpty]).toEqual([false, true]);
    const beyond = rebalance(basket, [
      [a, '55.00000001', '1'],
      [b, '30', '1'],
      [c, '14.99999999', '1'],
    ]);
    expect([beyond.isDue, beyond.isEmpty]).toEqual([true, false]);
  });

  test('for an asset below its band that is halted, when all others are as they should be', () => {
    const { a, b, c, basket } = trio();
    c.halt();
    const plan = rebalance(basket, [
      [a, '54', '1'],
      [b, '34', '1'],
      [c, '12', '1'],
    ]);
    expect([plan.isDue, plan.isEmpty]).toEqual([false, true]);
    expect(plan.notBought.map(({ asset, missing }) => `${asset.code} ${missing}`)).toEqual(['C 8']);
  });

  test('where nothing is held it is refused', () => {
    const { a, basket } = trio();
    expect(() => rebalance(basket, [[a, '0', '1']])).toThrow(refusal('basket.nothing-held'));
  });
});

describe('a new composition', () => {
  // 40 of D have to go; A and B should be 70 each of 140: A lacks 10, B 30.
  test('sells everything of what has left it', () => {
    const [a, b, d] = [anAsset('A'), anAsset('B'), anAsset('D')];
    const plan = rebalance(basketOf([a, '50'], [b, '50']), [
      [a, '60', '1'],
      [b, '40', '1'],
      [d, '5', '8'],
    ]);
    expect(salesOf(plan)).toEqual(['5 D for 40']);
    expect(purchasesOf(plan)).toEqual(['10 A for 10', '30 B for 30']);
  });

  test('buys what has joined it once its band asks for it', () => {
    const [a, b] = [anAsset('A'), anAsset('B')];
    const lines: Line[] = [
      [a, '100', '1'],
      [b, '0', '2'],
    ];
    expect(rebalance(basketOf([a, '80'], [b, '20']), lines).isDue).toBe(false);
    const plan = rebalance(basketOf([a, '80', '70', '90'], [b, '20', '10', '30']), lines);
    expect([salesOf(plan), purchasesOf(plan)]).toEqual([['20 A for 20'], ['10 B for 20']]);
  });

  test('takes the last units of something worthless along', () => {
    const { a, b, c, basket } = trio();
    const dust = anAsset('DUST');
    const plan = rebalance(basket, [
      [a, '10', '12'],
      [b, '6', '10'],
      [c, '20', '1'],
      [dust, '0.00000001', '0.5'],
    ]);
    expect(salesOf(plan)).toEqual(['1.66666666 A for 19.99999992', '0.00000001 DUST for 0']);
  });
});

test('whatever is held at whatever prices, money is neither made nor lost, and nothing is both sold and bought', () => {
  const units = fc.bigInt({ min: 1n, max: 10n ** 14n }).map(n => new Decimal(n.toString()).div(1e8));
  const price = fc.bigInt({ min: 1n, max: 10n ** 16n }).map(n => new Decimal(n.toString()).div(1e12));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(units, price, fc.constantFrom(2, 6, 8), fc.boolean()), { minLength: 2, maxLength: 50 }),
      fc.integer({ min: 0, max: 50_000 }),
      (held, rate) => {
        const assets = held.map(([, , decimals], i) => anAsset(`A${i}`, decimals));
        const share = new Decimal(100).div(held.length).toDecimalPlaces(4, Decimal.ROUND_DOWN);
        const first = new Decimal(100).minus(share.mul(held.length - 1));
        const basket = basketOf(
          ...assets.map((asset, i): [Asset, string, string, string] => {
            const weight = (i === 0 ? first : share).toFixed();
            return [asset, weight, weight, weight];
          }),
        );
        held.forEach(([, , , halted], i) => {
          if (halted) assets[i]!.halt();
        });
        const lines = held.map(([quantity, each], i): Line => {
          const asset = assets[i]!;
          return [asset, quantity.toDecimalPlaces(asset.scale).toFixed(), each.toFixed()];
        });
        if (lines.every(([, quantity]) => new Decimal(quantity).isZero())) return;
        const plan = rebalance(
          basket,
          lines,
          charging({ kind: 'platform', rate: new Decimal(rate).div(10_000).toFixed() }),
        );
        expect(plan.proceeds.minus(plan.feeTotal).minus(plan.cost).eq(plan.remainder)).toBe(true);
        expect(plan.remainder.gte(0)).toBe(true);
        const sold = new Set(plan.sales.map(({ asset }) => asset.code));
        for (const { asset, cost } of plan.purchases) {
          expect(sold.has(asset.code)).toBe(false);
          expect(asset.status).toBe('active');
          expect(cost.gt(ZERO)).toBe(true);
        }
        for (const { units: out, position } of plan.sales) expect(out.gt(0) && out.lte(position.held)).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});
