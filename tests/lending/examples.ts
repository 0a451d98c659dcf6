import { User } from '../../src/identity/index.js';
import { LedgerAccount, Transaction } from '../../src/ledger/index.js';
import {
  Loan,
  LoanApplication,
  type LoanDecision,
  type LoanInstallment,
  type LoanOffer,
  type LoanTerms,
  type LoanWish,
} from '../../src/lending/index.js';
import type { Asset } from '../../src/market/index.js';
import { at, aUser, decimal, NOW, share, usd } from '../shared/examples.js';

export const HOLDING_ID = '0197b3a0-0000-7000-8000-000000000001';
export const LATER = at('2026-06-16T12:00:00Z');
export const OFFER_OVER = at('2026-07-15T12:00:00Z');

/** 1000 USD over 12 months against 10 shares. */
export const aWish = (details: Partial<LoanWish> = {}): LoanWish => ({
  amount: decimal('1000'),
  termMonths: 12,
  purpose: 'home',
  collateral: [{ holdingId: HOLDING_ID, assetCode: 'ACME', quantity: '10' }],
  ...details,
});

export const anApplication = (details: Partial<LoanWish> = {}): LoanApplication =>
  new LoanApplication(aUser(), usd(), aWish(details));

export const aDecision = (details: Partial<LoanDecision> = {}): LoanDecision => ({
  by: new User('lena@example.com'),
  byName: 'Lena Lender',
  reasons: ['The collateral is enough.'],
  ...details,
});

export const anOffer = (details: Partial<LoanOffer> = {}): LoanOffer => ({
  amount: decimal('1000'),
  expiresAt: OFFER_OVER,
  ...details,
});

export function underReview(details: Partial<LoanWish> = {}): LoanApplication {
  const application = anApplication(details);
  application.submit(NOW);
  application.startReview(NOW);
  return application;
}

/** Approved as it was asked for, unless told otherwise. */
export function approvedApplication(details: Partial<LoanWish> = {}): LoanApplication {
  const application = underReview(details);
  application.approve(anOffer({ amount: application.requestedAmount }), aDecision(), NOW);
  return application;
}

/** 12 % a year in months of 30 days; half of the collateral may be borrowed. */
export const theTerms = (details: Partial<LoanTerms> = {}): LoanTerms => ({
  apr: decimal('12'),
  dayCount: '30/360',
  ltvMax: decimal('50'),
  liquidationThreshold: decimal('80'),
  liquidationBonus: decimal('5'),
  allocationOrder: 'fees_interest_principal',
  ...details,
});

export const aLoan = (terms: Partial<LoanTerms> = {}, wish: Partial<LoanWish> = {}): Loan =>
  new Loan(approvedApplication(wish), theTerms(terms));

/** Paid out on 15 June 2026: the first instalment, 78.85 and 10.00 of interest, is due on 15 July. */
export function activeLoan(terms: Partial<LoanTerms> = {}, wish: Partial<LoanWish> = {}): Loan {
  const loan = aLoan(terms, wish);
  loan.disburse(new Transaction(), '2026-06-15', NOW);
  return loan;
}

export const installmentOf = (loan: Loan, number: number): LoanInstallment => {
  const found = loan.installments.getItems().find(installment => installment.number === number);
  if (!found) throw new Error(`no instalment ${number}`);
  return found;
};

export const anAccount = (kind: LedgerAccount['kind'] = 'collateral', asset: Asset = share()): LedgerAccount =>
  Object.assign(new LedgerAccount(), { kind, asset });
