import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, OneToOne, Property } from '@mikro-orm/decorators/es';
import { isTimeZone, ownedBy, startOfNextLocalDay, Timestamped, ValidationError } from '../shared/index.js';
import type { User } from './user.entity.js';

export const RISK_LEVELS = ['conservative', 'moderate', 'aggressive'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** What is left out stays as it is. */
export interface PreferenceDetails {
  baseCurrency?: string;
  locale?: string;
  timeZone?: string;
  dayStartHour?: number;
  riskTolerance?: RiskLevel;
  aiEnabled?: boolean;
  theme?: Theme;
}

/** How a person wants the app to be: their money, their language, and above all their local day. */
@Entity({ tableName: 'user_preferences', ...ownedBy() })
@Check({ name: 'user_preferences_base_currency_iso', expression: `base_currency ~ '^[A-Z]{3}$'` })
@Check({ name: 'user_preferences_day_start_hour_range', expression: `day_start_hour >= 0 and day_start_hour <= 23` })
@Check({
  name: 'user_preferences_next_time_zone',
  expression: `num_nonnulls(next_time_zone, next_time_zone_from) <> 1`,
})
export class UserPreferences extends Timestamped {
  [PrimaryKeyProp]?: 'user';

  @OneToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  /** The currency that totals are shown in, ISO 4217. */
  @Property({ length: 3 })
  baseCurrency: Opt<string> = 'USD';

  /** Language and region, BCP 47. */
  @Property({ length: 35 })
  locale: Opt<string> = 'en-US';

  /** IANA zone that the person's days are counted in, until the next one takes effect. */
  @Property({ length: 64, accessor: 'timeZone' })
  private _timeZone: string;

  /** IANA zone that was asked for and counts from `next_time_zone_from` on. */
  @Property({ length: 64, nullable: true })
  private nextTimeZone?: string;

  /** The local midnight from which the next zone counts. */
  @Property({ nullable: true })
  private nextTimeZoneFrom?: Date;

  /** Hour at which the person's day starts, 0 to 23. */
  @Property({ type: 'smallint' })
  dayStartHour: Opt<number> = 0;

  /** How much risk the person says to bear. */
  @Enum({ items: () => RISK_LEVELS })
  riskTolerance: Opt<RiskLevel> = 'moderate';

  /** Whether AI experts may be asked on the person's behalf. */
  @Property()
  aiEnabled: Opt<boolean> = false;

  /** How the app looks. */
  @Enum({ items: () => THEMES })
  theme: Opt<Theme> = 'system';

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(user: User, timeZone = 'UTC') {
    super();
    this.user = ref(user);
    this._timeZone = requireTimeZone(timeZone);
  }

  /** The zone that counts until a change of zone takes effect; {@link timeZoneAt} knows both. */
  get timeZone(): string {
    return this._timeZone;
  }

  /** The zone that the person's days are counted in at an instant. */
  timeZoneAt(instant: Date): string {
    return this.nextTimeZone && this.nextTimeZoneFrom && instant >= this.nextTimeZoneFrom
      ? this.nextTimeZone
      : this._timeZone;
  }

  /**
   * A new zone counts from the next local day, so that no day happens twice and none is cut short unseen. Only a move over
   * more than 24 hours, from Kiritimati to Pago Pago, brings the day before back for its last hour.
   */
  moveToTimeZone(timeZone: string, now: Date): void {
    requireTimeZone(timeZone);
    this._timeZone = this.timeZoneAt(now);
    this.nextTimeZone = timeZone;
    this.nextTimeZoneFrom = startOfNextLocalDay(now, this._timeZone);
  }

  update({ timeZone, ...details }: PreferenceDetails, now: Date): void {
    if (timeZone !== undefined && timeZone !== (this.nextTimeZone ?? this._timeZone))
      this.moveToTimeZone(timeZone, now);
    this.baseCurrency = details.baseCurrency ?? this.baseCurrency;
    this.locale = details.locale ?? this.locale;
    this.dayStartHour = details.dayStartHour ?? this.dayStartHour;
    this.riskTolerance = details.riskTolerance ?? this.riskTolerance;
    this.aiEnabled = details.aiEnabled ?? this.aiEnabled;
    this.theme = details.theme ?? this.theme;
  }

  /** Back to what says nothing of anybody: where a person lives, their language, their money, their risk. */
  erase(): void {
    this.baseCurrency = 'USD';
    this.locale = 'en-US';
    this._timeZone = 'UTC';
    this.nextTimeZone = undefined;
    this.nextTimeZoneFrom = undefined;
    this.dayStartHour = 0;
    this.riskTolerance = 'moderate';
    this.aiEnabled = false;
    this.theme = 'system';
  }
}

function requireTimeZone(name: string): string {
  if (!isTimeZone(name))
    throw new ValidationError('preferences.unknown-time-zone', 'A time zone is an IANA name such as "Europe/Rome".');
  return name;
}
