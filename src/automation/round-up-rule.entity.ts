import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Basket, Portfolio } from '../portfolio/index.js';
import {
  AmountType,
  Decimal,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';

export const ROUND_TO = [1, 5, 10] as const;
export type RoundTo = (typeof ROUND_TO)[number];

export const ROUND_UP_MODES = ['auto', 'manual'] as const;
export type RoundUpMode = (typeof ROUND_UP_MODES)[number];

export const ROUND_UP_RULE_STATUSES = ['active', 'paused', 'cancelled'] as const;
export type RoundUpRuleStatus = (typeof ROUND_UP_RULE_STATUSES)[number];

const STATUS_AFTER: Transitions<RoundUpRuleStatus> = {
  active: ['paused', 'cancelled'],
  paused: ['active', 'cancelled'],
  cancelled: [],
};

export interface RoundUpPlan {
  /** The card or account whose purchases are rounded up. */
  fundingSource: string;
  roundTo: RoundTo;
  /** 1 to 10. */
  multiplier: number;
  /** The sum of ready round-ups at which they are invested. */
  threshold: Decimal;
  monthlyCap?: Decimal;
  mode?: RoundUpMode;
}

/** Purchases from one source rounded up, and the difference invested. One active rule per source. */
@Entity({ tableName: 'round_up_rules', ...ownedBy() })
@Unique({ name: 'round_up_rules_one_active', properties: ['user', 'fundingSource'], where: `status = 'active'` })
@Index({ name: 'round_up_rules_portfolio_index', properties: ['user', 'portfolio'] })
@Index({ name: 'round_up_rules_basket_id_index', properties: ['basket'] })
@Check({ name: 'round_up_rules_round_to', expression: `round_to in (1, 5, 10)` })
@Check({ name: 'round_up_rules_multiplier_range', expression: `multiplier >= 1 and multiplier <= 10` })
@Check({ name: 'round_up_rules_threshold_positive', expression: `threshold > 0` })
@Check({ name: 'round_up_rules_monthly_cap_positive', expression: `monthly_cap > 0` })
@Check({ name: 'round_up_rules_cancelled_at', expression: `(status = 'cancelled') = (cancelled_at is not null)` })
export class RoundUpRule extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The card or account whose purchases are rounded up. */
  @Property({ length: 80 })
  readonly fundingSource: string;

  /** Purchases are rounded up to a multiple of this: 1, 5 or 10. */
  @Property({ type: 'smallint' })
  readonly roundTo: RoundTo;

  /** The difference is taken this many times, 1 to 10. */
  @Property({ type: 'smallint' })
  readonly multiplier: number;

  /** The sum of ready round-ups at which they are invested. */
  @Property({ type: AmountType })
  readonly threshold: Decimal;

  /** The most that round-ups may add up to in a local month. */
  @Property({ type: AmountType, nullable: true })
  readonly monthlyCap?: Decimal;

  /** Whether the sweep happens by itself or when asked for. */
  @Enum({ items: () => ROUND_UP_MODES })
  readonly mode: RoundUpMode;

  /** The portfolio invested into. */
  @ManyToOne({ joinColumns: ['user_id', 'portfolio_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly portfolio: Ref<Portfolio>;

  /** The basket bought. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly basket: Ref<Basket>;

  /** Whether purchases count: `active ↔ paused`, both `→ cancelled`. */
  @Enum({ items: () => ROUND_UP_RULE_STATUSES, accessor: 'status' })
  private _status: RoundUpRuleStatus = 'active';

  /** When it was cancelled. */
  @Property({ nullable: true })
  cancelledAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(portfolio: Portfolio, basket: Basket, plan: RoundUpPlan) {
    super();
    portfolio.requireOpen();
    basket.requireInvestable();
    basket.requireMinimum(plan.threshold);
    if (!ROUND_TO.includes(plan.roundTo))
      throw new ValidationError('round-up.round-to', 'Purchases are rounded up to 1, 5 or 10.');
    if (!Number.isInteger(plan.multiplier) || plan.multiplier < 1 || plan.multiplier > 10) {
      throw new ValidationError('round-up.multiplier', 'A multiplier is a whole number from 1 to 10.');
    }
    if (plan.monthlyCap && !plan.monthlyCap.gt(0))
      throw new ValidationError('round-up.monthly-cap', 'A monthly cap must be greater than 0.');
    this.user = portfolio.user;
    this.portfolio = ref(portfolio);
    this.basket = ref(basket);
    this.fundingSource = plan.fundingSource;
    this.roundTo = plan.roundTo;
    this.multiplier = plan.multiplier;
    this.threshold = plan.threshold;
    this.monthlyCap = plan.monthlyCap;
    this.mode = plan.mode ?? 'auto';
  }

  get status(): Opt<RoundUpRuleStatus> {
    return this._status;
  }

  /** What a purchase adds: up to the next multiple of `roundTo`, times the multiplier. A purchase that is one already adds nothing. */
  roundUpOf(purchase: Decimal): Decimal {
    if (!purchase.gt(0)) throw new ValidationError('round-up.purchase-not-positive', 'A purchase is of more than 0.');
    const above = new Decimal(this.roundTo).minus(purchase.mod(this.roundTo)).mod(this.roundTo);
    return above.mul(this.multiplier);
  }

  pause(): void {
    this.become('paused');
  }

  resume(): void {
    this.become('active');
  }

  cancel(now: Date): void {
    this.become('cancelled');
    this.cancelledAt = now;
  }

  /**
   * The card or account is forgotten. Only of a rule that has ended: purchases find one that counts by its source.
   * @throws {StateError} `round-up-rule.not-ended`
   */
  erase(): void {
    if (this._status !== 'cancelled')
      throw new StateError('round-up-rule.not-ended', `This rule is ${this._status}; cancel it before erasing it.`);
    // Read-only for everybody else.
    Object.assign(this, { fundingSource: 'erased' });
  }

  private become(status: RoundUpRuleStatus): void {
    this._status = transition('round-up-rule', STATUS_AFTER, this._status, status);
  }
}
