import { z } from 'zod';
import { Id, IdempotencyKey, PositiveAmount } from '../shared/index.js';
import { BasketSlug } from './basket.input.js';
import { AcceptedQuote } from './quote.js';

export const QuoteRedemption = z.strictObject({
  userId: Id,
  portfolioId: Id,
  basketSlug: BasketSlug,
  /** What shall be sold for, in the portfolio's currency and before fees, or all that is there when the book is held. */
  amount: z.union([z.literal('all'), PositiveAmount]),
});
export type QuoteRedemption = z.input<typeof QuoteRedemption>;

export const RedeemBasket = QuoteRedemption.extend({ quote: AcceptedQuote.optional(), idempotencyKey: IdempotencyKey });
export type RedeemBasket = z.input<typeof RedeemBasket>;
