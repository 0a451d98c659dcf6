import { type Opt, PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import { AmountType, type Decimal, ownedBy, PercentType } from '../shared/index.js';
import type { LedgerEntry } from './ledger-entry.entity.js';
import type { Transaction } from './transaction.entity.js';

export const FEE_KINDS = ['platform', 'network', 'spread', 'provider'] as const;
export type FeeKind = (typeof FEE_KINDS)[number];

/** What a transaction cost its owner, the rate it was reckoned at, and the entry that took it. Frozen once stored. */
@Entity({ tableName: 'transaction_fees', ...ownedBy() })
@Index({ name: 'transaction_fees_transaction_index', properties: ['user', 'transaction'] })
@Index({ name: 'transaction_fees_entry_index', properties: ['user', 'entry'] })
@Index({ name: 'transaction_fees_asset_id_index', properties: ['asset'] })
@Check({ name: 'transaction_fees_amount_not_negative', expression: `amount >= 0` })
@Check({ name: 'transaction_fees_rate_range', expression: `rate >= 0 and rate <= 100` })
@Check({ name: 'transaction_fees_has_entry', expression: `(amount = 0) = (entry_id is null)` })
export class TransactionFee {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user!: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id!: string;

  /** The transaction that cost this. */
  @ManyToOne({ joinColumns: ['user_id', 'transaction_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly transaction!: Ref<Transaction>;

  /** Who or what the fee is for. */
  @Enum({ items: () => FEE_KINDS })
  readonly kind!: FeeKind;

  /** What the fee was paid in. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset!: Ref<Asset>;

  /** The fee, 0 or more. */
  @Property({ type: AmountType })
  readonly amount!: Decimal;

  /** Percent of the amount that the fee was reckoned on; absent for a fixed fee. */
  @Property({ type: PercentType, nullable: true })
  readonly rate?: Decimal;

  /** The entry that took the fee; absent for a fee of 0. */
  @ManyToOne({ joinColumns: ['user_id', 'entry_id'], nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly entry?: Ref<LedgerEntry>;

  @Property({ type: 'datetime', defaultRaw: 'now()' })
  readonly createdAt!: Opt<Date>;
}
