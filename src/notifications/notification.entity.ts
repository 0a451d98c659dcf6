import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { z } from 'zod';
import type { User } from '../identity/index.js';
import { newId, ownedBy, parseInput, Timestamped, ValidationError } from '../shared/index.js';
import { NOTIFICATION_CATEGORIES, type NotificationCategory } from './channels.js';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an app needs to lead on from a notification: ids, codes and amounts as text, by plain names. */
export const NotificationData = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, 'must be a plain name'),
    z.union([z.string().max(200), z.int(), z.boolean()]),
  )
  .refine(data => Object.keys(data).length <= 20, 'must hold at most 20 entries');
export type NotificationData = z.infer<typeof NotificationData>;

export interface NotificationDetails {
  category: NotificationCategory;
  severity?: Severity;
  title: string;
  body: string;
  data?: NotificationData;
  dedupeKey: string;
  /** When what it tells of happened. */
  occurredAt: Date;
  expiresAt?: Date;
}

/** Something a user is told, once per dedupe key. Its text is plain and shown as it is. */
@Entity({ tableName: 'notifications', ...ownedBy() })
@Unique({ name: 'notifications_dedupe_key_unique', properties: ['user', 'dedupeKey'] })
@Index({
  name: 'notifications_unread_index',
  properties: ['user', 'id'],
  where: 'read_at is null and archived_at is null',
})
@Index({ name: 'notifications_expiring_index', properties: ['expiresAt'], where: 'expires_at is not null' })
@Check({ name: 'notifications_text_not_empty', expression: `title <> '' and body <> ''` })
@Check({ name: 'notifications_data_size', expression: `octet_length(data::text) <= 8192` })
@Check({ name: 'notifications_dedupe_key_shape', expression: `dedupe_key ~ '^[!-~]+$'` })
@Check({ name: 'notifications_expires_after', expression: `expires_at > occurred_at` })
@Check({ name: 'notifications_read_implies_seen', expression: `read_at is null or seen_at is not null` })
export class Notification extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What it is about; the user's preferences go by it. */
  @Enum({ items: () => NOTIFICATION_CATEGORIES })
  readonly category: NotificationCategory;

  /** How urgent it is; `critical` passes quiet hours and digests. */
  @Enum({ items: () => SEVERITIES })
  readonly severity: Severity;

  /** One line for people. */
  @Property({ length: 120 })
  readonly title: string;

  /** The whole text for people. */
  @Property({ length: 2000 })
  readonly body: string;

  /** What the app needs to lead on: names with text, whole numbers or booleans; at most 8 KB. */
  @Property({ type: 'json' })
  readonly data: NotificationData;

  /** Names what it tells of: the same key is told once. */
  @Property({ length: 120 })
  readonly dedupeKey: string;

  /** When what it tells of happened. */
  @Property()
  readonly occurredAt: Date;

  /** From when it says nothing any more and may be purged; absent when it stays. */
  @Property({ nullable: true })
  readonly expiresAt?: Date;

  /** When it was first on a screen of the user's; absent until then. */
  @Property({ nullable: true, accessor: 'seenAt' })
  private _seenAt?: Date;

  /** When it was first read; absent until then. What is read has been seen. */
  @Property({ nullable: true, accessor: 'readAt' })
  private _readAt?: Date;

  /** When the user put it away, read or not; absent until then. */
  @Property({ nullable: true, accessor: 'archivedAt' })
  private _archivedAt?: Date;

  constructor(user: User, details: NotificationDetails) {
    super();
    if (details.title === '' || details.body === '')
      throw new ValidationError('notification.no-text', 'A notification has a title and a text.');
    if (!/^[!-~]+$/.test(details.dedupeKey))
      throw new ValidationError('notification.dedupe-key', 'A dedupe key is printable ASCII without spaces.');
    if (details.expiresAt && details.expiresAt <= details.occurredAt)
      throw new ValidationError('notification.expires-before', 'A notification expires after what it tells of.');
    this.user = ref(user);
    this.category = details.category;
    this.severity = details.severity ?? 'info';
    this.title = details.title;
    this.body = details.body;
    this.data = parseInput(NotificationData, details.data ?? {});
    this.dedupeKey = details.dedupeKey;
    this.occurredAt = details.occurredAt;
    this.expiresAt = details.expiresAt;
  }

  get seenAt(): Opt<Date> | undefined {
    return this._seenAt;
  }

  get readAt(): Opt<Date> | undefined {
    return this._readAt;
  }

  get archivedAt(): Opt<Date> | undefined {
    return this._archivedAt;
  }

  isExpired(now: Date): boolean {
    return this.expiresAt !== undefined && now >= this.expiresAt;
  }

  /** It was on a screen; the first time counts. */
  see(now: Date): void {
    this._seenAt ??= now;
  }

  /** It was read, and so seen; the first time counts. */
  read(now: Date): void {
    this.see(now);
    this._readAt ??= now;
  }

  /** The user puts it away; the first time counts. */
  archive(now: Date): void {
    this._archivedAt ??= now;
  }
}
