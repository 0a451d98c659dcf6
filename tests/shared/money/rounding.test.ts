import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decimal, percentOf, roundDown, roundUp, splitByWeights } from '../../../src/shared/index.js';
import { decimal, refusal, texts } from '../examples.js';

const split = (amount: string, weights: string[], scale?: number) =>
  texts(splitByWeights(decimal(amount), weights.map(decimal), scale));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('rounding', () => {
  test.each([
    ['1.239', '1.23'],
    ['1.231', '1.23'],
    ['1.23', '1.23'],
    ['0.009', '0'],
    ['-1.239', '-1.23'],
    ['-0.009', '0'],
  ])('of %s a user receives %s in cents', (value, received) => {
    expect(roundDown(decimal(value), 2).toFixed()).toBe(received);
  });

  test.each([
    ['1.231', '1.24'],
    ['1.2300000001', '1.24'],
    ['1.23', '1.23'],
    ['0.001', '0.01'],
    ['-1.231', '-1.24'],
  ])('of %s a user owes %s in cents', (value, owed) => {
    expect(roundUp(decimal(value), 2).toFixed()).toBe(owed);
  });

  test('amounts are rounded to 8 decimals unless told otherwise', () => {
    expect(roundDown(decimal('0.123456789')).toFixed()).toBe('0.12345678');
    expect(roundUp(decimal('0.123456781')).toFixed()).toBe('0.12345679');
  });

  // 99.50 × 0.5 / 100
  test('a percentage of an amount is exact; rounding it is a step of its own', () => {
    const fee = percentOf(decimal('99.50'), decimal('0.5'));
    expect(fee.toFixed()).toBe('0.4975');
    expect(roundUp(fee, 2).toFixed()).toBe('0.5');
    expect(roundDown(fee, 2).toFixed()).toBe('0.49');
    expect(percentOf(decimal('9999999999.99999999'), decimal('0.0001')).toFixed()).toBe('9999.99999999999999');
  });
});

