import { beforeAll, describe, expect, test } from 'vitest';
import { Asset, type AssetDetails, type LatestPrice } from '../../src/market/index.js';
import { type Basket, type BasketDetails, InvestmentPlan } from '../../src/portfolio/index.js';
import { Decimal } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { decimal, draftBasket, NOW, refusal, texts } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

type Item = { weight: string } & Partial<AssetDetails> & Pick<AssetDetails, 'code'>;

/** A basket that takes investments. */
function basketOf(items: Item[], details: Partial<BasketDetails> = {}): Basket {
  const basket = draftBasket({ minimumInvestment: decimal('0.00000001'), ...details });
  basket.publish(
    items.map(({ weight, ...asset }) => ({
      asset: new Asset({ name: asset.code, kind: 'equity', ...asset }),
      weight: decimal(weight),
    })),
  );
  basket.activate();
  return basket;
}

const token = (code: string, decimals: number): Pick<AssetDetails, 'code' | 'kind' | 'contract'> => ({
  code,
  kind: 'crypto',
  contract: { chain: 'ethereum', decimals },
});

const at = (price: string): LatestPrice => ({ price: decimal(price), asOf: NOW, ageSeconds: 0 });

const plan = (basket: Basket, amount: string, ...prices: string[]): InvestmentPlan =>
  new InvestmentPlan(
    basket,
    decimal(amount),
    new Map(basket.composition.map(({ asset }, i) => [asset.id, at(prices[i]!)])),
  );

const sum = (values: Decimal[]): Decimal => Decimal.sum(decimal('0'), ...values);
const costs = ({ purchases }: InvestmentPlan) => texts(purchases.map(({ cost }) => cost));
const units = ({ purchases }: InvestmentPlan) => texts(purchases.map(purchase => purchase.units));

describe('three months of 100 into four companies, at the prices of January to March 2000', () => {
  /*
   * Fee 0.5 % of 100 = 0.50, so 99.50 is split 30 : 20 : 25 : 25 into 29.85, 19.90, 24.875 and 24.875. Units are cost / price,
   * cut off after the eighth decimal; the value at the end is units × price of March, cut off likewise.
   *
   *            AAPL                  AMZN                 IBM                   MSFT
   *   Jan   25.94   1.15073245|95   64.56  0.30824039|65  100.52  0.24746319|14  39.81  0.62484300|42
   *   Feb   28.66   1.04152128|40   68.87  0.28895019|60   92.11  0.27005753|98  36.35  0.68431911|96
   *   Mar   33.95   0.87923416|78   67     0.29701492|53  106.11  0.23442653|84  43.22  0.57554372|97
   *   units         3.07148789             0.89420550             0.75194725            1.88470583
   *   cost         89.55                  59.70                  74.625                74.625
   *   value       104.27701386            59.91176850            79.78912269           81.45698597   sum 325.43489102
   */
  const PRICES = [
    ['25.94', '64.56', '100.52', '39.81'],
    ['28.66', '68.87', '92.11', '36.35'],
    ['33.95', '67', '106.11', '43.22'],
  ];
  const months = () => {
    const basket = basketOf([
      { code: 'AAPL', weight: '30' },
      { code: 'AMZN', weight: '20' },
      { code: 'IBM', weight: '25' },
      { code: 'MSFT', weight: '25' },
    ]);
    return PRICES.map(prices => plan(basket, '100', ...prices));
  };

  test('cost the same every month', () => {
    for (const month of months()) {
      expect(month.feeRate.toFixed()).toBe('0.5');
      expect(month.fee.toFixed()).toBe('0.5');
      expect(month.invested.toFixed()).toBe('99.5');
      expect(costs(month)).toEqual(['29.85', '19.9', '24.875', '24.875']);
    }
  });

  test('buy what the month’s price gives, to the last digit', () => {
    expect(months().map(units)).toEqual([
      ['1.15073245', '0.30824039', '0.24746319', '0.624843'],
      ['1.04152128', '0.28895019', '0.27005753', '0.68431911'],
      ['0.87923416', '0.29701492', '0.23442653', '0.57554372'],
    ]);
  });

  test('are worth 325.43489102 in the end, for a cost of 298.50', () => {
    const all = months();
    const held = [0, 1, 2, 3].map(i => sum(all.map(({ purchases }) => purchases[i]!.units)));
    expect(texts(held)).toEqual(['3.07148789', '0.8942055', '0.75194725', '1.88470583']);
    const values = held.map((each, i) => each.mul(PRICES[2]![i]!).toDecimalPlaces(8, 1));
    expect(texts(values)).toEqual(['104.27701386', '59.9117685', '79.78912269', '81.45698597']);
    expect(sum(values).toFixed()).toBe('325.43489102');
    const spent = all.flatMap(({ purchases }) => purchases.map(({ cost }) => cost));
    expect(sum(spent).toFixed()).toBe('298.5');
  });
});

