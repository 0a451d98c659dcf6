import type { Asset, LatestPrice } from '../market/index.js';
import {
  AMOUNT,
  type Decimal,
  percentOf,
  roundDown,
  roundUp,
  splitByWeights,
  ValidationError,
} from '../shared/index.js';
import type { Basket } from './basket.entity.js';

/** One asset of an investment: what is spent on it, and the units that buys. */
export interface PlannedPurchase {
  asset: Asset;
  weight: Decimal;
  price: Decimal;
  cost: Decimal;
  units: Decimal;
}

/**
 * What investing an amount in a basket at given prices comes to. Quote and commit are this same calculation.
 * `amount = fee + invested`, and the purchases' costs sum to `invested`, to the last digit.
 */
export class InvestmentPlan {
  readonly feeRate: Decimal;
  readonly fee: Decimal;
  readonly invested: Decimal;
  readonly purchases: readonly PlannedPurchase[];

  /**
   * The fee is taken out of the amount and rounded up (the user owes it), the rest is split by weight with the largest
   * remainder, units are rounded down to the asset's scale (the user receives them).
   * @param basket with its composition and their assets loaded.
   * @param prices by asset id, in the currency of the amount.
   * @throws {ValidationError} `basket.below-minimum`, `basket.amount-too-small`; {@link StateError} when basket or an asset cannot be bought.
   */
  constructor(
    readonly basket: Basket,
    readonly amount: Decimal,
    prices: ReadonlyMap<string, LatestPrice>,
  ) {
    InvestmentPlan.requirePossible(basket, amount);
    this.feeRate = basket.feeRate;
    this.fee = roundUp(percentOf(amount, basket.feeRate), AMOUNT.scale);
    this.invested = amount.minus(this.fee);
    const composition = basket.composition;
    const costs = splitByWeights(
      this.invested,
      composition.map(({ weight }) => weight),
    );
    this.purchases = composition.map((item, index) => {
      const asset = item.asset.getEntity();
      const { price } = prices.get(asset.id)!;
      return purchase(asset, item.weight, price, costs[index]!);
    });
  }

  /**
   * Refuses what no price could make possible. Whoever looks up prices asks this first: a halted asset has no fresh ones, and
   * what is tried again until there are would be tried for ever.
   * @throws {ValidationError} `basket.below-minimum`; {@link StateError} when basket or an asset cannot be bought.
   */
  static requirePossible(basket: Basket, amount: Decimal): void {
    basket.requireInvestable();
    basket.requireMinimum(amount);
    for (const { asset } of basket.composition) asset.getEntity().requireBuyable();
  }
}

function purchase(asset: Asset, weight: Decimal, price: Decimal, cost: Decimal): PlannedPurchase {
  const units = roundDown(cost.div(price), asset.scale);
  if (!units.gt(0)) {
    throw new ValidationError(
      'basket.amount-too-small',
      `${cost} buys less than the smallest unit of ${asset.code}; invest more.`,
      { code: asset.code },
    );
  }
  return { asset, weight, price, cost, units };
}
