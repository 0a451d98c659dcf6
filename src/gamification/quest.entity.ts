import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
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
import { XP_EVENT_MAX } from './xp-event.entity.js';

export const QUEST_KINDS = ['daily', 'weekly', 'one_time', 'seasonal'] as const;
export type QuestKind = (typeof QUEST_KINDS)[number];

export const QUEST_STATUSES = ['draft', 'active', 'retired'] as const;
export type QuestStatus = (typeof QUEST_STATUSES)[number];

const STATUS_AFTER: Transitions<QuestStatus> = { draft: ['active'], active: ['retired'], retired: [] };

export interface QuestDetails {
  code: string;
  name: string;
  description: string;
  kind: QuestKind;
  criteria: Criteria;
  /** How much of what the criteria measure completes it. */
  target: Decimal;
  /** What claiming it gives, 1 or more. */
  xp: number;
  startsAt: Date;
  endsAt?: Date;
  /** The quest that has to be completed first. */
  prerequisite?: Quest;
}

/** Something to do for XP: every day, every week, once a season or once. Its terms never change; new terms are a new quest. */
@Entity({ tableName: 'quests' })
@Index({ name: 'quests_prerequisite_id_index', properties: ['prerequisite'] })
@Check({ name: 'quests_code_shape', expression: `code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'` })
@Check({ name: 'quests_criteria_kind', expression: CRITERIA_CHECK })
@Check({ name: 'quests_criteria_size', expression: `octet_length(criteria::text) <= 4096` })
@Check({ name: 'quests_target_positive', expression: `target > 0` })
@Check({ name: 'quests_xp_range', expression: `xp >= 1 and xp <= ${XP_EVENT_MAX}` })
@Check({ name: 'quests_ends_after_start', expression: `ends_at > starts_at` })
@Check({ name: 'quests_not_own_prerequisite', expression: `prerequisite_id <> id` })
@Check({ name: 'quests_activated_at', expression: `(status = 'draft') = (activated_at is null)` })
@Check({ name: 'quests_retired_at', expression: `(status = 'retired') = (retired_at is not null)` })
export class Quest extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** Short unique name: lower-case words joined by `-`. */
  @Property({ length: 60 })
  @Unique({ name: 'quests_code_unique' })
  readonly code: string;

  /** Title for people. */
  @Property({ length: 80 })
  name: string;

  /** What to do, in a sentence for people. */
  @Property({ length: 500 })
  description: string;

  /** How often it can be done: once per local day, per local week, per season, or once. */
  @Enum({ items: () => QUEST_KINDS })
  readonly kind: QuestKind;

  /** What is measured: one of the kinds that `Criteria` lists, with what that kind needs to know; at most 4 KB. */
  @Property({ type: 'json' })
  readonly criteria: Criteria;

  /** How much of it completes the quest, above 0: money, days, levels or times, by the criteria. */
  @Property({ type: AmountType })
  readonly target: Decimal;

  /** What claiming it gives, 1 to 100,000. */
  @Property({ type: 'integer' })
  readonly xp: number;

  /** From when it is on offer. */
  @Property()
  readonly startsAt: Date;

  /** Until when it is on offer, this instant not included; absent for one without an end. */
  @Property({ nullable: true })
  readonly endsAt?: Date;

  /** The quest that has to be completed before this one; absent when there is none. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly prerequisite?: Ref<Quest>;

  /** Whether it is offered: `draft → active → retired`. */
  @Enum({ items: () => QUEST_STATUSES, accessor: 'status' })
  private _status: QuestStatus = 'draft';

  /** When it left the draft state. */
  @Property({ nullable: true })
  activatedAt?: Date;

  /** When it was taken off for good; what was begun may still be claimed. */
  @Property({ nullable: true })
  retiredAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(details: QuestDetails) {
    super();
    if (details.endsAt && details.endsAt <= details.startsAt)
      throw new ValidationError('quest.window', 'A quest ends after it starts.');
    if (!Number.isInteger(details.xp) || details.xp < 1 || details.xp > XP_EVENT_MAX)
      throw new ValidationError('quest.xp', `A quest gives whole XP from 1 to ${XP_EVENT_MAX}.`);
    this.code = details.code;
    this.name = details.name;
    this.description = details.description;
    this.kind = details.kind;
    this.criteria = requireCriteria(details.criteria, details.target);
    this.target = details.target;
    this.xp = details.xp;
    this.startsAt = details.startsAt;
    this.endsAt = details.endsAt;
    this.prerequisite = details.prerequisite && ref(details.prerequisite);
  }

  get status(): Opt<QuestStatus> {
    return this._status;
  }

  activate(now: Date): void {
    this.become('active');
    this.activatedAt = now;
  }

  retire(now: Date): void {
    this.become('retired');
    this.retiredAt = now;
  }

  /** @throws {StateError} `quest.not-active`, or `quest.not-on-offer` outside of its window. */
  requireOnOffer(now: Date): void {
    if (this._status !== 'active')
      throw new StateError('quest.not-active', `The quest ${this.code} is ${this._status}.`, { code: this.code });
    if (now < this.startsAt || (this.endsAt && now >= this.endsAt))
      throw new StateError('quest.not-on-offer', `The quest ${this.code} is not on offer at this time.`, {
        code: this.code,
      });
  }

  private become(status: QuestStatus): void {
    this._status = transition('quest', STATUS_AFTER, this._status, status);
  }
}
