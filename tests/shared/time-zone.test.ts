import { describe, expect, test } from 'vitest';
import { instantOf, isTimeZone, localDate, parseInput, startOfNextLocalDay, TimeZone } from '../../src/shared/index.js';
import { at, refusal } from './examples.js';

// Offsets and clock changes as in the IANA time zone database: New York -5 (-4 from 8 March to 1 November 2026),
// Kathmandu +5:45, Apia +13 (until 2011 -11, in summer -10; 30 December 2011 did not happen there).

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Rome', 'America/New_York', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta', 'Etc/GMT+5'])(
    '%s is one',
    name => {
      expect(isTimeZone(name)).toBe(true);
      expect(parseInput(TimeZone, name)).toBe(name);
    },
  );

  test.each([
    ['a city that is none', 'Europe/Atlantis'],
    ['a fixed offset', '+05:00'],
    ['a fixed offset with a minus', '-05:00'],
    ['an offset of UTC', 'UTC+5'],
    ['the military Z', 'Z'],
    ['spaces', 'Europe/Rome '],
    ['a path', '../etc/passwd'],
    ['nothing', ''],
  ])('%s is refused', (_what, name) => {
    expect(isTimeZone(name)).toBe(false);
    expect(() => parseInput(TimeZone, name)).toThrow(refusal('input.invalid'));
  });
});

describe('the local date', () => {
  test.each([
    ['New York, the last millisecond of winter midnight', '2026-01-15T04:59:59.999Z', 'America/New_York', '2026-01-14'],
    ['New York, midnight in winter', '2026-01-15T05:00:00Z', 'America/New_York', '2026-01-15'],
    ['New York, a millisecond before midnight in summer', '2026-07-15T03:59:59.999Z', 'America/New_York', '2026-07-14'],
    ['New York, midnight in summer', '2026-07-15T04:00:00Z', 'America/New_York', '2026-07-15'],
    ['Kathmandu, a millisecond before midnight', '2026-06-15T18:14:59.999Z', 'Asia/Kathmandu', '2026-06-15'],
    ['Kathmandu, midnight', '2026-06-15T18:15:00Z', 'Asia/Kathmandu', '2026-06-16'],
    ['Apia, a millisecond before midnight', '2026-06-15T10:59:59.999Z', 'Pacific/Apia', '2026-06-15'],
    ['Apia, midnight', '2026-06-15T11:00:00Z', 'Pacific/Apia', '2026-06-16'],
    ['Apia, before it crossed the date line', '2011-12-30T09:59:59.999Z', 'Pacific/Apia', '2011-12-29'],
    ['Apia, once it had crossed', '2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-31'],
    ['UTC, midnight', '2026-06-15T00:00:00Z', 'UTC', '2026-06-15'],
    ['New York, the end of February', '2026-03-01T04:59:59.999Z', 'America/New_York', '2026-02-28'],
    ['New York, the start of a leap day', '2028-02-29T05:00:00Z', 'America/New_York', '2028-02-29'],
    ['New York, the end of a leap day', '2028-03-01T04:59:59.999Z', 'America/New_York', '2028-02-29'],
    ['New York, the day after a leap day', '2028-03-01T05:00:00Z', 'America/New_York', '2028-03-01'],
    ['New York in 2100, which has no leap day', '2100-03-01T05:00:00Z', 'America/New_York', '2100-03-01'],
    ['Kathmandu, the start of a leap day', '2028-02-28T18:15:00Z', 'Asia/Kathmandu', '2028-02-29'],
    ['Kathmandu, the end of a year', '2026-12-31T18:14:59.999Z', 'Asia/Kathmandu', '2026-12-31'],
    ['Kathmandu, the start of a year', '2026-12-31T18:15:00Z', 'Asia/Kathmandu', '2027-01-01'],
    ['New York, the end of a day of 23 hours', '2026-03-09T03:59:59.999Z', 'America/New_York', '2026-03-08'],
    ['New York, the end of a day of 25 hours', '2026-11-02T04:59:59.999Z', 'America/New_York', '2026-11-01'],
    ['Rome, the end of a day of 23 hours', '2026-03-29T21:59:59.999Z', 'Europe/Rome', '2026-03-29'],
    ['Rome, the end of a day of 25 hours', '2026-10-25T22:59:59.999Z', 'Europe/Rome', '2026-10-25'],
    ['Rome, the day after', '2026-10-25T23:00:00Z', 'Europe/Rome', '2026-10-26'],
  ])('in %s', (_what, instant, zone, date) => {
    expect(localDate(at(instant), zone)).toBe(date);
  });

  test('is unknown in an unknown zone', () => {
    expect(() => localDate(at('2026-06-15T00:00:00Z'), 'Europe/Atlantis')).toThrow(RangeError);
  });
});

