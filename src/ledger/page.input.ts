import { z } from 'zod';

/** An instant to look for: of the years that a business keeps books in, which every database and language can write. */
export const Instant = z.date().min(new Date('1900-01-01T00:00:00Z')).max(new Date('2200-01-01T00:00:00Z'));

/** Which part of a list: at most so many rows, going on where the page before ended. */
export const Page = z.strictObject({
  limit: z.int().min(1).max(200).default(50),
  /** `next` of the page before; the first page when absent. */
  cursor: z.string().optional(),
});

/** An instant as the database orders it, to the microsecond, which a `Date` does not hold. */
export const ExactInstant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

/** The SQL of an {@link ExactInstant}; JavaScript reads it too, to the millisecond. */
export const exactInstant = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
