import type { ReckonedFee } from '../ledger/index.js';
import type { LatestPrice } from '../market/index.js';
import { Decimal, roundDown, roundUp, StateError, splitByWeights, ZERO } from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import {
  type Charge,
  feesOnProceeds,
  type PlannedSale,
  type Position,
  saleOf,
  TradePlan,
  type UsedPrice,
  usedPrices,
} from './trade-plan.js';

/**
 * What taking money out of a basket comes to. An amount is taken from all its holdings in proportion to their value: of each,
 * the fewest units that bring its part, so that at least the amount is sold for, and more by less than one smallest unit of
 * each asset. ALL sells every unit and leaves exactly zero.
 */
export class RedemptionPlan extends TradePlan {
  readonly purchases = [];
  readonly sales: readonly PlannedSale[];
  readonly fees: readonly ReckonedFee[];
  readonly prices: readonly UsedPrice[];
  /** What all that is held of the basket is worth, each holding rounded down to the currency's scale. */
  readonly value: Decimal;

  /**
   * @param positions all holdings of the basket in one portfolio, at least one of more than nothing.
   * @param amount what shall be sold for, before fees.
   * @param prices by asset id.
   * @param scale decimals of the portfolio's currency.
   * @throws {StateError} `basket.nothing-held`, `redemption.exceeds-value`, `trade.fees-exceed-proceeds`
   */
  constructor(
    readonly basket: Basket,
    positions: readonly Position[],
    readonly amount: Decimal | 'all',
    prices: ReadonlyMap<string, LatestPrice>,
    charge: Charge,
    scale: number,
  ) {
    super();
    const held = positions.filter(position => position.held.gt(0));
    if (held.length === 0)
      throw new StateError('basket.nothing-held', `Nothing of ${basket.name} is held here.`, { slug: basket.slug });
    const priceOf = ({ asset }: Position): Decimal => prices.get(asset.id)!.price;
    const values = held.map(position => roundDown(position.held.mul(priceOf(position)), scale));
    this.value = Decimal.sum(ZERO, ...values);
    const quantities =
      amount === 'all'
        ? held.map(position => position.held)
        : partsOf(amount, values, this.value, basket, scale).map((part, index) => {
            const position = held[index]!;
            return Decimal.min(roundUp(part.div(priceOf(position)), position.asset.scale), position.held);
          });
    this.sales = held
      .map((position, index) => saleOf(position, quantities[index]!, priceOf(position), scale))
      .filter(({ units }) => units.gt(0));
    this.fees = feesOnProceeds(charge, this.proceeds);
    this.prices = usedPrices(
      held.map(({ asset }) => asset),
      prices,
    );
  }

  /** What reaches cash. */
  get received(): Decimal {
    return this.cashChange;
  }
}

function partsOf(amount: Decimal, values: Decimal[], value: Decimal, { name, slug }: Basket, scale: number): Decimal[] {
  if (amount.gt(value))
    throw new StateError('redemption.exceeds-value', `What is held of ${name} is worth ${value}; redeem all of it.`, {
      slug,
      value: value.toFixed(),
      amount: amount.toFixed(),
    });
  return splitByWeights(amount, values, scale);
}
