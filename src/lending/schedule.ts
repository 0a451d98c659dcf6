import { Decimal, ZERO } from '../shared/index.js';
import type { LoanInstallment } from './loan-installment.entity.js';
import type { DebtParts } from './payment-allocation.js';

/** Principal that was to be paid by a local date and was not. */
export const overduePrincipal = (schedule: readonly LoanInstallment[], date: string): Decimal =>
  Decimal.sum(
    ZERO,
    ...schedule
      .filter(({ dueOn }) => dueOn <= date)
      .map(({ principal, paidPrincipal }) => principal.minus(paidPrincipal)),
  );

/**
 * Writes a payment's parts to the instalments: interest to the earliest that is open, fees and principal to the earliest
 * that lack them.
 */
export function coverInstallments(schedule: readonly LoanInstallment[], parts: DebtParts, now: Date): void {
  const installments = schedule.toSorted((a, b) => a.number - b.number);
  const earliestOpen = installments.find(installment => !installment.isPaid) ?? installments.at(-1);
  earliestOpen?.takeInterest(parts.interest);
  let { fees, principal } = parts;
  for (const installment of installments) {
    fees = fees.minus(installment.takeFee(fees));
    principal = principal.minus(installment.takePrincipal(principal, now));
  }
}
