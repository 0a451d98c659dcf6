import type { EntityManager } from '../database/index.js';
import { type Clock, ConflictError, NotFoundError, StateError, ValidationError } from '../shared/index.js';
import { IdempotencyConflictError, notPending } from './errors.js';
import { lockBook, Posted, type Request } from './posting.js';
import { requestHash } from './request-hash.js';
import { Transaction, type TransactionType } from './transaction.entity.js';

/** How long what is announced or asked for stays pending before {@link expirePending} ends it, in days. */
export const PENDING_DAYS = { deposit: 30, withdrawal: 30 } as const;

/** @throws {ValidationError} `lifetime.invalid` when the days are not a whole number from 1 to 3650. */
export function expiryOf(days: number, clock: Clock): Date {
  if (!Number.isInteger(days) || days < 1 || days > 3_650)
    throw new ValidationError('lifetime.invalid', 'What is pending lives for 1 to 3650 whole days.');
  return new Date(clock.now().getTime() + days * 86_400_000);
}

/** What a request to end a pending state meets: the transaction as it is, or what the same request came to before. */
interface TakenUp {
  transaction: Transaction;
  replay?: Posted;
}

/**
 * Holds the user's book and loads a transaction whose pending state is to end, so that what is read of it stays so.
 * @throws {NotFoundError} {@link StateError} `transaction.not-a-deposit`, `transaction.not-a-withdrawal`, `transaction.not-pending`;
 * {@link IdempotencyConflictError}
 */
export async function takeUp(
  em: EntityManager,
  userId: string,
  transactionId: string,
  type: TransactionType,
  { idempotencyKey, request }: Request,
): Promise<TakenUp> {
  await lockBook(em, userId);
  const transaction = await em.findOne(Transaction, { user: userId, id: transactionId }, { refresh: true });
  if (!transaction) throw new NotFoundError('transaction');
  if (transaction.type !== type)
    throw new StateError(`transaction.not-a-${type}`, `This transaction is a ${transaction.type}.`);
  if (transaction.closingKey === idempotencyKey) {
    if (transaction.closingHash !== requestHash(request)) throw new IdempotencyConflictError();
    return { transaction, replay: new Posted(transaction, true) };
  }
  if (transaction.status !== 'pending') throw notPending({ status: transaction.status });
  return { transaction };
}

/**
 * A reference that is known stays: another one is another event.
 * @throws {ConflictError} `transaction.other-reference`
 */
export function requireSameReference(
  { externalSource, externalReference }: Transaction,
  named?: { source: string; reference: string },
): void {
  if (!named || !externalSource) return;
  if (named.source !== externalSource || named.reference !== externalReference) {
    throw new ConflictError(
      'transaction.other-reference',
      'This transaction is known under another external reference already.',
    );
  }
}
