import { describe, expect, test } from 'vitest';
import {
  type DeliveryPlan,
  type DeliveryStatus,
  type NotificationChannel,
  NotificationDelivery,
  retryDelayMs,
} from '../../src/notifications/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, NOW, refusal } from '../shared/examples.js';
import { noteTo } from './examples.js';

const MORNING = at('2026-06-16T05:00:00Z');
const LEASE_MS = 30_000;
const later = (ms: number, from = NOW) => new Date(from.getTime() + ms);
const deliveryBy = (channel: NotificationChannel = 'email', plan: DeliveryPlan = { when: 'now' }) =>
  new NotificationDelivery(noteTo(), channel, plan, NOW);
const deliveryAfter = (...steps: ((delivery: NotificationDelivery) => void)[]) => {
  const delivery = deliveryBy();
  for (const step of steps) step(delivery);
  return delivery;
};

/** Reports with the number of the last attempt, as the worker does that holds the lease. */
const verbs = {
  'be delayed': (delivery: NotificationDelivery) => delivery.delay(MORNING, NOW),
  'be suppressed': (delivery: NotificationDelivery) => delivery.suppress('notification.expired', NOW),
  'be claimed': (delivery: NotificationDelivery) => delivery.claim(LEASE_MS, MORNING),
  'be sent': (delivery: NotificationDelivery) => delivery.markSent(delivery.attempts, MORNING, 'provider-1'),
  'be tried again later': (delivery: NotificationDelivery) =>
    delivery.retryLater(delivery.attempts, 'provider.down', MORNING),
  'be given up': (delivery: NotificationDelivery) => delivery.giveUp(delivery.attempts, 'address.unknown', MORNING),
  'be delivered': (delivery: NotificationDelivery) => delivery.markDelivered(MORNING),
  bounce: (delivery: NotificationDelivery) => delivery.bounce('mailbox.full', MORNING),
};
const claim = (delivery: NotificationDelivery) => delivery.claim(LEASE_MS, NOW);
const send = verbs['be sent'];

describe('a delivery', () => {
  test('waits in the queue from the start', () => {
    const note = noteTo();
    const delivery = new NotificationDelivery(note, 'email', { when: 'now' }, NOW);
    expect(delivery.user).toBe(note.user);
    expect(delivery.notification.unwrap()).toBe(note);
    expect(delivery).toMatchObject({ channel: 'email', status: 'queued', attempts: 0, nextAttemptAt: NOW });
  });

  test('waits longer when its plan says so', () => {
    expect(deliveryBy('push', { when: 'later', at: MORNING })).toMatchObject({
      status: 'delayed',
      nextAttemptAt: MORNING,
    });
  });

  test('is not sent when its plan says so, and keeps why', () => {
    const delivery = deliveryBy('sms', { when: 'never', reason: 'preference.off' });
    expect(delivery).toMatchObject({ status: 'suppressed', reason: 'preference.off', suppressedAt: NOW });
    expect(delivery.nextAttemptAt).toBeUndefined();
  });

  test('to the app’s own inbox has arrived at once', () => {
    const delivery = deliveryBy('in_app');
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 0, sentAt: NOW, deliveredAt: NOW });
    expect(delivery.nextAttemptAt).toBeUndefined();
    expect(deliveryBy('in_app', { when: 'never', reason: 'preference.off' }).status).toBe('suppressed');
  });

  everyTransition<NotificationDelivery, DeliveryStatus, keyof typeof verbs>({
    a: 'a delivery',
    reach: {
      queued: () => deliveryAfter(claim),
      delayed: () => deliveryAfter(verbs['be delayed']),
      sent: () => deliveryAfter(claim, send),
      delivered: () => deliveryAfter(claim, send, verbs['be delivered']),
      failed: () => deliveryAfter(claim, verbs['be given up']),
      suppressed: () => deliveryAfter(verbs['be suppressed']),
    },
    verbs,
    allowed: {
      queued: {
        'be delayed': 'delayed',
        'be suppressed': 'suppressed',
        'be claimed': 'queued',
        'be sent': 'sent',
        'be tried again later': 'queued',
        'be given up': 'failed',
      },
      delayed: { 'be suppressed': 'suppressed', 'be claimed': 'queued' },
      sent: { 'be delivered': 'delivered', bounce: 'failed' },
      delivered: {},
      failed: {},
      suppressed: {},
    },
    stateOf: delivery => delivery.status,
  });

  test('remembers each step, and is done with the queue', () => {
    const delivered = deliveryAfter(claim, send, delivery => delivery.markDelivered(later(1, MORNING)));
    expect(delivered).toMatchObject({ providerId: 'provider-1', sentAt: MORNING, deliveredAt: later(1, MORNING) });
    expect(delivered.nextAttemptAt).toBeUndefined();
    const failed = deliveryAfter(claim, verbs['be given up']);
    expect(failed).toMatchObject({ reason: 'address.unknown', failedAt: MORNING });
    expect([failed.sentAt, failed.nextAttemptAt]).toEqual([undefined, undefined]);
    expect(deliveryAfter(claim, send, verbs.bounce)).toMatchObject({ reason: 'mailbox.full', sentAt: MORNING });
  });

  test('is not delayed to the past', () => {
    expect(() => deliveryBy().delay(NOW, NOW)).toThrow(refusal('notification-delivery.delay'));
  });

  test('cannot be given a state from outside', () => {
    expect(() => Object.assign(deliveryBy(), { status: 'sent' })).toThrow(TypeError);
    expect(() => Object.assign(deliveryBy(), { attempts: 9 })).toThrow(TypeError);
    expect(() => Object.assign(deliveryBy(), { nextAttemptAt: NOW })).toThrow(TypeError);
  });
});

