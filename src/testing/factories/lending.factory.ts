import type { Ref } from '@mikro-orm/core';
import type { User } from '../../identity/index.js';
import type { LedgerAccount, Transaction, TransactionType } from '../../ledger/index.js';
import {
  Loan,
  LoanApplication,
  LoanCollateral,
  type LoanDecision,
  type LoanInstallment,
  type LoanOffer,
  type LoanPayment,
  type LoanTerms,
  type LoanWish,
} from '../../lending/index.js';
import type { Asset } from '../../market/index.js';
import { type Decimal, newId } from '../../shared/index.js';
import { userFactory } from './identity.factory.js';
import { ledgerAccountFactory, transactionFactory } from './ledger.factory.js';
import { assetFactory } from './market.factory.js';
import { after, decimal, FACTORY_NOW, later } from './sequence.js';

export interface LoanApplicationOverrides extends Partial<LoanWish> {
  user?: User;
  currency?: Asset;
  /** What is offered when it is approved: all that was asked for, for 30 days, unless told otherwise. */
  offer?: Partial<LoanOffer>;
  decision?: Partial<LoanDecision>;
}

const draft = ({
  user = userFactory.active(),
  currency = assetFactory.currency(),
  offer: _offer,
  decision: _decision,
  ...wish
}: LoanApplicationOverrides = {}): LoanApplication =>
  new LoanApplication(user, currency, {
    amount: decimal(1000),
    termMonths: 12,
    purpose: 'home',
    collateral: [{ holdingId: newId(), assetCode: 'SHARE', quantity: '200' }],
    ...wish,
  });
const submitted = after(draft, application => application.submit(FACTORY_NOW));
const underReview = after(submitted, application => application.startReview(FACTORY_NOW));

const decisionOf = (reason: string, { decision }: LoanApplicationOverrides): LoanDecision => ({
  by: decision?.by ?? userFactory.active(),
  byName: 'Lena Lender',
  reasons: [reason],
  ...decision,
});

const approvedApplication = (overrides: LoanApplicationOverrides = {}): LoanApplication => {
  const application = underReview(overrides);
  const offer = { amount: application.requestedAmount, expiresAt: later(30), ...overrides.offer };
  application.approve(offer, decisionOf('The collateral is enough.', overrides), FACTORY_NOW);
  return application;
};

export const loanApplicationFactory = {
  /** 1000 over 12 months. */
  draft,
  submitted,
  underReview,
  approved: approvedApplication,
  rejected: (overrides: LoanApplicationOverrides = {}): LoanApplication => {
    const application = underReview(overrides);
    application.reject(decisionOf('The collateral is not enough.', overrides), FACTORY_NOW);
    return application;
  },
  withdrawn: after(submitted, application => application.withdraw(FACTORY_NOW)),
  expired: after(approvedApplication, application => application.expire(application.offerExpiresAt ?? FACTORY_NOW)),
  converted: after(approvedApplication, application => application.convert(FACTORY_NOW)),
};

export interface LoanOverrides extends Partial<LoanTerms> {
  /** An approved one. */
  application?: LoanApplication;
}

export interface PaidOutOverrides extends LoanOverrides {
  /** The transaction that pays it out. */
  disbursement?: Transaction;
}

export interface RepaidOverrides extends PaidOutOverrides {
  /** The transaction that brings the last payment. */
  payment?: Transaction;
}

const approved = ({
  application = approvedApplication(),
  disbursement: _disbursement,
  payment: _payment,
  ...terms
}: RepaidOverrides = {}): Loan =>
  new Loan(application, {
    apr: decimal(12),
    dayCount: '30/360',
    ltvMax: decimal(50),
    liquidationThreshold: decimal(80),
    liquidationBonus: decimal(5),
    allocationOrder: 'fees_interest_principal',
    ...terms,
  });

const moved = (type: TransactionType, user: Ref<User>, asset: Ref<Asset>, amount: Decimal): Transaction =>
  transactionFactory.posted({ type, user, asset, amount });

