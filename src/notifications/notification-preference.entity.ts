import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { newId, ownedBy, Timestamped, ValidationError } from '../shared/index.js';
import {
  DEFAULT_CHANNELS,
  NOTIFICATION_CATEGORIES,
  NOTIFICATION_CHANNELS,
  type NotificationCategory,
  type NotificationChannel,
  requireReachable,
} from './channels.js';
import type { Severity } from './notification.entity.js';
import {
  afterQuietHours,
  DIGESTS,
  type Digest,
  nextDigest,
  type QuietHours,
  requireQuietHours,
} from './quiet-hours.js';

/** What becomes of a notification on one channel: it goes out at once, later, or never. */
export type DeliveryPlan = { when: 'now' } | { when: 'later'; at: Date } | { when: 'never'; reason: string };

/** Whether and when one channel may carry one category of notifications to a user. */
@Entity({ tableName: 'notification_preferences', ...ownedBy() })
@Unique({ name: 'notification_preferences_channel_unique', properties: ['user', 'category', 'channel'] })
@Check({ name: 'notification_preferences_quiet_both', expression: `num_nonnulls(quiet_from, quiet_until) <> 1` })
@Check({ name: 'notification_preferences_quiet_differ', expression: `quiet_from <> quiet_until` })
@Check({
  name: 'notification_preferences_quiet_from_shape',
  expression: `quiet_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'`,
})
@Check({
  name: 'notification_preferences_quiet_until_shape',
  expression: `quiet_until ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'`,
})
export class NotificationPreference extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What the notifications are about. */
  @Enum({ items: () => NOTIFICATION_CATEGORIES })
  readonly category: NotificationCategory;

  /** What would carry them. */
  @Enum({ items: () => NOTIFICATION_CHANNELS })
  readonly channel: NotificationChannel;

  /** Whether it may carry them at all. */
  @Property({ accessor: 'isEnabled' })
  private _isEnabled: boolean;

  /** Local time `HH:MM` from which nothing disturbs; absent without quiet hours. */
  @Property({ length: 5, nullable: true })
  private quietFrom?: string;

  /** Local time `HH:MM` at which quiet hours end, on the next day when it is the earlier one. */
  @Property({ length: 5, nullable: true })
  private quietUntil?: string;

  /** How what is not critical is gathered: not at all, once a day or once a week. */
  @Enum({ items: () => DIGESTS })
  digest: Opt<Digest> = 'none';

  @Property({ version: true })
  readonly version!: Opt<number>;

  /** On or off as is usual for the category and channel. */
  constructor(user: User, category: NotificationCategory, channel: NotificationChannel) {
    super();
    this.user = ref(user);
    this.category = category;
    this.channel = channel;
    this._isEnabled = DEFAULT_CHANNELS[category].includes(channel);
  }

  /** What a new user starts with: one for every category and channel. */
  static defaultsOf(user: User): NotificationPreference[] {
    return NOTIFICATION_CATEGORIES.flatMap(category =>
      NOTIFICATION_CHANNELS.map(channel => new NotificationPreference(user, category, channel)),
    );
  }

  get isEnabled(): Opt<boolean> {
    return this._isEnabled;
  }

  get quietHours(): Opt<QuietHours> | undefined {
    return this.quietFrom && this.quietUntil ? { from: this.quietFrom, until: this.quietUntil } : undefined;
  }

  enable(): void {
    this._isEnabled = true;
  }

  /**
   * @param ofCategory all preferences of this user and category; whoever calls has locked them.
   * @throws {ValidationError} `notification-preference.mandatory` when it is the last that a mandatory category is on for.
   */
  disable(ofCategory: readonly NotificationPreference[]): void {
    if (ofCategory.some(({ user, category }) => user.id !== this.user.id || category !== this.category))
      throw new ValidationError('notification-preference.other-category', 'Only one category is looked at at a time.');
    const others = ofCategory.filter(({ channel, isEnabled }) => isEnabled && channel !== this.channel);
    requireReachable(
      this.category,
      others.map(({ channel }) => channel),
    );
    this._isEnabled = false;
  }

  /** Sets the hours in which this channel does not disturb, or none. */
  keepQuiet(hours: QuietHours | undefined): void {
    const checked = hours && requireQuietHours(hours);
    this.quietFrom = checked?.from;
    this.quietUntil = checked?.until;
  }

  /** As a new user starts: on or off as usual, no quiet hours, no digest. */
  reset(): void {
    this._isEnabled = DEFAULT_CHANNELS[this.category].includes(this.channel);
    this.keepQuiet(undefined);
    this.digest = 'none';
  }

  /**
   * When this channel carries a notification. An app's own inbox disturbs nobody: it is filled at once. What is critical
   * waits for nothing, but does not turn on what is off.
   */
  plan(severity: Severity, now: Date, timeZone: string): DeliveryPlan {
    if (!this._isEnabled) return { when: 'never', reason: 'preference.off' };
    if (severity === 'critical' || this.channel === 'in_app') return { when: 'now' };
    const gathered = this.digest === 'none' ? now : nextDigest(now, this.digest, timeZone);
    const at = this.quietHours ? afterQuietHours(gathered, this.quietHours, timeZone) : gathered;
    return at > now ? { when: 'later', at } : { when: 'now' };
  }
}
