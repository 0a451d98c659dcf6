import { z } from 'zod';
import { Id, IdempotencyKey, PlainText } from '../shared/index.js';

/** A trade that should not have happened, and why. */
export const ReverseTrade = z.strictObject({
  userId: Id,
  transactionId: Id,
  reason: PlainText(200),
  idempotencyKey: IdempotencyKey,
});
export type ReverseTrade = z.input<typeof ReverseTrade>;
