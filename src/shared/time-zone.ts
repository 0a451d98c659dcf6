import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

/** True when the name is a zone of the IANA time zone database that this runtime knows; fixed offsets are not. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const TimeZone = z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as "Europe/Rome"');

const zoned = (instant: Date, zone: string) =>
  Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone);

/** The calendar date `YYYY-MM-DD` that it is in `zone` at `instant`. */
export const localDate = (instant: Date, zone: string): string => zoned(instant, zone).toPlainDate().toString();

/** The first instant of the local day after the one that `instant` lies in. */
export const startOfNextLocalDay = (instant: Date, zone: string): Date =>
  new Date(zoned(instant, zone).toPlainDate().add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds);

/**
 * The instant of a local date and time. A time that a clock change skips moves on by the length of the gap, one that
 * occurs twice means the first (RFC 5545 §3.3.5; Temporal's "compatible").
 */
export const instantOf = (date: string, time: string, zone: string): Date =>
  new Date(
    Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) })
      .epochMilliseconds,
  );
