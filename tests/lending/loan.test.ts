import { beforeAll, describe, expect, test } from 'vitest';
import { Transaction } from '../../src/ledger/index.js';
import { Loan, type LoanStatus } from '../../src/lending/index.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, decimal, NOW, refusal } from '../shared/examples.js';
import {
  activeLoan,
  aLoan,
  approvedApplication,
  installmentOf,
  LATER,
  OFFER_OVER,
  theTerms,
  underReview,
} from './examples.js';

beforeAll(entitiesKnown, 30_000);

const pay = (loan: Loan, amount: string, now = LATER) => loan.repay(decimal(amount), new Transaction(), now);
const sell = (loan: Loan, proceeds: string) => loan.liquidate(decimal(proceeds), new Transaction(), LATER);
const debtOf = (loan: Loan) =>
  [loan.outstandingFees, loan.outstandingInterest, loan.outstandingPrincipal].map(part => part.toFixed());

const verbs = {
  'be paid out': (loan: Loan) => loan.disburse(new Transaction(), '2026-06-15', NOW),
  'be cancelled': (loan: Loan) => loan.cancel(NOW),
  'be repaid': (loan: Loan) => void pay(loan, '1000'),
  'be liquidated': (loan: Loan) => void sell(loan, '1000'),
  default: (loan: Loan) => loan.declareDefault(NOW),
  'be written off': (loan: Loan) => loan.writeOff(NOW),
};
const reached = (...steps: (keyof typeof verbs)[]): Loan => {
  const loan = aLoan();
  for (const step of steps) verbs[step](loan);
  return loan;
};

