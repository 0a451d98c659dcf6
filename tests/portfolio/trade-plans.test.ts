import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { InsufficientFundsError } from '../../src/ledger/index.js';
import type { Asset } from '../../src/market/index.js';
import { BuyPlan } from '../../src/portfolio/buy-plan.js';
import { InvestmentPlan } from '../../src/portfolio/index.js';
import { RedemptionPlan } from '../../src/portfolio/redemption-plan.js';
import { SellPlan } from '../../src/portfolio/sell-plan.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { aPortfolio, decimal, refusal } from '../shared/examples.js';
import { anAsset, at, basketOf, charging, feesOf, free, positionOf, purchasesOf, salesOf } from './plans.js';

beforeAll(entitiesKnown, 30_000);

const VTI = () => anAsset('VTI');

describe('buying for an amount', () => {
  const buy = (amount: string, price: string, charge = free, asset = VTI(), scale = 8) =>
    new BuyPlan(asset, decimal(amount), at(price), charge, scale);

  // 100 / 271.13 = 0.36882676|20…; 0.36882676 × 271.13 = 99.9999994388, rounded up; 0.00000056 is too little for another unit.
  test('pays for exactly the units it gets, and leaves in cash what is too little for another one', () => {
    const plan = buy('100', '271.13');
    expect(purchasesOf(plan)).toEqual(['0.36882676 VTI for 99.99999944']);
    expect([plan.spent.toFixed(), plan.remainder.toFixed()]).toEqual(['99.99999944', '0.00000056']);
  });

  /*
   * 0.30 of the 100 is fixed; 99.70 / 1.0075 = 98.95781637|7…, which buys 98.95781637 / 271.13 = 0.36498290|99… units.
   * They cost 98.957813677, rounded up to 98.95781368. 0.5 % of that is 0.4947890684, 0.25 % 0.2473945342, both rounded up.
   */
  test('takes every fee on what the units cost, rounded up, out of the amount', () => {
    const charge = charging(
      { kind: 'platform', rate: '0.5' },
      { kind: 'network', fixed: '0.30', assetCode: 'USD' },
      { kind: 'spread', rate: '0.25' },
    );
    const plan = buy('100', '271.13', charge);
    expect(purchasesOf(plan)).toEqual(['0.3649829 VTI for 98.95781368']);
    expect(feesOf(plan)).toEqual(['platform 0.49478907 0.5%', 'network 0.3 fixed', 'spread 0.24739454 0.25%']);
    expect([plan.spent.toFixed(), plan.remainder.toFixed()]).toEqual(['99.99999729', '0.00000271']);
  });

  /*
   * 10 / 1.0099 = 9.90197049|2…, and 0.33 % of that is 0.032676502617. Three such fees, each rounded up, come to 10.00000002:
   * two units of the last place less are spent on units, and it is 10 exactly.
   */
  test('never spends more than the amount, however many fees are rounded up', () => {
    const rate = '0.33';
    const charge = charging({ kind: 'platform', rate }, { kind: 'spread', rate }, { kind: 'provider', rate });
    const plan = buy('10', '0.000001', charge);
    expect(purchasesOf(plan)).toEqual(['9901970.47 VTI for 9.90197047']);
    expect(feesOf(plan)).toEqual(['platform 0.03267651 0.33%', 'spread 0.03267651 0.33%', 'provider 0.03267651 0.33%']);
    expect([plan.spent.toFixed(), plan.remainder.toFixed()]).toEqual(['10', '0']);
  });

  /*
   * In units of the last place: 105 / 1.03 = 101|.9…, on which three fees of 1 % come to 2 each, 107 in all. One less costs
   * 100, and the fees are 1 each: 103. Two less would be one too few.
   */
  test('gets the most units that the amount pays for, where one less of the last place makes several fees less', () => {
    const rate = '1';
    const charge = charging({ kind: 'platform', rate }, { kind: 'spread', rate }, { kind: 'provider', rate });
    const plan = buy('0.00000105', '1', charge);
    expect(purchasesOf(plan)).toEqual(['0.000001 VTI for 0.000001']);
    expect([plan.spent.toFixed(), plan.remainder.toFixed()]).toEqual(['0.00000103', '0.00000002']);
  });

  // 500 / 1.01 = 495.04…: one share of 271.13, and 1 % of that.
  test('of whole pieces leaves the rest, and takes no fee on it', () => {
    const plan = buy('500', '271.13', charging({ kind: 'platform', rate: '1' }), anAsset('GOLDBAR', 0));
    expect(purchasesOf(plan)).toEqual(['1 GOLDBAR for 271.13']);
    expect(feesOf(plan)).toEqual(['platform 2.7113 1%']);
    expect(plan.remainder.toFixed()).toBe('226.1587');
  });

  // In a currency of two decimals: 33.33 buys 0.12293|… units of four decimals at 271.13; they cost 33.321877.
  test('in a currency of two decimals moves no smaller parts of it', () => {
    const plan = buy('33.33', '271.13', free, anAsset('ETF', 4), 2);
    expect(purchasesOf(plan)).toEqual(['0.1229 ETF for 33.33']);
    expect(plan.remainder.toFixed()).toBe('0');
  });

  test('is refused when it does not pay for the smallest unit and the fees, and made when it just does', () => {
    const gold = () => anAsset('GOLDBAR', 0);
    const network = charging({ kind: 'network', fixed: '0.30', assetCode: 'USD' });
    expect(() => buy('50.29999999', '50', network, gold())).toThrow(refusal('trade.amount-too-small'));
    expect(purchasesOf(buy('50.30', '50', network, gold()))).toEqual(['1 GOLDBAR for 50']);
    expect(() => buy('0.30', '50', network)).toThrow(refusal('trade.amount-too-small'));
  });

  test('holds for any amount, price and fees: it spends at most the amount, and nearly all of it', () => {
    const digits = (max: bigint, scale: number) =>
      fc.bigInt({ min: 1n, max }).map(n => new Decimal(n.toString()).div(new Decimal(10).pow(scale)));
    fc.assert(
      fc.property(
        digits(10n ** 17n, 8),
        digits(10n ** 16n, 12),
        fc.array(fc.integer({ min: 0, max: 100_0000 }), { maxLength: 4 }),
        fc.constantFrom(0, 2, 6, 8, 18),
        fc.constantFrom(2, 6, 8),
        (wish, price, rates, decimals, scale) => {
          const amount = wish.toDecimalPlaces(scale, Decimal.ROUND_UP);
          const asset = anAsset('ANY', decimals);
          const charge = charging(
            ...rates.map(rate => ({ kind: 'platform' as const, rate: new Decimal(rate).div(10_000).toFixed() })),
          );
          let plan: BuyPlan;
          try {
            plan = new BuyPlan(asset, amount, { ...at('1'), price }, charge, scale);
          } catch (error) {
            expect(error).toMatchObject({ code: 'trade.amount-too-small' });
            return;
          }
          expect(plan.remainder.gte(0)).toBe(true);
          expect(plan.cost.plus(plan.feeTotal).plus(plan.remainder).eq(amount)).toBe(true);
          const [{ units, cost }] = plan.purchases;
          expect(cost.gte(units.mul(price)) && cost.minus(units.mul(price)).lt(new Decimal(10).pow(-scale))).toBe(true);
          // One unit more, with its fees, is not to be had for what is left; roundings of several fees left aside.
          const unit = new Decimal(10).pow(-asset.scale);
          const growth = Decimal.sum(1, ...rates.map(rate => new Decimal(rate).div(1_000_000)));
          const slack = new Decimal(10)
            .pow(-scale)
            .mul(2 + rates.length)
            .mul(growth);
          expect(plan.remainder.lte(unit.mul(price).mul(growth).plus(slack))).toBe(true);
        },
      ),
    );
  });
});

