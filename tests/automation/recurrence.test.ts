import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FREQUENCIES,
  type Frequency,
  firstOccurrenceFrom,
  occurrenceDate,
  occurrencesBetween,
  type Recurrence,
} from '../../src/automation/index.js';
import { at } from '../shared/examples.js';

const dates = (frequency: Frequency, anchorDate: string, count: number) =>
  Array.from({ length: count }, (_, index) => occurrenceDate({ frequency, anchorDate }, index));
const recurrence = (details: Partial<Recurrence> = {}): Recurrence => ({
  frequency: 'daily',
  anchorDate: '2026-06-15',
  localTime: '09:00',
  timeZone: 'UTC',
  ...details,
});
const between = (rule: Recurrence, from: string, to: string, limit?: number) =>
  occurrencesBetween(rule, at(from), at(to), limit).map(instant => instant.toISOString().replace('.000Z', 'Z'));

// Dates from an ordinary calendar.
describe('the dates of a recurrence', () => {
  test('come every day', () => {
    expect(dates('daily', '2028-02-28', 3)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  });

  test('come every week and every other week, on the same weekday', () => {
    expect(dates('weekly', '2026-12-21', 3)).toEqual(['2026-12-21', '2026-12-28', '2027-01-04']);
    expect(dates('biweekly', '2026-12-21', 3)).toEqual(['2026-12-21', '2027-01-04', '2027-01-18']);
  });

  test('from 31 January are the last of shorter months and the 31st again of longer ones', () => {
    expect(dates('monthly', '2026-01-31', 5)).toEqual([
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2026-05-31',
    ]);
  });

  test('from 31 January of a leap year meet 29 February', () => {
    expect(dates('monthly', '2028-01-31', 3)).toEqual(['2028-01-31', '2028-02-29', '2028-03-31']);
  });

  test('from 29 February keep to the 29th, and to 28 February in common years', () => {
    const monthly = { frequency: 'monthly', anchorDate: '2028-02-29' } as const;
    expect([1, 11, 12, 24, 36, 48].map(index => occurrenceDate(monthly, index))).toEqual([
      '2028-03-29',
      '2029-01-29',
      '2029-02-28',
      '2030-02-28',
      '2031-02-28',
      '2032-02-29',
    ]);
  });

  test('from an impossible date do not exist', () => {
    expect(() => dates('monthly', '2026-02-30', 1)).toThrow(RangeError);
  });
});

// New York: the clocks go on at 02:00 on 8 March 2026 and back at 02:00 on 1 November 2026.
describe('the local time of a recurrence', () => {
  const newYork = (details: Partial<Recurrence>) => recurrence({ timeZone: 'America/New_York', ...details });

  test('stays when the clocks go on: weekly at 09:00', () => {
    const weekly = newYork({ frequency: 'weekly', anchorDate: '2026-03-01' });
    expect(between(weekly, '2026-03-01T00:00:00Z', '2026-03-16T00:00:00Z')).toEqual([
      '2026-03-01T14:00:00Z',
      '2026-03-08T13:00:00Z',
      '2026-03-15T13:00:00Z',
    ]);
  });

  test('stays when the clocks go back: every other week at 09:00', () => {
    const biweekly = newYork({ frequency: 'biweekly', anchorDate: '2026-10-25' });
    expect(between(biweekly, '2026-10-01T00:00:00Z', '2026-11-30T00:00:00Z')).toEqual([
      '2026-10-25T13:00:00Z',
      '2026-11-08T14:00:00Z',
      '2026-11-22T14:00:00Z',
    ]);
  });

  test('that the clocks skip is made up an hour later, on that day alone', () => {
    const daily = newYork({ anchorDate: '2026-03-07', localTime: '02:30' });
    expect(between(daily, '2026-03-07T00:00:00Z', '2026-03-09T12:00:00Z')).toEqual([
      '2026-03-07T07:30:00Z',
      '2026-03-08T07:30:00Z',
      '2026-03-09T06:30:00Z',
    ]);
  });

  // Samoa went from 29 to 31 December 2011, across the date line: from 10 hours behind UTC to 14 ahead.
  test('on a date that a country leaves out falls on the next, and counts once there', () => {
    const daily = recurrence({ timeZone: 'Pacific/Apia', anchorDate: '2011-12-29' });
    expect(between(daily, '2011-12-29T00:00:00Z', '2012-01-01T00:00:00Z')).toEqual([
      '2011-12-29T19:00:00Z',
      '2011-12-30T19:00:00Z',
      '2011-12-31T19:00:00Z',
    ]);
  });

  // 30 December 2011 was a Friday, and a 30th; the month and the week after are counted from the anchor, not from it.
  test.each([
    [
      'monthly on the 30th',
      { frequency: 'monthly', anchorDate: '2011-11-30' } as const,
      ['2011-11-30T19:00:00Z', '2011-12-30T19:00:00Z', '2012-01-29T19:00:00Z'],
    ],
    [
      'weekly on Fridays',
      { frequency: 'weekly', anchorDate: '2011-12-23' } as const,
      ['2011-12-23T19:00:00Z', '2011-12-30T19:00:00Z', '2012-01-05T19:00:00Z'],
    ],
  ])('on a date that a country leaves out is made up for a day later: %s', (_, details, instants) => {
    const rule = recurrence({ timeZone: 'Pacific/Apia', ...details });
    expect(between(rule, instants[0]!, instants[2]!)).toEqual(instants);
  });

  test('stays in Kathmandu, where no clock changes, at the ends of months and on a leap day', () => {
    const monthly = recurrence({ frequency: 'monthly', anchorDate: '2027-12-31', timeZone: 'Asia/Kathmandu' });
    expect(between(monthly, '2027-12-01T00:00:00Z', '2028-04-01T00:00:00Z')).toEqual([
      '2027-12-31T03:15:00Z',
      '2028-01-31T03:15:00Z',
      '2028-02-29T03:15:00Z',
      '2028-03-31T03:15:00Z',
    ]);
  });

  test('that the clocks skip once a year is back in its place a month later', () => {
    const monthly = newYork({ frequency: 'monthly', anchorDate: '2026-01-08', localTime: '02:30' });
    expect(between(monthly, '2026-02-01T00:00:00Z', '2026-04-30T00:00:00Z')).toEqual([
      '2026-02-08T07:30:00Z',
      '2026-03-08T07:30:00Z',
      '2026-04-08T06:30:00Z',
    ]);
  });

  test('that occurs twice once a year is the first of the two', () => {
    const monthly = newYork({ frequency: 'monthly', anchorDate: '2026-10-01', localTime: '01:30' });
    expect(between(monthly, '2026-10-01T00:00:00Z', '2026-12-31T00:00:00Z')).toEqual([
      '2026-10-01T05:30:00Z',
      '2026-11-01T05:30:00Z',
      '2026-12-01T06:30:00Z',
    ]);
  });

  test('that occurs twice counts once', () => {
    const daily = newYork({ anchorDate: '2026-10-31', localTime: '01:30' });
    expect(between(daily, '2026-10-31T00:00:00Z', '2026-11-02T12:00:00Z')).toEqual([
      '2026-10-31T05:30:00Z',
      '2026-11-01T05:30:00Z',
      '2026-11-02T06:30:00Z',
    ]);
  });
});

describe('the first occurrence from an instant on', () => {
  const first = (rule: Recurrence, from: string) => firstOccurrenceFrom(rule, at(from));

  test('is the anchor, as long as that is to come', () => {
    expect(first(recurrence(), '2020-01-01T00:00:00Z')).toEqual(at('2026-06-15T09:00:00Z'));
    expect(first(recurrence(), '2026-06-15T08:59:59.999Z')).toEqual(at('2026-06-15T09:00:00Z'));
  });

  test('is at the very instant when one falls there, and the next a moment later', () => {
    expect(first(recurrence(), '2026-06-15T09:00:00Z')).toEqual(at('2026-06-15T09:00:00Z'));
    expect(first(recurrence(), '2026-06-15T09:00:00.001Z')).toEqual(at('2026-06-16T09:00:00Z'));
  });

  test.each([
    ['daily', '2126-06-15T09:00:00.001Z', '2126-06-16T09:00:00Z'],
    // 15 June 2026 is a Monday, and so is 17 June 2126, 5218 weeks later.
    ['weekly', '2126-06-15T00:00:00Z', '2126-06-17T09:00:00Z'],
    ['biweekly', '2126-06-15T00:00:00Z', '2126-06-17T09:00:00Z'],
    ['monthly', '2126-06-15T09:00:00.001Z', '2126-07-15T09:00:00Z'],
  ] as const)('is found a hundred years later too: %s', (frequency, from, found) => {
    expect(first(recurrence({ frequency }), from)).toEqual(at(found));
  });

  test('is never before the instant, and none lies between', () => {
    const instants = fc.date({ min: at('2020-01-01T00:00:00Z'), max: at('2060-01-01T00:00:00Z'), noInvalidDate: true });
    const zones = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia');
    const anchors = fc.constantFrom('2024-01-31', '2024-02-29', '2026-03-08', '2026-11-01');
    fc.assert(
      fc.property(
        instants,
        fc.constantFrom(...FREQUENCIES),
        zones,
        anchors,
        (from, frequency, timeZone, anchorDate) => {
          const rule = recurrence({ frequency, timeZone, anchorDate, localTime: '01:30' });
          const found = firstOccurrenceFrom(rule, from);
          expect(found >= from).toBe(true);
          // Counted from the other end: what lies between the anchor and the instant stops before it.
          const before = occurrencesBetween(rule, at('2020-01-01T00:00:00Z'), found, 2).map(Number);
          expect(before.at(-1)).toBe(found.getTime());
          if (before.length > 1) expect(before[0]!).toBeLessThan(from.getTime());
        },
      ),
    );
  });
});

describe('the occurrences from one instant to another', () => {
  test('include both ends', () => {
    expect(between(recurrence(), '2026-06-15T09:00:00Z', '2026-06-17T09:00:00Z')).toEqual([
      '2026-06-15T09:00:00Z',
      '2026-06-16T09:00:00Z',
      '2026-06-17T09:00:00Z',
    ]);
    expect(between(recurrence(), '2026-06-15T09:00:00.001Z', '2026-06-17T08:59:59.999Z')).toEqual([
      '2026-06-16T09:00:00Z',
    ]);
    expect(between(recurrence(), '2026-06-16T09:00:00Z', '2026-06-16T09:00:00Z')).toEqual(['2026-06-16T09:00:00Z']);
  });

  test('are none before the anchor, between two of them, or backwards', () => {
    expect(between(recurrence(), '2026-01-01T00:00:00Z', '2026-06-15T08:59:59.999Z')).toEqual([]);
    expect(between(recurrence(), '2026-06-15T10:00:00Z', '2026-06-16T08:00:00Z')).toEqual([]);
    expect(between(recurrence(), '2026-06-20T00:00:00Z', '2026-06-16T00:00:00Z')).toEqual([]);
  });

  test('are the newest when there are more than wanted', () => {
    expect(between(recurrence(), '2026-06-15T00:00:00Z', '2026-12-31T12:00:00Z', 2)).toEqual([
      '2026-12-30T09:00:00Z',
      '2026-12-31T09:00:00Z',
    ]);
    expect(between(recurrence(), '2026-06-15T00:00:00Z', '2026-06-16T12:00:00Z', 2)).toHaveLength(2);
  });

  test('are at most a thousand unless told otherwise', () => {
    const ten = between(recurrence(), '2026-06-15T00:00:00Z', '2036-06-15T12:00:00Z');
    expect(ten).toHaveLength(1000);
    expect(ten.at(-1)).toBe('2036-06-15T09:00:00Z');
  });
});
