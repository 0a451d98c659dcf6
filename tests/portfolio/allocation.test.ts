import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Asset } from '../../src/market/index.js';
import { allocate } from '../../src/portfolio/allocation.js';
import type { ValuedHolding } from '../../src/portfolio/index.js';
import { Decimal, newId, ZERO } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { decimal } from '../shared/examples.js';
import { anAsset } from './plans.js';

beforeAll(entitiesKnown, 30_000);

/** What is held of an asset, by the values of its parts in baskets. */
function holdingOf(asset: Asset, ...parts: [value: string, basketId?: string][]): ValuedHolding {
  const positions = parts.map(([value, basketId]) => ({
    ...{ holdingId: newId(), basketId, units: decimal(value), costBasis: ZERO, value: decimal(value) },
  }));
  const value = Decimal.sum(ZERO, ...positions.map(position => position.value));
  return { asset, units: value, costBasis: ZERO, price: decimal('1'), value, positions };
}

const lines = (slices: readonly { key: unknown; value: Decimal; percentage: Decimal }[]) =>
  slices.map(({ key, value, percentage }) => `${key} ${value} ${percentage.toFixed(4)}`);

describe('an allocation', () => {
  // 1 : 1 : 1 is 33.3333|3… each; the ten-thousandth that is missing goes to the first; so it does with 16 : 10 : 4.
  test('says what the value consists of, by asset, kind and basket, in percentages that sum to 100', () => {
    const { byAsset, byKind, byBasket } = allocate([
      holdingOf(anAsset('VTI'), ['6', 'trio'], ['4']),
      holdingOf(anAsset('WBTC', 8), ['10', 'trio']),
      holdingOf(anAsset('WETH', 18), ['10', 'duo']),
    ]);
    expect(lines(byAsset)).toEqual(['VTI 10 33.3334', 'WBTC 10 33.3333', 'WETH 10 33.3333']);
    expect(lines(byKind)).toEqual(['crypto 20 66.6667', 'equity 10 33.3333']);
    expect(lines(byBasket)).toEqual(['trio 16 53.3334', 'duo 10 33.3333', 'undefined 4 13.3333']);
  });

  test('of nothing, or of what is worth nothing, is nothing', () => {
    expect(allocate([])).toEqual({ byAsset: [], byKind: [], byBasket: [] });
    expect(allocate([holdingOf(anAsset('VTI'), ['0'])])).toEqual({ byAsset: [], byKind: [], byBasket: [] });
  });

  test('sums to exactly 100 whatever is held', () => {
    const values = fc.array(fc.bigInt({ min: 0n, max: 10n ** 17n }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, all => {
        const holdings = all.map((n, i) =>
          holdingOf(anAsset(`A${i}`), [new Decimal(n.toString()).div(1e8).toFixed(), i % 2 ? 'odd' : undefined]),
        );
        for (const slices of Object.values(allocate(holdings))) {
          const sum = Decimal.sum(ZERO, ...slices.map(({ percentage }: { percentage: Decimal }) => percentage));
          expect(sum.toFixed()).toBe(all.some(n => n > 0n) ? '100' : '0');
        }
      }),
    );
  });
});
