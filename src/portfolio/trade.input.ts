import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, IdempotencyKey, PositiveAmount } from '../shared/index.js';
import { AcceptedQuote } from './quote.js';

/** Where a trade takes place, and when if that lies in the past, which only an operator may say: the price of that instant counts. */
const Place = { userId: Id, portfolioId: Id, occurredAt: z.date().optional() };

export const QuoteBuy = z.strictObject({
  ...Place,
  assetCode: AssetCode,
  /** In the portfolio's currency; at most this leaves cash, fees included. */
  amount: PositiveAmount,
});
export type QuoteBuy = z.input<typeof QuoteBuy>;

export const BuyAsset = QuoteBuy.extend({ quote: AcceptedQuote.optional(), idempotencyKey: IdempotencyKey });
export type BuyAsset = z.input<typeof BuyAsset>;

export const QuoteSell = z.strictObject({
  ...Place,
  assetCode: AssetCode,
  /** Units, or all that are there when the book is held. */
  quantity: z.union([z.literal('all'), PositiveAmount]),
});
export type QuoteSell = z.input<typeof QuoteSell>;

export const SellAsset = QuoteSell.extend({ quote: AcceptedQuote.optional(), idempotencyKey: IdempotencyKey });
export type SellAsset = z.input<typeof SellAsset>;