describe('selling', () => {
  const sell = (quantity: string, held = '0.36882676', price = '280', charge = free, available = held) =>
    new SellPlan(
      positionOf(VTI(), held, undefined, available),
      quantity === 'all' ? 'all' : decimal(quantity),
      at(price),
      charge,
      8,
    );

  // 0.36882676 × 280 = 103.2714928; 0.5 % of it 0.516357464, rounded up; 0.10 is fixed: 102.65513533 reaches cash.
  test('brings units times price, less the fees on that', () => {
    const charge = charging({ kind: 'platform', rate: '0.5' }, { kind: 'provider', fixed: '0.1', assetCode: 'USD' });
    const plan = sell('all', '0.36882676', '280', charge);
    expect(salesOf(plan)).toEqual(['0.36882676 VTI for 103.2714928']);
    expect(feesOf(plan)).toEqual(['platform 0.51635747 0.5%', 'provider 0.1 fixed']);
    expect(plan.received.toFixed()).toBe('102.65513533');
  });

  // 0.00000003 × 0.5 = 0.000000015
  test('rounds what it brings down', () => {
    expect(salesOf(sell('0.00000003', '1', '0.5'))).toEqual(['0.00000003 VTI for 0.00000001']);
  });

  test('of more than there is, or of a quantity finer than the asset’s, is refused', () => {
    expect(() => sell('0.36882677')).toThrow(InsufficientFundsError);
    expect(() => sell('0.36882677')).toThrow(
      expect.objectContaining({
        details: { account: 'holding', asset: 'VTI', available: '0.36882676', needed: '0.36882677' },
      }),
    );
    expect(() => sell('0.000000001')).toThrow(refusal('decimal.too-precise'));
    expect(() => sell('all', '0')).toThrow(refusal('holding.nothing-held'));
  });

  test('that lies in the past is of what was there then and ever since', () => {
    expect(salesOf(sell('all', '5', '2', free, '3'))).toEqual(['3 VTI for 6']);
    expect(() => sell('3.00000001', '5', '2', free, '3')).toThrow(InsufficientFundsError);
    expect(() => sell('all', '5', '2', free, '0')).toThrow(refusal('holding.nothing-held'));
  });

  test('of a part that is worth nothing is refused, of all that is left it is made', () => {
    expect(() => sell('0.00000001', '0.00000002', '0.5')).toThrow(refusal('trade.quantity-too-small'));
    const plan = sell('all', '0.00000001', '0.5');
    expect(salesOf(plan)).toEqual(['0.00000001 VTI for 0']);
    expect(plan.legsIn(aPortfolio()).map(({ from, to }) => [from.kind, to.kind])).toEqual([['holding', 'market']]);
  });

  test('never costs more than it brings', () => {
    const fixed = charging({ kind: 'network', fixed: '2', assetCode: 'USD' });
    expect(sell('1', '1', '2', fixed).received.toFixed()).toBe('0');
    expect(() => sell('1', '1', '1.99', fixed)).toThrow(refusal('trade.fees-exceed-proceeds'));
  });
});

