import { z } from 'zod';
import { Id, IdempotencyKey, PlainText, PositiveAmount } from '../shared/index.js';
import { ExternalSource } from './external-reference.js';

/** Money announced by a payment provider. */
export const OpenDeposit = z.strictObject({
  userId: Id,
  assetCode: z.string().min(1).max(32),
  amount: PositiveAmount,
  /** Who moves the money, and its own reference: unique per user and source. */
  source: ExternalSource,
  reference: PlainText(120),
  /** When it was announced, when that was earlier. */
  occurredAt: z.date().optional(),
  idempotencyKey: IdempotencyKey,
});
export type OpenDeposit = z.input<typeof OpenDeposit>;

/** Money that has arrived. */
export const SettleDeposit = z.strictObject({
  userId: Id,
  transactionId: Id,
  /** What arrived, when it is not what was announced. */
  amount: PositiveAmount.optional(),
  /** When it arrived, when that was earlier. */
  occurredAt: z.date().optional(),
  idempotencyKey: IdempotencyKey,
});
export type SettleDeposit = z.input<typeof SettleDeposit>;

/** Money that will not come. */
export const FailDeposit = z.strictObject({
  userId: Id,
  transactionId: Id,
  reason: PlainText(200),
  idempotencyKey: IdempotencyKey,
});
export type FailDeposit = z.input<typeof FailDeposit>;
