import { beforeAll, describe, expect, test } from 'vitest';
import {
  type NotificationCategory,
  type NotificationChannel,
  NotificationPreference,
} from '../../src/notifications/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { at, aUser, NOW, refusal } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const ROME = 'Europe/Rome';
const NIGHT = { from: '22:00', until: '07:00' };
/** 23:00 in Rome. */
const LATE = at('2026-06-15T21:00:00Z');
const anna = aUser();
const ofAnna = (category: NotificationCategory) =>
  NotificationPreference.defaultsOf(anna).filter(preference => preference.category === category);
const preferenceFor = (channel: NotificationChannel, category: NotificationCategory = 'money') =>
  ofAnna(category).find(preference => preference.channel === channel)!;

describe('what a user starts with', () => {
  test('is one preference for every category and channel', () => {
    const all = NotificationPreference.defaultsOf(anna);
    expect(all).toHaveLength(32);
    expect(new Set(all.map(({ category, channel }) => `${category} ${channel}`)).size).toBe(32);
    expect(
      all.every(({ user, digest, quietHours }) => user.unwrap() === anna && digest === 'none' && !quietHours),
    ).toBe(true);
  });

  test.each<[NotificationCategory, NotificationChannel[]]>([
    ['security', ['in_app', 'email', 'push', 'sms']],
    ['legal', ['in_app', 'email']],
    ['loan_risk', ['in_app', 'email', 'push']],
    ['money', ['in_app', 'email', 'push']],
    ['investing', ['in_app', 'push']],
    ['rewards', ['in_app']],
    ['advice', ['in_app']],
    ['product', ['in_app']],
  ])('has %s on for %o', (category, channels) => {
    expect(
      ofAnna(category)
        .filter(({ isEnabled }) => isEnabled)
        .map(({ channel }) => channel),
    ).toEqual(channels);
  });
});

describe('turning a channel off and on', () => {
  test('is as people wish where nothing has to reach them', () => {
    const all = ofAnna('rewards');
    for (const preference of all) preference.disable(all);
    expect(all.some(({ isEnabled }) => isEnabled)).toBe(false);
    all[1]!.enable();
    expect(all.map(({ isEnabled }) => isEnabled)).toEqual([false, true, false, false]);
  });

  test.each<NotificationCategory>(['security', 'legal', 'loan_risk'])('leaves one channel for %s', category => {
    const all = ofAnna(category);
    const on = all.filter(({ isEnabled }) => isEnabled);
    const last = on.pop()!;
    for (const preference of on) preference.disable(all);
    expect(() => last.disable(all)).toThrow(refusal('notification-preference.mandatory'));
    expect(last.isEnabled).toBe(true);
    all.find(preference => preference !== last)!.enable();
    last.disable(all);
    expect(last.isEnabled).toBe(false);
  });

  test('looks at the preferences of the same user and category', () => {
    const [first] = ofAnna('legal');
    expect(() => first!.disable(ofAnna('security'))).toThrow(refusal('notification-preference.other-category'));
    expect(() => first!.disable(NotificationPreference.defaultsOf(aUser()).slice(4, 8))).toThrow(
      refusal('notification-preference.other-category'),
    );
    expect(first!.isEnabled).toBe(true);
  });

  test('is not done from outside', () => {
    expect(() => Object.assign(preferenceFor('email', 'legal'), { isEnabled: false })).toThrow(TypeError);
  });
});

describe('quiet hours', () => {
  test('are set and lifted', () => {
    const preference = preferenceFor('push');
    preference.keepQuiet(NIGHT);
    expect(preference.quietHours).toEqual(NIGHT);
    preference.keepQuiet(undefined);
    expect(preference.quietHours).toBeUndefined();
  });

  test('that are none stay as they were', () => {
    const preference = preferenceFor('push');
    preference.keepQuiet(NIGHT);
    expect(() => preference.keepQuiet({ from: '22:00', until: '22:00' })).toThrow(
      refusal('notification-preference.quiet-hours'),
    );
    expect(preference.quietHours).toEqual(NIGHT);
  });
});

describe('the plan for a notification', () => {
  test('is now, when nothing speaks against it', () => {
    expect(preferenceFor('push').plan('info', NOW, ROME)).toEqual({ when: 'now' });
  });

  test('is never over a channel that is off, however urgent', () => {
    for (const severity of ['info', 'warning', 'critical'] as const) {
      expect(preferenceFor('sms').plan(severity, NOW, ROME)).toEqual({ when: 'never', reason: 'preference.off' });
    }
  });

  test('waits for the end of quiet hours, unless it is critical', () => {
    const preference = preferenceFor('push');
    preference.keepQuiet(NIGHT);
    const morning = { when: 'later', at: at('2026-06-16T05:00:00Z') };
    expect(preference.plan('info', LATE, ROME)).toEqual(morning);
    expect(preference.plan('warning', LATE, ROME)).toEqual(morning);
    expect(preference.plan('critical', LATE, ROME)).toEqual({ when: 'now' });
    expect(preference.plan('info', NOW, ROME)).toEqual({ when: 'now' });
  });

  test('waits for the digest, unless it is critical', () => {
    const preference = preferenceFor('email');
    preference.digest = 'daily';
    expect(preference.plan('info', NOW, ROME)).toEqual({ when: 'later', at: at('2026-06-16T06:00:00Z') });
    preference.digest = 'weekly';
    expect(preference.plan('warning', NOW, ROME)).toEqual({ when: 'later', at: at('2026-06-22T06:00:00Z') });
    expect(preference.plan('critical', NOW, ROME)).toEqual({ when: 'now' });
  });

  test('waits for both, when the digest falls into quiet hours', () => {
    const preference = preferenceFor('email');
    preference.digest = 'daily';
    preference.keepQuiet({ from: '22:00', until: '09:30' });
    expect(preference.plan('info', NOW, ROME)).toEqual({ when: 'later', at: at('2026-06-16T07:30:00Z') });
  });

  test('is now in the app’s own inbox, which disturbs nobody', () => {
    const preference = preferenceFor('in_app');
    preference.keepQuiet(NIGHT);
    preference.digest = 'weekly';
    expect(preference.plan('info', LATE, ROME)).toEqual({ when: 'now' });
  });
});

test.each([
  ['push', 'rewards', false],
  ['in_app', 'rewards', true],
] as const)('a preference that is reset is as that of a new user: %s for %s', (channel, category, isOn) => {
  const preference = preferenceFor(channel, category);
  if (isOn) preference.disable([preference]);
  else preference.enable();
  preference.keepQuiet(NIGHT);
  preference.digest = 'weekly';
  preference.reset();
  expect(preference).toMatchObject({ isEnabled: isOn, quietHours: undefined, digest: 'none' });
});
