import { Cascade, Collection, type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import {
  Check,
  Embedded,
  Entity,
  Enum,
  Index,
  ManyToOne,
  OneToMany,
  PrimaryKey,
  Property,
  Unique,
} from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import type { Asset } from '../market/index.js';
import {
  AmountType,
  Decimal,
  newId,
  ownedBy,
  PercentType,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { annuitySchedule, DAY_COUNTS, type DayCountConvention } from './amortization.js';
import { loanToValue } from './health-factor.js';
import type { LoanApplication } from './loan-application.entity.js';
import { LoanDebt } from './loan-debt.js';
import { LoanInstallment } from './loan-installment.entity.js';
import { LoanPayment, type LoanPaymentKind } from './loan-payment.entity.js';
import { type LoanTerms, requireTerms, TERM_MONTHS_MAX } from './loan-terms.js';
import { ALLOCATION_ORDERS, type Allocation, type AllocationOrder, allocatePayment } from './payment-allocation.js';
import { coverInstallments, overduePrincipal } from './schedule.js';

export const LOAN_STATUSES = [
  'approved',
  'active',
  'cancelled',
  'repaid',
  'liquidated',
  'defaulted',
  'written_off',
] as const;
export type LoanStatus = (typeof LOAN_STATUSES)[number];

const STATUS_AFTER: Transitions<LoanStatus> = {
  approved: ['active', 'cancelled'],
  active: ['repaid', 'liquidated', 'defaulted'],
  cancelled: [],
  repaid: [],
  liquidated: [],
  defaulted: ['written_off', 'repaid'],
  written_off: [],
};

/**
 * Money lent to one borrower against collateral, on terms fixed at approval. It is paid out once; the debt is never below 0.
 * Interest is simple and counted by local date on the principal still owed.
 */
@Entity({ tableName: 'loans', ...ownedBy() })
@Unique({ name: 'loans_application_unique', properties: ['user', 'application'] })
@Unique({ name: 'loans_disbursement_unique', properties: ['user', 'disbursement'] })
@Index({ name: 'loans_currency_id_index', properties: ['currency'] })
@Index({ name: 'loans_accruing_index', properties: ['_debt.interestThrough' as never], where: `status = 'active'` })
@Check({ name: 'loans_principal_positive', expression: `principal > 0` })
@Check({ name: 'loans_scale_range', expression: `scale >= 0 and scale <= 8` })
@Check({ name: 'loans_term_range', expression: `term_months >= 1 and term_months <= ${TERM_MONTHS_MAX}` })
@Check({ name: 'loans_apr_range', expression: `apr >= 0 and apr <= 100` })
@Check({ name: 'loans_ltv_range', expression: `ltv_max > 0 and ltv_max <= liquidation_threshold` })
@Check({
  name: 'loans_liquidation_range',
  expression: `liquidation_bonus >= 0 and liquidation_threshold * (100 + liquidation_bonus) <= 10000`,
})
@Check({
  name: 'loans_outstanding_not_negative',
  expression: `outstanding_principal >= 0 and outstanding_interest >= 0 and outstanding_fees >= 0`,
})
@Check({ name: 'loans_outstanding_principal_max', expression: `outstanding_principal <= principal` })
@Check({
  name: 'loans_debt_while_open',
  expression: `(status in ('active', 'defaulted', 'written_off')) = (outstanding_principal + outstanding_interest + outstanding_fees > 0)`,
})
@Check({
  name: 'loans_disbursed_all',
  expression: `num_nonnulls(disbursed_at, disbursement_id, interest_from, interest_through) = case when status in ('approved', 'cancelled') then 0 else 4 end`,
})
@Check({ name: 'loans_interest_dates', expression: `interest_through >= interest_from` })
@Check({ name: 'loans_interest_since_not_negative', expression: `interest_since >= 0` })
@Check({ name: 'loans_cancelled_at', expression: `(status = 'cancelled') = (cancelled_at is not null)` })
@Check({ name: 'loans_repaid_at', expression: `(status = 'repaid') = (repaid_at is not null)` })
@Check({ name: 'loans_liquidated_at', expression: `(status = 'liquidated') = (liquidated_at is not null)` })
@Check({
  name: 'loans_defaulted_at',
  expression: `case when status in ('defaulted', 'written_off') then defaulted_at is not null else defaulted_at is null or status = 'repaid' end`,
})
@Check({ name: 'loans_written_off_at', expression: `(status = 'written_off') = (written_off_at is not null)` })
@Check({
  name: 'loans_flags_while_owing',
  expression: `status in ('active', 'defaulted') or num_nonnulls(late_since, margin_called_at) = 0`,
})
export class Loan extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The approved application that it answers; it answers no other. */
  @ManyToOne({ joinColumns: ['user_id', 'application_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly application: Ref<LoanApplication>;

  /** What was lent and is paid back; the amounts are in it. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly currency: Ref<Asset>;

  /** How much is lent. */
  @Property({ type: AmountType })
  readonly principal: Decimal;

  /** Decimals that interest and instalments are rounded to, 0 to 8. */
  @Property({ type: 'smallint' })
  readonly scale: number;

  /** Nominal interest in percent a year, 0 to 100. */
  @Property({ type: PercentType })
  readonly apr: Decimal;

  /** How many monthly instalments it has, 1 to 120. */
  @Property({ type: 'smallint' })
  readonly termMonths: number;

  /** How days of interest are counted: real days or months of 30, in a year of 365 or 360. */
  @Enum({ items: () => DAY_COUNTS })
  readonly dayCount: DayCountConvention;

  /** The largest loan in percent of the collateral's value when it is paid out; at most the liquidation threshold. */
  @Property({ type: PercentType })
  readonly ltvMax: Decimal;

  /** From which debt on it may be liquidated, in percent of the collateral's value. */
  @Property({ type: PercentType })
  readonly liquidationThreshold: Decimal;

  /** What a liquidation takes on top of the debt it repays, in percent; with the threshold never more than the collateral. */
  @Property({ type: PercentType })
  readonly liquidationBonus: Decimal;

  /** In which order a payment covers late fees, interest and principal. */
  @Enum({ items: () => ALLOCATION_ORDERS })
  readonly allocationOrder: AllocationOrder;

  /** Where it stands: `approved → active / cancelled`, `active → repaid / liquidated / defaulted`, `defaulted → written_off / repaid`. */
  @Enum({ items: () => LOAN_STATUSES, accessor: 'status' })
  private _status: LoanStatus = 'approved';

  /** What is owed on it. */
  @Embedded(() => LoanDebt, { prefix: false })
  private readonly _debt = new LoanDebt();

  /** When it was approved. */
  @Property()
  readonly approvedAt: Date;

  /** When it was paid out; absent until then. */
  @Property({ nullable: true })
  disbursedAt?: Date;

  /** The transaction that paid it out; absent until then. */
  @ManyToOne({
    joinColumns: ['user_id', 'disbursement_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  disbursement?: Ref<Transaction>;

  /** When it was given up before it was paid out; absent otherwise. */
  @Property({ nullable: true })
  cancelledAt?: Date;

  /** When nothing was owed any more, by payments; absent otherwise. */
  @Property({ nullable: true })
  repaidAt?: Date;

  /** When sold collateral had paid the whole debt; absent otherwise. */
  @Property({ nullable: true })
  liquidatedAt?: Date;

  /** When the lender no longer counted on the instalments; absent if it always did. */
  @Property({ nullable: true })
  defaultedAt?: Date;

  /** When the lender gave the debt up; absent otherwise. */
  @Property({ nullable: true })
  writtenOffAt?: Date;

  /** Since when an instalment is overdue; absent while none is. */
  @Property({ nullable: true, accessor: 'lateSince' })
  private _lateSince?: Date;

  /** When more collateral or a payment was asked for; absent while the collateral suffices. */
  @Property({ nullable: true, accessor: 'marginCalledAt' })
  private _marginCalledAt?: Date;

  /** The schedule, made when the loan is paid out. Its principals sum to the loan. */
  @OneToMany(
    () => LoanInstallment,
    installment => installment.loan,
    { cascade: [Cascade.PERSIST] },
  )
  readonly installments = new Collection<LoanInstallment>(this);

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(application: LoanApplication, terms: LoanTerms) {
    super();
    const { approvedAmount, decidedAt } = application;
    if (application.status !== 'approved' || !approvedAmount || !decidedAt)
      throw new StateError('loan.application-not-approved', `The application is ${application.status}.`);
    requireTerms(terms);
    this.user = application.user;
    this.application = ref(application);
    this.currency = application.currency;
    this.principal = approvedAmount;
    this.scale = application.scale;
    this.termMonths = application.termMonths;
    this.apr = terms.apr;
    this.dayCount = terms.dayCount;
    this.ltvMax = terms.ltvMax;
    this.liquidationThreshold = terms.liquidationThreshold;
    this.liquidationBonus = terms.liquidationBonus;
    this.allocationOrder = terms.allocationOrder;
    this.approvedAt = decidedAt;
  }

  get status(): Opt<LoanStatus> {
    return this._status;
  }

  get outstandingPrincipal(): Opt<Decimal> {
    return this._debt.principal;
  }

  get outstandingInterest(): Opt<Decimal> {
    return this._debt.interest;
  }

  get outstandingFees(): Opt<Decimal> {
    return this._debt.fees;
  }

  /** All that is owed now: principal, interest counted up to now, and late fees. */
  get debt(): Opt<Decimal> {
    return this._debt.total;
  }

  get interestFrom(): Opt<string> | undefined {
    return this._debt.interestFrom;
  }

  get interestSince(): Opt<Decimal> {
    return this._debt.interestSince;
  }

  get interestThrough(): Opt<string> | undefined {
    return this._debt.interestThrough;
  }

  get lateSince(): Date | undefined {
    return this._lateSince;
  }

  get marginCalledAt(): Date | undefined {
    return this._marginCalledAt;
  }

  /** @throws {StateError} `loan.not-covered` when collateral of this value does not carry the loan. */
  requireCovered(collateralValue: Decimal): void {
    const ltv = loanToValue(this.principal, collateralValue);
    if (!ltv?.lte(this.ltvMax))
      throw new StateError('loan.not-covered', `The loan may be at most ${this.ltvMax} percent of its collateral.`, {
        ltvMax: this.ltvMax.toFixed(),
      });
  }

  /**
   * Pays the loan out, makes its schedule and converts its application, which must be loaded.
   * @param date the borrower's local date: interest runs from it, and instalments are counted in months from it.
   */
  disburse(disbursement: Transaction, date: string, now: Date): void {
    const next = this.after('active');
    const schedule = annuitySchedule(this, date);
    this.application.getEntity().convert(now);
    this._status = next;
    this.disbursedAt = now;
    this.disbursement = ref(disbursement);
    this._debt.begin(this.principal, date);
    this.installments.add(schedule.map(planned => new LoanInstallment(this, planned)));
  }

  cancel(now: Date): void {
    this.become('cancelled');
    this.cancelledAt = now;
  }

  /**
   * Counts interest up to a local date, that day included, and returns what came on top. No date is counted twice.
   * @throws {StateError} `loan.interest-counted` when the date was counted before.
   */
  accrueInterest(through: string): Decimal {
    this.requireActive();
    return this._debt.accrue(this, through);
  }

  /** Charges the one late fee that an overdue instalment of this loan may cost. */
  chargeLateFee(installment: LoanInstallment, fee: Decimal, now: Date): void {
    this.requireActive();
    if (installment.loan.id !== this.id)
      throw new ValidationError('loan.foreign-installment', 'This instalment is one of another loan.');
    if (fee.decimalPlaces() > this.scale)
      throw new ValidationError('loan.too-precise', `A late fee of this loan has at most ${this.scale} decimals.`, {
        scale: this.scale,
      });
    installment.chargeLateFee(fee, now);
    this._debt.charge(fee);
  }

  /** What a payment on a local date must bring so that nothing is overdue: fees, interest counted so far, and principal that is due. */
  dueBy(date: string): Decimal {
    return Decimal.sum(this._debt.fees, this._debt.interest, overduePrincipal(this.installments.getItems(), date));
  }

  /** How a payment would be split now. */
  allocate(amount: Decimal): Allocation {
    return allocatePayment(amount, this._debt, this.allocationOrder);
  }

  /**
   * Takes a payment of the borrower. Count interest first, and load the instalments: principal and fees go to the earliest
   * that lack them. The loan is repaid when nothing is owed any more; a surplus is named and stays the payer's.
   */
  repay(amount: Decimal, transaction: Transaction, now: Date): LoanPayment {
    this.requireOwing();
    const payment = this.receive('repayment', amount, transaction, now);
    if (this.debt.isZero()) {
      this.become('repaid');
      this.repaidAt = now;
      this.liftFlags();
    }
    return payment;
  }

  /** Takes what sold collateral brought in, like a payment. The loan is liquidated when that pays the whole debt. */
  liquidate(proceeds: Decimal, transaction: Transaction, now: Date): LoanPayment {
    this.requireActive();
    const payment = this.receive('liquidation', proceeds, transaction, now);
    if (this.debt.isZero()) {
      this.become('liquidated');
      this.liquidatedAt = now;
      this.liftFlags();
    }
    return payment;
  }

  /** The lender no longer counts on the instalments; payments are still welcome, interest stops. */
  declareDefault(now: Date): void {
    this.become('defaulted');
    this.defaultedAt = now;
  }

  /** The lender gives the debt up; what was owed stays readable. */
  writeOff(now: Date): void {
    this.become('written_off');
    this.writtenOffAt = now;
    this.liftFlags();
  }

  markLate(now: Date): void {
    this.requireActive();
    if (this._lateSince) throw new StateError('loan.late-already', 'The loan is marked late already.');
    this._lateSince = now;
  }

  /** No instalment is overdue any more. */
  markCaughtUp(): void {
    this.requireActive();
    if (!this._lateSince) throw new StateError('loan.not-late', 'The loan is not late.');
    this._lateSince = undefined;
  }

  /** Asks for more collateral or a payment. */
  callMargin(now: Date): void {
    this.requireActive();
    if (this._marginCalledAt) throw new StateError('loan.margin-called-already', 'A margin call is open already.');
    this._marginCalledAt = now;
  }

  liftMarginCall(): void {
    this.requireActive();
    if (!this._marginCalledAt) throw new StateError('loan.no-margin-call', 'No margin call is open.');
    this._marginCalledAt = undefined;
  }

  /** @throws {StateError} `loan.not-active`. */
  requireActive(): void {
    if (this._status !== 'active') throw new StateError('loan.not-active', `The loan is ${this._status}, not active.`);
  }

  private requireOwing(): void {
    if (this._status !== 'active' && this._status !== 'defaulted')
      throw new StateError('loan.not-owing', `Nothing is to be paid on a loan that is ${this._status}.`);
  }

  private receive(kind: LoanPaymentKind, amount: Decimal, transaction: Transaction, now: Date): LoanPayment {
    const split = this.allocate(amount);
    const payment = new LoanPayment(this, kind, transaction, split, now);
    coverInstallments(this.installments.getItems(), split, now);
    this._debt.pay(split);
    return payment;
  }

  private liftFlags(): void {
    this._lateSince = undefined;
    this._marginCalledAt = undefined;
  }

  private become(status: LoanStatus): void {
    this._status = this.after(status);
  }

  private after(status: LoanStatus): LoanStatus {
    return transition('loan', STATUS_AFTER, this._status, status);
  }
}
