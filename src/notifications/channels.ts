import { ValidationError } from '../shared/index.js';

/** What a notification is about; a person decides for each which channels may carry it. */
export const NOTIFICATION_CATEGORIES = [
  'security',
  'legal',
  'loan_risk',
  'money',
  'investing',
  'rewards',
  'advice',
  'product',
] as const;
export type NotificationCategory = (typeof NOTIFICATION_CATEGORIES)[number];

export const NOTIFICATION_CHANNELS = ['in_app', 'email', 'push', 'sms'] as const;
export type NotificationChannel = (typeof NOTIFICATION_CHANNELS)[number];

/** Categories that a person must be reached about: some channel stays on. */
export const MANDATORY_CATEGORIES = [
  'security',
  'legal',
  'loan_risk',
] as const satisfies readonly NotificationCategory[];

/** Channels that are on for a new user. */
export const DEFAULT_CHANNELS: Readonly<Record<NotificationCategory, readonly NotificationChannel[]>> = {
  security: ['in_app', 'email', 'push', 'sms'],
  legal: ['in_app', 'email'],
  loan_risk: ['in_app', 'email', 'push'],
  money: ['in_app', 'email', 'push'],
  investing: ['in_app', 'push'],
  rewards: ['in_app'],
  advice: ['in_app'],
  product: ['in_app'],
};

export const isMandatory = (category: NotificationCategory): boolean =>
  (MANDATORY_CATEGORIES as readonly NotificationCategory[]).includes(category);

/**
 * Security, legal and loan-risk notifications cannot be off on every channel.
 * @param enabled the channels that would be on.
 * @throws {ValidationError} `notification-preference.mandatory`
 */
export function requireReachable(category: NotificationCategory, enabled: readonly NotificationChannel[]): void {
  if (isMandatory(category) && enabled.length === 0)
    throw new ValidationError(
      'notification-preference.mandatory',
      `Notifications about ${category.replace('_', ' ')} stay on for at least one channel.`,
      { category },
    );
}
