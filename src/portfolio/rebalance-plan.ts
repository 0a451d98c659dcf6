import type { ReckonedFee } from '../ledger/index.js';
import type { Asset, LatestPrice } from '../market/index.js';
import { Decimal, HUNDRED, roundDown, StateError, splitByWeights, ZERO } from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import { affordable } from './buy-plan.js';
import {
  type Charge,
  feesOnProceeds,
  type PlannedSale,
  type Position,
  type Purchase,
  saleOf,
  TradePlan,
  totalOf,
  type UsedPrice,
  usedPrices,
} from './trade-plan.js';

/** One asset of a position beside what the composition wants of it; an asset that has left the composition wants nothing. */
export interface RebalanceLine {
  asset: Asset;
  position?: Position;
  price: Decimal;
  /** What is held is worth, rounded down to the currency's scale. */
  value: Decimal;
  /** Percent of the composition. */
  weight: Decimal;
  minWeight: Decimal;
  maxWeight: Decimal;
  /** What it should be worth. */
  target: Decimal;
  /** Below its target but halted: it may not be bought, so it stays as it is and the others share the rest. */
  isFrozen: boolean;
}

/**
 * What bringing a basket's position back to the current composition comes to.
 *
 * Nothing, while every asset's share of the value lies within its band. Otherwise all of them go to their weights: what is
 * too much is sold, what that brings less fees buys what is too little. An asset that is halted is sold but never bought:
 * where it is below its weight it stays untouched, by itself calls for nothing, and the others share the rest of the value
 * by their weights. What is too little for another unit stays in cash and is said: `proceeds = fees + cost + remainder`.
 */
export class RebalancePlan extends TradePlan {
  readonly lines: readonly RebalanceLine[];
  readonly value: Decimal;
  /** Whether some asset is out of its band, and something can be done about it. */
  readonly isDue: boolean;
  readonly sales: readonly PlannedSale[] = [];
  readonly fees: readonly ReckonedFee[] = [];
  readonly purchases: readonly Purchase[] = [];
  readonly prices: readonly UsedPrice[];

  /**
   * @param basket with its composition and their assets loaded.
   * @param positions all holdings of the basket in one portfolio.
   * @param prices by asset id, of what is held and what is composed.
   * @param scale decimals of the portfolio's currency.
   * @throws {StateError} `basket.nothing-held`, `trade.fees-exceed-proceeds`
   */
  constructor(
    readonly basket: Basket,
    positions: readonly Position[],
    prices: ReadonlyMap<string, LatestPrice>,
    charge: Charge,
    private readonly scale: number,
  ) {
    super();
    const held = positions.filter(position => position.held.gt(0));
    if (held.length === 0)
      throw new StateError('basket.nothing-held', `Nothing of ${basket.name} is held here.`, { slug: basket.slug });
    this.lines = linesOf(basket, held, prices, scale);
    this.value = Decimal.sum(ZERO, ...this.lines.map(({ value }) => value));
    this.prices = usedPrices(
      this.lines.map(({ asset }) => asset),
      prices,
    );
    aim(this.lines, scale);
    this.isDue = this.lines.some(line => !line.isFrozen && !isWithinBand(line, this.value));
    if (!this.isDue) return;
    const sales = this.lines.flatMap(line => excessOf(line, scale));
    if (sales.length === 0) return;
    const proceeds = Decimal.sum(ZERO, ...sales.map(sale => sale.proceeds));
    const fees = feesOnProceeds(charge, proceeds);
    const spendable = proceeds.minus(totalOf(fees));
    const purchases = purchasesFor(spendable, this.lines, scale);
    // Where nothing can be bought for it, nothing is sold: the position would turn into cash.
    if (purchases.length > 0) Object.assign(this, { sales, fees, purchases });
  }

  /** What the sales bring beyond what the purchases and fees cost; it stays in cash. */
  get remainder(): Decimal {
    return this.cashChange;
  }

  /** Assets below their weight that are halted, and by how much they miss it. */
  get notBought(): { asset: Asset; missing: Decimal }[] {
    return this.lines
      .filter(({ isFrozen }) => isFrozen)
      .map(({ asset, weight, value }) => ({
        asset,
        missing: roundDown(this.value.mul(weight).div(HUNDRED).minus(value), this.scale),
      }))
      .filter(({ missing }) => missing.gt(0));
  }
}

function linesOf(
  basket: Basket,
  held: readonly Position[],
  prices: ReadonlyMap<string, LatestPrice>,
  scale: number,
): RebalanceLine[] {
  const priced = (asset: Asset) => {
    const position = held.find(each => each.asset.id === asset.id);
    const { price } = prices.get(asset.id)!;
    const value = position ? roundDown(position.held.mul(price), scale) : ZERO;
    return { asset, position, price, value, target: value, isFrozen: false };
  };
  const composed = basket.composition.map(({ asset, weight, minWeight, maxWeight }) => ({
    ...priced(asset.getEntity()),
    ...{ weight, minWeight, maxWeight },
  }));
  const left = held
    .filter(({ asset }) => !composed.some(line => line.asset.id === asset.id))
    .map(({ asset }) => ({ ...priced(asset), weight: ZERO, minWeight: ZERO, maxWeight: ZERO }));
  return [...composed, ...left];
}

/** Sets the targets. Each asset that is frozen lowers those of the others, which may freeze another one. */
function aim(lines: readonly RebalanceLine[], scale: number): void {
  for (;;) {
    const free = lines.filter(({ isFrozen }) => !isFrozen);
    if (!free.some(({ weight }) => weight.gt(0))) {
      // Nothing may be bought, so nothing is sold for it.
      for (const line of free) line.target = line.value;
      return;
    }
    const targets = splitByWeights(
      Decimal.sum(ZERO, ...free.map(({ value }) => value)),
      free.map(({ weight }) => weight),
      scale,
    );
    free.forEach((line, index) => {
      line.target = targets[index]!;
    });
    const stuck = free.filter(({ asset, target, value }) => asset.status !== 'active' && target.gt(value));
    if (stuck.length === 0) return;
    for (const line of stuck) {
      line.isFrozen = true;
      line.target = line.value;
    }
  }
}

function isWithinBand({ value, minWeight, maxWeight }: RebalanceLine, whole: Decimal): boolean {
  if (whole.isZero()) return true;
  const share = value.mul(HUNDRED).div(whole);
  return share.gte(minWeight) && share.lte(maxWeight);
}

/** What of an asset is sold: the units above its target, or all of one that is no longer composed. */
function excessOf({ position, asset, price, value, target, weight }: RebalanceLine, scale: number): PlannedSale[] {
  if (!position || (weight.gt(0) && value.lte(target))) return [];
  const excess = roundDown(value.minus(target).div(price), asset.scale);
  const units = target.isZero() && weight.isZero() ? position.held : excess;
  return units.gt(0) ? [saleOf(position, units, price, scale)] : [];
}

/** Spends an amount on what is below its target, in proportion to what is missing. */
function purchasesFor(amount: Decimal, lines: readonly RebalanceLine[], scale: number): Purchase[] {
  const short = lines.filter(({ target, value }) => target.gt(value));
  if (short.length === 0 || !amount.gt(0)) return [];
  const budgets = splitByWeights(
    amount,
    short.map(({ target, value }) => target.minus(value)),
    scale,
  );
  return short.flatMap(({ asset, price }, index) => affordable(budgets[index]!, asset, price, scale) ?? []);
}
