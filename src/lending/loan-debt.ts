import { Embeddable, Property } from '@mikro-orm/decorators/es';
import { AmountType, Decimal, roundUp, StateError, ZERO } from '../shared/index.js';
import { type Interest, interestBetween } from './amortization.js';
import type { Allocation, DebtParts } from './payment-allocation.js';

/** On what conditions interest is counted: its rate and days, and the decimals that it is rounded up to. */
export interface InterestTerms extends Interest {
  scale: number;
}

/** A zero of its own each time: MikroORM takes one that all share for the column's default. */
const nothing = (): Decimal => new Decimal(0);

/**
 * What is owed on a loan: principal, interest counted up to a local date, and late fees; none of them is ever below 0.
 * Interest is simple, on the principal still owed.
 */
@Embeddable()
export class LoanDebt implements DebtParts {
  /** Principal still owed; 0 before it is paid out, and what was given up once it is written off. */
  @Property({ type: AmountType, fieldName: 'outstanding_principal' })
  principal: Decimal = nothing();

  /** Interest counted up to now and not paid yet. */
  @Property({ type: AmountType, fieldName: 'outstanding_interest' })
  interest: Decimal = nothing();

  /** Late fees charged and not paid yet. */
  @Property({ type: AmountType, fieldName: 'outstanding_fees' })
  fees: Decimal = nothing();

  /** The local date from which the principal owed now has borne interest; absent before it is paid out. */
  @Property({ type: 'date', nullable: true, fieldName: 'interest_from' })
  interestFrom?: string;

  /** Interest counted since that date, paid or not: a date adds only what is missing, and rounding does not add up. */
  @Property({ type: AmountType, fieldName: 'interest_since' })
  interestSince: Decimal = nothing();

  /** The last local date whose interest was counted; absent before it is paid out. */
  @Property({ type: 'date', nullable: true, fieldName: 'interest_through' })
  interestThrough?: string;

  /** All that is owed now. */
  get total(): Decimal {
    return Decimal.sum(this.principal, this.interest, this.fees);
  }

  /** The principal is paid out, and bears interest from a local date on. */
  begin(principal: Decimal, date: string): void {
    this.principal = principal;
    this.interestFrom = date;
    this.interestThrough = date;
  }

  /**
   * Counts interest up to a local date, that day included, and returns what came on top. No date is counted twice.
   * @throws {StateError} `loan.interest-counted` when the date was counted before.
   */
  accrue(terms: InterestTerms, through: string): Decimal {
    if (through <= this.interestThrough!)
      throw new StateError('loan.interest-counted', `Interest is counted up to ${this.interestThrough} already.`, {
        through: this.interestThrough!,
      });
    const since = roundUp(interestBetween(this.principal, terms, this.interestFrom!, through), terms.scale);
    const added = since.minus(this.interestSince);
    this.interestSince = since;
    this.interestThrough = through;
    this.interest = this.interest.plus(added);
    return added;
  }

  charge(fee: Decimal): void {
    this.fees = this.fees.plus(fee);
  }

  /** Takes a payment as it was split. Less principal bears less interest, from the last date that was counted on. */
  pay({ fees, interest, principal }: Allocation): void {
    this.fees = this.fees.minus(fees);
    this.interest = this.interest.minus(interest);
    this.principal = this.principal.minus(principal);
    if (principal.gt(0)) {
      this.interestFrom = this.interestThrough;
      this.interestSince = ZERO;
    }
  }
}
