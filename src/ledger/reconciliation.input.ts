import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, PlainText, PositiveAmount } from '../shared/index.js';
import { ExternalSource } from './external-reference.js';
import { Instant } from './page.input.js';

/** What became of a payment, in the words of a list from outside. */
export const PAYMENT_STATUSES = ['pending', 'settled', 'failed', 'reversed'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** One line of a provider's list. */
export const ReconciliationLine = z.strictObject({
  /** Where it stands in the list, for people who look it up: counted from 1. */
  line: z.int().min(1),
  reference: PlainText(120),
  amount: PositiveAmount,
  assetCode: AssetCode,
  status: z.enum(PAYMENT_STATUSES).default('settled'),
});
export type ReconciliationLine = z.input<typeof ReconciliationLine>;

/** A provider's list of a period, to be laid beside the books: of one user, or of all. */
export const ReconcileList = z
  .strictObject({
    userId: Id.optional(),
    source: ExternalSource,
    /** The first instant of the period that the list covers. */
    from: Instant,
    /** The first instant after it. */
    to: Instant,
    lines: z.array(ReconciliationLine).max(50_000),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' });
export type ReconcileList = z.input<typeof ReconcileList>;
