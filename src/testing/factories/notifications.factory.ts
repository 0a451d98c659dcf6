import type { User } from '../../identity/index.js';
import {
  type DeliveryPlan,
  Notification,
  type NotificationCategory,
  type NotificationChannel,
  NotificationDelivery,
  type NotificationDetails,
  NotificationPreference,
} from '../../notifications/index.js';
import { userFactory } from './identity.factory.js';
import { after, FACTORY_NOW, later, next } from './sequence.js';

export interface NotificationOverrides extends Partial<NotificationDetails> {
  user?: User;
}

const unseen = ({ user = userFactory.active(), ...details }: NotificationOverrides = {}): Notification =>
  new Notification(user, {
    category: 'money',
    title: 'Your deposit has arrived',
    body: '100 US dollars are ready to invest.',
    data: { amount: '100.00', retries: 0, isFirst: true },
    dedupeKey: `told-${next('notification')}`,
    occurredAt: FACTORY_NOW,
    expiresAt: later(90),
    ...details,
  });

export const notificationFactory = {
  unseen,
  seen: after(unseen, notification => notification.see(FACTORY_NOW)),
  read: after(unseen, notification => notification.read(FACTORY_NOW)),
  archived: after(unseen, notification => notification.archive(FACTORY_NOW)),
};

export interface NotificationPreferenceOverrides {
  user?: User;
  category?: NotificationCategory;
  channel?: NotificationChannel;
}

const usual = ({
  user = userFactory.active(),
  category = 'money',
  channel = 'email',
}: NotificationPreferenceOverrides = {}): NotificationPreference => new NotificationPreference(user, category, channel);

export const notificationPreferenceFactory = {
  /** On or off as is usual for its category and channel. */
  usual,
  enabled: after(usual, preference => preference.enable()),
  disabled: (overrides: NotificationPreferenceOverrides = {}): NotificationPreference => {
    const preference = usual(overrides);
    const channel = preference.channel === 'in_app' ? 'email' : 'in_app';
    const other = notificationPreferenceFactory.enabled({ ...overrides, user: preference.user.unwrap(), channel });
    preference.disable([preference, other]);
    return preference;
  },
  /** Does not disturb from ten in the evening to seven. */
  quiet: after(usual, preference => preference.keepQuiet({ from: '22:00', until: '07:00' })),
};

export interface NotificationDeliveryOverrides {
  notification?: Notification;
  channel?: NotificationChannel;
  now?: Date;
}

const planned =
  (planOf: (now: Date) => DeliveryPlan) =>
  ({
    notification = unseen(),
    channel = 'email',
    now = FACTORY_NOW,
  }: NotificationDeliveryOverrides = {}): NotificationDelivery =>
    new NotificationDelivery(notification, channel, planOf(now), now);

const queued = planned(() => ({ when: 'now' }));
const claim = (delivery: NotificationDelivery): number => delivery.claim(60_000, delivery.nextAttemptAt ?? FACTORY_NOW);
const sent = after(queued, delivery => delivery.markSent(claim(delivery), FACTORY_NOW, 'provider-1'));

export const notificationDeliveryFactory = {
  queued,
  /** Held back for a day. */
  delayed: planned(now => ({ when: 'later', at: later(1, now) })),
  sent,
  delivered: after(sent, delivery => delivery.markDelivered(FACTORY_NOW)),
  failed: after(queued, delivery => delivery.giveUp(claim(delivery), 'address.unknown', FACTORY_NOW)),
  suppressed: planned(() => ({ when: 'never', reason: 'preference.off' })),
};
