import { type Opt, PrimaryKeyProp, type Ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { ownedBy } from '../shared/index.js';

/** Something that happened to a user, stored in the commit that made it happen, for others to act on a moment later. */
@Entity({ tableName: 'outbox_events', ...ownedBy() })
@Index({ name: 'outbox_events_waiting_index', properties: ['createdAt'], where: 'dispatched_at is null' })
@Check({ name: 'outbox_events_type_shape', expression: `type ~ '^[a-z-]+[.][a-z-]+$'` })
@Check({ name: 'outbox_events_payload_size', expression: `octet_length(payload::text) <= 65536` })
export class OutboxEvent {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user!: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id!: string;

  /** Noun and past tense: `transaction.posted`. */
  @Property({ length: 80 })
  readonly type!: string;

  /** What a handler needs to know, ids and amounts as text; at most 64 KB. */
  @Property({ type: 'json' })
  readonly payload!: Record<string, unknown>;

  /** When it happened in the business. */
  @Property()
  readonly occurredAt!: Date;

  /** When its handlers were done; absent while it waits. */
  @Property({ nullable: true })
  readonly dispatchedAt?: Date;

  @Property({ type: 'datetime', defaultRaw: 'now()' })
  readonly createdAt!: Opt<Date>;
}
