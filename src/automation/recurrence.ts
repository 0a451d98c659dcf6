import { Temporal } from 'temporal-polyfill';
import { instantOf } from '../shared/index.js';

export const FREQUENCIES = ['daily', 'weekly', 'biweekly', 'monthly'] as const;
export type Frequency = (typeof FREQUENCIES)[number];

const STEP: Record<Frequency, Temporal.DurationLike> = {
  daily: { days: 1 },
  weekly: { weeks: 1 },
  biweekly: { weeks: 2 },
  monthly: { months: 1 },
};

/** Average length of a step in days: only to land near the wanted occurrence before stepping to it. */
const DAYS: Record<Frequency, number> = { daily: 1, weekly: 7, biweekly: 14, monthly: 30.436875 };

export interface Recurrence {
  frequency: Frequency;
  /** Local date of the first occurrence; every later one is counted from it, so 31 January + 1 month is the last of February and + 2 months 31 March. */
  anchorDate: string;
  /** Local wall-clock time, `HH:MM`. */
  localTime: string;
  timeZone: string;
}

/** The local date of occurrence `index`, counted from 0 at the anchor. */
export function occurrenceDate(
  { frequency, anchorDate }: Pick<Recurrence, 'frequency' | 'anchorDate'>,
  index: number,
): string {
  const step = Temporal.Duration.from(STEP[frequency]);
  const total = { days: step.days * index, weeks: step.weeks * index, months: step.months * index };
  return Temporal.PlainDate.from(anchorDate).add(total, { overflow: 'constrain' }).toString();
}

const occurrence = (recurrence: Recurrence, index: number): Date =>
  instantOf(occurrenceDate(recurrence, index), recurrence.localTime, recurrence.timeZone);

/** The first occurrence at or after an instant. */
export function firstOccurrenceFrom(recurrence: Recurrence, from: Date): Date {
  return occurrence(recurrence, firstIndexFrom(recurrence, from));
}

/** The occurrences from one instant to another, both included, at most `limit`: the newest when there are more. */
export function occurrencesBetween(recurrence: Recurrence, from: Date, to: Date, limit = 1000): Date[] {
  const afterLast = firstIndexFrom(recurrence, new Date(to.getTime() + 1));
  const first = Math.max(firstIndexFrom(recurrence, from), afterLast - limit);
  const occurrences = Array.from({ length: Math.max(afterLast - first, 0) }, (_, i) =>
    occurrence(recurrence, first + i),
  );
  // A date that a zone leaves out (Apia, 30 December 2011) falls on the next, which has an occurrence of its own.
  return occurrences.filter((instant, i) => i === 0 || instant > occurrences[i - 1]!);
}

function firstIndexFrom(recurrence: Recurrence, from: Date): number {
  const days = (from.getTime() - occurrence(recurrence, 0).getTime()) / 86_400_000;
  let index = Math.max(Math.floor(days / DAYS[recurrence.frequency]) - 1, 0);
  while (occurrence(recurrence, index) < from) index += 1;
  return index;
}
