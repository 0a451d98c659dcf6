import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { AmountType, Decimal, newId, ownedBy, Timestamped, ZERO } from '../shared/index.js';
import type { Achievement } from './achievement.entity.js';
import { countOff, countOn } from './criteria.js';

/** How far a user is with one tier of an achievement. Unlocked once, it stays so. */
@Entity({ tableName: 'user_achievements', ...ownedBy() })
@Unique({ name: 'user_achievements_achievement_unique', properties: ['user', 'achievement'] })
@Index({ name: 'user_achievements_achievement_id_index', properties: ['achievement'] })
@Check({ name: 'user_achievements_counted_not_negative', expression: `counted >= 0` })
@Check({ name: 'user_achievements_target_positive', expression: `target > 0` })
@Check({ name: 'user_achievements_unlocked_at', expression: `counted < target or unlocked_at is not null` })
export class UserAchievement extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The tier that is being unlocked. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly achievement: Ref<Achievement>;

  /** What unlocks it, copied from the achievement. */
  @Property({ type: AmountType })
  readonly target: Decimal;

  /** All that counted so far; it may go beyond the target, and falls when something is undone. */
  @Property({ type: AmountType, accessor: 'counted' })
  private _counted: Decimal = ZERO;

  /** When what unlocked it happened; absent until then, never unset. */
  @Property({ nullable: true, accessor: 'unlockedAt' })
  private _unlockedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(user: User, achievement: Achievement) {
    super();
    achievement.requireActive();
    this.user = ref(user);
    this.achievement = ref(achievement);
    this.target = achievement.target;
  }

  get counted(): Opt<Decimal> {
    return this._counted;
  }

  get unlockedAt(): Opt<Date> | undefined {
    return this._unlockedAt;
  }

  get isUnlocked(): Opt<boolean> {
    return this._unlockedAt !== undefined;
  }

  /** What counted, at most the target. */
  get progress(): Opt<Decimal> {
    return Decimal.min(this._counted, this.target);
  }

  /**
   * Counts something that happened, once per event: whoever calls has stored the event in the same commit. Needs
   * `achievement` loaded.
   * @returns whether this unlocked it.
   */
  count(value: Decimal, occurredAt: Date): boolean {
    this._counted = countOn(this.achievement.getEntity().criteria, this._counted, value);
    if (this.isUnlocked || this._counted.lt(this.target)) return false;
    this._unlockedAt = occurredAt;
    return true;
  }

  /** Takes out what was counted for something that was undone. What is unlocked stays unlocked. Needs `achievement` loaded. */
  takeBack(value: Decimal): void {
    this._counted = countOff(this.achievement.getEntity().criteria, this._counted, value);
  }
}
