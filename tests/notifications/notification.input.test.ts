import { describe, expect, test } from 'vitest';
import { EnqueueNotification, SetNotificationPreference } from '../../src/notifications/index.js';
import { newId, parseInput } from '../../src/shared/index.js';
import { NOW } from '../shared/examples.js';

const NOTE: EnqueueNotification = {
  userId: newId(),
  category: 'money',
  title: ' Your deposit is here ',
  body: '50 USD are in your account.',
  dedupeKey: 'deposit:1',
  occurredAt: NOW,
};
const PREFERENCE: SetNotificationPreference = { userId: newId(), category: 'money', channel: 'push' };
const refused = (parse: () => unknown) => expect(parse).toThrow(expect.objectContaining({ code: 'input.invalid' }));

describe('a notification to enqueue', () => {
  test('is taken, its text trimmed, of no urgency unless it is said otherwise', () => {
    expect(parseInput(EnqueueNotification, NOTE)).toMatchObject({
      title: 'Your deposit is here',
      severity: 'info',
      data: {},
    });
  });

  test.each([
    ['a category that is none', { category: 'gossip' }],
    ['a title of spaces', { title: '  ' }],
    ['a title that is too long', { title: 'x'.repeat(121) }],
    ['a text that is too long', { body: 'x'.repeat(2_001) }],
    ['a text with NUL', { body: 'a\0b' }],
    ['data that is nested', { data: { a: { b: 1 } } }],
    ['a dedupe key with spaces', { dedupeKey: 'deposit 1' }],
    ['no dedupe key', { dedupeKey: undefined }],
    ['something unknown', { channel: 'sms' }],
  ])('with %s is refused', (_what, wrong) => {
    refused(() => parseInput(EnqueueNotification, { ...NOTE, ...wrong }));
  });
});

describe('a preference to set', () => {
  test('says what changes; the rest stays', () => {
    expect(parseInput(SetNotificationPreference, PREFERENCE)).toEqual(PREFERENCE);
    const wish = {
      ...PREFERENCE,
      enabled: false,
      digest: 'daily' as const,
      quietHours: { from: '22:00', until: '07:00' },
    };
    expect(parseInput(SetNotificationPreference, wish)).toEqual(wish);
    expect(parseInput(SetNotificationPreference, { ...PREFERENCE, quietHours: null }).quietHours).toBeNull();
  });

  test.each([
    ['a channel that is none', { channel: 'pigeon' }],
    ['a digest that is none', { digest: 'yearly' }],
    ['half of its quiet hours', { quietHours: { from: '22:00' } }],
    ['quiet hours that are no time', { quietHours: { from: '22:00', until: '24:00' } }],
    ['quiet hours of no length', { quietHours: { from: '22:00', until: '22:00' } }],
  ])('with %s is refused', (_what, wrong) => {
    refused(() => parseInput(SetNotificationPreference, { ...PREFERENCE, ...wrong }));
  });
});
