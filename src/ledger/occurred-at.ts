import { type Clock, ValidationError } from '../shared/index.js';

const DAY_MS = 86_400_000;

/** How far back something may be booked that has happened already, in days. */
export const BACKDATED_DAYS_MAX = 30;

/**
 * When something happened in the business: now, or when the caller says.
 * @throws {ValidationError} `occurred-at.in-future`, `occurred-at.too-old` ({@link BACKDATED_DAYS_MAX})
 */
export function occurredAtOf(named: Date | undefined, clock: Clock): Date {
  const now = clock.now();
  if (!named) return now;
  if (named > now) throw new ValidationError('occurred-at.in-future', 'What has happened lies not in the future.');
  if (named.getTime() < now.getTime() - BACKDATED_DAYS_MAX * DAY_MS) {
    throw new ValidationError('occurred-at.too-old', `At most ${BACKDATED_DAYS_MAX} days back can be booked.`, {
      daysMax: BACKDATED_DAYS_MAX,
    });
  }
  return named;
}
