import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import {
  AmountType,
  type Decimal,
  newId,
  ownedBy,
  parseInput,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { CollateralOffers } from './collateral-offer.js';
import { DeciderName, DecisionReasons, type LoanDecision } from './loan-decision.js';
import { TERM_MONTHS_MAX } from './loan-terms.js';

export const LOAN_PURPOSES = ['home', 'vehicle', 'education', 'medical', 'business', 'refinancing', 'other'] as const;
export type LoanPurpose = (typeof LOAN_PURPOSES)[number];

export const LOAN_APPLICATION_STATUSES = [
  'draft',
  'submitted',
  'under_review',
  'approved',
  'rejected',
  'withdrawn',
  'expired',
  'converted',
] as const;
export type LoanApplicationStatus = (typeof LOAN_APPLICATION_STATUSES)[number];

const STATUS_AFTER: Transitions<LoanApplicationStatus> = {
  draft: ['submitted', 'withdrawn'],
  submitted: ['under_review', 'withdrawn'],
  under_review: ['approved', 'rejected', 'withdrawn'],
  approved: ['expired', 'converted'],
  rejected: [],
  withdrawn: [],
  expired: [],
  converted: [],
};

/** What somebody wants to borrow, and what they would pledge for it. */
export interface LoanWish {
  amount: Decimal;
  /** 1 to 120. */
  termMonths: number;
  purpose: LoanPurpose;
  collateral: CollateralOffers;
}

export interface LoanOffer {
  /** At most what was asked for. */
  amount: Decimal;
  expiresAt: Date;
}

/** Somebody's request for a loan and the decision on it, which somebody else makes. One open request per user. */
@Entity({ tableName: 'loan_applications', ...ownedBy() })
@Unique({
  name: 'loan_applications_one_open',
  properties: ['user'],
  where: `status in ('draft', 'submitted', 'under_review')`,
})
@Index({ name: 'loan_applications_currency_id_index', properties: ['currency'] })
@Index({ name: 'loan_applications_decided_by_id_index', properties: ['decidedBy'] })
@Index({
  name: 'loan_applications_expiring_index',
  properties: ['offerExpiresAt'],
  where: `status = 'approved'`,
})
@Check({ name: 'loan_applications_requested_amount_positive', expression: `requested_amount > 0` })
@Check({
  name: 'loan_applications_approved_amount_range',
  expression: `approved_amount > 0 and approved_amount <= requested_amount`,
})
@Check({ name: 'loan_applications_scale_range', expression: `scale >= 0 and scale <= 8` })
@Check({ name: 'loan_applications_term_range', expression: `term_months >= 1 and term_months <= ${TERM_MONTHS_MAX}` })
@Check({ name: 'loan_applications_score_range', expression: `score >= 0 and score <= 1000` })
@Check({
  name: 'loan_applications_collateral_offered_size',
  expression: `octet_length(collateral_offered::text) <= 16384`,
})
@Check({ name: 'loan_applications_reasons_size', expression: `octet_length(reasons::text) <= 16384` })
@Check({
  name: 'loan_applications_submitted_at',
  expression: `case when status = 'draft' then submitted_at is null else submitted_at is not null or status = 'withdrawn' end`,
})
@Check({
  name: 'loan_applications_review_started_at',
  expression: `case when status in ('draft', 'submitted') then review_started_at is null else review_started_at is not null or status = 'withdrawn' end`,
})
@Check({
  name: 'loan_applications_decided_at',
  expression: `(status in ('approved', 'rejected', 'expired', 'converted')) = (decided_at is not null)`,
})
@Check({
  name: 'loan_applications_decided_all',
  expression: `num_nonnulls(decided_at, decided_by_name, reasons) in (0, 3)`,
})
@Check({
  name: 'loan_applications_approved_offer',
  expression: `num_nonnulls(approved_amount, offer_expires_at) = case when status in ('approved', 'expired', 'converted') then 2 else 0 end`,
})
@Check({ name: 'loan_applications_offer_expires_later', expression: `offer_expires_at > decided_at` })
@Check({ name: 'loan_applications_withdrawn_at', expression: `(status = 'withdrawn') = (withdrawn_at is not null)` })
@Check({ name: 'loan_applications_expired_at', expression: `(status = 'expired') = (expired_at is not null)` })
@Check({ name: 'loan_applications_converted_at', expression: `(status = 'converted') = (converted_at is not null)` })
@Check({ name: 'loan_applications_not_decided_by_applicant', expression: `decided_by_id <> user_id` })
@Check({
  name: 'loan_applications_decided_by_known',
  expression: `decided_by_id is null or decided_at is not null`,
})
export class LoanApplication extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What is to be borrowed and paid back; the amounts are in it. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly currency: Ref<Asset>;

  /** Decimals of the amounts, 0 to 8: those that the currency was shown with when the application was made. */
  @Property({ type: 'smallint' })
  readonly scale: number;

  /** How much the applicant wants. */
  @Property({ type: AmountType, accessor: 'requestedAmount' })
  private _requestedAmount!: Decimal;

  /** In how many monthly instalments the applicant would pay back, 1 to 120. */
  @Property({ type: 'smallint', accessor: 'termMonths' })
  private _termMonths!: number;

  /** What the money is for. */
  @Enum({ items: () => LOAN_PURPOSES, accessor: 'purpose' })
  private _purpose!: LoanPurpose;

  /** What the applicant would pledge: a list of holding, asset code and quantity. Nothing is locked by it. */
  @Property({ type: 'json', accessor: 'collateralOffered' })
  private _collateralOffered!: CollateralOffers;

  /** How creditworthy the applicant was found, from 0 to 1000 at best; absent until the review says so. */
  @Property({ type: 'smallint', nullable: true, accessor: 'score' })
  private _score?: number;

  /** How far it got: `draft → submitted → under_review → approved / rejected`, open ones `→ withdrawn`, `approved → expired / converted`. */
  @Enum({ items: () => LOAN_APPLICATION_STATUSES, accessor: 'status' })
  private _status: LoanApplicationStatus = 'draft';

  /** When the applicant sent it in; absent for a draft. */
  @Property({ nullable: true })
  submittedAt?: Date;

  /** When the review began; absent before. */
  @Property({ nullable: true })
  reviewStartedAt?: Date;

  /** When it was approved or rejected; absent until then. */
  @Property({ nullable: true })
  decidedAt?: Date;

  /** Who approved or rejected it, never the applicant; absent until then and when their account is gone. */
  @ManyToOne({ nullable: true, deleteRule: 'set null', updateRule: 'no action' })
  decidedBy?: Ref<User>;

  /** How the decider was called; absent until it is decided. */
  @Property({ length: 120, nullable: true })
  decidedByName?: string;

  /** Why it was decided so, as the applicant is told: a list of sentences; absent until it is decided. */
  @Property({ type: 'json', nullable: true })
  reasons?: DecisionReasons;

  /** How much may be borrowed, at most what was asked for; absent unless it was approved. */
  @Property({ type: AmountType, nullable: true })
  approvedAmount?: Decimal;

  /** Until when the approved amount may be taken; absent unless it was approved. */
  @Property({ nullable: true })
  offerExpiresAt?: Date;

  /** When the applicant took it back; absent otherwise. */
  @Property({ nullable: true })
  withdrawnAt?: Date;

  /** When the offer lapsed or was declined; absent otherwise. */
  @Property({ nullable: true })
  expiredAt?: Date;

  /** When the loan was paid out; absent otherwise. */
  @Property({ nullable: true })
  convertedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(applicant: User, currency: Asset, wish: LoanWish) {
    super();
    if (currency.kind !== 'fiat' && currency.kind !== 'stablecoin')
      throw new ValidationError(
        'loan-application.not-a-currency',
        `A loan is of a currency, not of ${currency.code}.`,
        {
          code: currency.code,
        },
      );
    this.user = ref(applicant);
    this.currency = ref(currency);
    this.scale = Math.min(currency.displayScale, currency.scale);
    this.take(wish);
  }

  get requestedAmount(): Decimal {
    return this._requestedAmount;
  }

  get termMonths(): number {
    return this._termMonths;
  }

  get purpose(): LoanPurpose {
    return this._purpose;
  }

  get collateralOffered(): CollateralOffers {
    return this._collateralOffered;
  }

  get score(): Opt<number> | undefined {
    return this._score;
  }

  get status(): Opt<LoanApplicationStatus> {
    return this._status;
  }

  /** The applicant thinks again; only a draft can be written anew. */
  revise(wish: LoanWish): void {
    if (this._status !== 'draft')
      throw new StateError('loan-application.not-draft', `An application that is ${this._status} is not written anew.`);
    this.take(wish);
  }

  submit(now: Date): void {
    this.become('submitted');
    this.submittedAt = now;
  }

  startReview(now: Date): void {
    this.become('under_review');
    this.reviewStartedAt = now;
  }

  /** Records what the review found; it may look again. */
  rate(score: number): void {
    if (this._status !== 'under_review')
      throw new StateError('loan-application.not-under-review', `An application that is ${this._status} is not rated.`);
    if (!Number.isInteger(score) || score < 0 || score > 1000)
      throw new ValidationError('loan-application.score-range', 'A score is a whole number from 0 to 1000.');
    this._score = score;
  }

  approve({ amount, expiresAt }: LoanOffer, decision: LoanDecision, now: Date): void {
    this.decide('approved', decision, now, () => {
      if (!(amount.gt(0) && amount.lte(this._requestedAmount)))
        throw new ValidationError('loan-application.amount-range', 'At most what was asked for can be approved.', {
          requested: this._requestedAmount.toFixed(),
        });
      this.requireScale(amount);
      if (!(expiresAt > now))
        throw new ValidationError('loan-application.offer-over', 'An offer ends after it was made.');
    });
    this.approvedAmount = amount;
    this.offerExpiresAt = expiresAt;
  }

  /** A refusal says why. */
  reject(decision: LoanDecision, now: Date): void {
    this.decide('rejected', decision, now, () => {
      if (!decision.reasons?.length)
        throw new ValidationError('loan-application.no-reasons', 'Tell the applicant why the application is rejected.');
    });
  }

  withdraw(now: Date): void {
    this.become('withdrawn');
    this.withdrawnAt = now;
  }

  /** The offer is over: its time has passed, or the applicant does not want it. */
  expire(now: Date): void {
    this.become('expired');
    this.expiredAt = now;
  }

  /** The loan is paid out. */
  convert(now: Date): void {
    if (this._status === 'approved' && this.offerExpiresAt && now >= this.offerExpiresAt)
      throw new StateError('loan-application.offer-over', 'The time to take this offer is over.');
    this.become('converted');
    this.convertedAt = now;
  }

  private decide(status: 'approved' | 'rejected', decision: LoanDecision, now: Date, requireMore: () => void): void {
    const next = this.after(status);
    if (decision.by.id === this.user.id)
      throw new ValidationError('loan-application.own-decision', 'Nobody decides on an application of their own.');
    const name = parseInput(DeciderName, decision.byName);
    const reasons = parseInput(DecisionReasons, decision.reasons ?? []);
    requireMore();
    this._status = next;
    this.decidedAt = now;
    this.decidedBy = ref(decision.by);
    this.decidedByName = name;
    this.reasons = reasons;
  }

  private take({ amount, termMonths, purpose, collateral }: LoanWish): void {
    if (!amount.gt(0)) throw new ValidationError('loan-application.not-positive', 'A loan is of more than 0.');
    this.requireScale(amount);
    if (!Number.isInteger(termMonths) || termMonths < 1 || termMonths > TERM_MONTHS_MAX)
      throw new ValidationError('loan-application.term', `A loan is repaid in 1 to ${TERM_MONTHS_MAX} months.`);
    const offers = parseInput(CollateralOffers, collateral);
    this._requestedAmount = amount;
    this._termMonths = termMonths;
    this._purpose = purpose;
    this._collateralOffered = offers;
  }

  private requireScale(amount: Decimal): void {
    if (amount.decimalPlaces() > this.scale)
      throw new ValidationError('loan-application.too-precise', `An amount has at most ${this.scale} decimals here.`, {
        scale: this.scale,
      });
  }

  private become(status: LoanApplicationStatus): void {
    this._status = this.after(status);
  }

  private after(status: LoanApplicationStatus): LoanApplicationStatus {
    return transition('loan-application', STATUS_AFTER, this._status, status);
  }
}
