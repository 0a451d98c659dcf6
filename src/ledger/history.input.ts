import { z } from 'zod';
import { Id } from '../shared/index.js';
import { Page } from './page.input.js';
import { TRANSACTION_STATUSES, TRANSACTION_TYPES } from './transaction.entity.js';

/** A user's transactions, newest first. Filters of different kinds narrow each other down. */
export const HistoryPage = Page.extend({
  userId: Id,
  /** Any of these; all when absent. */
  types: z.array(z.enum(TRANSACTION_TYPES)).min(1).max(TRANSACTION_TYPES.length).optional(),
  /** Any of these; all when absent. */
  statuses: z.array(z.enum(TRANSACTION_STATUSES)).min(1).max(TRANSACTION_STATUSES.length).optional(),
  portfolioId: Id.optional(),
});
export type HistoryPage = z.input<typeof HistoryPage>;
