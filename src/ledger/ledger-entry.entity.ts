import { type Opt, PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import { AmountType, type Decimal, ownedBy } from '../shared/index.js';
import type { LedgerAccount } from './ledger-account.entity.js';
import type { Transaction } from './transaction.entity.js';

/**
 * A positive amount of one asset that left one account of a book (`debit`) and entered another (`credit`).
 * Balanced by construction; the keys forbid two users, two assets or the same account twice. Never changed, never deleted.
 */
@Entity({ tableName: 'ledger_entries', ...ownedBy() })
@Unique({ name: 'ledger_entries_position_unique', properties: ['user', 'transaction', 'position'] })
@Index({
  name: 'ledger_entries_debit_history_index',
  properties: ['user', 'debit', 'asset', 'createdAt', 'debitNumber'],
})
@Index({
  name: 'ledger_entries_credit_history_index',
  properties: ['user', 'credit', 'asset', 'createdAt', 'creditNumber'],
})
@Index({ name: 'ledger_entries_asset_id_index', properties: ['asset'] })
@Check({ name: 'ledger_entries_amount_positive', expression: `amount > 0` })
@Check({ name: 'ledger_entries_two_accounts', expression: `debit_id <> credit_id` })
@Check({ name: 'ledger_entries_numbers_positive', expression: `debit_number >= 1 and credit_number >= 1` })
export class LedgerEntry {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user!: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id!: string;

  /** The business event that this belongs to. */
  @ManyToOne({ joinColumns: ['user_id', 'transaction_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly transaction!: Ref<Transaction>;

  /** 1 for the first entry of its transaction. */
  @Property({ type: 'smallint' })
  readonly position!: number;

  /** The account that the amount left. */
  @ManyToOne({
    joinColumns: ['user_id', 'debit_id', 'asset_id'],
    referencedColumnNames: ['user_id', 'id', 'asset_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly debit!: Ref<LedgerAccount>;

  /** The account that the amount entered. */
  @ManyToOne({
    joinColumns: ['user_id', 'credit_id', 'asset_id'],
    referencedColumnNames: ['user_id', 'id', 'asset_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly credit!: Ref<LedgerAccount>;

  /** What was moved; both accounts hold it. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset!: Ref<Asset>;

  /** How much was moved, more than 0. */
  @Property({ type: AmountType })
  readonly amount!: Decimal;

  /** The balance of the debited account after this entry. */
  @Property({ type: AmountType })
  readonly debitBalance!: Decimal;

  /** The balance of the credited account after this entry. */
  @Property({ type: AmountType })
  readonly creditBalance!: Decimal;

  /** Which entry of the debited account this is, counted from 1: the order in which its balance came about. */
  @Property({ type: 'integer' })
  readonly debitNumber!: number;

  /** Which entry of the credited account this is, counted from 1. */
  @Property({ type: 'integer' })
  readonly creditNumber!: number;

  /** When it was booked. Never earlier than an earlier entry of either account. */
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  readonly createdAt!: Opt<Date>;
}
