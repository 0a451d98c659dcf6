import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id } from '../shared/index.js';
import { Instant, Page } from './page.input.js';

/** The entries of one account: any by its id, or the cash account of an asset. Booked from an instant on, before another. */
export const StatementPage = Page.extend({
  userId: Id,
  accountId: Id.optional(),
  assetCode: AssetCode.optional(),
  /** The first instant of the period; its account's whole past when absent. */
  from: Instant.optional(),
  /** The first instant after the period; up to now when absent. */
  to: Instant.optional(),
  order: z.enum(['newest-first', 'oldest-first']).default('newest-first'),
})
  .refine(({ accountId, assetCode }) => (accountId === undefined) !== (assetCode === undefined), {
    path: ['accountId'],
    message: 'name either an account or an asset',
  })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], message: 'must be after from' });
export type StatementPage = z.input<typeof StatementPage>;
