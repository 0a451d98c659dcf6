import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import { newId, ownedBy, Timestamped, type Transitions, transition } from '../shared/index.js';
import type { AutoInvestRule } from './auto-invest-rule.entity.js';

export const AUTO_INVEST_RUN_STATUSES = ['pending', 'succeeded', 'skipped', 'failed'] as const;
export type AutoInvestRunStatus = (typeof AUTO_INVEST_RUN_STATUSES)[number];

const STATUS_AFTER: Transitions<AutoInvestRunStatus> = {
  pending: ['succeeded', 'skipped', 'failed'],
  succeeded: [],
  skipped: [],
  failed: [],
};

/** One occurrence of a rule and what became of it. An occurrence is run once. */
@Entity({ tableName: 'auto_invest_runs', ...ownedBy() })
@Unique({ name: 'auto_invest_runs_occurrence_unique', properties: ['user', 'rule', 'scheduledFor'] })
@Index({ name: 'auto_invest_runs_transaction_index', properties: ['user', 'transaction'] })
@Check({ name: 'auto_invest_runs_finished_at', expression: `(status = 'pending') = (finished_at is null)` })
@Check({
  name: 'auto_invest_runs_succeeded_transaction',
  expression: `(status = 'succeeded') = (transaction_id is not null)`,
})
@Check({ name: 'auto_invest_runs_reason', expression: `(status in ('skipped', 'failed')) = (reason is not null)` })
export class AutoInvestRun extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The rule that was due. */
  @ManyToOne({ joinColumns: ['user_id', 'rule_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly rule: Ref<AutoInvestRule>;

  /** The occurrence, by the rule's calendar. */
  @Property()
  readonly scheduledFor: Date;

  /** What became of it: `pending → succeeded / skipped / failed`. */
  @Enum({ items: () => AUTO_INVEST_RUN_STATUSES, accessor: 'status' })
  private _status: AutoInvestRunStatus = 'pending';

  /** An error code such as `ledger.insufficient-funds`, or `missed`. */
  @Property({ length: 80, nullable: true })
  reason?: string;

  /** The investment made. */
  @ManyToOne({
    joinColumns: ['user_id', 'transaction_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  transaction?: Ref<Transaction>;

  /** When its outcome was known. */
  @Property({ nullable: true })
  finishedAt?: Date;

  constructor(rule: AutoInvestRule, scheduledFor: Date) {
    super();
    this.user = rule.user;
    this.rule = ref(rule);
    this.scheduledFor = scheduledFor;
  }

  get status(): Opt<AutoInvestRunStatus> {
    return this._status;
  }

  succeed(transaction: Transaction, now: Date): void {
    this.finish('succeeded', now);
    this.transaction = ref(transaction);
  }

  skip(reason: string, now: Date): void {
    this.finish('skipped', now);
    this.reason = reason;
  }

  fail(reason: string, now: Date): void {
    this.finish('failed', now);
    this.reason = reason;
  }

  private finish(status: AutoInvestRunStatus, now: Date): void {
    this._status = transition('auto-invest-run', STATUS_AFTER, this._status, status);
    this.finishedAt = now;
  }
}
