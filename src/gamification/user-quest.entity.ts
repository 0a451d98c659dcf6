import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import {
  AmountType,
  Decimal,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ZERO,
} from '../shared/index.js';
import type { BattlePass } from './battle-pass.entity.js';
import { countOff, countOn } from './criteria.js';
import { type DailyCount, dailyPeriod, ONE_TIME, type QuestPeriod, seasonalPeriod, weeklyPeriod } from './period.js';
import type { Quest } from './quest.entity.js';

export const USER_QUEST_STATUSES = ['in_progress', 'completed', 'claimed', 'expired'] as const;
export type UserQuestStatus = (typeof USER_QUEST_STATUSES)[number];

const STATUS_AFTER: Transitions<UserQuestStatus> = {
  in_progress: ['completed', 'expired'],
  // Back, when what completed it was undone before it was claimed.
  completed: ['claimed', 'in_progress'],
  claimed: [],
  expired: [],
};

export interface QuestStart {
  now: Date;
  days: DailyCount;
  /** The running season; a seasonal quest needs it. */
  season?: BattlePass;
  /** The user's own go at the quest's prerequisite; needed when it has one. */
  prerequisite?: UserQuest;
}

/** One user's go at a quest in one period. */
@Entity({ tableName: 'user_quests', ...ownedBy() })
@Unique({ name: 'user_quests_period_unique', properties: ['user', 'quest', 'periodKey'] })
@Index({ name: 'user_quests_quest_id_index', properties: ['quest'] })
@Index({ name: 'user_quests_ending_index', properties: ['endsAt'], where: `status = 'in_progress'` })
@Check({ name: 'user_quests_progress_range', expression: `progress >= 0 and progress <= target` })
@Check({ name: 'user_quests_target_positive', expression: `target > 0` })
@Check({
  name: 'user_quests_progress_of_counted',
  expression: `case when counted < target then progress = counted else progress = target end`,
})
@Check({ name: 'user_quests_ends_after_start', expression: `ends_at > starts_at` })
@Check({
  name: 'user_quests_completed_progress',
  expression: `(status in ('completed', 'claimed')) = (progress = target)`,
})
@Check({
  name: 'user_quests_completed_at',
  expression: `(status in ('completed', 'claimed')) = (completed_at is not null)`,
})
@Check({ name: 'user_quests_claimed_at', expression: `(status = 'claimed') = (claimed_at is not null)` })
@Check({ name: 'user_quests_expired_at', expression: `(status = 'expired') = (expired_at is not null)` })
export class UserQuest extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What there is to do. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly quest: Ref<Quest>;

  /** The period in the user's zone: `2026-06-15`, `2026-W25`, `once`, or the season's code. */
  @Property({ length: 60 })
  readonly periodKey: string;

  /** When the period starts: what happened earlier does not count. */
  @Property()
  readonly startsAt: Date;

  /** When the period ends, this instant not included; absent for one without an end. */
  @Property({ nullable: true })
  readonly endsAt?: Date;

  /** What completes it, copied from the quest. */
  @Property({ type: AmountType })
  readonly target: Decimal;

  /** All that counted so far; it may go beyond the target, so that taking back is exact. */
  @Property({ type: AmountType, accessor: 'counted' })
  private _counted: Decimal = ZERO;

  /** What counted, at most the target. */
  @Property({ type: AmountType, accessor: 'progress' })
  private _progress: Decimal = ZERO;

  /** How far it has come: `in_progress ↔ completed → claimed`, `in_progress → expired`. */
  @Enum({ items: () => USER_QUEST_STATUSES, accessor: 'status' })
  private _status: UserQuestStatus = 'in_progress';

  /** When what completed it happened. */
  @Property({ nullable: true })
  completedAt?: Date;

  /** When its XP was claimed. */
  @Property({ nullable: true })
  claimedAt?: Date;

  /** When it was closed because its period was over. */
  @Property({ nullable: true })
  expiredAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(user: User, quest: Quest, start: QuestStart) {
    super();
    quest.requireOnOffer(start.now);
    requirePrerequisite(user, quest, start.prerequisite);
    const { key, startsAt = quest.startsAt, endsAt } = periodOf(quest, start);
    this.user = ref(user);
    this.quest = ref(quest);
    this.periodKey = key;
    this.startsAt = startsAt > quest.startsAt ? startsAt : quest.startsAt;
    this.endsAt = endsAt && quest.endsAt ? (endsAt < quest.endsAt ? endsAt : quest.endsAt) : (endsAt ?? quest.endsAt);
    this.target = quest.target;
  }

  get counted(): Opt<Decimal> {
    return this._counted;
  }

  get progress(): Opt<Decimal> {
    return this._progress;
  }

  get status(): Opt<UserQuestStatus> {
    return this._status;
  }

  /**
   * Counts something that happened, once per event: whoever calls has stored the event in the same commit. Needs `quest` loaded.
   * @throws {StateError} `user-quest.over` when it is claimed or expired, `user-quest.other-period` for another time.
   */
  count(value: Decimal, occurredAt: Date): void {
    this.requireOpen();
    if (occurredAt < this.startsAt || (this.endsAt && occurredAt >= this.endsAt))
      throw new StateError(
        'user-quest.other-period',
        'What happened outside of its period does not count for a quest.',
      );
    this.setCounted(countOn(this.quest.getEntity().criteria, this._counted, value), occurredAt);
  }

  /** Takes out what was counted for something that was undone. Below its target a quest is in progress again. Needs `quest` loaded. */
  takeBack(value: Decimal, now: Date): void {
    this.requireOpen();
    this.setCounted(countOff(this.quest.getEntity().criteria, this._counted, value), now);
  }

  /** Whoever calls gives the quest's XP in the same commit. */
  claim(now: Date): void {
    this.become('claimed');
    this.claimedAt = now;
  }

  /** @throws {StateError} `user-quest.not-over` before its period has ended. */
  expire(now: Date): void {
    if (!this.endsAt || now < this.endsAt)
      throw new StateError('user-quest.not-over', 'A quest expires when its period is over.');
    this.become('expired');
    this.expiredAt = now;
  }

  private setCounted(counted: Decimal, at: Date): void {
    this._counted = counted;
    this._progress = Decimal.min(counted, this.target);
    const status = counted.lt(this.target) ? 'in_progress' : 'completed';
    if (status === this._status) return;
    this.become(status);
    this.completedAt = status === 'completed' ? at : undefined;
  }

  private requireOpen(): void {
    if (this._status === 'claimed' || this._status === 'expired')
      throw new StateError('user-quest.over', `Nothing counts any more for a quest that is ${this._status}.`);
  }

  private become(status: UserQuestStatus): void {
    this._status = transition('user-quest', STATUS_AFTER, this._status, status);
  }
}

function periodOf({ kind, code }: Quest, { now, days, season }: QuestStart): QuestPeriod {
  switch (kind) {
    case 'daily':
      return dailyPeriod(now, days);
    case 'weekly':
      return weeklyPeriod(now, days);
    case 'one_time':
      return ONE_TIME;
    case 'seasonal':
      if (!season?.isRunning(now))
        throw new StateError('quest.no-season', `The quest ${code} is done in a season, and none is running.`, {
          code,
        });
      return seasonalPeriod(season);
  }
}

function requirePrerequisite(user: User, { code, prerequisite }: Quest, done: UserQuest | undefined): void {
  if (!prerequisite) return;
  const isDone = done?.status === 'completed' || done?.status === 'claimed';
  if (!isDone || done.quest.id !== prerequisite.id || done.user.id !== user.id)
    throw new StateError('quest.prerequisite', `Another quest has to be completed before ${code}.`, { code });
}
