import { Temporal } from 'temporal-polyfill';
import { instantOf, localDate } from '../shared/index.js';

/** How a person counts days. */
export interface DailyCount {
  /** IANA name. */
  timeZone: string;
  /** Hour at which a day begins, 0 to 23; until then it is still the day before. */
  dayStartHour?: number;
}

/** The time that one go at a quest is about: from `startsAt` to just before `endsAt`, or for ever. */
export interface QuestPeriod {
  /** Names the period among those of its quest: `2026-06-15`, `2026-W25`, `once`, or the season's code. */
  key: string;
  startsAt?: Date;
  endsAt?: Date;
}

/** The instant at which a local day begins. */
const startOfDay = (day: Temporal.PlainDate, { timeZone, dayStartHour = 0 }: DailyCount): Date =>
  instantOf(day.toString(), `${String(dayStartHour).padStart(2, '0')}:00`, timeZone);

/** The local day that an instant lies in, `YYYY-MM-DD`. */
export function localDayOf(instant: Date, days: DailyCount): string {
  const date = Temporal.PlainDate.from(localDate(instant, days.timeZone));
  return (instant < startOfDay(date, days) ? date.subtract({ days: 1 }) : date).toString();
}

/** The local day of an instant. */
export function dailyPeriod(instant: Date, days: DailyCount): QuestPeriod {
  const day = Temporal.PlainDate.from(localDayOf(instant, days));
  return { key: day.toString(), startsAt: startOfDay(day, days), endsAt: startOfDay(day.add({ days: 1 }), days) };
}

/** The week of an instant, Monday to Sunday by local days, named as ISO 8601 does: the year is the one its Thursday lies in. */
export function weeklyPeriod(instant: Date, days: DailyCount): QuestPeriod {
  const day = Temporal.PlainDate.from(localDayOf(instant, days));
  const monday = day.subtract({ days: day.dayOfWeek - 1 });
  return {
    key: `${monday.yearOfWeek}-W${String(monday.weekOfYear).padStart(2, '0')}`,
    startsAt: startOfDay(monday, days),
    endsAt: startOfDay(monday.add({ weeks: 1 }), days),
  };
}

/** The one period of what can be done once. */
export const ONE_TIME: QuestPeriod = { key: 'once' };

/** The period of a season, the same for everybody whatever their zone. */
export const seasonalPeriod = ({
  code,
  startsAt,
  endsAt,
}: {
  code: string;
  startsAt: Date;
  endsAt: Date;
}): QuestPeriod => ({
  key: code,
  startsAt,
  endsAt,
});