describe('a lease', () => {
  test('holds a delivery for its worker, and counts the attempts', () => {
    const delivery = deliveryBy();
    expect(delivery.claim(LEASE_MS, NOW)).toBe(1);
    expect(delivery).toMatchObject({ attempts: 1, nextAttemptAt: at('2026-06-15T12:00:30Z') });
    expect(() => delivery.claim(LEASE_MS, at('2026-06-15T12:00:29.999Z'))).toThrow(
      refusal('notification-delivery.not-due'),
    );
    expect(delivery.claim(LEASE_MS, at('2026-06-15T12:00:30Z'))).toBe(2);
  });

  test('is not given before the time', () => {
    const delivery = deliveryBy('push', { when: 'later', at: MORNING });
    expect(() => delivery.claim(LEASE_MS, later(-1, MORNING))).toThrow(refusal('notification-delivery.not-due'));
    expect(delivery.status).toBe('delayed');
    expect(delivery.claim(LEASE_MS, MORNING)).toBe(1);
    expect(delivery.status).toBe('queued');
  });

  test('that ran out lets its worker change nothing any more', () => {
    const delivery = deliveryBy();
    const slow = delivery.claim(LEASE_MS, NOW);
    const quick = delivery.claim(LEASE_MS, later(LEASE_MS));
    const lost = refusal('notification-delivery.lease-lost');
    expect(() => delivery.markSent(slow, MORNING)).toThrow(lost);
    expect(() => delivery.retryLater(slow, 'provider.down', MORNING)).toThrow(lost);
    expect(() => delivery.giveUp(slow, 'provider.down', MORNING)).toThrow(lost);
    delivery.markSent(quick, MORNING);
    expect(() => delivery.giveUp(slow, 'provider.down', MORNING)).toThrow(refusal('notification-delivery.not-queued'));
    expect(delivery.status).toBe('sent');
  });

  test('is needed to send', () => {
    for (const attempt of [0, 1]) {
      expect(() => deliveryBy().markSent(attempt, NOW)).toThrow(refusal('notification-delivery.lease-lost'));
    }
  });
});

describe('an attempt that fails', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [6, 32],
    [7, 60],
    [8, 60],
  ])('for the %ith time waits %i minutes', (attempt, minutes) => {
    expect(retryDelayMs(attempt)).toBe(minutes * 60_000);
  });

  test('is followed by another, later, and keeps why it failed', () => {
    const delivery = deliveryBy();
    delivery.retryLater(delivery.claim(LEASE_MS, NOW), 'provider.down', NOW);
    expect(delivery).toMatchObject({
      status: 'queued',
      reason: 'provider.down',
      nextAttemptAt: at('2026-06-15T12:01:00Z'),
    });
    delivery.markSent(delivery.claim(LEASE_MS, at('2026-06-15T12:01:00Z')), MORNING);
    expect(delivery.reason).toBeUndefined();
    expect(delivery.providerId).toBeUndefined();
  });

  test('for the eighth time is the last', () => {
    const delivery = deliveryBy();
    let now = NOW;
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      expect(delivery.hasAttemptsLeft).toBe(true);
      now = delivery.nextAttemptAt!;
      expect(delivery.claim(LEASE_MS, now)).toBe(attempt);
      delivery.retryLater(attempt, 'provider.down', now);
    }
    expect(delivery).toMatchObject({ status: 'failed', attempts: 8, reason: 'provider.down', failedAt: now });
    expect(delivery.nextAttemptAt).toBeUndefined();
  });

  test('because its worker vanished the eighth time can only be given up', () => {
    const delivery = deliveryBy();
    for (let attempt = 1; attempt <= 8; attempt += 1) delivery.claim(LEASE_MS, delivery.nextAttemptAt!);
    expect(delivery.hasAttemptsLeft).toBe(false);
    expect(() => delivery.claim(LEASE_MS, MORNING)).toThrow(refusal('notification-delivery.no-attempts-left'));
    delivery.giveUp(8, 'worker.lost', MORNING);
    expect(delivery).toMatchObject({ status: 'failed', reason: 'worker.lost' });
  });
});
