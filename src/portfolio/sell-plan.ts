import { InsufficientFundsError, type ReckonedFee } from '../ledger/index.js';
import type { LatestPrice } from '../market/index.js';
import { AMOUNT, type Decimal, requireFits, StateError, ValidationError } from '../shared/index.js';
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

/** What selling units of one holding brings: units × price rounded down, less the fees on that, each rounded up. */
export class SellPlan extends TradePlan {
  readonly purchases = [];
  readonly basket = undefined;
  readonly sales: readonly [PlannedSale];
  readonly fees: readonly ReckonedFee[];
  readonly prices: readonly UsedPrice[];

  /**
   * @param quantity units with at most the asset's decimals, or all that is available.
   * @param scale decimals of the portfolio's currency.
   * @throws {InsufficientFundsError} for more than is available; {@link StateError} `holding.nothing-held`,
   * `trade.fees-exceed-proceeds`; {@link ValidationError} `trade.quantity-too-small` when a part brings nothing.
   */
  constructor(position: Position, quantity: Decimal | 'all', price: LatestPrice, charge: Charge, scale: number) {
    super();
    const sale = saleOf(position, unitsOf(position, quantity), price.price, scale);
    if (!sale.proceeds.gt(0) && !sale.units.eq(position.held))
      throw new ValidationError('trade.quantity-too-small', `So little ${sale.asset.code} is worth nothing.`, {
        code: sale.asset.code,
      });
    this.sales = [sale];
    this.fees = feesOnProceeds(charge, sale.proceeds);
    this.prices = usedPrices([sale.asset], new Map([[sale.asset.id, price]]));
  }

  /** What reaches cash. */
  get received(): Decimal {
    return this.cashChange;
  }
}

function unitsOf({ asset, available }: Position, quantity: Decimal | 'all'): Decimal {
  if (quantity === 'all') {
    if (!available.gt(0))
      throw new StateError('holding.nothing-held', `There is no ${asset.code} to sell.`, { code: asset.code });
    return available;
  }
  requireFits(quantity, { ...AMOUNT, scale: asset.scale }, 'quantity');
  if (quantity.gt(available))
    throw new InsufficientFundsError({
      account: 'holding',
      asset: asset.code,
      available: available.toFixed(AMOUNT.scale),
      needed: quantity.toFixed(AMOUNT.scale),
    });
  return quantity;
}
