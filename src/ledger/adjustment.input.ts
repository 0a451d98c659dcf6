import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, IdempotencyKey, Percentage, PlainText, PositiveAmount } from '../shared/index.js';
import { FEE_KINDS } from './transaction-fee.entity.js';

const Booking = z.strictObject({
  userId: Id,
  assetCode: AssetCode,
  amount: PositiveAmount,
  /** For people; it is told with the event. */
  reason: PlainText(200),
  /** When it happened, when that was earlier. */
  occurredAt: z.date().optional(),
  idempotencyKey: IdempotencyKey,
});

/** A correction of a user's cash that no other transaction explains. */
export const AdjustCash = Booking.extend({ direction: z.enum(['credit', 'debit']) });
export type AdjustCash = z.input<typeof AdjustCash>;

/** Something that a user pays by itself, not as part of another transaction. */
export const ChargeFee = Booking.extend({
  kind: z.enum(FEE_KINDS),
  /** The percentage that the amount was reckoned at, where it was. */
  rate: Percentage.optional(),
});
export type ChargeFee = z.input<typeof ChargeFee>;
