import { Decimal, HUNDRED, percentOf, ZERO } from '../shared/index.js';

/** A quantity of one asset that covers a loan, and the price of one unit in the loan's currency. */
export interface PricedCollateral {
  quantity: Decimal;
  price: Decimal;
}

/** How far a loan is from being liquidated, from safe to not. */
export const HEALTH_LEVELS = ['healthy', 'notice', 'warning', 'margin_call', 'liquidation'] as const;
export type HealthLevel = (typeof HEALTH_LEVELS)[number];

/** The warning ladder, from its lowest rung: the level of every health factor below the figure. */
const RUNGS: readonly { below: Decimal; level: HealthLevel }[] = [
  { below: new Decimal('1'), level: 'liquidation' },
  { below: new Decimal('1.1'), level: 'margin_call' },
  { below: new Decimal('1.25'), level: 'warning' },
  { below: new Decimal('1.5'), level: 'notice' },
];

/** What collateral is worth, not rounded. */
export const collateralValue = (collateral: readonly PricedCollateral[]): Decimal =>
  Decimal.sum(ZERO, ...collateral.map(({ quantity, price }) => quantity.mul(price)));

/** Debt in percent of the collateral's value; absent when a debt has nothing that covers it. */
export function loanToValue(debt: Decimal, value: Decimal): Decimal | undefined {
  if (debt.isZero()) return ZERO;
  return value.isZero() ? undefined : debt.mul(HUNDRED).div(value);
}

/**
 * How often the part of the collateral that counts covers the debt: value × liquidation threshold ÷ debt. Below 1 the loan
 * may be liquidated; absent when nothing is owed. Source: aave.com/help/borrowing/liquidations.
 * @param liquidationThreshold percent.
 */
export const healthFactor = (debt: Decimal, value: Decimal, liquidationThreshold: Decimal): Decimal | undefined =>
  debt.isZero() ? undefined : percentOf(value, liquidationThreshold).div(debt);

/** Where on the warning ladder a health factor stands. Each figure belongs to the rung above it: at exactly 1 nothing is liquidated. */
export const healthLevel = (factor: Decimal | undefined): HealthLevel =>
  (factor && RUNGS.find(({ below }) => factor.lt(below))?.level) ?? 'healthy';
