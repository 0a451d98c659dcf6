import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Basket, Portfolio } from '../portfolio/index.js';
import {
  AmountType,
  type Decimal,
  isTimeZone,
  localDate,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { FREQUENCIES, type Frequency, firstOccurrenceFrom, occurrencesBetween, type Recurrence } from './recurrence.js';

export const AUTO_INVEST_RULE_STATUSES = ['active', 'paused', 'cancelled', 'completed'] as const;
export type AutoInvestRuleStatus = (typeof AUTO_INVEST_RULE_STATUSES)[number];

const STATUS_AFTER: Transitions<AutoInvestRuleStatus> = {
  active: ['paused', 'cancelled', 'completed'],
  paused: ['active', 'cancelled'],
  cancelled: [],
  completed: [],
};

/** What happens to occurrences that were missed: `one` makes up for all of them once, `skip` leaves those over a day late. */
export const CATCH_UPS = ['one', 'skip'] as const;
export type CatchUp = (typeof CATCH_UPS)[number];

/** An occurrence later than this is one that was missed. */
const ON_TIME_MS = 24 * 60 * 60 * 1000;

export interface AutoInvestPlan extends Recurrence {
  amount: Decimal;
  catchUp?: CatchUp;
  endDate?: string;
  /** Runs that succeed before the rule is completed, 1 or more. */
  maxRuns?: number;
}

/** What a look at the calendar says: one occurrence to run, if any, and those to leave. */
export interface DueOccurrences {
  run?: Date;
  missed: Date[];
}

/** An amount invested in a basket again and again at a local time. */
@Entity({ tableName: 'auto_invest_rules', ...ownedBy() })
@Index({ name: 'auto_invest_rules_due_index', properties: ['_nextRunAt' as never], where: `status = 'active'` })
@Index({ name: 'auto_invest_rules_portfolio_index', properties: ['user', 'portfolio'] })
@Index({ name: 'auto_invest_rules_basket_id_index', properties: ['basket'] })
@Check({ name: 'auto_invest_rules_amount_positive', expression: `amount > 0` })
@Check({ name: 'auto_invest_rules_max_runs_positive', expression: `max_runs > 0` })
@Check({ name: 'auto_invest_rules_runs_not_negative', expression: `runs >= 0` })
@Check({ name: 'auto_invest_rules_local_time_shape', expression: `local_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'` })
@Check({ name: 'auto_invest_rules_end_after_anchor', expression: `end_date >= anchor_date` })
@Check({ name: 'auto_invest_rules_active_next_run', expression: `(status = 'active') = (next_run_at is not null)` })
@Check({ name: 'auto_invest_rules_paused_reason', expression: `(status = 'paused') = (pause_reason is not null)` })
@Check({
  name: 'auto_invest_rules_ended_at',
  expression: `(status in ('cancelled', 'completed')) = (ended_at is not null)`,
})
export class AutoInvestRule extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The portfolio invested into. */
  @ManyToOne({ joinColumns: ['user_id', 'portfolio_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly portfolio: Ref<Portfolio>;

  /** The basket bought. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly basket: Ref<Basket>;

  /** What each run invests, fee included. */
  @Property({ type: AmountType })
  readonly amount: Decimal;

  /** How often it runs. */
  @Enum({ items: () => FREQUENCIES })
  readonly frequency: Frequency;

  /** Local date of the first occurrence; all others are counted from it. */
  @Property({ type: 'date' })
  readonly anchorDate: string;

  /** Local wall-clock time of a run, HH:MM. */
  @Property({ length: 5 })
  readonly localTime: string;

  /** IANA zone of date and time. */
  @Property({ length: 64 })
  readonly timeZone: string;

  /** When it runs next; absent unless active. */
  @Property({ nullable: true, accessor: 'nextRunAt' })
  private _nextRunAt?: Date;

  /** Last local date on which it may run. */
  @Property({ type: 'date', nullable: true })
  readonly endDate?: string;

  /** Successful runs after which it is completed. */
  @Property({ type: 'integer', nullable: true })
  readonly maxRuns?: number;

  /** Runs that succeeded. */
  @Property({ type: 'integer', accessor: 'runs' })
  private _runs = 0;

  /** What happens to missed occurrences: made up for once, or skipped. */
  @Enum({ items: () => CATCH_UPS })
  readonly catchUp: CatchUp;

  /** Whether it runs: `active ↔ paused`, both `→ cancelled`, `active → completed`. */
  @Enum({ items: () => AUTO_INVEST_RULE_STATUSES, accessor: 'status' })
  private _status: AutoInvestRuleStatus = 'active';

  /** Why it is paused. */
  @Property({ length: 200, nullable: true })
  pauseReason?: string;

  /** When it was cancelled or completed. */
  @Property({ nullable: true })
  endedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(portfolio: Portfolio, basket: Basket, plan: AutoInvestPlan, now: Date) {
    super();
    portfolio.requireOpen();
    basket.requireInvestable();
    basket.requireMinimum(plan.amount);
    if (!isTimeZone(plan.timeZone))
      throw new ValidationError('auto-invest.unknown-time-zone', 'A time zone is an IANA name such as "Europe/Rome".');
    if (plan.maxRuns !== undefined && plan.maxRuns < 1)
      throw new ValidationError('auto-invest.max-runs', 'A rule runs at least once.');
    this.user = portfolio.user;
    this.portfolio = ref(portfolio);
    this.basket = ref(basket);
    this.amount = plan.amount;
    this.frequency = plan.frequency;
    this.anchorDate = plan.anchorDate;
    this.localTime = plan.localTime;
    this.timeZone = plan.timeZone;
    this.endDate = plan.endDate;
    this.maxRuns = plan.maxRuns;
    this.catchUp = plan.catchUp ?? 'one';
    this._nextRunAt = firstOccurrenceFrom(this.recurrence, now);
    if (this.isPastEnd(this._nextRunAt))
      throw new ValidationError('auto-invest.never-runs', 'The rule would end before its first run.');
  }

  get nextRunAt(): Opt<Date> | undefined {
    return this._nextRunAt;
  }

  get runs(): Opt<number> {
    return this._runs;
  }

  get status(): Opt<AutoInvestRuleStatus> {
    return this._status;
  }

  pause(reason: string): void {
    this.become('paused');
    this.pauseReason = reason;
    this._nextRunAt = undefined;
  }

  /** Goes on with the next occurrence to come: what passed during the pause is not made up for. */
  resume(now: Date): void {
    this.become('active');
    this.pauseReason = undefined;
    this.scheduleFrom(now, now);
  }

  cancel(now: Date): void {
    this.become('cancelled');
    this.end(now);
  }

  /**
   * Where its owner lived is forgotten. Only of a rule that has ended: the calendar of one that runs needs its zone.
   * @throws {StateError} `auto-invest-rule.not-ended`
   */
  erase(): void {
    if (!this.endedAt)
      throw new StateError('auto-invest-rule.not-ended', `This rule is ${this._status}; cancel it before erasing it.`);
    // Read-only for everybody else.
    Object.assign(this, { timeZone: 'UTC' });
  }

  /** Which of the occurrences up to now to run, and which to leave, by the rule's catch-up policy. */
  due(now: Date): DueOccurrences {
    if (this._status !== 'active' || !this._nextRunAt || this._nextRunAt > now) return { missed: [] };
    const all = occurrencesBetween(this.recurrence, this._nextRunAt, now).filter(instant => !this.isPastEnd(instant));
    const last = all.at(-1);
    if (!last) return { missed: [] };
    const runs = this.catchUp === 'one' || now.getTime() - last.getTime() <= ON_TIME_MS;
    return runs ? { run: last, missed: all.slice(0, -1) } : { missed: all };
  }

  /** Moves on behind `now` after what was due has been dealt with; completes the rule when nothing is left to run. */
  advance(now: Date, succeeded: boolean): void {
    if (succeeded) this._runs += 1;
    if (this._status === 'active') this.scheduleFrom(new Date(now.getTime() + 1), now);
  }

  private get recurrence(): Recurrence {
    return {
      frequency: this.frequency,
      anchorDate: this.anchorDate,
      localTime: this.localTime,
      timeZone: this.timeZone,
    };
  }

  private scheduleFrom(from: Date, now: Date): void {
    const next = firstOccurrenceFrom(this.recurrence, from);
    if (this.hasMadeAllRuns || this.isPastEnd(next)) this.complete(now);
    else this._nextRunAt = next;
  }

  private get hasMadeAllRuns(): boolean {
    return this.maxRuns !== undefined && this._runs >= this.maxRuns;
  }

  private isPastEnd(instant: Date): boolean {
    return this.endDate !== undefined && localDate(instant, this.timeZone) > this.endDate;
  }

  private complete(now: Date): void {
    this.become('completed');
    this.end(now);
  }

  private end(now: Date): void {
    this.endedAt = now;
    this.pauseReason = undefined;
    this._nextRunAt = undefined;
  }

  private become(status: AutoInvestRuleStatus): void {
    this._status = transition('auto-invest-rule', STATUS_AFTER, this._status, status);
  }
}
