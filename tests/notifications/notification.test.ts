import { describe, expect, test } from 'vitest';
import { type Notification, NotificationData } from '../../src/notifications/index.js';
import { at, aUser, NOW, refusal } from '../shared/examples.js';
import { noteTo } from './examples.js';

const LATER = at('2026-06-16T12:00:00Z');
const LATEST = at('2026-06-17T12:00:00Z');
const moments = ({ seenAt, readAt, archivedAt }: Notification) => [seenAt, readAt, archivedAt];
const noteOf = (details = {}) => noteTo(aUser(), details);

describe('a notification', () => {
  test('tells a user something, new and of no urgency unless it is said otherwise', () => {
    const anna = aUser();
    const note = noteTo(anna);
    expect(note.user.unwrap()).toBe(anna);
    expect(note).toMatchObject({ category: 'money', severity: 'info', dedupeKey: 'deposit:1', occurredAt: NOW });
    expect(note.data).toEqual({});
    expect(note.expiresAt).toBeUndefined();
    expect(moments(note)).toEqual([undefined, undefined, undefined]);
    expect(noteOf({ severity: 'critical' }).severity).toBe('critical');
  });

  test('keeps what an app needs to lead on', () => {
    const data = { transactionId: 'abc', attempts: 2, isFirst: true };
    expect(noteOf({ data }).data).toEqual(data);
  });

  test.each([
    ['nested', { a: { b: 1 } }],
    ['of a name that is none', { 'a b': 1 }],
    ['of a fraction', { a: 0.5 }],
    ['too long', { a: 'x'.repeat(201) }],
    ['too many', Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, i]))],
  ])('keeps no data that is %s', (_what, data) => {
    expect(() => noteOf({ data })).toThrow(refusal('input.invalid'));
  });

  test('of the most data that is allowed is smaller than its column', () => {
    const data = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`a${String(i).padStart(39, '0')}`, 'x'.repeat(200)]),
    );
    expect(NotificationData.parse(data)).toEqual(data);
    expect(JSON.stringify(data).length).toBeLessThan(8_192);
  });

  test('has a title and a text', () => {
    expect(() => noteOf({ title: '' })).toThrow(refusal('notification.no-text'));
    expect(() => noteOf({ body: '' })).toThrow(refusal('notification.no-text'));
  });

  test.each(['', 'deposit 1', 'dépôt', 'a\n'])('is not told under the key "%s"', dedupeKey => {
    expect(() => noteOf({ dedupeKey })).toThrow(refusal('notification.dedupe-key'));
  });

  test('expires after what it tells of', () => {
    expect(noteOf({ expiresAt: LATER }).expiresAt).toEqual(LATER);
    expect(() => noteOf({ expiresAt: NOW })).toThrow(refusal('notification.expires-before'));
  });

  test('says when it says nothing any more', () => {
    const note = noteOf({ expiresAt: LATER });
    expect(note.isExpired(at('2026-06-16T11:59:59.999Z'))).toBe(false);
    expect(note.isExpired(LATER)).toBe(true);
    expect(noteOf().isExpired(at('2126-01-01T00:00:00Z'))).toBe(false);
  });
});

describe('what becomes of a notification', () => {
  test('seen is not read', () => {
    const note = noteOf();
    note.see(LATER);
    expect(moments(note)).toEqual([LATER, undefined, undefined]);
  });

  test('read is seen', () => {
    const note = noteOf();
    note.read(LATER);
    expect(moments(note)).toEqual([LATER, LATER, undefined]);
  });

  test('the first time counts', () => {
    const note = noteOf();
    note.see(LATER);
    note.see(LATEST);
    note.read(LATEST);
    note.read(at('2026-06-18T12:00:00Z'));
    note.archive(LATEST);
    note.archive(at('2026-06-18T12:00:00Z'));
    expect(moments(note)).toEqual([LATER, LATEST, LATEST]);
  });

  test('put away unread it stays unread', () => {
    const note = noteOf();
    note.archive(LATER);
    expect(moments(note)).toEqual([undefined, undefined, LATER]);
  });

  test('cannot be decided from outside', () => {
    expect(() => Object.assign(noteOf(), { readAt: LATER })).toThrow(TypeError);
    expect(() => Object.assign(noteOf(), { seenAt: LATER })).toThrow(TypeError);
    expect(() => Object.assign(noteOf(), { archivedAt: LATER })).toThrow(TypeError);
  });
});
