import type { User } from '../../src/identity/index.js';
import { Notification, type NotificationDetails } from '../../src/notifications/index.js';
import { aUser, NOW } from '../shared/examples.js';

/** A deposit that arrived, unless told otherwise. */
export const noteTo = (user: User = aUser(), details: Partial<NotificationDetails> = {}): Notification =>
  new Notification(user, {
    category: 'money',
    title: 'Your deposit is here',
    body: '50 USD are in your account.',
    dedupeKey: 'deposit:1',
    occurredAt: NOW,
    ...details,
  });
