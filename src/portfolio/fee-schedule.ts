import { FEE_KINDS, type FeeKind } from '../ledger/index.js';
import {
  AMOUNT,
  Decimal,
  HUNDRED,
  PERCENT,
  percentOf,
  requireFits,
  roundUp,
  ValidationError,
  ZERO,
} from '../shared/index.js';

/** What a kind of fee comes to: percent of the value traded, a fixed amount in the portfolio's currency, or both. */
export interface FeeTerms {
  rate?: Decimal;
  fixed?: Decimal;
}

/** A fee as it will be taken. The rate is there when it was reckoned by one. */
export interface PlannedFee {
  kind: FeeKind;
  amount: Decimal;
  rate?: Decimal;
}

/**
 * What trades cost, by kind. It belongs to whoever runs the platform and is handed to a service when that is made; no input
 * of a user names a fee. The value traded is what is paid for units or what they bring, fees left out.
 */
export class FeeSchedule {
  static readonly FREE = new FeeSchedule({});

  private readonly terms: readonly (FeeTerms & { kind: FeeKind })[];

  /** @throws {ValidationError} `fee.rate-range` unless from 0 to 100, `fee.fixed-negative`, or what a column cannot hold. */
  constructor(terms: Partial<Record<FeeKind, FeeTerms>>) {
    this.terms = FEE_KINDS.flatMap(kind => (terms[kind] ? [{ kind, ...terms[kind] }] : []));
    for (const { kind, rate = ZERO, fixed = ZERO } of this.terms) {
      requireFits(rate, PERCENT, `${kind} rate`);
      requireFits(fixed, AMOUNT, `${kind} fee`);
      if (!(rate.gte(0) && rate.lte(HUNDRED)))
        throw new ValidationError('fee.rate-range', `The ${kind} rate is from 0 to 100 percent.`, { kind });
      if (fixed.lt(0))
        throw new ValidationError('fee.fixed-negative', `A fixed ${kind} fee is not negative.`, { kind });
    }
  }

  /** All rates together, in percent. */
  get rate(): Decimal {
    return Decimal.sum(ZERO, ...this.terms.map(({ rate = ZERO }) => rate));
  }

  /** All fixed amounts together, each rounded up to the scale of the currency. */
  fixed(scale: number): Decimal {
    return Decimal.sum(ZERO, ...this.terms.map(({ fixed = ZERO }) => roundUp(fixed, scale)));
  }

  /**
   * The fees on a value traded, in the order of the kinds: what a rate comes to is rounded up (the user owes it), and stands
   * before the fixed amount of its kind. What comes to nothing is left out.
   */
  on(value: Decimal, scale: number): PlannedFee[] {
    return this.terms
      .flatMap(({ kind, rate, fixed = ZERO }): PlannedFee[] => [
        ...(rate ? [{ kind, amount: roundUp(percentOf(value, rate), scale), rate }] : []),
        { kind, amount: roundUp(fixed, scale) },
      ])
      .filter(({ amount }) => amount.gt(0));
  }
}