/*
 * 0.06101219 VTI at 280, 0.00015447 WBTC at 60,000 and 6.105835 EURC at 1.09 are worth 17.0834132, 9.2682 and 6.65536015,
 * together 33.00697335. Of 10 that is 5.175698183…, 2.807952095… and 2.016349720…: cut off, 10 lacks 0.00000001, which goes to
 * the largest remainder, the second. The fewest units that bring the parts:
 *   5.17569818 / 280   = 0.01848463|6…  up to 0.01848464   brings 5.1756992
 *   2.8079521 / 60000  = 0.00004679|9…  up to 0.0000468    brings 2.808
 *   2.01634972 / 1.09  = 1.849862|1…    up to 1.849863     brings 2.01635067   together 10.00004987
 */
describe('redeeming', () => {
  const [vti, wbtc, eurc] = [anAsset('VTI'), anAsset('WBTC', 8), anAsset('EURC', 6)];
  const basket = () => basketOf([vti, '50'], [wbtc, '30'], [eurc, '20']);
  const prices = new Map([
    [vti.id, at('280')],
    [wbtc.id, at('60000')],
    [eurc.id, at('1.09')],
  ]);
  const redeem = (amount: string, charge = free, held = ['0.06101219', '0.00015447', '6.105835']) => {
    const of = basket();
    const positions = [vti, wbtc, eurc].map((asset, i) => positionOf(asset, held[i]!, of));
    return new RedemptionPlan(of, positions, amount === 'all' ? 'all' : decimal(amount), prices, charge, 8);
  };

  test('takes an amount from all holdings by their value, of each the fewest units that bring its part', () => {
    const plan = redeem('10', charging({ kind: 'platform', rate: '0.5' }));
    expect(plan.value.toFixed()).toBe('33.00697335');
    expect(salesOf(plan)).toEqual([
      '0.01848464 VTI for 5.1756992',
      '0.0000468 WBTC for 2.808',
      '1.849863 EURC for 2.01635067',
    ]);
    // 0.5 % of 10.00004987 is 0.05000024935.
    expect(feesOf(plan)).toEqual(['platform 0.05000025 0.5%']);
    expect([plan.proceeds.toFixed(), plan.received.toFixed()]).toEqual(['10.00004987', '9.95004962']);
  });

  test('all sells every unit', () => {
    const plan = redeem('all');
    expect(salesOf(plan)).toEqual([
      '0.06101219 VTI for 17.0834132',
      '0.00015447 WBTC for 9.2682',
      '6.105835 EURC for 6.65536015',
    ]);
    expect(plan.received.toFixed()).toBe('33.00697335');
  });

  test('takes what all is worth, and not a unit of the last place more', () => {
    expect(redeem('33.00697335').proceeds.toFixed()).toBe('33.00697335');
    expect(() => redeem('33.00697336')).toThrow(refusal('redemption.exceeds-value'));
  });

  test('leaves alone what is not held, and is refused where nothing is', () => {
    expect(salesOf(redeem('all', free, ['0', '0.00015447', '0']))).toEqual(['0.00015447 WBTC for 9.2682']);
    expect(() => redeem('all', free, ['0', '0', '0'])).toThrow(refusal('basket.nothing-held'));
    expect(() => redeem('1', free, ['0', '0', '0'])).toThrow(refusal('basket.nothing-held'));
  });

  // 0.00000003 of 33 splits into less than the smallest unit for the smaller two.
  test('the smallest amount there is sells one unit of something', () => {
    expect(salesOf(redeem('0.00000001'))).toEqual(['0.00000001 VTI for 0.0000028']);
  });

  test('never sells more than is held nor for less than the amount, whatever is held and asked for', () => {
    const units = (scale: number) =>
      fc.bigInt({ min: 0n, max: 10n ** 14n }).map(n => new Decimal(n.toString()).div(new Decimal(10).pow(scale)));
    fc.assert(
      fc.property(units(8), units(8), units(6), fc.integer({ min: 1, max: 1_000_000 }), (a, b, c, share) => {
        const of = basket();
        const held = [a, b, c];
        const positions = [vti, wbtc, eurc].map((asset, i) => positionOf(asset, held[i]!.toFixed(), of));
        if (held.every(each => each.isZero())) return;
        const { value } = new RedemptionPlan(of, positions, 'all', prices, free, 8);
        const amount = value.mul(share).div(1_000_000).toDecimalPlaces(8, Decimal.ROUND_DOWN);
        if (amount.isZero()) return;
        const plan = new RedemptionPlan(of, positions, amount, prices, free, 8);
        expect(plan.proceeds.gte(amount)).toBe(true);
        // More by less than one smallest unit of each asset: 0.0000028 + 0.0006 + 0.00000109.
        expect(plan.proceeds.minus(amount).lt('0.00060389')).toBe(true);
        for (const { position, units: sold } of plan.sales) expect(sold.lte(position.held)).toBe(true);
        expect(plan.cashChange.eq(plan.proceeds) && plan.feeTotal.eq(ZERO)).toBe(true);
      }),
    );
  });
});

