import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, OneToOne, Property } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { ownedBy, Timestamped, ValidationError } from '../shared/index.js';
import { underDailyCap } from './daily-cap.js';
import { LEVEL_MAX, LEVEL_STEP, levelOf, requireTotalXp, XP_MAX } from './level-curve.js';
import { type XpCause, XpEvent } from './xp-event.entity.js';

/** How far a user has come: XP and the level that follows from it. XP moves only together with an event. */
@Entity({ tableName: 'user_levels', ...ownedBy() })
@Check({ name: 'user_levels_total_xp_range', expression: `total_xp >= 0 and total_xp <= ${XP_MAX}` })
@Check({
  name: 'user_levels_level_of_xp',
  expression: `level >= 1 and level <= ${LEVEL_MAX} and total_xp >= ${LEVEL_STEP} * level * (level - 1) and total_xp < ${LEVEL_STEP} * level * (level + 1)`,
})
@Check({
  name: 'user_levels_highest_rewarded_level_range',
  expression: `highest_rewarded_level >= 1 and highest_rewarded_level <= ${LEVEL_MAX}`,
})
export class UserLevel extends Timestamped {
  [PrimaryKeyProp]?: 'user';

  @OneToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  /** XP in all, 0 to 2,000,000,000: the sum of the user's events. */
  @Property({ type: 'integer', accessor: 'totalXp' })
  private _totalXp = 0;

  /** The level that the XP reaches, 1 or more; it falls when XP is taken back. */
  @Property({ type: 'integer', accessor: 'level' })
  private _level = 1;

  /** Levels up to this one have been rewarded; it never falls, so that no level pays twice. Level 1 pays nothing. */
  @Property({ type: 'integer', accessor: 'highestRewardedLevel' })
  private _highestRewardedLevel = 1;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(user: User) {
    super();
    this.user = ref(user);
  }

  get totalXp(): Opt<number> {
    return this._totalXp;
  }

  get level(): Opt<number> {
    return this._level;
  }

  get highestRewardedLevel(): Opt<number> {
    return this._highestRewardedLevel;
  }

  /**
   * Gains XP, cut to what the daily cap of its source leaves; several levels may be gained at once.
   * @param earnedThatDay the sum of this source's events of the same local date.
   * @returns the event to store in the same flush; of 0 XP when nothing is left, so that its cause counts once all the same.
   */
  gain(xp: number, cause: XpCause, earnedThatDay: number): XpEvent {
    if (!Number.isInteger(xp) || xp <= 0)
      throw new ValidationError('xp.not-positive', 'A gain is of whole XP above 0.');
    const event = new XpEvent(this.user, underDailyCap(cause.sourceType, xp, earnedThatDay), cause);
    this.move(event.delta);
    return event;
  }

  /**
   * Takes back what an event gave, because its cause was undone: a deposit that was reversed.
   * @param undoing what undid it, such as the reversing transaction.
   * @returns the event to store in the same flush.
   */
  takeBack(gain: XpEvent, undoing: Pick<XpCause, 'sourceType' | 'sourceId' | 'occurredAt'>): XpEvent {
    const { reason, localDate } = gain;
    const event = new XpEvent(this.user, 0 - gain.delta, { ...undoing, reason, localDate }, gain);
    this.move(event.delta);
    return event;
  }

  /** The levels that were reached and not rewarded yet, lowest first; from now on they count as rewarded. */
  rewardLevels(): number[] {
    const first = this._highestRewardedLevel + 1;
    const levels = Array.from({ length: Math.max(this._level - first + 1, 0) }, (_, i) => first + i);
    this._highestRewardedLevel = Math.max(this._highestRewardedLevel, this._level);
    return levels;
  }

  private move(delta: number): void {
    this._totalXp = requireTotalXp(this._totalXp + delta);
    this._level = levelOf(this._totalXp);
  }
}
