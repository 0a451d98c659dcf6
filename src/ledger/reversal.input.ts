import { z } from 'zod';
import { Id, IdempotencyKey, PlainText } from '../shared/index.js';

/** Something that should not have happened, and why. */
export const ReverseLedgerTransaction = z.strictObject({
  userId: Id,
  transactionId: Id,
  reason: PlainText(200),
  idempotencyKey: IdempotencyKey,
});
export type ReverseLedgerTransaction = z.input<typeof ReverseLedgerTransaction>;
