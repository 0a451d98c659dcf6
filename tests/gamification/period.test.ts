import { describe, expect, test } from 'vitest';
import { dailyPeriod, localDayOf, ONE_TIME, seasonalPeriod, weeklyPeriod } from '../../src/gamification/index.js';
import { at, NOW } from '../shared/examples.js';

const UTC = { timeZone: 'UTC' };
const ROME = { timeZone: 'Europe/Rome' };
const NEW_YORK = { timeZone: 'America/New_York' };
const KATHMANDU = { timeZone: 'Asia/Kathmandu' };

describe('a local day', () => {
  test.each([
    ['2026-06-15T12:00:00Z', UTC, '2026-06-15'],
    ['2026-06-15T21:59:59.999Z', ROME, '2026-06-15'],
    ['2026-06-15T22:00:00Z', ROME, '2026-06-16'],
    ['2026-06-15T03:59:59Z', NEW_YORK, '2026-06-14'],
    ['2026-06-15T18:15:00Z', KATHMANDU, '2026-06-16'],
  ])('of %s is counted in the zone %o: %s', (instant, days, day) => {
    expect(localDayOf(at(instant), days)).toBe(day);
  });

  test.each([
    ['2026-06-15T01:59:59Z', '2026-06-14'],
    ['2026-06-15T02:00:00Z', '2026-06-15'],
    ['2026-06-14T23:00:00Z', '2026-06-14'],
  ])('that starts at 4 in Rome lasts until 4: %s is %s', (instant, day) => {
    expect(localDayOf(at(instant), { ...ROME, dayStartHour: 4 })).toBe(day);
  });

  test('that starts at an hour which a clock change skips starts when the clock goes on', () => {
    const days = { ...NEW_YORK, dayStartHour: 2 };
    expect(localDayOf(at('2026-03-08T06:59:59Z'), days)).toBe('2026-03-07');
    expect(localDayOf(at('2026-03-08T07:00:00Z'), days)).toBe('2026-03-08');
  });
});

describe('a daily period', () => {
  test('is the local day, from its start to the next', () => {
    expect(dailyPeriod(NOW, ROME)).toEqual({
      key: '2026-06-15',
      startsAt: at('2026-06-14T22:00:00Z'),
      endsAt: at('2026-06-15T22:00:00Z'),
    });
  });

  test('lasts 23 or 25 hours when the clocks change', () => {
    expect(dailyPeriod(at('2026-03-08T12:00:00Z'), NEW_YORK)).toEqual({
      key: '2026-03-08',
      startsAt: at('2026-03-08T05:00:00Z'),
      endsAt: at('2026-03-09T04:00:00Z'),
    });
    expect(dailyPeriod(at('2026-11-01T12:00:00Z'), NEW_YORK)).toEqual({
      key: '2026-11-01',
      startsAt: at('2026-11-01T04:00:00Z'),
      endsAt: at('2026-11-02T05:00:00Z'),
    });
  });

  test('starts at the hour at which the person’s day does', () => {
    expect(dailyPeriod(at('2026-06-15T01:00:00Z'), { ...ROME, dayStartHour: 4 })).toEqual({
      key: '2026-06-14',
      startsAt: at('2026-06-14T02:00:00Z'),
      endsAt: at('2026-06-15T02:00:00Z'),
    });
  });
});

describe('a weekly period', () => {
  test('runs from Monday to Monday', () => {
    const week = {
      key: '2026-W25',
      startsAt: at('2026-06-14T22:00:00Z'),
      endsAt: at('2026-06-21T22:00:00Z'),
    };
    expect(weeklyPeriod(at('2026-06-14T22:00:00Z'), ROME)).toEqual(week);
    expect(weeklyPeriod(at('2026-06-21T21:59:59Z'), ROME)).toEqual(week);
    expect(weeklyPeriod(at('2026-06-21T22:00:00Z'), ROME).key).toBe('2026-W26');
  });

  // Annex C of ISO 8601 counts like this; the dates are of its well-known examples.
  test.each([
    ['2025-12-28', '2025-W52'],
    ['2025-12-29', '2026-W01'],
    ['2026-01-01', '2026-W01'],
    ['2026-12-31', '2026-W53'],
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2010-01-03', '2009-W53'],
    ['2008-12-29', '2009-W01'],
  ])('of %s is %s', (date, key) => {
    expect(weeklyPeriod(at(`${date}T12:00:00Z`), UTC).key).toBe(key);
  });

  test('is of the local week: Monday has begun in Kathmandu before it does in New York', () => {
    const instant = at('2026-06-14T20:00:00Z');
    expect(weeklyPeriod(instant, KATHMANDU).key).toBe('2026-W25');
    expect(weeklyPeriod(instant, NEW_YORK).key).toBe('2026-W24');
  });
});

test('what can be done once has one period without an end', () => {
  expect(ONE_TIME).toEqual({ key: 'once' });
});

test('a season is the same period for everybody', () => {
  const season = { code: 'season-1', startsAt: at('2026-06-01T00:00:00Z'), endsAt: at('2026-07-01T00:00:00Z') };
  expect(seasonalPeriod(season)).toEqual({ key: 'season-1', startsAt: season.startsAt, endsAt: season.endsAt });
});
