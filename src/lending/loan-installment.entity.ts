import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import {
  AmountType,
  Decimal,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  ValidationError,
  ZERO,
} from '../shared/index.js';
import type { ScheduledInstallment } from './amortization.js';
import type { Loan } from './loan.entity.js';

/**
 * What a loan's schedule asks for by one date, and what was paid of it. It is paid when its principal is; the interest paid
 * with it is the real one, less than planned when paid early and more when paid late.
 */
@Entity({ tableName: 'loan_installments', ...ownedBy() })
@Unique({ name: 'loan_installments_number_unique', properties: ['user', 'loan', 'number'] })
@Index({ name: 'loan_installments_due_index', properties: ['dueOn'], where: 'paid_at is null' })
@Check({ name: 'loan_installments_number_positive', expression: `number > 0` })
@Check({ name: 'loan_installments_principal_positive', expression: `principal > 0` })
@Check({ name: 'loan_installments_interest_not_negative', expression: `interest >= 0` })
@Check({
  name: 'loan_installments_paid_principal_range',
  expression: `paid_principal >= 0 and paid_principal <= principal`,
})
@Check({ name: 'loan_installments_paid_interest_not_negative', expression: `paid_interest >= 0` })
@Check({
  name: 'loan_installments_paid_late_fee_range',
  expression: `paid_late_fee >= 0 and paid_late_fee <= late_fee`,
})
@Check({
  name: 'loan_installments_late_fee_charged_at',
  expression: `(late_fee > 0) = (late_fee_charged_at is not null)`,
})
@Check({ name: 'loan_installments_paid_at', expression: `(paid_principal = principal) = (paid_at is not null)` })
export class LoanInstallment extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The loan whose schedule it belongs to. */
  @ManyToOne({ joinColumns: ['user_id', 'loan_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly loan: Ref<Loan>;

  /** Its place in the schedule, from 1. */
  @Property({ type: 'smallint' })
  readonly number: number;

  /** The borrower's local date by which it is to be paid. */
  @Property({ type: 'date' })
  readonly dueOn: string;

  /** How much of the loan it pays back. */
  @Property({ type: AmountType })
  readonly principal: Decimal;

  /** The interest of its period when everything is paid on its day. */
  @Property({ type: AmountType })
  readonly interest: Decimal;

  /** What being late with it has cost; 0 or charged once. */
  @Property({ type: AmountType, accessor: 'lateFee' })
  private _lateFee: Decimal = ZERO;

  /** When the late fee was charged; absent while there is none. */
  @Property({ nullable: true })
  lateFeeChargedAt?: Date;

  /** Principal paid of it, at most its principal. */
  @Property({ type: AmountType, accessor: 'paidPrincipal' })
  private _paidPrincipal: Decimal = ZERO;

  /** Interest paid while it was the earliest one open. */
  @Property({ type: AmountType, accessor: 'paidInterest' })
  private _paidInterest: Decimal = ZERO;

  /** Paid of its late fee. */
  @Property({ type: AmountType, accessor: 'paidLateFee' })
  private _paidLateFee: Decimal = ZERO;

  /** When its principal was paid in full; absent until then. */
  @Property({ nullable: true, accessor: 'paidAt' })
  private _paidAt?: Date;

  constructor(loan: Loan, { number, dueOn, principal, interest }: ScheduledInstallment) {
    super();
    if (!Number.isInteger(number) || number < 1)
      throw new ValidationError('loan-installment.number', 'Instalments are numbered from 1.');
    if (!principal.gt(0) || !interest.gte(0))
      throw new ValidationError(
        'loan-installment.amounts',
        'An instalment repays more than 0, with interest or without.',
      );
    this.user = loan.user;
    this.loan = ref(loan);
    this.number = number;
    this.dueOn = dueOn;
    this.principal = principal;
    this.interest = interest;
  }

  get lateFee(): Opt<Decimal> {
    return this._lateFee;
  }

  get paidPrincipal(): Opt<Decimal> {
    return this._paidPrincipal;
  }

  get paidInterest(): Opt<Decimal> {
    return this._paidInterest;
  }

  get paidLateFee(): Opt<Decimal> {
    return this._paidLateFee;
  }

  get paidAt(): Date | undefined {
    return this._paidAt;
  }

  get isPaid(): Opt<boolean> {
    return this._paidAt !== undefined;
  }

  /** Whether its date has passed and principal of it is missing, on the borrower's local date. */
  isOverdue(today: string): boolean {
    return !this.isPaid && this.dueOn < today;
  }

  /** Only its loan charges it, which owes the fee from then on. */
  chargeLateFee(fee: Decimal, now: Date): void {
    if (this.isPaid) throw new StateError('loan-installment.paid', 'An instalment that is paid costs no late fee.');
    if (this.lateFeeChargedAt)
      throw new StateError('loan-installment.late-fee-charged', 'The late fee of this instalment was charged before.');
    if (!fee.gt(0)) throw new ValidationError('loan-installment.late-fee', 'A late fee is of more than 0.');
    this._lateFee = fee;
    this.lateFeeChargedAt = now;
  }

  /** Takes what it lacks of an amount of principal, and returns how much that was. */
  takePrincipal(offered: Decimal, now: Date): Decimal {
    const taken = Decimal.min(offered, this.principal.minus(this._paidPrincipal));
    this._paidPrincipal = this._paidPrincipal.plus(taken);
    if (!this.isPaid && this._paidPrincipal.eq(this.principal)) this._paidAt = now;
    return taken;
  }

  takeInterest(interest: Decimal): void {
    this._paidInterest = this._paidInterest.plus(interest);
  }

  /** Takes what it lacks of an amount of late fees, and returns how much that was. */
  takeFee(offered: Decimal): Decimal {
    const taken = Decimal.min(offered, this._lateFee.minus(this._paidLateFee));
    this._paidLateFee = this._paidLateFee.plus(taken);
    return taken;
  }
}
