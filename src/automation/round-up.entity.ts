import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import {
  AmountType,
  Decimal,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
} from '../shared/index.js';
import type { RoundUpRule } from './round-up-rule.entity.js';

export const ROUND_UP_STATUSES = ['pending', 'ready', 'swept', 'cancelled'] as const;
export type RoundUpStatus = (typeof ROUND_UP_STATUSES)[number];

const STATUS_AFTER: Transitions<RoundUpStatus> = {
  pending: ['ready', 'cancelled'],
  ready: ['swept', 'cancelled'],
  swept: [],
  cancelled: [],
};

/** The difference that one purchase adds. A purchase counts once, however often its source reports it. */
@Entity({ tableName: 'round_ups', ...ownedBy() })
@Unique({ name: 'round_ups_purchase_unique', properties: ['user', 'fundingSource', 'purchaseReference'] })
@Index({ name: 'round_ups_rule_index', properties: ['user', 'rule', '_status' as never] })
@Index({ name: 'round_ups_transaction_index', properties: ['user', 'transaction'] })
@Check({ name: 'round_ups_purchase_amount_positive', expression: `purchase_amount > 0` })
@Check({ name: 'round_ups_amount_range', expression: `amount >= 0 and amount <= amount_max` })
@Check({ name: 'round_ups_ready_at', expression: `not (status in ('ready', 'swept')) or ready_at is not null` })
@Check({ name: 'round_ups_swept_transaction', expression: `(status = 'swept') = (transaction_id is not null)` })
@Check({ name: 'round_ups_cancelled_at', expression: `(status = 'cancelled') = (cancelled_at is not null)` })
export class RoundUp extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The rule that applied. */
  @ManyToOne({ joinColumns: ['user_id', 'rule_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly rule: Ref<RoundUpRule>;

  /** The card or account that paid. */
  @Property({ length: 80 })
  readonly fundingSource: string;

  /** The purchase's name at its source; it counts once. */
  @Property({ length: 120 })
  readonly purchaseReference: string;

  /** When the purchase was made. */
  @Property()
  readonly purchasedAt: Date;

  /** What the purchase cost. */
  @Property({ type: AmountType })
  readonly purchaseAmount: Decimal;

  /** What it adds, 0 up to `amount_max`. */
  @Property({ type: AmountType })
  readonly amount: Decimal;

  /** `round_to` × `multiplier` of the rule when the purchase was recorded: no round-up is larger. */
  @Property({ type: AmountType })
  readonly amountMax: Decimal;

  /** How far it has come: `pending → ready → swept`, or `→ cancelled`. */
  @Enum({ items: () => ROUND_UP_STATUSES, accessor: 'status' })
  private _status: RoundUpStatus = 'pending';

  /** When the purchase was final. */
  @Property({ nullable: true })
  readyAt?: Date;

  /** The investment that swept it. */
  @ManyToOne({
    joinColumns: ['user_id', 'transaction_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  transaction?: Ref<Transaction>;

  /** When the purchase was refunded. */
  @Property({ nullable: true })
  cancelledAt?: Date;

  /** @param allowance what the rule's monthly cap still leaves; the round-up is cut to it. */
  constructor(
    rule: RoundUpRule,
    purchaseReference: string,
    purchasedAt: Date,
    purchaseAmount: Decimal,
    allowance?: Decimal,
  ) {
    super();
    if (rule.status !== 'active')
      throw new StateError('round-up.rule-not-active', `This round-up rule is ${rule.status}.`);
    const amount = rule.roundUpOf(purchaseAmount);
    this.user = rule.user;
    this.rule = ref(rule);
    this.fundingSource = rule.fundingSource;
    this.purchaseReference = purchaseReference;
    this.purchasedAt = purchasedAt;
    this.purchaseAmount = purchaseAmount;
    this.amount = allowance ? Decimal.max(Decimal.min(amount, allowance), 0) : amount;
    this.amountMax = new Decimal(rule.roundTo).mul(rule.multiplier);
  }

  get status(): Opt<RoundUpStatus> {
    return this._status;
  }

  /** The purchase is final at its source. */
  markReady(now: Date): void {
    this.become('ready');
    this.readyAt = now;
  }

  sweep(transaction: Transaction): void {
    this.become('swept');
    this.transaction = ref(transaction);
  }

  /** The purchase was refunded before the sweep. */
  cancel(now: Date): void {
    this.become('cancelled');
    this.cancelledAt = now;
  }

  /**
   * What was bought, and with which card, is forgotten; what it came to stays. Only once nothing is left to be swept: until
   * then a purchase is known by its name.
   * @throws {StateError} `round-up.not-ended`
   */
  erase(): void {
    if (this._status === 'pending' || this._status === 'ready')
      throw new StateError('round-up.not-ended', `This round-up is ${this._status}; cancel it before erasing it.`);
    // Read-only for everybody else. The reference is unique, so it becomes the one name that says nothing.
    Object.assign(this, { fundingSource: 'erased', purchaseReference: this.id });
  }

  private become(status: RoundUpStatus): void {
    this._status = transition('round-up', STATUS_AFTER, this._status, status);
  }
}
