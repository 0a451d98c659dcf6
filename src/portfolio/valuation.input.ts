import { z } from 'zod';
import { Id, LocalDate } from '../shared/index.js';

export const ValuePortfolio = z.strictObject({
  userId: Id,
  portfolioId: Id,
  /** An instant that is not in the future; now, when absent. */
  at: z.date().optional(),
});
export type ValuePortfolio = z.input<typeof ValuePortfolio>;

const Period = { userId: Id, portfolioId: Id, from: LocalDate, to: LocalDate };

/** Between two local dates of the portfolio's owner, both inclusive. */
export const MeasurePerformance = z
  .strictObject(Period)
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'must not be before from' });
export type MeasurePerformance = z.input<typeof MeasurePerformance>;

/** Sales of a period; all, when no end is named. */
export const ReportGains = z
  .strictObject({
    userId: Id,
    portfolioId: Id,
    /** The first instant that counts. */
    from: z.date().optional(),
    /** The first instant that counts no longer. */
    to: z.date().optional(),
    /** How many sales are listed, the newest first; the totals count all. */
    limit: z.int().min(1).max(1000).default(200),
  })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], message: 'must be after from' });
export type ReportGains = z.input<typeof ReportGains>;
