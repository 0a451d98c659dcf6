import type { ReckonedFee } from '../ledger/index.js';
import type { Asset, LatestPrice } from '../market/index.js';
import { AMOUNT, Decimal, percentOf, roundDown, roundUp, splitByWeights, ValidationError } from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import { type Purchase, TradePlan, type UsedPrice, usedPrices } from './trade-plan.js';

/** One asset of an investment: what is spent on it, and the units that buys. */
export interface PlannedPurchase extends Purchase {
  weight: Decimal;
}

/**
 * What investing an amount in a basket at given prices comes to. Quote and commit are this same calculation.
 * `amount = fee + invested`, and the purchases' costs sum to `invested`, to the last digit.
 */
export class InvestmentPlan extends TradePlan {
  readonly sales = [];
  readonly feeRate: Decimal;
  readonly fee: Decimal;
  readonly fees: readonly ReckonedFee[];
  readonly invested: Decimal;
  readonly purchases: readonly PlannedPurchase[];
  readonly prices: readonly UsedPrice[];

  /**
   * The fee is taken out of the amount and rounded up (the user owes it), the rest is split by weight with the largest
   * remainder, units are rounded down to the asset's scale (the user receives them).
   * @param basket with its composition and their assets loaded.
   * @param prices by asset id, in the currency of the amount.
   * @param scale decimals of that currency.
   * @throws {ValidationError} `basket.below-minimum`, `basket.amount-too-small`; {@link StateError} when basket or an asset cannot be bought.
   */
  constructor(
    readonly basket: Basket,
    readonly amount: Decimal,
    prices: ReadonlyMap<string, LatestPrice>,
    scale: number = AMOUNT.scale,
  ) {
    super();
    InvestmentPlan.requirePossible(basket, amount);
    this.feeRate = basket.feeRate;
    this.fee = roundUp(percentOf(amount, basket.feeRate), scale);
    this.fees = this.fee.gt(0) ? [{ kind: 'platform', amount: this.fee, rate: this.feeRate }] : [];
    this.invested = amount.minus(this.fee);
    const composition = basket.composition;
    const costs = splitByWeights(
      this.invested,
      composition.map(({ weight }) => weight),
      scale,
    );
    this.prices = usedPrices(
      composition.map(({ asset }) => asset.getEntity()),
      prices,
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

/** Percent of what is spent on an asset that rounding its units down may take from the investor. */
const ROUNDING_MAX = 1;

function purchase(asset: Asset, weight: Decimal, price: Decimal, cost: Decimal): PlannedPurchase {
  const units = roundDown(cost.div(price), asset.scale);
  const lost = cost.minus(units.mul(price));
  // An asset that comes in whole pieces would take the price of a piece and a half for one.
  if (!units.gt(0) || lost.gt(percentOf(cost, new Decimal(ROUNDING_MAX)))) {
    throw new ValidationError(
      'basket.amount-too-small',
      `${cost} does not buy a fair number of the smallest units of ${asset.code}; invest more.`,
      { code: asset.code },
    );
  }
  return { asset, weight, price, cost, units };
}