describe('a loan', () => {
  test('copies what was approved, and its terms', () => {
    const application = approvedApplication({ amount: decimal('800.5'), termMonths: 6 });
    const loan = new Loan(application, theTerms());
    expect(loan.user).toBe(application.user);
    expect(loan.application.unwrap()).toBe(application);
    expect(loan.currency).toBe(application.currency);
    expect(loan).toMatchObject({
      status: 'approved',
      termMonths: 6,
      scale: 2,
      dayCount: '30/360',
      allocationOrder: 'fees_interest_principal',
      approvedAt: NOW,
      disbursedAt: undefined,
      lateSince: undefined,
      marginCalledAt: undefined,
    });
    const { principal, apr, ltvMax, liquidationThreshold, liquidationBonus } = loan;
    expect([principal, apr, ltvMax, liquidationThreshold, liquidationBonus].map(String)).toEqual([
      '800.5',
      '12',
      '50',
      '80',
      '5',
    ]);
    expect(debtOf(loan)).toEqual(['0', '0', '0']);
    expect(application.status).toBe('approved');
  });

  test('is made for an approved application only', () => {
    const rejected = underReview();
    rejected.withdraw(NOW);
    const converted = approvedApplication();
    converted.convert(NOW);
    for (const application of [underReview(), rejected, converted])
      expect(() => new Loan(application, theTerms())).toThrow(refusal('loan.application-not-approved'));
  });

  test('costs from 0 to 100 percent a year', () => {
    expect(['0', '100'].map(apr => aLoan({ apr: decimal(apr) }).apr.toFixed())).toEqual(['0', '100']);
    for (const apr of ['-0.0001', '100.0001', 'NaN'])
      expect(() => aLoan({ apr: decimal(apr) }), apr).toThrow(refusal('loan.apr-range'));
  });

  test('is of more than nothing of its collateral, and at most of the liquidation threshold', () => {
    expect(aLoan({ ltvMax: decimal('80') }).ltvMax.toFixed()).toBe('80');
    for (const ltvMax of ['0', '-1', '80.0001', 'NaN'])
      expect(() => aLoan({ ltvMax: decimal(ltvMax) }), ltvMax).toThrow(refusal('loan.ltv-range'));
  });

  test('is liquidated for at most all of its collateral', () => {
    // 80 % with a bonus of 25 % is exactly 100 %.
    expect(aLoan({ liquidationBonus: decimal('25') }).liquidationBonus.toFixed()).toBe('25');
    expect(aLoan({ liquidationThreshold: decimal('100'), liquidationBonus: ZERO }).liquidationBonus.isZero()).toBe(
      true,
    );
    for (const [threshold, bonus] of [
      ['80', '25.0001'],
      ['100', '0.0001'],
      ['80', '-1'],
      ['80', 'NaN'],
    ] as const)
      expect(
        () => aLoan({ liquidationThreshold: decimal(threshold), liquidationBonus: decimal(bonus) }),
        `${threshold} + ${bonus}`,
      ).toThrow(refusal('loan.liquidation-range'));
  });

  everyTransition<Loan, LoanStatus, keyof typeof verbs>({
    a: 'a loan',
    reach: {
      approved: () => reached(),
      active: () => reached('be paid out'),
      cancelled: () => reached('be cancelled'),
      repaid: () => reached('be paid out', 'be repaid'),
      liquidated: () => reached('be paid out', 'be liquidated'),
      defaulted: () => reached('be paid out', 'default'),
      written_off: () => reached('be paid out', 'default', 'be written off'),
    },
    verbs,
    allowed: {
      approved: { 'be paid out': 'active', 'be cancelled': 'cancelled' },
      active: { 'be repaid': 'repaid', 'be liquidated': 'liquidated', default: 'defaulted' },
      cancelled: {},
      repaid: {},
      liquidated: {},
      defaulted: { 'be repaid': 'repaid', 'be written off': 'written_off' },
      written_off: {},
    },
    stateOf: loan => loan.status,
  });

  test('remembers when each step was', () => {
    const writtenOff = reached('be paid out');
    writtenOff.declareDefault(at('2026-09-01T12:00:00Z'));
    writtenOff.writeOff(at('2026-12-01T12:00:00Z'));
    expect(writtenOff).toMatchObject({
      disbursedAt: NOW,
      defaultedAt: at('2026-09-01T12:00:00Z'),
      writtenOffAt: at('2026-12-01T12:00:00Z'),
    });
    expect(reached('be cancelled').cancelledAt).toEqual(NOW);
    expect(reached('be paid out', 'be repaid').repaidAt).toEqual(LATER);
    expect(reached('be paid out', 'be liquidated').liquidatedAt).toEqual(LATER);
  });
});

