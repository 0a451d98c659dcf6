import { type Decimal, HUNDRED, ValidationError } from '../shared/index.js';
import type { Interest } from './amortization.js';
import type { AllocationOrder } from './payment-allocation.js';

/** The longest loan, in months. */
export const TERM_MONTHS_MAX = 120;

/** What a lender offers with an approval. A loan keeps its terms, whatever is offered to others later. All figures are percent. */
export interface LoanTerms extends Interest {
  /** The largest loan in percent of the collateral's value when it is paid out. */
  ltvMax: Decimal;
  /** Above this percentage of the collateral's value a debt may be liquidated. */
  liquidationThreshold: Decimal;
  /** What a liquidation takes on top of the debt it repays. */
  liquidationBonus: Decimal;
  allocationOrder: AllocationOrder;
}

/**
 * Returns terms that a loan can have: whatever price the threshold is met at, collateral and bonus cover the debt.
 * @throws {ValidationError} `loan.apr-range`, `loan.ltv-range` or `loan.liquidation-range`.
 */
export function requireTerms(terms: LoanTerms): LoanTerms {
  const { apr, ltvMax, liquidationThreshold, liquidationBonus } = terms;
  if (!(apr.gte(0) && apr.lte(HUNDRED)))
    throw new ValidationError('loan.apr-range', 'An interest rate is from 0 to 100 percent a year.');
  if (!(ltvMax.gt(0) && ltvMax.lte(liquidationThreshold)))
    throw new ValidationError(
      'loan.ltv-range',
      'A loan is of more than 0 percent of its collateral, and at most of the liquidation threshold.',
    );
  const taken = liquidationThreshold.mul(HUNDRED.plus(liquidationBonus));
  if (!(liquidationBonus.gte(0) && taken.lte(HUNDRED.mul(HUNDRED))))
    throw new ValidationError(
      'loan.liquidation-range',
      'Liquidation threshold and bonus together take at most all of the collateral.',
    );
  return terms;
}