describe('the next local day', () => {
  test.each([
    ['after an ordinary noon in New York', '2026-06-15T16:00:00Z', 'America/New_York', '2026-06-16T04:00:00Z'],
    ['from midnight on is the day after', '2026-06-15T04:00:00Z', 'America/New_York', '2026-06-16T04:00:00Z'],
    ['after a millisecond before midnight', '2026-06-15T03:59:59.999Z', 'America/New_York', '2026-06-15T04:00:00Z'],
    ['after a day of 23 hours', '2026-03-08T05:00:00Z', 'America/New_York', '2026-03-09T04:00:00Z'],
    ['after a day of 25 hours', '2026-11-01T04:00:00Z', 'America/New_York', '2026-11-02T05:00:00Z'],
    ['at a quarter to the hour', '2026-06-15T12:00:00Z', 'Asia/Kathmandu', '2026-06-15T18:15:00Z'],
    ['at 01:00 where the clocks skip midnight', '2018-11-03T12:00:00Z', 'America/Sao_Paulo', '2018-11-04T03:00:00Z'],
    ['behind a day that does not happen', '2011-12-29T12:00:00Z', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
    ['at the end of a year', '2026-12-31T23:59:59Z', 'UTC', '2027-01-01T00:00:00Z'],
    ['on a leap day', '2028-02-28T12:00:00Z', 'America/New_York', '2028-02-29T05:00:00Z'],
    ['after a leap day', '2028-02-29T12:00:00Z', 'America/New_York', '2028-03-01T05:00:00Z'],
    ['after the first of two hours from one', '2026-11-01T05:30:00Z', 'America/New_York', '2026-11-02T05:00:00Z'],
    ['after a month of 30 days in Kathmandu', '2026-06-30T12:00:00Z', 'Asia/Kathmandu', '2026-06-30T18:15:00Z'],
    ['on the day after the one left out', '2011-12-30T10:00:00Z', 'Pacific/Apia', '2011-12-31T10:00:00Z'],
  ])('starts %s', (_what, instant, zone, next) => {
    expect(startOfNextLocalDay(at(instant), zone)).toEqual(at(next));
  });
});

describe('the instant of a local time', () => {
  test.each([
    ['in winter', '2026-01-15', '09:00', 'America/New_York', '2026-01-15T14:00:00Z'],
    ['in summer', '2026-07-15', '09:00', 'America/New_York', '2026-07-15T13:00:00Z'],
    ['with seconds', '2026-07-15', '09:00:30', 'America/New_York', '2026-07-15T13:00:30Z'],
    ['on the other side of the date line', '2026-06-16', '00:00', 'Asia/Kathmandu', '2026-06-15T18:15:00Z'],
    ['that the clocks skip, an hour later: 03:30', '2026-03-08', '02:30', 'America/New_York', '2026-03-08T07:30:00Z'],
    ['that occurs twice, the first time', '2026-11-01', '01:30', 'America/New_York', '2026-11-01T05:30:00Z'],
    ['on a day that was left out, a day later', '2011-12-30', '09:00', 'Pacific/Apia', '2011-12-30T19:00:00Z'],
    ['on the day after the one left out', '2011-12-31', '09:00', 'Pacific/Apia', '2011-12-30T19:00:00Z'],
    ['on a leap day', '2028-02-29', '00:00', 'Asia/Kathmandu', '2028-02-28T18:15:00Z'],
    ['just before the clocks go on', '2026-03-08', '01:59', 'America/New_York', '2026-03-08T06:59:00Z'],
    ['just after the clocks went back', '2026-11-01', '02:00', 'America/New_York', '2026-11-01T07:00:00Z'],
  ])('%s', (_what, date, time, zone, instant) => {
    expect(instantOf(date, time, zone)).toEqual(at(instant));
  });

  test.each([
    ['on 30 February', '2026-02-30', '09:00', 'UTC'],
    ['on 29 February of a common year', '2026-02-29', '09:00', 'UTC'],
    ['at 24:00', '2026-02-28', '24:00', 'UTC'],
    ['at 09:60', '2026-02-28', '09:60', 'UTC'],
    ['in an unknown zone', '2026-02-28', '09:00', 'Europe/Atlantis'],
  ])('%s does not exist', (_what, date, time, zone) => {
    expect(() => instantOf(date, time, zone)).toThrow(RangeError);
  });
});