// Floors and remainders worked out by hand.
describe('splitting an amount by weights', () => {
  test('1 at 40, 30 and 30 percent is 0.40, 0.30 and 0.30', () => {
    expect(split('1', ['40', '30', '30'])).toEqual(['0.4', '0.3', '0.3']);
  });

  test('1 at 33.3333, 33.3333 and 33.3334 percent needs no rounding at 8 decimals', () => {
    expect(split('1', ['33.3333', '33.3333', '33.3334'])).toEqual(['0.333333', '0.333333', '0.333334']);
  });

  test('in cents the last of 33.3333, 33.3333 and 33.3334 percent has the largest remainder and gets the cent', () => {
    expect(split('1', ['33.3333', '33.3333', '33.3334'], 2)).toEqual(['0.33', '0.33', '0.34']);
  });

  test('one cent in three goes whole to the first', () => {
    expect(split('0.01', ['1', '1', '1'], 2)).toEqual(['0.01', '0', '0']);
  });

  test('99.50 at 30, 20, 25 and 25 percent', () => {
    expect(split('99.50', ['30', '20', '25', '25'])).toEqual(['29.85', '19.9', '24.875', '24.875']);
    expect(split('99.50', ['30', '20', '25', '25'], 2)).toEqual(['29.85', '19.9', '24.88', '24.87']);
  });

  test('100 in three leaves one unit of the eighth decimal, for the first', () => {
    expect(split('100', ['1', '1', '1'])).toEqual(['33.33333334', '33.33333333', '33.33333333']);
  });

  test('equal remainders are served in the order given', () => {
    expect(split('0.05', ['1', '1', '1', '1'], 2)).toEqual(['0.02', '0.01', '0.01', '0.01']);
    expect(split('0.07', ['1', '1', '1', '1'], 2)).toEqual(['0.02', '0.02', '0.02', '0.01']);
  });

  // 10 units of the last place at 1 : 4 : 10 are 2/3, 2 2/3 and 6 2/3; the two that are left go to the first two.
  test('remainders are equal whatever stands before the point, also where no decimal says them exactly', () => {
    expect(split('0.0000001', ['1', '4', '10'])).toEqual(['0.00000001', '0.00000003', '0.00000006']);
  });

  test('a larger remainder comes before an earlier place', () => {
    expect(split('0.01', ['1', '2'], 2)).toEqual(['0', '0.01']);
  });

  test('fifty legs of 2 percent share out every cent', () => {
    expect(split('1', times(50, '2'), 2)).toEqual(times(50, '0.02'));
    expect(split('10.01', times(50, '2'), 2)).toEqual(['0.21', ...times(49, '0.2')]);
    expect(split('0.49', times(50, '2'), 2)).toEqual([...times(49, '0.01'), '0']);
  });

  test('a weight of zero gets nothing, not even a unit left over', () => {
    expect(split('10', ['1', '0', '1'])).toEqual(['5', '0', '5']);
    expect(split('0.01', ['0', '1', '1'], 2)).toEqual(['0', '0.01', '0']);
  });

  test('one weight gets all, and nothing splits into nothing', () => {
    expect(split('12.34', ['0.0001'])).toEqual(['12.34']);
    expect(split('0', ['60', '40'])).toEqual(['0', '0']);
  });

  test('the largest amount keeps its last decimal', () => {
    expect(split('9999999999.99999999', ['50', '50'])).toEqual(['5000000000', '4999999999.99999999']);
  });

  // The example of "Largest remainder method" in Wikipedia, Hare quota: 100,000 votes for 10 seats.
  test('ten seats go to six parties as the textbook says', () => {
    const votes = ['47000', '16000', '15900', '12000', '6000', '3100'];
    expect(split('10', votes, 0)).toEqual(['5', '2', '1', '1', '1', '0']);
  });

  test.each([
    ['no weights', '1', [], 'split.no-weights'],
    ['nothing but zero weights', '1', ['0', '0'], 'split.no-weights'],
    ['a negative weight', '1', ['2', '-1'], 'split.negative'],
    ['a negative amount', '-1', ['1', '1'], 'split.negative'],
    ['an amount finer than its parts may be', '0.001', ['1', '1'], 'split.too-precise'],
  ])('a split with %s is refused', (_what, amount, weights, code) => {
    expect(() => split(amount, weights, 2)).toThrow(refusal(code));
  });
});

describe('whatever is split', () => {
  const units = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n });
  const weights = fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }), { minLength: 1, maxLength: 60 })
    .filter(list => list.some(weight => weight > 0n));
  const ofUnits = (value: bigint) => new Decimal(value.toString()).div(1e8);

  // The exact share of a part is amount × weight ÷ total, compared in whole numbers: no rounding takes part.
  test('the parts sum to the whole and each lies within one unit of its exact share', () => {
    fc.assert(
      fc.property(units, weights, (amount, list) => {
        const parts = splitByWeights(ofUnits(amount), list.map(ofUnits)).map(part => BigInt(part.mul(1e8).toFixed()));
        const total = list.reduce((sum, weight) => sum + weight, 0n);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amount);
        for (const [i, part] of parts.entries()) {
          const off = part * total - amount * list[i]!;
          expect(off > -total && off < total).toBe(true);
          if (list[i] === 0n) expect(part).toBe(0n);
        }
      }),
    );
  });

  test('of two parts the one with the larger weight is never the smaller', () => {
    fc.assert(
      fc.property(units, weights, (amount, list) => {
        const heaviestFirst = list.toSorted((a, b) => (a < b ? 1 : -1));
        const parts = splitByWeights(ofUnits(amount), heaviestFirst.map(ofUnits));
        expect(parts.every((part, i) => i === 0 || part.lte(parts[i - 1]!))).toBe(true);
      }),
    );
  });
});
