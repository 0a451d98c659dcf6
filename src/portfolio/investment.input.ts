import { z } from 'zod';
import { Id, IdempotencyKey, PositiveAmount } from '../shared/index.js';
import { BasketSlug } from './basket.input.js';
import { AcceptedQuote } from './quote.js';

export const QuoteInvestment = z.strictObject({
  userId: Id,
  portfolioId: Id,
  basketSlug: BasketSlug,
  /** In the portfolio's currency, fee included. */
  amount: PositiveAmount,
  /** When it happened, if that lies in the past, which only an operator may say: the prices of that instant count, and the composition of now. */
  occurredAt: z.date().optional(),
});
export type QuoteInvestment = z.input<typeof QuoteInvestment>;

export const InvestInBasket = QuoteInvestment.extend({
  quote: AcceptedQuote.optional(),
  idempotencyKey: IdempotencyKey,
});
export type InvestInBasket = z.input<typeof InvestInBasket>;
