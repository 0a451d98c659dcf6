import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, IdempotencyKey, PlainText, PositiveAmount } from '../shared/index.js';
import { ExternalReference } from './external-reference.js';

/** Money that its owner wants paid out. */
export const RequestWithdrawal = z.strictObject({
  userId: Id,
  assetCode: AssetCode,
  /** What shall arrive; fees come on top. */
  amount: PositiveAmount,
  /** Who is going to pay and under which reference, where that is known already. */
  external: ExternalReference.optional(),
  idempotencyKey: IdempotencyKey,
});
export type RequestWithdrawal = z.input<typeof RequestWithdrawal>;

/** Money that has been paid out. */
export const SettleWithdrawal = z.strictObject({
  userId: Id,
  transactionId: Id,
  /** What was paid, when it is less than what was asked for. */
  amount: PositiveAmount.optional(),
  /** The provider's reference, where none was known at the request. */
  external: ExternalReference.optional(),
  /** When it was paid, when that was earlier. */
  occurredAt: z.date().optional(),
  idempotencyKey: IdempotencyKey,
});
export type SettleWithdrawal = z.input<typeof SettleWithdrawal>;

/** Money that will not be paid out. */
export const EndWithdrawal = z.strictObject({
  userId: Id,
  transactionId: Id,
  reason: PlainText(200),
  idempotencyKey: IdempotencyKey,
});
export type EndWithdrawal = z.input<typeof EndWithdrawal>;
