import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, Percentage, PositiveAmount } from '../shared/index.js';
import { DAY_COUNTS } from './amortization.js';
import { CollateralOffers } from './collateral-offer.js';
import { LOAN_PURPOSES } from './loan-application.entity.js';
import { DeciderName, DecisionReasons } from './loan-decision.js';
import { TERM_MONTHS_MAX } from './loan-terms.js';
import { ALLOCATION_ORDERS } from './payment-allocation.js';

/** What somebody wants to borrow, and against which of their holdings. */
export const ApplyForLoan = z.strictObject({
  userId: Id,
  currencyCode: AssetCode,
  amount: PositiveAmount,
  termMonths: z.int().min(1).max(TERM_MONTHS_MAX),
  purpose: z.enum(LOAN_PURPOSES),
  collateral: CollateralOffers,
});
export type ApplyForLoan = z.input<typeof ApplyForLoan>;

export const LoanApplicationAt = z.strictObject({ userId: Id, applicationId: Id });
export type LoanApplicationAt = z.input<typeof LoanApplicationAt>;

const Decided = LoanApplicationAt.extend({ deciderId: Id, deciderName: DeciderName });

const Terms = z.strictObject({
  apr: Percentage,
  dayCount: z.enum(DAY_COUNTS),
  ltvMax: Percentage,
  liquidationThreshold: Percentage,
  liquidationBonus: Percentage,
  allocationOrder: z.enum(ALLOCATION_ORDERS).default('fees_interest_principal'),
});

/** Somebody's decision on an application of somebody else; an approval says what is offered until when. */
export const DecideLoanApplication = z.discriminatedUnion('decision', [
  Decided.extend({
    decision: z.literal('approve'),
    amount: PositiveAmount,
    terms: Terms,
    offerExpiresAt: z.date(),
    reasons: DecisionReasons.default([]),
  }),
  Decided.extend({ decision: z.literal('reject'), reasons: DecisionReasons.min(1) }),
]);
export type DecideLoanApplication = z.input<typeof DecideLoanApplication>;
