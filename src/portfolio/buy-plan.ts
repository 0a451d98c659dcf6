import type { ReckonedFee } from '../ledger/index.js';
import type { Asset, LatestPrice } from '../market/index.js';
import { Decimal, HUNDRED, roundDown, roundUp, ValidationError, ZERO } from '../shared/index.js';
import { type Charge, type Purchase, TradePlan, totalOf, type UsedPrice, usedPrices } from './trade-plan.js';

/**
 * What buying an asset for at most an amount comes to: as many units as the amount pays for with all fees, what exactly these
 * cost, and the fees on that. What is too little for another unit stays in cash: `amount = cost + fees + remainder`.
 */
export class BuyPlan extends TradePlan {
  readonly sales = [];
  readonly basket = undefined;
  readonly fees: readonly ReckonedFee[];
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
    charge: Charge,
    scale: number,
  ) {
    super();
    let bought = purchaseWithin(budgetOf(amount, charge, scale), asset, price.price, scale);
    let fees = charge(bought.cost);
    // Several fees, each rounded up, may come to some units of the last place more than their rates together. Down by one at a
    // time: one less may make several fees less.
    const unit = new Decimal(10).pow(-scale);
    while (total(bought, fees).gt(amount)) {
      bought = purchaseWithin(bought.cost.minus(unit), asset, price.price, scale);
      fees = charge(bought.cost);
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

const total = ({ cost }: Purchase, fees: readonly ReckonedFee[]): Decimal => cost.plus(totalOf(fees));

/** What of an amount is left for units: the fixed fees taken off, and the rates, which are percent of what is left. */
function budgetOf(amount: Decimal, charge: Charge, scale: number): Decimal {
  const fees = charge(amount);
  const rates = Decimal.sum(ZERO, ...fees.map(({ rate = ZERO }) => rate));
  const fixed = totalOf(fees.filter(({ rate }) => !rate));
  return roundDown(amount.minus(fixed).div(rates.div(HUNDRED).plus(1)), scale);
}

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
