import { Temporal } from 'temporal-polyfill';

const next = (day: string): string => Temporal.PlainDate.from(day).add({ days: 1 }).toString();

/** The lengths of the unbroken runs among some local dates, with the date that each run ends on, in order. */
function runsOf(days: Iterable<string>): { end: string; length: number }[] {
  const runs: { end: string; length: number }[] = [];
  for (const day of [...new Set(days)].sort()) {
    const last = runs.at(-1);
    if (last && next(last.end) === day) {
      last.end = day;
      last.length += 1;
    } else runs.push({ end: day, length: 1 });
  }
  return runs;
}

/**
 * How many local days in a row something was done, up to today. A day that is not over breaks no streak: one that ends
 * yesterday still counts. Needs no storage: the days are those that XP was earned on.
 * @param days local dates `YYYY-MM-DD` in any order; later ones than today do not count.
 */
export function currentStreak(days: Iterable<string>, today: string): number {
  const last = runsOf([...days].filter(day => day <= today)).at(-1);
  return last && (last.end === today || next(last.end) === today) ? last.length : 0;
}

/** The longest streak ever. */
export const longestStreak = (days: Iterable<string>): number =>
  Math.max(0, ...runsOf(days).map(({ length }) => length));
