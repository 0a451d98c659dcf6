import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { newId, ownedBy, Timestamped, ValidationError } from '../shared/index.js';
import { XP_SOURCES, type XpSource } from './daily-cap.js';

/** The most XP that one event gives. */
export const XP_EVENT_MAX = 100_000;

/** What XP is given for: the same cause and reason count once. */
export interface XpCause {
  sourceType: XpSource;
  /** Names the cause among those of its type: a transaction's id, a local date. */
  sourceId: string;
  /** Noun and past tense: `deposit.settled`. */
  reason: string;
  /** The user's local date that it counts for. */
  localDate: string;
  occurredAt: Date;
}

/** XP that a user gained, or that was taken back. Never changed; a user's XP in all is the sum of these. */
@Entity({ tableName: 'xp_events', ...ownedBy() })
@Unique({ name: 'xp_events_source_unique', properties: ['user', 'sourceType', 'sourceId', 'reason'] })
@Unique({ name: 'xp_events_takes_back_unique', properties: ['user', 'takesBack'] })
@Index({ name: 'xp_events_day_index', properties: ['user', 'localDate', 'sourceType'] })
@Check({ name: 'xp_events_delta_range', expression: `delta >= -${XP_EVENT_MAX} and delta <= ${XP_EVENT_MAX}` })
@Check({
  name: 'xp_events_delta_sign',
  expression: `case when takes_back_id is null then delta >= 0 else delta <= 0 end`,
})
@Check({ name: 'xp_events_not_of_itself', expression: `takes_back_id <> id` })
@Check({ name: 'xp_events_source_id_not_empty', expression: `source_id <> ''` })
@Check({ name: 'xp_events_reason_shape', expression: `reason ~ '^[a-z-]+[.][a-z-]+$'` })
export class XpEvent extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** XP gained, 0 when the day's cap was used up; negative when taken back. */
  @Property({ type: 'integer' })
  readonly delta: number;

  /** What kind of thing gave it. */
  @Enum({ items: () => XP_SOURCES })
  readonly sourceType: XpSource;

  /** Names the cause among those of its type: a transaction's id, a local date. */
  @Property({ length: 120 })
  readonly sourceId: string;

  /** What it was given for, noun and past tense: `deposit.settled`. */
  @Property({ length: 80 })
  readonly reason: string;

  /** The user's local date that it counts for; what is taken back counts for the day it was gained on. */
  @Property({ type: 'date' })
  readonly localDate: string;

  /** When its cause happened. */
  @Property()
  readonly occurredAt: Date;

  /** The gain that this takes back, once; absent for a gain. */
  @ManyToOne({
    joinColumns: ['user_id', 'takes_back_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly takesBack?: Ref<XpEvent>;

  constructor(user: Ref<User>, delta: number, cause: XpCause, takesBack?: XpEvent) {
    super();
    if (!Number.isInteger(delta) || Math.abs(delta) > XP_EVENT_MAX)
      throw new ValidationError('xp.delta', `An event is of whole XP, at most ${XP_EVENT_MAX}.`);
    if (cause.sourceId === '' || !/^[a-z-]+[.][a-z-]+$/.test(cause.reason))
      throw new ValidationError('xp.cause', 'XP has a cause by name and a reason such as "deposit.settled".');
    if (takesBack ? delta > 0 : delta < 0)
      throw new ValidationError('xp.sign', 'XP is gained, or taken back from a gain; nothing else.');
    if (takesBack?.takesBack)
      throw new ValidationError('xp.not-a-gain', 'Only a gain can be taken back, not what took one back.');
    if (takesBack && takesBack.user.id !== user.id)
      throw new ValidationError('xp.other-user', "Only a user's own gain is taken back.");
    this.user = user;
    this.delta = delta;
    this.sourceType = cause.sourceType;
    this.sourceId = cause.sourceId;
    this.reason = cause.reason;
    this.localDate = cause.localDate;
    this.occurredAt = cause.occurredAt;
    this.takesBack = takesBack && ref(takesBack);
  }
}
