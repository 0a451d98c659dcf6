import fc from 'fast-check';
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

// Apia left out 30 December 2011; until then it was 10 hours behind UTC, from then on 14 ahead.
describe('a move on 29 December 2011', () => {
  test('away from Apia, where the 30th does not happen, has a 30th', () => {
    const preferences = new UserPreferences(aUser(), 'Pacific/Apia');
    preferences.moveToTimeZone(KATHMANDU, at('2011-12-29T12:00:00Z'));
    expect(dayOf(preferences, '2011-12-30T09:59:59.999Z')).toBe('2011-12-29');
    expect(dayOf(preferences, '2011-12-30T10:00:00Z')).toBe('2011-12-30');
    expect(dayOf(preferences, '2011-12-30T18:15:00Z')).toBe('2011-12-31');
  });

  test('to Apia goes from the 29th to the 31st', () => {
    const preferences = new UserPreferences(aUser(), KATHMANDU);
    preferences.moveToTimeZone('Pacific/Apia', at('2011-12-29T12:00:00Z'));
    expect(dayOf(preferences, '2011-12-29T18:14:59.999Z')).toBe('2011-12-29');
    expect(dayOf(preferences, '2011-12-29T18:15:00Z')).toBe('2011-12-29');
    expect(dayOf(preferences, '2011-12-30T09:59:59.999Z')).toBe('2011-12-29');
    expect(dayOf(preferences, '2011-12-30T10:00:00Z')).toBe('2011-12-31');
  });
});

describe('a move', () => {
  // New York: the clocks go on on 8 March 2026, a day of 23 hours, and back on 1 November, one of 25.
  test.each([
    ['on a day of 23 hours', '2026-03-08T06:30:00Z', '2026-03-09T04:00:00Z'],
    ['on a day of 25 hours, in the first of two hours from one', '2026-11-01T05:30:00Z', '2026-11-02T05:00:00Z'],
    ['on a day of 25 hours, in the second', '2026-11-01T06:30:00Z', '2026-11-02T05:00:00Z'],
    ['on the last day of a year', '2027-01-01T04:59:59.999Z', '2027-01-01T05:00:00Z'],
    ['on 28 February of a leap year', '2028-02-28T12:00:00Z', '2028-02-29T05:00:00Z'],
    ['on 29 February', '2028-02-29T12:00:00Z', '2028-03-01T05:00:00Z'],
  ])('%s counts from the next midnight', (_, now, midnight) => {
    const preferences = newYorker();
    preferences.moveToTimeZone(KATHMANDU, at(now));
    expect(preferences.timeZoneAt(new Date(at(midnight).getTime() - 1))).toBe(NEW_YORK);
    expect(preferences.timeZoneAt(at(midnight))).toBe(KATHMANDU);
  });

  test('west over a leap day stretches the 28th and has one 29th', () => {
    const preferences = new UserPreferences(aUser(), KATHMANDU);
    preferences.moveToTimeZone(NEW_YORK, at('2028-02-28T18:14:59Z'));
    const instants = [
      '2028-02-28T18:14:59Z',
      '2028-02-28T18:15:00Z',
      '2028-02-29T04:59:59.999Z',
      '2028-02-29T05:00:00Z',
      '2028-03-01T05:00:00Z',
    ];
    expect(instants.map(instant => dayOf(preferences, instant))).toEqual([
      '2028-02-28',
      '2028-02-28',
      '2028-02-28',
      '2028-02-29',
      '2028-03-01',
    ]);
  });

  test('never lets a day come back, whenever and between whichever zones up to 24 hours apart', () => {
    const zones = fc.constantFrom('UTC', NEW_YORK, KATHMANDU, 'Pacific/Apia', 'Europe/Rome', 'Australia/Lord_Howe');
    const moments = fc.oneof(
      fc.date({ min: at('2011-12-26T00:00:00Z'), max: at('2012-01-02T00:00:00Z'), noInvalidDate: true }),
      fc.date({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z'), noInvalidDate: true }),
    );
    fc.assert(
      fc.property(zones, zones, moments, (from, to, moment) => {
        const preferences = new UserPreferences(aUser(), from);
        preferences.moveToTimeZone(to, moment);
        const days = Array.from({ length: 4 * 96 }, (_, quarter) =>
          dayOf(preferences, new Date(moment.getTime() + (quarter - 96) * 900_000).toISOString()),
        );
        expect(days).toEqual([...days].sort());
      }),
    );
  });
});

describe('what a person wants', () => {
  test('changes where they said something and stays where they did not', () => {
    const preferences = newYorker();
    preferences.update({ baseCurrency: 'EUR', aiEnabled: true, dayStartHour: 4 }, NOW);
    preferences.update({ aiEnabled: false, locale: 'it-IT', riskTolerance: 'aggressive', theme: 'dark' }, NOW);
    expect(preferences).toMatchObject({
      ...{ baseCurrency: 'EUR', aiEnabled: false, dayStartHour: 4, locale: 'it-IT', theme: 'dark' },
      ...{ riskTolerance: 'aggressive', timeZone: NEW_YORK },
    });
    expect(preferences.timeZoneAt(at('2027-01-01T00:00:00Z'))).toBe(NEW_YORK);
  });

  test('may be another time zone, from the next local day on', () => {
    const preferences = newYorker();
    preferences.update({ timeZone: KATHMANDU }, NOW);
    expect(preferences.timeZoneAt(at('2026-06-16T03:59:59.999Z'))).toBe(NEW_YORK);
    expect(preferences.timeZoneAt(at('2026-06-16T04:00:00Z'))).toBe(KATHMANDU);
  });

  test('may be the zone that was asked for already: the day from which it counts stays', () => {
    const preferences = newYorker();
    preferences.update({ timeZone: KATHMANDU }, NOW);
    preferences.update({ timeZone: KATHMANDU }, at('2026-06-16T12:00:00Z'));
    expect(preferences.timeZoneAt(at('2026-06-16T04:00:00Z'))).toBe(KATHMANDU);
  });

  test('may be the old zone again, before the new one counts', () => {
    const preferences = newYorker();
    preferences.update({ timeZone: KATHMANDU }, NOW);
    preferences.update({ timeZone: NEW_YORK }, at('2026-06-15T20:00:00Z'));
    expect(preferences.timeZoneAt(at('2026-06-20T00:00:00Z'))).toBe(NEW_YORK);
  });

  test('is forgotten on erasure, the zone that was still to come too', () => {
    const preferences = newYorker();
    preferences.update(
      { timeZone: KATHMANDU, baseCurrency: 'NPR', locale: 'ne-NP', dayStartHour: 5, aiEnabled: true, theme: 'dark' },
      NOW,
    );
    preferences.erase();
    expect(preferences).toMatchObject({
      ...{ baseCurrency: 'USD', locale: 'en-US', timeZone: 'UTC', dayStartHour: 0, theme: 'system' },
      ...{ riskTolerance: 'moderate', aiEnabled: false },
    });
    expect(preferences.timeZoneAt(at('2027-01-01T00:00:00Z'))).toBe('UTC');
  });
});