describe('investing in fifty assets', () => {
  const assets = Array.from({ length: 50 }, (_, i) => anAsset(`A${i}`, [0, 2, 6, 8, 18][i % 5]));
  const basket = () => basketOf(...assets.map((asset, i): [Asset, string] => [asset, i === 0 ? '2.0049' : '1.9999']));
  const invest = (amount: string, scale?: number) =>
    new InvestmentPlan(basket(), decimal(amount), new Map(assets.map(({ id }) => [id, at('0.01')])), scale);

  // 0.5 % of 9,999.99999999 is 49.99999999995, rounded up to 50: 9,949.99999999 is split.
  test('loses nothing of the amount', () => {
    const plan = invest('9999.99999999');
    expect([plan.fee.toFixed(), plan.cost.toFixed(), plan.cashChange.toFixed()]).toEqual([
      ...['50', '9949.99999999', '-9999.99999999'],
    ]);
    expect(plan.purchases).toHaveLength(50);
    expect(plan.legsIn(aPortfolio())).toHaveLength(101);
  });

  // 0.5 % of 9,999.999999 is 49.999999995, in a currency of six decimals 50.
  test('moves no part of the currency that it does not have', () => {
    const plan = invest('9999.999999', 6);
    expect([plan.fee.toFixed(), plan.cost.toFixed()]).toEqual(['50', '9949.999999']);
    for (const { cost } of plan.purchases) expect(cost.decimalPlaces()).toBeLessThanOrEqual(6);
  });

  // 1.9999 % of 9.95 is 0.19899005: 19 pieces at 0.01, of which 0.00899005, more than a hundredth, would be lost.
  test('is refused where whole pieces would lose more than a hundredth of what they cost', () => {
    expect(() => invest('10')).toThrow(refusal('basket.amount-too-small'));
  });
});
