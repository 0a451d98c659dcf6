import { describe, expect, test } from 'vitest';
import { afterQuietHours, nextDigest, requireQuietHours } from '../../src/notifications/index.js';
import { at, refusal } from '../shared/examples.js';

const ROME = 'Europe/Rome';
const NEW_YORK = 'America/New_York';
const NIGHT = { from: '22:00', until: '07:00' };
const NOON_NAP = { from: '12:00', until: '13:00' };

// In June Rome is two hours ahead of UTC.
describe('quiet hours over midnight', () => {
  test.each([
    ['begin on the minute', '2026-06-15T20:00:00Z', '2026-06-16T05:00:00Z'],
    ['last until the next morning', '2026-06-15T21:30:00Z', '2026-06-16T05:00:00Z'],
    ['go on after midnight', '2026-06-15T22:00:00Z', '2026-06-16T05:00:00Z'],
    ['last until their last moment', '2026-06-16T04:59:59.999Z', '2026-06-16T05:00:00Z'],
  ])('%s', (_what, instant, end) => {
    expect(afterQuietHours(at(instant), NIGHT, ROME)).toEqual(at(end));
  });

  test.each(['2026-06-15T19:59:59.999Z', '2026-06-16T05:00:00Z', '2026-06-16T12:00:00Z'])(
    'leave %s as it is',
    instant => {
      expect(afterQuietHours(at(instant), NIGHT, ROME)).toEqual(at(instant));
    },
  );

  test('are of the local clock: the same instant is night in Rome and afternoon in New York', () => {
    const instant = at('2026-06-15T21:00:00Z');
    expect(afterQuietHours(instant, NIGHT, ROME)).toEqual(at('2026-06-16T05:00:00Z'));
    expect(afterQuietHours(instant, NIGHT, NEW_YORK)).toEqual(instant);
  });

  test('end over the end of a year', () => {
    expect(afterQuietHours(at('2026-12-31T22:00:00Z'), NIGHT, ROME)).toEqual(at('2027-01-01T06:00:00Z'));
  });
});

describe('quiet hours in the day', () => {
  test.each([
    ['2026-06-15T09:59:59.999Z', '2026-06-15T09:59:59.999Z'],
    ['2026-06-15T10:00:00Z', '2026-06-15T11:00:00Z'],
    ['2026-06-15T10:59:59Z', '2026-06-15T11:00:00Z'],
    ['2026-06-15T11:00:00Z', '2026-06-15T11:00:00Z'],
    ['2026-06-15T22:00:00Z', '2026-06-15T22:00:00Z'],
  ])('make %s into %s', (instant, end) => {
    expect(afterQuietHours(at(instant), NOON_NAP, ROME)).toEqual(at(end));
  });

  test('to midnight end at the start of the next day', () => {
    expect(afterQuietHours(at('2026-06-15T20:00:00Z'), { from: '20:00', until: '00:00' }, ROME)).toEqual(
      at('2026-06-15T22:00:00Z'),
    );
  });
});

describe('a clock change in quiet hours', () => {
  test('that skips their end moves it on', () => {
    expect(afterQuietHours(at('2026-03-08T06:30:00Z'), { from: '22:00', until: '02:30' }, NEW_YORK)).toEqual(
      at('2026-03-08T07:30:00Z'),
    );
  });

  test('that shows their end twice leaves the first', () => {
    const hours = { from: '22:00', until: '01:30' };
    expect(afterQuietHours(at('2026-11-01T05:10:00Z'), hours, NEW_YORK)).toEqual(at('2026-11-01T05:30:00Z'));
    expect(afterQuietHours(at('2026-11-01T06:10:00Z'), hours, NEW_YORK)).toEqual(at('2026-11-01T06:10:00Z'));
  });
});

describe('the hours themselves', () => {
  test('are two different times', () => {
    expect(requireQuietHours({ from: '00:00', until: '23:59' })).toEqual({ from: '00:00', until: '23:59' });
    expect(() => requireQuietHours({ from: '22:00', until: '22:00' })).toThrow(
      refusal('notification-preference.quiet-hours'),
    );
  });

  test.each(['24:00', '7:00', '07:60', '07:00:00', '', 'night', ' 07:00'])('are not "%s"', time => {
    const code = 'notification-preference.quiet-hours';
    expect(() => requireQuietHours({ from: time, until: '12:00' })).toThrow(refusal(code));
    expect(() => requireQuietHours({ from: '12:00', until: time })).toThrow(refusal(code));
  });
});

describe('a digest', () => {
  test.each([
    ['2026-06-15T12:00:00Z', '2026-06-16T06:00:00Z'],
    ['2026-06-15T05:59:59.999Z', '2026-06-15T06:00:00Z'],
    ['2026-06-15T06:00:00Z', '2026-06-16T06:00:00Z'],
    ['2026-06-15T22:30:00Z', '2026-06-16T06:00:00Z'],
  ])('of the day goes out at 8 in the morning: after %s at %s', (instant, next) => {
    expect(nextDigest(at(instant), 'daily', ROME)).toEqual(at(next));
  });

  test.each([
    ['2026-06-15T12:00:00Z', '2026-06-22T06:00:00Z'],
    ['2026-06-15T05:59:59.999Z', '2026-06-15T06:00:00Z'],
    ['2026-06-15T06:00:00Z', '2026-06-22T06:00:00Z'],
    ['2026-06-21T21:59:59Z', '2026-06-22T06:00:00Z'],
    ['2026-06-21T22:00:00Z', '2026-06-22T06:00:00Z'],
  ])('of the week goes out on Monday: after %s at %s', (instant, next) => {
    expect(nextDigest(at(instant), 'weekly', ROME)).toEqual(at(next));
  });

  test('goes out at 8 by the local clock, summer or winter', () => {
    expect(nextDigest(at('2026-10-24T12:00:00Z'), 'daily', ROME)).toEqual(at('2026-10-25T07:00:00Z'));
  });
});
