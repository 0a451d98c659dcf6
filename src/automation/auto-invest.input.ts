import { z } from 'zod';
import { BasketSlug } from '../portfolio/index.js';
import { Id, LocalDate, PlainText, PositiveAmount, TimeZone } from '../shared/index.js';
import { CATCH_UPS } from './auto-invest-rule.entity.js';
import { FREQUENCIES } from './recurrence.js';

export const CreateAutoInvestRule = z.strictObject({
  userId: Id,
  portfolioId: Id,
  basketSlug: BasketSlug,
  amount: PositiveAmount,
  frequency: z.enum(FREQUENCIES),
  anchorDate: LocalDate,
  localTime: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM'),
  /** The owner's zone when left out. */
  timeZone: TimeZone.optional(),
  catchUp: z.enum(CATCH_UPS).default('one'),
  endDate: LocalDate.optional(),
  maxRuns: z.int().min(1).max(100_000).optional(),
});
export type CreateAutoInvestRule = z.input<typeof CreateAutoInvestRule>;

export const AutoInvestRuleAt = z.strictObject({ userId: Id, ruleId: Id });
export type AutoInvestRuleAt = z.input<typeof AutoInvestRuleAt>;

export const PauseAutoInvestRule = AutoInvestRuleAt.extend({ reason: PlainText(200) });
export type PauseAutoInvestRule = z.input<typeof PauseAutoInvestRule>;