describe('a disbursement', () => {
  test('makes the debt and its schedule, and converts the application', () => {
    const [loan, transaction] = [aLoan(), new Transaction()];
    loan.disburse(transaction, '2026-06-15', NOW);
    expect(loan.disbursement?.unwrap()).toBe(transaction);
    expect(loan).toMatchObject({ disbursedAt: NOW, interestFrom: '2026-06-15', interestThrough: '2026-06-15' });
    expect(debtOf(loan)).toEqual(['0', '0', '1000']);
    expect(loan.application.unwrap()).toMatchObject({ status: 'converted', convertedAt: NOW });
    const installments = loan.installments.getItems();
    expect(installments.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(Decimal.sum(ZERO, ...installments.map(({ principal }) => principal)).toFixed()).toBe('1000');
    expect(installmentOf(loan, 1)).toMatchObject({ dueOn: '2026-07-15', user: loan.user });
    expect(installmentOf(loan, 12).dueOn).toBe('2027-06-15');
  });

  test('comes once', () => {
    expect(() => verbs['be paid out'](activeLoan())).toThrow('Cannot make a loan active that is active.');
  });

  test('comes while the offer holds', () => {
    const loan = aLoan();
    expect(() => loan.disburse(new Transaction(), '2026-07-15', OFFER_OVER)).toThrow(
      refusal('loan-application.offer-over'),
    );
    expect(loan).toMatchObject({ status: 'approved', disbursedAt: undefined });
    expect(loan.installments).toHaveLength(0);
  });

  test('needs a loan that its instalments can repay', () => {
    const loan = aLoan({}, { amount: decimal('0.05') });
    expect(() => verbs['be paid out'](loan)).toThrow(refusal('loan.too-small'));
    expect(loan.application.unwrap().status).toBe('approved');
  });

  test('needs collateral that covers it', () => {
    aLoan().requireCovered(decimal('2000'));
    for (const value of ['1999.99', '0', 'NaN'])
      expect(() => aLoan().requireCovered(decimal(value)), value).toThrow(refusal('loan.not-covered'));
  });
});

// By hand: 1000 × 12 % ÷ 360 is 0.3333… a day.
describe('interest', () => {
  test('is counted by day, rounded up on the whole and not on each day', () => {
    const loan = activeLoan();
    const added = ['2026-06-16', '2026-06-17', '2026-06-18', '2026-06-19'].map(date =>
      loan.accrueInterest(date).toFixed(),
    );
    expect(added).toEqual(['0.34', '0.33', '0.33', '0.34']);
    expect(loan.outstandingInterest.toFixed()).toBe('1.34');
    expect(loan.interestThrough).toBe('2026-06-19');
  });

  test('counted day by day is on its date what the schedule asks for', () => {
    const loan = activeLoan();
    for (let day = 16; day <= 30; day++) loan.accrueInterest(`2026-06-${day}`);
    for (let day = 1; day <= 15; day++) loan.accrueInterest(`2026-07-${String(day).padStart(2, '0')}`);
    expect(loan.outstandingInterest.toFixed()).toBe(installmentOf(loan, 1).interest.toFixed());
  });

  test('of days that were left out is made up for', () => {
    const loan = activeLoan();
    expect(loan.accrueInterest('2026-07-15').toFixed()).toBe('10');
    expect(loan.debt.toFixed()).toBe('1010');
  });

  test('is counted once for a date', () => {
    const loan = activeLoan();
    loan.accrueInterest('2026-06-20');
    for (const date of ['2026-06-20', '2026-06-19', '2026-06-15'])
      expect(() => loan.accrueInterest(date), date).toThrow(refusal('loan.interest-counted'));
    expect(loan.outstandingInterest.toFixed()).toBe('1.67');
  });

  test('is of real days when the loan says so', () => {
    const loan = activeLoan({ dayCount: 'actual/365' });
    expect(loan.accrueInterest('2026-07-15').toFixed()).toBe('9.87');
  });

  test('falls with the principal', () => {
    const loan = activeLoan();
    loan.accrueInterest('2026-06-30');
    pay(loan, '505');
    expect(debtOf(loan)).toEqual(['0', '0', '500']);
    expect(loan).toMatchObject({ interestFrom: '2026-06-30', interestThrough: '2026-06-30' });
    expect(loan.accrueInterest('2026-07-15').toFixed()).toBe('2.5');
  });

  test('goes on from where it was when only interest is paid', () => {
    const loan = activeLoan();
    loan.accrueInterest('2026-06-16');
    pay(loan, '0.34');
    expect(loan).toMatchObject({ interestFrom: '2026-06-15' });
    expect(loan.accrueInterest('2026-06-17').toFixed()).toBe('0.33');
  });

  test('is counted while the loan is active', () => {
    for (const steps of [[], ['be cancelled'], ['be paid out', 'default'], ['be paid out', 'be repaid']] as const)
      expect(() => reached(...steps).accrueInterest('2026-07-15')).toThrow(refusal('loan.not-active'));
  });
});

describe('a repayment', () => {
  const due = () => {
    const loan = activeLoan();
    loan.accrueInterest('2026-07-15');
    return loan;
  };

  test('on the day pays an instalment off', () => {
    const loan = due();
    expect(loan.dueBy('2026-07-15').toFixed()).toBe('88.85');
    const payment = pay(loan, '88.85');
    expect([payment.fees, payment.interest, payment.principal, payment.surplus].map(String)).toEqual([
      '0',
      '10',
      '78.85',
      '0',
    ]);
    expect(payment).toMatchObject({ kind: 'repayment', receivedAt: LATER });
    expect(debtOf(loan)).toEqual(['0', '0', '921.15']);
    expect(installmentOf(loan, 1)).toMatchObject({ isPaid: true, paidAt: LATER });
    expect(installmentOf(loan, 1).paidInterest.toFixed()).toBe('10');
    expect(installmentOf(loan, 2).isPaid).toBe(false);
    expect(loan.dueBy('2026-07-15').toFixed()).toBe('0');
  });

  test('of every instalment on its day repays the loan as planned', () => {
    const loan = activeLoan();
    for (const { dueOn, principal, interest } of loan.installments.getItems()) {
      loan.accrueInterest(dueOn);
      expect(loan.dueBy(dueOn).toFixed()).toBe(principal.plus(interest).toFixed());
      pay(loan, loan.dueBy(dueOn).toFixed());
    }
    expect(loan.status).toBe('repaid');
    for (const installment of loan.installments)
      expect(installment.paidInterest.toFixed()).toBe(installment.interest.toFixed());
  });

  test('that is too small leaves the instalment open, one that is larger begins the next', () => {
    const loan = due();
    pay(loan, '50');
    expect(debtOf(loan)).toEqual(['0', '0', '960']);
    expect(installmentOf(loan, 1).paidPrincipal.toFixed()).toBe('40');
    pay(loan, '100');
    expect(installmentOf(loan, 1).isPaid).toBe(true);
    expect(installmentOf(loan, 2).paidPrincipal.toFixed()).toBe('61.15');
    expect(loan.dueBy('2026-08-15').toFixed()).toBe('18.48');
  });

  test('pays late fees in the order of the loan', () => {
    const loan = due();
    loan.chargeLateFee(installmentOf(loan, 1), decimal('5'), NOW);
    expect(debtOf(loan)).toEqual(['5', '10', '1000']);
    pay(loan, '8');
    expect(debtOf(loan)).toEqual(['0', '7', '1000']);
    expect(installmentOf(loan, 1).paidLateFee.toFixed()).toBe('5');

    const principalFirst = activeLoan({ allocationOrder: 'interest_principal_fees' });
    principalFirst.chargeLateFee(installmentOf(principalFirst, 1), decimal('5'), NOW);
    pay(principalFirst, '8');
    expect(debtOf(principalFirst)).toEqual(['5', '0', '992']);
  });

  test('of more than the debt repays the loan and names the surplus', () => {
    const loan = due();
    expect(loan.allocate(decimal('1010.01')).surplus.toFixed()).toBe('0.01');
    const payment = pay(loan, '1010.01');
    expect(payment.surplus.toFixed()).toBe('0.01');
    expect(loan).toMatchObject({ status: 'repaid', repaidAt: LATER });
    expect(loan.installments.getItems().every(({ isPaid }) => isPaid)).toBe(true);
    expect(loan.debt.isZero()).toBe(true);
  });

  test('of the principal alone leaves the loan active while a fee is owed', () => {
    const loan = activeLoan({ allocationOrder: 'interest_principal_fees' });
    loan.chargeLateFee(installmentOf(loan, 1), decimal('5'), NOW);
    pay(loan, '1000');
    expect(loan.status).toBe('active');
    pay(loan, '5');
    expect(loan.status).toBe('repaid');
  });

  test('keeps a defaulted loan in default until all is paid', () => {
    const loan = reached('be paid out', 'default');
    pay(loan, '999.99');
    expect(loan.status).toBe('defaulted');
    pay(loan, '0.01');
    expect(loan).toMatchObject({ status: 'repaid', defaultedAt: NOW, repaidAt: LATER });
  });

  test('is of more than nothing, and changes nothing when it is refused', () => {
    const loan = due();
    for (const amount of ['0', '-1', 'NaN'])
      expect(() => pay(loan, amount), amount).toThrow(refusal('loan.payment-not-positive'));
    expect(debtOf(loan)).toEqual(['0', '10', '1000']);
  });

  test('is not taken where nothing is owed', () => {
    for (const steps of [[], ['be cancelled'], ['be paid out', 'be repaid']] as const)
      expect(() => pay(reached(...steps), '1')).toThrow(refusal('loan.not-owing'));
  });
});

describe('a liquidation', () => {
  test('of a part leaves the loan active with less debt', () => {
    const loan = activeLoan();
    const payment = sell(loan, '400');
    expect(payment).toMatchObject({ kind: 'liquidation' });
    expect(loan.status).toBe('active');
    expect(debtOf(loan)).toEqual(['0', '0', '600']);
  });

  test('that pays the whole debt ends the loan and returns what is left over', () => {
    const loan = activeLoan();
    expect(sell(loan, '1200').surplus.toFixed()).toBe('200');
    expect(loan).toMatchObject({ status: 'liquidated', liquidatedAt: LATER });
    expect(loan.debt.isZero()).toBe(true);
  });
});

describe('a late loan', () => {
  test('is marked with since when, until it has caught up', () => {
    const loan = activeLoan();
    loan.markLate(LATER);
    expect(loan.lateSince).toEqual(LATER);
    expect(() => loan.markLate(NOW)).toThrow(refusal('loan.late-already'));
    loan.markCaughtUp();
    expect(loan.lateSince).toBeUndefined();
    expect(() => loan.markCaughtUp()).toThrow(refusal('loan.not-late'));
  });

  test('is charged for an instalment of its own, once, in its currency', () => {
    const loan = activeLoan();
    expect(() => loan.chargeLateFee(installmentOf(activeLoan(), 1), decimal('5'), NOW)).toThrow(
      refusal('loan.foreign-installment'),
    );
    expect(() => loan.chargeLateFee(installmentOf(loan, 1), decimal('5.001'), NOW)).toThrow(
      refusal('loan.too-precise'),
    );
    loan.chargeLateFee(installmentOf(loan, 1), decimal('5'), NOW);
    expect(() => loan.chargeLateFee(installmentOf(loan, 1), decimal('5'), NOW)).toThrow(
      refusal('loan-installment.late-fee-charged'),
    );
    expect(loan.outstandingFees.toFixed()).toBe('5');
  });
});

describe('a margin call', () => {
  test('is open from when it was made until it is lifted', () => {
    const loan = activeLoan();
    loan.callMargin(LATER);
    expect(loan.marginCalledAt).toEqual(LATER);
    expect(() => loan.callMargin(NOW)).toThrow(refusal('loan.margin-called-already'));
    loan.liftMarginCall();
    expect(loan.marginCalledAt).toBeUndefined();
    expect(() => loan.liftMarginCall()).toThrow(refusal('loan.no-margin-call'));
  });
});

test('a loan that has ended is neither late nor called', () => {
  for (const end of ['be repaid', 'be liquidated'] as const) {
    const loan = activeLoan();
    loan.markLate(NOW);
    loan.callMargin(NOW);
    verbs[end](loan);
    expect(loan).toMatchObject({ lateSince: undefined, marginCalledAt: undefined });
  }
  const lost = activeLoan();
  lost.markLate(NOW);
  lost.declareDefault(NOW);
  expect(lost.lateSince).toEqual(NOW);
  lost.writeOff(NOW);
  expect(lost.lateSince).toBeUndefined();
  expect(lost.debt.toFixed()).toBe('1000');
});

test('only an active loan is called, marked or charged', () => {
  const loan = aLoan();
  const installment = installmentOf(activeLoan(), 1);
  for (const act of [
    () => loan.callMargin(NOW),
    () => loan.liftMarginCall(),
    () => loan.markLate(NOW),
    () => loan.markCaughtUp(),
    () => loan.chargeLateFee(installment, decimal('5'), NOW),
  ])
    expect(act).toThrow(refusal('loan.not-active'));
});
