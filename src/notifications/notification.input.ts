import { z } from 'zod';
import { Id, IdempotencyKey, PlainText } from '../shared/index.js';
import { NOTIFICATION_CATEGORIES, NOTIFICATION_CHANNELS } from './channels.js';
import { NotificationData, SEVERITIES } from './notification.entity.js';
import { DIGESTS, LOCAL_TIME } from './quiet-hours.js';

export const EnqueueNotification = z.strictObject({
  userId: Id,
  category: z.enum(NOTIFICATION_CATEGORIES),
  severity: z.enum(SEVERITIES).default('info'),
  title: PlainText(120),
  body: PlainText(2000),
  data: NotificationData.default({}),
  dedupeKey: IdempotencyKey,
  occurredAt: z.date(),
  expiresAt: z.date().optional(),
});
export type EnqueueNotification = z.input<typeof EnqueueNotification>;

const LocalTime = z.string().regex(LOCAL_TIME, 'must be HH:MM');

/** What is left out stays as it is. */
export const SetNotificationPreference = z.strictObject({
  userId: Id,
  category: z.enum(NOTIFICATION_CATEGORIES),
  channel: z.enum(NOTIFICATION_CHANNELS),
  enabled: z.boolean().optional(),
  /** Over midnight when `from` is the later one; null for none. */
  quietHours: z
    .strictObject({ from: LocalTime, until: LocalTime })
    .refine(({ from, until }) => from !== until, 'must not end when they start')
    .nullable()
    .optional(),
  digest: z.enum(DIGESTS).optional(),
});
export type SetNotificationPreference = z.input<typeof SetNotificationPreference>;
