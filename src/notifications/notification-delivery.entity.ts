import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import {
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { NOTIFICATION_CHANNELS, type NotificationChannel } from './channels.js';
import type { Notification } from './notification.entity.js';
import type { DeliveryPlan } from './notification-preference.entity.js';

export const DELIVERY_STATUSES = ['queued', 'delayed', 'sent', 'delivered', 'failed', 'suppressed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const STATUS_AFTER: Transitions<DeliveryStatus> = {
  queued: ['delayed', 'sent', 'failed', 'suppressed'],
  delayed: ['queued', 'suppressed'],
  sent: ['delivered', 'failed'],
  delivered: [],
  failed: [],
  suppressed: [],
};

/** A delivery that was tried this often has failed. */
export const ATTEMPTS_MAX = 8;

const MINUTE_MS = 60_000;

/** How long to wait after a failed attempt: 1, 2, 4 … minutes, at most an hour. */
export const retryDelayMs = (attempt: number): number => Math.min(2 ** (attempt - 1), 60) * MINUTE_MS;

/** A notification on its way to a user over one channel. */
@Entity({ tableName: 'notification_deliveries', ...ownedBy() })
@Unique({ name: 'notification_deliveries_channel_unique', properties: ['user', 'notification', 'channel'] })
@Index({
  name: 'notification_deliveries_due_index',
  properties: ['_nextAttemptAt' as never],
  where: `status in ('queued', 'delayed')`,
})
@Check({ name: 'notification_deliveries_attempts_range', expression: `attempts >= 0 and attempts <= ${ATTEMPTS_MAX}` })
@Check({
  name: 'notification_deliveries_next_attempt_at',
  expression: `(status in ('queued', 'delayed')) = (next_attempt_at is not null)`,
})
@Check({
  name: 'notification_deliveries_sent_at',
  expression: `case when status in ('sent', 'delivered') then sent_at is not null else status = 'failed' or sent_at is null end`,
})
@Check({
  name: 'notification_deliveries_delivered_at',
  expression: `(status = 'delivered') = (delivered_at is not null)`,
})
@Check({ name: 'notification_deliveries_failed_at', expression: `(status = 'failed') = (failed_at is not null)` })
@Check({
  name: 'notification_deliveries_suppressed_at',
  expression: `(status = 'suppressed') = (suppressed_at is not null)`,
})
@Check({
  name: 'notification_deliveries_reason',
  expression: `not (status in ('failed', 'suppressed')) or reason is not null`,
})
export class NotificationDelivery extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What is delivered. */
  @ManyToOne({ joinColumns: ['user_id', 'notification_id'], deleteRule: 'cascade', updateRule: 'no action' })
  readonly notification: Ref<Notification>;

  /** What carries it. */
  @Enum({ items: () => NOTIFICATION_CHANNELS })
  readonly channel: NotificationChannel;

  /** How far it has come: `queued → sent → delivered / failed`, `queued ↔ delayed`, both `→ suppressed`, `queued → failed`. */
  @Enum({ items: () => DELIVERY_STATUSES, accessor: 'status' })
  private _status: DeliveryStatus = 'queued';

  /** Attempts begun, 0 to 8; the number of the last one is what its worker holds the lease by. */
  @Property({ type: 'smallint', accessor: 'attempts' })
  private _attempts = 0;

  /** From when a worker may take it; while one works on it, the end of the lease. Absent when there is nothing left to send. */
  @Property({ nullable: true, accessor: 'nextAttemptAt' })
  private _nextAttemptAt?: Date;

  /** The name that the provider gave it; absent until it is sent, and where there is no provider. */
  @Property({ length: 120, nullable: true })
  providerId?: string;

  /** Why it failed or was suppressed, or why the last attempt failed: a code, never what was sent. */
  @Property({ length: 80, nullable: true })
  reason?: string;

  /** When the provider took it. */
  @Property({ nullable: true })
  sentAt?: Date;

  /** When it arrived. */
  @Property({ nullable: true })
  deliveredAt?: Date;

  /** When it was given up, or came back. */
  @Property({ nullable: true })
  failedAt?: Date;

  /** When it was decided not to send it. */
  @Property({ nullable: true })
  suppressedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  /**
   * What goes out at once has arrived in the app's own inbox with this; over other channels a worker takes it.
   * @param plan what the user's preference for the channel says.
   */
  constructor(notification: Notification, channel: NotificationChannel, plan: DeliveryPlan, now: Date) {
    super();
    this.user = notification.user;
    this.notification = ref(notification);
    this.channel = channel;
    this._nextAttemptAt = now;
    if (plan.when === 'later') this.delay(plan.at, now);
    else if (plan.when === 'never') this.suppress(plan.reason, now);
    else if (channel === 'in_app') {
      this.send(now);
      this.markDelivered(now);
    }
  }

  get status(): Opt<DeliveryStatus> {
    return this._status;
  }

  get attempts(): Opt<number> {
    return this._attempts;
  }

  get nextAttemptAt(): Opt<Date> | undefined {
    return this._nextAttemptAt;
  }

  get hasAttemptsLeft(): Opt<boolean> {
    return this._attempts < ATTEMPTS_MAX;
  }

  /** Holds it back until the end of quiet hours, or for a digest. */
  delay(until: Date, now: Date): void {
    if (until <= now) throw new ValidationError('notification-delivery.delay', 'A delay ends later than now.');
    this.become('delayed');
    this._nextAttemptAt = until;
  }

  /** Decides not to send it: the channel is off, or the notification has expired. */
  suppress(reason: string, now: Date): void {
    this.become('suppressed');
    this.reason = reason;
    this.suppressedAt = now;
    this._nextAttemptAt = undefined;
  }

  /**
   * Takes it to send: a lease on it, after which another worker may take it.
   * @returns the number of the attempt, which the outcome is reported with.
   * @throws {StateError} `notification-delivery.not-due`, or `notification-delivery.no-attempts-left`: give it up.
   */
  claim(leaseMs: number, now: Date): number {
    if (!this._nextAttemptAt || now < this._nextAttemptAt)
      throw new StateError('notification-delivery.not-due', 'There is nothing to send now.', { status: this._status });
    if (!this.hasAttemptsLeft)
      throw new StateError('notification-delivery.no-attempts-left', 'This was tried often enough.');
    if (this._status === 'delayed') this.become('queued');
    this._attempts += 1;
    this._nextAttemptAt = new Date(now.getTime() + leaseMs);
    return this._attempts;
  }

  /**
   * The provider took it.
   * @throws {StateError} `notification-delivery.lease-lost` when another worker has taken it since.
   */
  markSent(attempt: number, now: Date, providerId?: string): void {
    this.requireAttempt(attempt);
    this.send(now);
    this.providerId = providerId;
    this.reason = undefined;
  }

  /** The attempt failed, and another may succeed: waits before the next, or gives up after the last. */
  retryLater(attempt: number, reason: string, now: Date): void {
    this.requireAttempt(attempt);
    if (!this.hasAttemptsLeft) {
      this.fail(reason, now);
      return;
    }
    this.reason = reason;
    this._nextAttemptAt = new Date(now.getTime() + retryDelayMs(attempt));
  }

  /** The attempt failed, and no other can succeed. */
  giveUp(attempt: number, reason: string, now: Date): void {
    this.requireAttempt(attempt);
    this.fail(reason, now);
  }

  markDelivered(now: Date): void {
    this.become('delivered');
    this.deliveredAt = now;
  }

  /** What the provider took came back. */
  bounce(reason: string, now: Date): void {
    this.requireStatus('sent');
    this.fail(reason, now);
  }

  private send(now: Date): void {
    this.become('sent');
    this.sentAt = now;
    this._nextAttemptAt = undefined;
  }

  private fail(reason: string, now: Date): void {
    this.become('failed');
    this.reason = reason;
    this.failedAt = now;
    this._nextAttemptAt = undefined;
  }

  /** A worker that was away longer than its lease changes nothing any more. */
  private requireAttempt(attempt: number): void {
    this.requireStatus('queued');
    if (attempt < 1 || attempt !== this._attempts)
      throw new StateError('notification-delivery.lease-lost', 'This attempt is not the one that counts.');
  }

  private requireStatus(status: DeliveryStatus): void {
    if (this._status !== status)
      throw new StateError(`notification-delivery.not-${status}`, `This delivery is ${this._status}, not ${status}.`);
  }

  private become(status: DeliveryStatus): void {
    this._status = transition('notification-delivery', STATUS_AFTER, this._status, status);
  }
}