describe('an investment', () => {
  /*
   * 33.337 at a fee of 0.7575 %: 0.252527775 is rounded up to 0.25252778, which leaves 33.08447222.
   *   50 %  16.54223611                    / 271.13   = 0.06101219|38
   *   30 %   9.925341666, gets the last    / 64250.5  = 0.00015447|88   (9.92534167: the largest remainder, .6)
   *          unit of the last place
   *   20 %   6.616894444                   / 1.0837   = 6.105835|96     (an asset of six decimals)
   */
  test('rounds the fee up, the units down, and loses nothing in between', () => {
    const basket = basketOf(
      [
        { code: 'VTI', weight: '50' },
        { ...token('WBTC', 8), weight: '30' },
        { ...token('EURC', 6), weight: '20' },
      ],
      { feeRate: decimal('0.7575') },
    );
    const { fee, invested, ...rest } = plan(basket, '33.337', '271.13', '64250.5', '1.0837');
    expect([fee.toFixed(), invested.toFixed()]).toEqual(['0.25252778', '33.08447222']);
    expect(texts(rest.purchases.map(({ cost }) => cost))).toEqual(['16.54223611', '9.92534167', '6.61689444']);
    expect(texts(rest.purchases.map(purchase => purchase.units))).toEqual(['0.06101219', '0.00015447', '6.105835']);
    expect(rest.purchases.map(({ asset, price, weight }) => [asset.code, price.toFixed(), weight.toFixed()])).toEqual([
      ['VTI', '271.13', '50'],
      ['WBTC', '64250.5', '30'],
      ['EURC', '1.0837', '20'],
    ]);
  });

  test('without a fee is invested whole', () => {
    const basket = basketOf(
      [
        { code: 'A', weight: '33.3333' },
        { ...token('B', 6), weight: '33.3333' },
        { ...token('C', 0), weight: '33.3334' },
      ],
      { feeRate: decimal('0') },
    );
    const whole = plan(basket, '100', '3', '7', '0.011');
    expect([whole.fee.toFixed(), whole.invested.toFixed()]).toEqual(['0', '100']);
    expect(costs(whole)).toEqual(['33.3333', '33.3333', '33.3334']);
    // 33.3334 / 0.011 = 3030.30…: an asset without decimals comes in whole units.
    expect(units(whole)).toEqual(['11.1111', '4.7619', '3030']);
  });

  /*
   * 123.45678901 at 0.3333 %: 0.41148147777… is rounded up to 0.41148148, which leaves 123.04530753.
   *   33.3333 %  41.01506149|489749   gets the unit that is left: the same remainder as the next, and it comes first
   *   33.3333 %  41.01506149|489749
   *   33.3334 %  41.01518454|020502
   */
  test('of an amount with eight decimals sums to it exactly', () => {
    const basket = basketOf(
      [
        { code: 'A', weight: '33.3333' },
        { code: 'B', weight: '33.3333' },
        { code: 'C', weight: '33.3334' },
      ],
      { feeRate: decimal('0.3333') },
    );
    const odd = plan(basket, '123.45678901', '3', '0.000000000007', '9999.99');
    expect(odd.fee.toFixed()).toBe('0.41148148');
    expect(costs(odd)).toEqual(['41.0150615', '41.01506149', '41.01518454']);
    expect(units(odd)).toEqual(['13.67168716', '5859294498571.42857142', '0.00410152']);
    expect(sum([odd.fee, ...odd.purchases.map(({ cost }) => cost)]).toFixed()).toBe('123.45678901');
  });

  test('of the smallest amount there is buys the smallest unit there is', () => {
    const basket = basketOf([{ code: 'A', weight: '100' }], { feeRate: decimal('0') });
    expect(units(plan(basket, '0.00000001', '1'))).toEqual(['0.00000001']);
  });

  test('owes a fee of at least the smallest unit', () => {
    const basket = basketOf([{ code: 'A', weight: '100' }], { feeRate: decimal('0.0001') });
    const { fee, invested } = plan(basket, '0.00000003', '1');
    expect([fee.toFixed(), invested.toFixed()]).toEqual(['0.00000001', '0.00000002']);
  });

  test('that the fee eats up is refused', () => {
    const basket = basketOf([{ code: 'A', weight: '100' }], { feeRate: decimal('0.0001') });
    expect(() => plan(basket, '0.00000001', '1')).toThrow(refusal('basket.amount-too-small'));
  });

  test('too small for a unit of any one asset is refused whole', () => {
    const basket = basketOf([
      { code: 'A', weight: '50' },
      { ...token('WHOLE', 0), weight: '50' },
    ]);
    // Half of 201.00 less 0.5 % is 99.9975, just below one unit; half of 201.02 is 100.00745.
    expect(() => plan(basket, '201', '1', '100')).toThrow(refusal('basket.amount-too-small'));
    expect(units(plan(basket, '201.02', '1', '100'))).toEqual(['100.00745', '1']);
  });

  test('below the minimum of the basket is refused, at the minimum it is not', () => {
    const basket = basketOf([{ code: 'A', weight: '100' }], { minimumInvestment: decimal('10') });
    expect(() => plan(basket, '9.99999999', '1')).toThrow(refusal('basket.below-minimum'));
    expect(costs(plan(basket, '10', '1'))).toEqual(['9.95']);
  });

  test('is taken by an active basket only', () => {
    const basket = basketOf([{ code: 'A', weight: '100' }]);
    basket.pause();
    expect(() => plan(basket, '10', '1')).toThrow(refusal('basket.not-investable'));
    basket.activate();
    expect(costs(plan(basket, '10', '1'))).toEqual(['9.95']);
    basket.retire(NOW);
    expect(() => plan(basket, '10', '1')).toThrow(refusal('basket.not-investable'));
  });

  test('buys no asset that is halted or retired', () => {
    const basket = basketOf([
      { code: 'A', weight: '50' },
      { code: 'B', weight: '50' },
    ]);
    const asset = basket.composition[1]!.asset.getEntity();
    asset.halt();
    expect(() => plan(basket, '10', '1', '1')).toThrow(refusal('asset.not-buyable'));
    asset.resume();
    expect(costs(plan(basket, '10', '1', '1'))).toEqual(['4.975', '4.975']);
    asset.retire();
    expect(() => plan(basket, '10', '1', '1')).toThrow(refusal('asset.not-buyable'));
  });

  test('buys the composition that counts now', () => {
    const basket = basketOf([{ code: 'OLD', weight: '100' }]);
    basket.publish([{ asset: new Asset({ code: 'NEW', name: 'New', kind: 'equity' }), weight: decimal('100') }]);
    expect(plan(basket, '10', '1').purchases.map(({ asset }) => asset.code)).toEqual(['NEW']);
  });
});
