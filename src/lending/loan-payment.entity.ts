import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import { AmountType, Decimal, newId, ownedBy, Timestamped, ValidationError, ZERO } from '../shared/index.js';
import type { Loan } from './loan.entity.js';
import type { Allocation } from './payment-allocation.js';

/** Who paid: the borrower, or collateral that was sold. */
export const LOAN_PAYMENT_KINDS = ['repayment', 'liquidation'] as const;
export type LoanPaymentKind = (typeof LOAN_PAYMENT_KINDS)[number];

/** Money received for a loan, and how it was split. The four parts sum to the amount; a transaction pays once. Never changed. */
@Entity({ tableName: 'loan_payments', ...ownedBy() })
@Unique({ name: 'loan_payments_transaction_unique', properties: ['user', 'transaction'] })
@Index({ name: 'loan_payments_loan_index', properties: ['user', 'loan', 'receivedAt'] })
@Check({ name: 'loan_payments_amount_positive', expression: `amount > 0` })
@Check({ name: 'loan_payments_parts_sum', expression: `fees + interest + principal + surplus = amount` })
@Check({
  name: 'loan_payments_parts_not_negative',
  expression: `fees >= 0 and interest >= 0 and principal >= 0 and surplus >= 0`,
})
export class LoanPayment extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The loan that was paid for. */
  @ManyToOne({ joinColumns: ['user_id', 'loan_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly loan: Ref<Loan>;

  /** Who paid: the borrower, or collateral that was sold. */
  @Enum({ items: () => LOAN_PAYMENT_KINDS })
  readonly kind: LoanPaymentKind;

  /** The transaction that brought the money. */
  @ManyToOne({ joinColumns: ['user_id', 'transaction_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly transaction: Ref<Transaction>;

  /** When the money came in. */
  @Property()
  readonly receivedAt: Date;

  /** How much came in, in the loan's currency. */
  @Property({ type: AmountType })
  readonly amount: Decimal;

  /** What of it paid late fees. */
  @Property({ type: AmountType })
  readonly fees: Decimal;

  /** What of it paid interest. */
  @Property({ type: AmountType })
  readonly interest: Decimal;

  /** What of it paid principal back. */
  @Property({ type: AmountType })
  readonly principal: Decimal;

  /** What of it was not owed and stays the borrower's cash. */
  @Property({ type: AmountType })
  readonly surplus: Decimal;

  constructor(loan: Loan, kind: LoanPaymentKind, transaction: Transaction, split: Allocation, receivedAt: Date) {
    super();
    const parts = [split.fees, split.interest, split.principal, split.surplus];
    if (!split.amount.gt(0) || parts.some(part => !part.gte(0)) || !Decimal.sum(ZERO, ...parts).eq(split.amount))
      throw new ValidationError('loan-payment.parts', 'The parts of a payment are not negative and sum to it.');
    this.user = loan.user;
    this.loan = ref(loan);
    this.kind = kind;
    this.transaction = ref(transaction);
    this.receivedAt = receivedAt;
    this.amount = split.amount;
    this.fees = split.fees;
    this.interest = split.interest;
    this.principal = split.principal;
    this.surplus = split.surplus;
  }
}
