import { Temporal } from 'temporal-polyfill';
import { instantOf, ValidationError } from '../shared/index.js';

/** Local wall-clock times `HH:MM` between which nothing disturbs; over midnight when `from` is the later one. */
export interface QuietHours {
  from: string;
  until: string;
}

export const LOCAL_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** How what is not urgent is gathered: not at all, once a day, or once a week. */
export const DIGESTS = ['none', 'daily', 'weekly'] as const;
export type Digest = (typeof DIGESTS)[number];

/** When digests go out: in the morning, weekly ones on Monday. */
export const DIGEST_TIME = '08:00';

export function requireQuietHours(hours: QuietHours): QuietHours {
  const { from, until } = hours;
  if (!LOCAL_TIME.test(from) || !LOCAL_TIME.test(until) || from === until)
    throw new ValidationError('notification-preference.quiet-hours', 'Quiet hours are two different times HH:MM.');
  return { from, until };
}

const zoned = (instant: Date, timeZone: string) =>
  Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);

/**
 * The first instant at or after the given one that is outside of quiet hours. They end when the clock first shows their end,
 * even if a clock change shows it twice.
 */
export function afterQuietHours(instant: Date, { from, until }: QuietHours, timeZone: string): Date {
  const local = zoned(instant, timeZone);
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' });
  const isOverMidnight = from > until;
  const isQuiet = isOverMidnight ? time >= from || time < until : time >= from && time < until;
  if (!isQuiet) return instant;
  const endsTomorrow = isOverMidnight && time >= from;
  const end = instantOf(
    local
      .toPlainDate()
      .add({ days: endsTomorrow ? 1 : 0 })
      .toString(),
    until,
    timeZone,
  );
  return end > instant ? end : instant;
}

/** The first time after an instant at which a digest goes out. */
export function nextDigest(instant: Date, digest: Exclude<Digest, 'none'>, timeZone: string): Date {
  const today = zoned(instant, timeZone).toPlainDate();
  const ahead = digest === 'daily' ? 1 : 7;
  const first = digest === 'daily' ? today : today.subtract({ days: today.dayOfWeek - 1 });
  const at = instantOf(first.toString(), DIGEST_TIME, timeZone);
  return at > instant ? at : instantOf(first.add({ days: ahead }).toString(), DIGEST_TIME, timeZone);
}
