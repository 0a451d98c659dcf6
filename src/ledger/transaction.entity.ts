import { type Opt, PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import { AmountType, type Decimal, ownedBy, Timestamped } from '../shared/index.js';

export const TRANSACTION_TYPES = [
  'deposit',
  'withdrawal',
  'buy',
  'sell',
  'basket_investment',
  'basket_redemption',
  'rebalance',
  'round_up',
  'auto_invest',
  'reward',
  'transfer',
  'loan_disbursement',
  'loan_repayment',
  'interest',
  'collateral_lock',
  'collateral_release',
  'liquidation',
  'fee',
  'reversal',
  'adjustment',
] as const;
export type TransactionType = (typeof TRANSACTION_TYPES)[number];

export const TRANSACTION_STATUSES = ['pending', 'posted', 'voided', 'failed', 'expired', 'reversed'] as const;
export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/**
 * A business event of a user's book: `pending → posted | voided | failed | expired`, `posted → reversed`.
 * Read only here, like the accounts: every step is a call of `nestegg_post`. A correction is a reversing transaction, at
 * most one per transaction.
 */
@Entity({ tableName: 'transactions', ...ownedBy() })
@Unique({ name: 'transactions_idempotency_key_unique', properties: ['user', 'idempotencyKey'] })
@Unique({ name: 'transactions_closing_key_unique', properties: ['user', 'closingKey'] })
@Unique({ name: 'transactions_external_reference_unique', properties: ['user', 'externalSource', 'externalReference'] })
@Unique({ name: 'transactions_reverses_unique', properties: ['user', 'reverses'] })
@Index({
  name: 'transactions_portfolio_index',
  properties: ['user', 'portfolioId', 'occurredAt'],
  where: 'portfolio_id is not null',
})
@Index({ name: 'transactions_pending_index', properties: ['user', 'createdAt'], where: `status = 'pending'` })
@Index({ name: 'transactions_expiry_index', properties: ['expiresAt'], where: `status = 'pending'` })
@Index({ name: 'transactions_asset_id_index', properties: ['asset'] })
@Check({ name: 'transactions_not_of_itself', expression: `reverses_id <> id` })
@Check({ name: 'transactions_amount_positive', expression: `amount > 0` })
@Check({ name: 'transactions_posted_at', expression: `(status in ('posted', 'reversed')) = (posted_at is not null)` })
@Check({
  name: 'transactions_closed_at',
  expression: `(status in ('voided', 'failed', 'expired')) = (closed_at is not null)`,
})
@Check({ name: 'transactions_reversed_at', expression: `(status = 'reversed') = (reversed_at is not null)` })
@Check({ name: 'transactions_reversal_reverses', expression: `(type = 'reversal') = (reverses_id is not null)` })
@Check({ name: 'transactions_external_both', expression: `num_nonnulls(external_source, external_reference) <> 1` })
@Check({ name: 'transactions_closing_both', expression: `num_nonnulls(closing_key, closing_hash) <> 1` })
export class Transaction extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user!: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id!: string;

  /** What kind of business event this is. */
  @Enum({ items: () => TRANSACTION_TYPES })
  readonly type!: TransactionType;

  /** How far it has come: `pending → posted | voided | failed | expired`, `posted → reversed`. */
  @Enum({ items: () => TRANSACTION_STATUSES })
  readonly status!: TransactionStatus;

  /** What the event is about as its owner would say it: 100 USD deposited, 100 USD invested, 2 shares sold. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset!: Ref<Asset>;

  /** How much of the asset, more than 0; when settled, what arrived. */
  @Property({ type: AmountType })
  readonly amount!: Decimal;

  /** The portfolio that the event concerns. */
  @Property({ type: 'uuid', nullable: true })
  readonly portfolioId?: string;

  /** The basket that the event concerns. */
  @Property({ type: 'uuid', nullable: true })
  readonly basketId?: string;

  /** When the event happened in the business. */
  @Property()
  readonly occurredAt!: Date;

  /** When it took effect. */
  @Property({ nullable: true })
  readonly postedAt?: Date;

  /** When it expires, if it is pending still. */
  @Property({ nullable: true })
  readonly expiresAt?: Date;

  /** When it ended without taking effect. */
  @Property({ nullable: true })
  readonly closedAt?: Date;

  /** When it was reversed. */
  @Property({ nullable: true })
  readonly reversedAt?: Date;

  /** Why it came to nothing, for people. */
  @Property({ length: 200, nullable: true })
  readonly failureReason?: string;

  /** The caller's key of the request that opened it: one effect per key. */
  @Property({ length: 120 })
  readonly idempotencyKey!: string;

  /** SHA-256 of the request that the key stands for, in hex. */
  @Property({ length: 64 })
  readonly requestHash!: string;

  /** Key and hash of the request that ended the pending state. */
  @Property({ length: 120, nullable: true })
  readonly closingKey?: string;

  /** SHA-256 of the request that ended the pending state, in hex. */
  @Property({ length: 64, nullable: true })
  readonly closingHash?: string;

  /** Who else knows this event, such as a payment provider. */
  @Property({ length: 40, nullable: true })
  readonly externalSource?: string;

  /** The event's name over there. */
  @Property({ length: 120, nullable: true })
  readonly externalReference?: string;

  /** The transaction that this one takes back. */
  @ManyToOne({
    joinColumns: ['user_id', 'reverses_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly reverses?: Ref<Transaction>;

  get isReversible(): Opt<boolean> {
    return this.status === 'posted' && this.type !== 'reversal';
  }
}
