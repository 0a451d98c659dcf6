import type { Asset, LatestPrice } from '../market/index.js';
import { Decimal, HUNDRED, roundDown, roundUp, ValidationError } from '../shared/index.js';
import type { FeeSchedule, PlannedFee } from './fee-schedule.js';
import { type Purchase, TradePlan, type UsedPrice, usedPrices } from './trade-plan.js';

/**
 * What buying an asset for at most an amount comes to: as many units as the amount pays for with all fees, what exactly these
 * cost, and the fees on that. What is too little for another unit stays in cash: `amount = cost + fees + remainder`.
 */
export class BuyPlan extends TradePlan {
  readonly sales = [];
  readonly basket = undefined;
  readonly fees: readonly PlannedFee[];
  readonly purchases: readonly [Purchase];
  readonly prices: readonly UsedPrice[];

  /**
   * Units are rounded down to the asset's scale (the user receives them), their cost and the fees up to the currency's (the
   * user owes them).
   * @param amount at most this leaves cash, fees included.
   * @param scale decimals of the portfolio's currency.
   * @throws {ValidationError} `trade.amount-too-small` when it does not pay for the smallest unit and the fees.
   */
  constructor(
    asset: Asset,
    readonly amount: Decimal,
    price: LatestPrice,
    schedule: FeeSchedule,
    scale: number,
  ) {
    super();
    const growth = schedule.rate.div(HUNDRED).plus(1);
    let budget = roundDown(amount.minus(schedule.fixed(scale)).div(growth), scale);
    let bought = purchaseWithin(budget, asset, price.price, scale);
    let fees = schedule.on(bought.cost, scale);
    // Several fees, each rounded up, may come to some units of the last place more than their rates together.
    let excess = total(bought, fees).minus(amount);
    while (excess.gt(0)) {
      budget = bought.cost.minus(excess);
      bought = purchaseWithin(budget, asset, price.price, scale);
      fees = schedule.on(bought.cost, scale);
      excess = total(bought, fees).minus(amount);
    }
    this.fees = fees;
    this.purchases = [bought];
    this.prices = usedPrices([asset], new Map([[asset.id, price]]));
  }

  /** What leaves cash. */
  get spent(): Decimal {
    return this.cashChange.neg();
  }

  /** What of the amount stays in cash. */
  get remainder(): Decimal {
    return this.amount.minus(this.spent);
  }
}

const total = ({ cost }: Purchase, fees: readonly PlannedFee[]): Decimal =>
  Decimal.sum(cost, ...fees.map(({ amount }) => amount));

function purchaseWithin(budget: Decimal, asset: Asset, price: Decimal, scale: number): Purchase {
  const bought = affordable(budget, asset, price, scale);
  if (!bought)
    throw new ValidationError(
      'trade.amount-too-small',
      `The amount buys less than the smallest unit of ${asset.code}.`,
      {
        code: asset.code,
      },
    );
  return bought;
}

/** The most units that a budget pays for, at exactly what they cost; nothing when that is none. */
export function affordable(budget: Decimal, asset: Asset, price: Decimal, scale: number): Purchase | undefined {
  const units = roundDown(budget.div(price), asset.scale);
  return units.gt(0) ? { asset, price, units, cost: roundUp(units.mul(price), scale) } : undefined;
}
