import { z } from 'zod';
import { Id } from '../shared/index.js';

/**
 * Under what both halves of a transfer are known, in either book: the transfer's own id, who sent it and who received it.
 * So the other half is found by its owner's keys, without a search over all users.
 */
export const TransferReference = z
  .string()
  .transform(text => text.split(':'))
  .pipe(z.tuple([Id, Id, Id]))
  .transform(([transferId, senderId, recipientId]) => ({ transferId, senderId, recipientId }));
export type TransferReference = z.output<typeof TransferReference>;

export const transferReferenceOf = ({ transferId, senderId, recipientId }: TransferReference): string =>
  [transferId, senderId, recipientId].join(':');

export const otherSideOf = ({ senderId, recipientId }: TransferReference, userId: string): string =>
  userId === senderId ? recipientId : senderId;