const active = (overrides: PaidOutOverrides = {}): Loan => {
  const loan = approved(overrides);
  const { user, currency, principal } = loan;
  const disbursement = overrides.disbursement ?? moved('loan_disbursement', user, currency, principal);
  loan.disburse(disbursement, '2026-06-15', FACTORY_NOW);
  return loan;
};
const defaulted = after(active, loan => loan.declareDefault(later(90)));

export const loanFactory = {
  /** 12 percent a year in months of 30 days, at most half of its collateral. */
  approved,
  /** Paid out on 15 June 2026, with its schedule: the first instalment is due on 15 July. */
  active,
  cancelled: after(approved, loan => loan.cancel(FACTORY_NOW)),
  repaid: ({ payment, ...overrides }: RepaidOverrides = {}): Loan => {
    const loan = active(overrides);
    loan.repay(loan.debt, payment ?? moved('loan_repayment', loan.user, loan.currency, loan.debt), later(1));
    return loan;
  },
  liquidated: ({ payment, ...overrides }: RepaidOverrides = {}): Loan => {
    const loan = active(overrides);
    loan.liquidate(loan.debt, payment ?? moved('liquidation', loan.user, loan.currency, loan.debt), later(1));
    return loan;
  },
  defaulted,
  writtenOff: after(defaulted, loan => loan.writeOff(later(180))),
};

export interface LoanCollateralOverrides {
  loan?: Loan;
  /** The collateral account of the borrower that holds it. */
  account?: LedgerAccount;
  quantity?: Decimal;
  cost?: Decimal;
}

const locked = ({
  loan = active(),
  quantity = decimal(200),
  cost = decimal(1900),
  account = ledgerAccountFactory.collateral({ user: loan.user, asset: assetFactory.equity(), balance: quantity }),
}: LoanCollateralOverrides = {}): LoanCollateral => new LoanCollateral(loan, account, quantity, cost);

export const loanCollateralFactory = {
  /** 200 units that have cost 1900. */
  locked,
  /** Given back, all of it. */
  emptied: after(locked, collateral => collateral.remove(collateral.quantity, FACTORY_NOW)),
};

export interface LoanInstallmentOverrides {
  /** A loan that is paid out. */
  loan?: Loan;
  /** From 1. */
  number?: number;
}

const open = ({ loan = active(), number = 1 }: LoanInstallmentOverrides = {}): LoanInstallment =>
  loan.installments.getItems().find(installment => installment.number === number)!;

export const loanInstallmentFactory = {
  open,
  /** Overdue, and charged a late fee of 5. */
  late: ({ loan = active(), number }: LoanInstallmentOverrides = {}): LoanInstallment => {
    const installment = open({ loan, number });
    loan.chargeLateFee(installment, decimal(5), later(1, new Date(installment.dueOn)));
    return installment;
  },
  /** Paid with everything before it; the loan goes on unless it is the last. */
  paid: ({
    loan = active(),
    number,
    payment,
  }: LoanInstallmentOverrides & Pick<RepaidOverrides, 'payment'> = {}): LoanInstallment => {
    const installment = open({ loan, number });
    const due = loan.dueBy(installment.dueOn);
    loan.repay(due, payment ?? moved('loan_repayment', loan.user, loan.currency, due), FACTORY_NOW);
    return installment;
  },
};

export interface LoanPaymentOverrides {
  loan?: Loan;
  amount?: Decimal;
  transaction?: Transaction;
}

export const loanPaymentFactory = {
  /** 100 of the borrower. */
  repayment: ({ loan = active(), amount = decimal(100), transaction }: LoanPaymentOverrides = {}): LoanPayment =>
    loan.repay(amount, transaction ?? moved('loan_repayment', loan.user, loan.currency, amount), FACTORY_NOW),
  /** 100 that sold collateral brought in. */
  liquidation: ({ loan = active(), amount = decimal(100), transaction }: LoanPaymentOverrides = {}): LoanPayment =>
    loan.liquidate(amount, transaction ?? moved('liquidation', loan.user, loan.currency, amount), FACTORY_NOW),
};
