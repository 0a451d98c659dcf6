import { type Opt, PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import { AmountType, type Decimal, ownedBy, Timestamped } from '../shared/index.js';

/** The user's own: never below zero. */
export const OWN_ACCOUNT_KINDS = ['cash', 'holding', 'reserved', 'collateral'] as const;
/** The other side of the user's book, so that it closes to zero by itself; these may go below zero. */
export const COUNTER_ACCOUNT_KINDS = ['external', 'market', 'fees', 'rewards', 'debt', 'interest', 'rounding'] as const;
export const ACCOUNT_KINDS = [...OWN_ACCOUNT_KINDS, ...COUNTER_ACCOUNT_KINDS] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/**
 * One account of a user's closed book; it holds one asset. Read only here: `nestegg_post` alone opens accounts and moves
 * balances, and the database refuses everybody else.
 */
@Entity({ tableName: 'ledger_accounts', ...ownedBy() })
@Unique({ name: 'ledger_accounts_id_asset_unique', properties: ['user', 'id', 'asset'] })
@Unique({
  name: 'ledger_accounts_place_unique',
  expression: `create unique index ledger_accounts_place_unique on ledger_accounts (user_id, kind, asset_id, portfolio_id, basket_id) nulls not distinct`,
})
@Index({ name: 'ledger_accounts_asset_id_index', properties: ['asset'] })
@Check({
  name: 'ledger_accounts_own_not_negative',
  expression: `balance >= 0 or not (kind in ('cash', 'holding', 'reserved', 'collateral'))`,
})
@Check({
  name: 'ledger_accounts_place',
  expression: `case when kind = 'holding' then portfolio_id is not null else portfolio_id is null and basket_id is null or kind = 'collateral' end`,
})
export class LedgerAccount extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user!: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id!: string;

  /** What the account is for; the first four are the user's own, the others the other side of the book. */
  @Enum({ items: () => ACCOUNT_KINDS })
  readonly kind!: AccountKind;

  /** The one asset that the account holds. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset!: Ref<Asset>;

  /** The portfolio whose holding or collateral this is. */
  @Property({ type: 'uuid', nullable: true })
  readonly portfolioId?: string;

  /** The basket through which the holding was bought; absent when bought directly. */
  @Property({ type: 'uuid', nullable: true })
  readonly basketId?: string;

  /** What has entered less what has left; own accounts are never below zero. */
  @Property({ type: AmountType, default: 0 })
  readonly balance!: Opt<Decimal>;

  /** How many entries it has; they are numbered without a gap. */
  @Property({ type: 'integer', default: 0 })
  readonly entryCount!: Opt<number>;
}
