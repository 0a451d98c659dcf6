import { Decimal, ValidationError, ZERO } from '../shared/index.js';

/** What a debt is made of. */
export interface DebtParts {
  /** Late fees. */
  fees: Decimal;
  interest: Decimal;
  principal: Decimal;
}

/** In which order a payment covers the parts of a debt. Interest always comes before principal. */
export const ALLOCATION_ORDERS = [
  'fees_interest_principal',
  'interest_fees_principal',
  'interest_principal_fees',
] as const;
export type AllocationOrder = (typeof ALLOCATION_ORDERS)[number];

const PARTS_OF: Record<AllocationOrder, readonly (keyof DebtParts)[]> = {
  fees_interest_principal: ['fees', 'interest', 'principal'],
  interest_fees_principal: ['interest', 'fees', 'principal'],
  interest_principal_fees: ['interest', 'principal', 'fees'],
};

/** How a payment is split. The four parts sum to the amount. */
export interface Allocation extends DebtParts {
  amount: Decimal;
  /** What is left when nothing is owed any more; it goes back to the payer. */
  surplus: Decimal;
}

/**
 * Splits a payment over what is owed: each part in full before the next of the order.
 * @throws {ValidationError} `loan.payment-not-positive` or `loan.negative-debt`.
 */
export function allocatePayment(amount: Decimal, owed: DebtParts, order: AllocationOrder): Allocation {
  if (!amount.gt(0)) throw new ValidationError('loan.payment-not-positive', 'A payment is of more than 0.');
  const split: DebtParts = { fees: ZERO, interest: ZERO, principal: ZERO };
  let left = amount;
  for (const part of PARTS_OF[order]) {
    if (!owed[part].gte(0)) throw new ValidationError('loan.negative-debt', 'No part of a debt is below 0.');
    split[part] = Decimal.min(left, owed[part]);
    left = left.minus(split[part]);
  }
  return { amount, ...split, surplus: left };
}
