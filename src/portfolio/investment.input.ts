import { z } from 'zod';
import { Id, IdempotencyKey, PositiveAmount } from '../shared/index.js';
import { BasketSlug } from './basket.input.js';

export const QuoteInvestment = z.strictObject({
  userId: Id,
  portfolioId: Id,
  basketSlug: BasketSlug,
  /** In the portfolio's currency, fee included. */
  amount: PositiveAmount,
});
export type QuoteInvestment = z.input<typeof QuoteInvestment>;

export const InvestInBasket = QuoteInvestment.extend({ idempotencyKey: IdempotencyKey });
export type InvestInBasket = z.input<typeof InvestInBasket>;
