import type { EntityManager } from '../database/index.js';
import { ConflictError, NotFoundError, StateError } from '../shared/index.js';
import { IdempotencyConflictError, notPending } from './errors.js';
import { lockBook, Posted, type Request } from './posting.js';
import { requestHash } from './request-hash.js';
import { Transaction, type TransactionType } from './transaction.entity.js';

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
