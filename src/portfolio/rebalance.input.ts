import { z } from 'zod';
import { Id, IdempotencyKey } from '../shared/index.js';
import { BasketSlug } from './basket.input.js';
import { AcceptedQuote } from './quote.js';

export const PlanRebalance = z.strictObject({ userId: Id, portfolioId: Id, basketSlug: BasketSlug });
export type PlanRebalance = z.input<typeof PlanRebalance>;

export const RebalanceBasket = PlanRebalance.extend({
  quote: AcceptedQuote.optional(),
  idempotencyKey: IdempotencyKey,
});
export type RebalanceBasket = z.input<typeof RebalanceBasket>;
