import type { AssetKind } from '../market/index.js';
import { Decimal, HUNDRED, PERCENT, splitByWeights, ZERO } from '../shared/index.js';
import type { ValuedHolding } from './valuation.js';

/** A part of a portfolio's value. */
export interface AllocationSlice<K> {
  key: K;
  value: Decimal;
  /** Percent of the whole with 4 decimals; those of all slices sum to exactly 100. */
  percentage: Decimal;
}

/** What a portfolio's value consists of, each time the largest slice first; nothing when it is worth nothing. */
export interface PortfolioAllocation {
  /** By code. */
  byAsset: AllocationSlice<string>[];
  byKind: AllocationSlice<AssetKind>[];
  /** By the basket's id; absent is what was bought directly. */
  byBasket: AllocationSlice<string | undefined>[];
}

export function allocate(holdings: readonly ValuedHolding[]): PortfolioAllocation {
  const positions = holdings.flatMap(holding => holding.positions);
  return {
    byAsset: slices(holdings, ({ asset }) => asset.code),
    byKind: slices(holdings, ({ asset }) => asset.kind),
    byBasket: slices(positions, ({ basketId }) => basketId),
  };
}

function slices<T extends { value: Decimal }, K>(parts: readonly T[], keyOf: (part: T) => K): AllocationSlice<K>[] {
  const values = new Map<K, Decimal>();
  for (const part of parts) values.set(keyOf(part), (values.get(keyOf(part)) ?? ZERO).plus(part.value));
  const largestFirst = [...values].sort(([, a], [, b]) => b.cmp(a));
  if (!Decimal.sum(ZERO, ...values.values()).gt(0)) return [];
  const percentages = splitByWeights(
    HUNDRED,
    largestFirst.map(([, value]) => value),
    PERCENT.scale,
  );
  return largestFirst.map(([key, value], index) => ({ key, value, percentage: percentages[index]! }));
}
