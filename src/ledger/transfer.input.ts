import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { Id, IdempotencyKey, PositiveAmount } from '../shared/index.js';

/** Money from one user to another. The key is the sender's. */
export const SendTransfer = z
  .strictObject({
    senderId: Id,
    recipientId: Id,
    assetCode: AssetCode,
    amount: PositiveAmount,
    idempotencyKey: IdempotencyKey,
  })
  .refine(({ senderId, recipientId }) => senderId !== recipientId, {
    path: ['recipientId'],
    message: 'must be somebody else',
  });
export type SendTransfer = z.input<typeof SendTransfer>;
