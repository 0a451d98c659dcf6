import { type Opt, PrimaryKeyProp } from '@mikro-orm/core';
import { Check, Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import {
  AmountType,
  type Decimal,
  newId,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { CRITERIA_CHECK, type Criteria, requireCriteria } from './criteria.js';

export const ACHIEVEMENT_STATUSES = ['active', 'retired'] as const;
export type AchievementStatus = (typeof ACHIEVEMENT_STATUSES)[number];

const STATUS_AFTER: Transitions<AchievementStatus> = { active: ['retired'], retired: [] };

/** The highest tier, and the most points, that an achievement has. */
export const TIER_MAX = 10;
export const POINTS_MAX = 10_000;

export interface AchievementDetails {
  code: string;
  name: string;
  description: string;
  criteria: Criteria;
}

export interface AchievementTier {
  target: Decimal;
  /** 1 to 10,000. */
  points: number;
}

/** One tier of an achievement: something to be proud of for ever. All tiers of a code measure the same, each a higher target. */
@Entity({ tableName: 'achievements' })
@Unique({ name: 'achievements_code_tier_unique', properties: ['code', 'tier'] })
@Unique({ name: 'achievements_code_target_unique', properties: ['code', 'target'] })
@Check({ name: 'achievements_code_shape', expression: `code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'` })
@Check({ name: 'achievements_tier_range', expression: `tier >= 1 and tier <= ${TIER_MAX}` })
@Check({ name: 'achievements_criteria_kind', expression: CRITERIA_CHECK })
@Check({ name: 'achievements_criteria_size', expression: `octet_length(criteria::text) <= 4096` })
@Check({ name: 'achievements_target_positive', expression: `target > 0` })
@Check({ name: 'achievements_points_range', expression: `points >= 1 and points <= ${POINTS_MAX}` })
@Check({ name: 'achievements_retired_at', expression: `(status = 'retired') = (retired_at is not null)` })
export class Achievement extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** Short name, unique with the tier: lower-case words joined by `-`. */
  @Property({ length: 60 })
  readonly code: string;

  /** 1 for the lowest tier, up to 10. */
  @Property({ type: 'smallint' })
  readonly tier: number;

  /** Title for people. */
  @Property({ length: 80 })
  name: string;

  /** What it is for, in a sentence for people. */
  @Property({ length: 500 })
  description: string;

  /** What is measured: one of the kinds that `Criteria` lists, with what that kind needs to know; at most 4 KB. */
  @Property({ type: 'json' })
  readonly criteria: Criteria;

  /** How much of it unlocks the tier, above 0: money, days, levels or times, by the criteria. */
  @Property({ type: AmountType })
  readonly target: Decimal;

  /** What it is worth on a user's shelf, 1 to 10,000; points buy nothing. */
  @Property({ type: 'integer' })
  readonly points: number;

  /** Whether it can be unlocked: `active → retired`. */
  @Enum({ items: () => ACHIEVEMENT_STATUSES, accessor: 'status' })
  private _status: AchievementStatus = 'active';

  /** When it was taken off; who unlocked it keeps it. */
  @Property({ nullable: true })
  retiredAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(details: AchievementDetails, tier: number, { target, points }: AchievementTier) {
    super();
    if (!Number.isInteger(tier) || tier < 1 || tier > TIER_MAX)
      throw new ValidationError('achievement.tier', `A tier is a whole number from 1 to ${TIER_MAX}.`);
    if (!Number.isInteger(points) || points < 1 || points > POINTS_MAX)
      throw new ValidationError('achievement.points', `Points are whole, from 1 to ${POINTS_MAX}.`);
    this.code = details.code;
    this.tier = tier;
    this.name = details.name;
    this.description = details.description;
    this.criteria = requireCriteria(details.criteria, target);
    this.target = target;
    this.points = points;
  }

  /**
   * All tiers of one achievement, lowest first.
   * @throws {ValidationError} `achievement.no-tiers`, or `achievement.targets-not-rising`.
   */
  static tiersOf(details: AchievementDetails, tiers: readonly AchievementTier[]): Achievement[] {
    if (tiers.length === 0) throw new ValidationError('achievement.no-tiers', 'An achievement has at least one tier.');
    if (tiers.some(({ target }, i) => i > 0 && target.lte(tiers[i - 1]!.target)))
      throw new ValidationError('achievement.targets-not-rising', 'Each tier has a higher target than the one before.');
    return tiers.map((tier, i) => new Achievement(details, i + 1, tier));
  }

  get status(): Opt<AchievementStatus> {
    return this._status;
  }

  /** @throws {StateError} `achievement.not-active`. */
  requireActive(): void {
    if (this._status !== 'active')
      throw new StateError('achievement.not-active', `The achievement ${this.code} is ${this._status}.`, {
        code: this.code,
      });
  }

  retire(now: Date): void {
    this._status = transition('achievement', STATUS_AFTER, this._status, 'retired');
    this.retiredAt = now;
  }
}
