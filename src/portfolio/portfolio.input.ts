import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, LocalDate, PlainText, PositiveAmount } from '../shared/index.js';

export const OpenPortfolio = z.strictObject({
  userId: Id,
  name: PlainText(80),
  currencyCode: AssetCode,
  isDefault: z.boolean().default(false),
  goal: z.strictObject({ amount: PositiveAmount, date: LocalDate.optional() }).optional(),
});
export type OpenPortfolio = z.input<typeof OpenPortfolio>;

export const RenamePortfolio = z.strictObject({ userId: Id, portfolioId: Id, name: PlainText(80) });
export type RenamePortfolio = z.input<typeof RenamePortfolio>;

export const SetGoal = z.strictObject({
  userId: Id,
  portfolioId: Id,
  /** In the portfolio's currency. */
  amount: PositiveAmount,
  /** Local date by which it should be reached. */
  date: LocalDate.optional(),
});
export type SetGoal = z.input<typeof SetGoal>;

export const PortfolioAt = z.strictObject({ userId: Id, portfolioId: Id });
export type PortfolioAt = z.input<typeof PortfolioAt>;
