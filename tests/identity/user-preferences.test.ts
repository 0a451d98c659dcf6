import { describe, expect, test } from 'vitest';
import { UserPreferences } from '../../src/identity/index.js';
import { localDate } from '../../src/shared/index.js';
import { at, aUser, NOW, refusal } from '../shared/examples.js';

const NEW_YORK = 'America/New_York';
const KATHMANDU = 'Asia/Kathmandu';
const newYorker = () => new UserPreferences(aUser(), NEW_YORK);
const dayOf = (preferences: UserPreferences, instant: string) =>
  localDate(at(instant), preferences.timeZoneAt(at(instant)));

describe('preferences', () => {
  test('start with dollars, English, UTC, a day from midnight, moderate risk and no AI', () => {
    expect(new UserPreferences(aUser())).toMatchObject({
      baseCurrency: 'USD',
      locale: 'en-US',
      timeZone: 'UTC',
      dayStartHour: 0,
      riskTolerance: 'moderate',
      aiEnabled: false,
      theme: 'system',
    });
  });

  test('belong to one user', () => {
    const user = aUser();
    expect(new UserPreferences(user).user.unwrap()).toBe(user);
  });

  test('are of a time zone that exists', () => {
    expect(newYorker().timeZone).toBe(NEW_YORK);
    expect(() => new UserPreferences(aUser(), 'Europe/Atlantis')).toThrow(refusal('preferences.unknown-time-zone'));
    expect(() => new UserPreferences(aUser(), '+05:45')).toThrow('A time zone is an IANA name such as "Europe/Rome".');
  });
});

// New York is 4 hours behind UTC in June, Kathmandu 5:45 ahead: midnight in New York is 04:00 UTC, in Kathmandu 18:15.
describe('a move from New York to Kathmandu at 08:00 on 15 June', () => {
  const moved = () => {
    const preferences = newYorker();
    preferences.moveToTimeZone(KATHMANDU, NOW);
    return preferences;
  };

  test('counts from midnight in New York on', () => {
    expect(moved().timeZoneAt(NOW)).toBe(NEW_YORK);
    expect(moved().timeZoneAt(at('2026-06-16T03:59:59.999Z'))).toBe(NEW_YORK);
    expect(moved().timeZoneAt(at('2026-06-16T04:00:00Z'))).toBe(KATHMANDU);
    expect(moved().timeZoneAt(at('2027-01-01T00:00:00Z'))).toBe(KATHMANDU);
  });

  test('lets no day happen twice', () => {
    const days = ['2026-06-15T12:00:00Z', '2026-06-15T19:00:00Z', '2026-06-16T03:59:59.999Z', '2026-06-16T04:00:00Z'];
    expect(days.map(instant => dayOf(moved(), instant))).toEqual([
      '2026-06-15',
      '2026-06-15',
      '2026-06-15',
      '2026-06-16',
    ]);
    expect(dayOf(moved(), '2026-06-16T18:15:00Z')).toBe('2026-06-17');
  });

  test('is replaced by a second move before it takes effect', () => {
    const preferences = moved();
    preferences.moveToTimeZone('Europe/Rome', at('2026-06-15T20:00:00Z'));
    expect(preferences.timeZoneAt(at('2026-06-16T03:59:59.999Z'))).toBe(NEW_YORK);
    expect(preferences.timeZoneAt(at('2026-06-16T04:00:00Z'))).toBe('Europe/Rome');
  });

  test('is taken back by a move to New York before it takes effect', () => {
    const preferences = moved();
    preferences.moveToTimeZone(NEW_YORK, at('2026-06-15T20:00:00Z'));
    expect(preferences.timeZoneAt(at('2026-06-20T00:00:00Z'))).toBe(NEW_YORK);
  });

  test('is the ground of a later move, which counts from midnight in Kathmandu', () => {
    const preferences = moved();
    preferences.moveToTimeZone('Europe/Rome', at('2026-06-17T00:00:00Z'));
    expect(preferences.timeZone).toBe(KATHMANDU);
    expect(preferences.timeZoneAt(at('2026-06-17T18:14:59.999Z'))).toBe(KATHMANDU);
    expect(preferences.timeZoneAt(at('2026-06-17T18:15:00Z'))).toBe('Europe/Rome');
  });
});

test('a move west makes the day longer and does not repeat it', () => {
  const preferences = new UserPreferences(aUser(), KATHMANDU);
  preferences.moveToTimeZone(NEW_YORK, NOW);
  expect(dayOf(preferences, '2026-06-15T18:14:59.999Z')).toBe('2026-06-15');
  expect(dayOf(preferences, '2026-06-15T18:15:00Z')).toBe('2026-06-15');
  expect(dayOf(preferences, '2026-06-16T04:00:00Z')).toBe('2026-06-16');
});

test('a move into a zone that does not exist changes nothing', () => {
  const preferences = newYorker();
  expect(() => preferences.moveToTimeZone('Europe/Atlantis', NOW)).toThrow(refusal('preferences.unknown-time-zone'));
  expect(preferences.timeZoneAt(at('2027-01-01T00:00:00Z'))).toBe(NEW_YORK);
});
