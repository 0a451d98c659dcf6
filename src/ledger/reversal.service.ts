import type { EntityManager } from '../database/index.js';
import { requireOperator } from '../identity/index.js';
import { type Clock, NotFoundError, parseInput, StateError, systemClock } from '../shared/index.js';
import { notReversible } from './errors.js';
import { TRANSFER_SOURCE } from './external-reference.js';
import { oppositeLegs } from './opposite-legs.js';
import { ownKey } from './own-key.js';
import { lockBook, Posted, post, type Request, replayOf } from './posting.js';
import { ReverseLedgerTransaction } from './reversal.input.js';
import { Transaction, type TransactionType } from './transaction.entity.js';
import { otherSideOf, TransferReference } from './transfer-reference.js';

/** What concerns the ledger alone; what changes holdings or loans as well is taken back where these are kept. */
const REVERSIBLE_HERE: readonly TransactionType[] = [
  'deposit',
  'withdrawal',
  'fee',
  'reward',
  'adjustment',
  'transfer',
];

/**
 * Takes back transactions that concern nothing but the books; the wrong one and its reversal both stay in them. That is an
 * operator's, inside `asWorker`: nobody gives themselves back what they have paid.
 */
export class LedgerReversalService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Moves back, leg by leg, exactly what a deposit, withdrawal, fee, reward, adjustment or transfer has moved, its fees too.
   * A transfer is taken back in both books.
   * Before: posted, and the money is there still. After: the transaction is reversed and stays so.
   * @returns the reversal in this user's book.
   * @throws {NotAllowedError} for anybody but an operator; {@link NotFoundError}; {@link StateError} `transaction.not-reversible`
   * (pending, ended, reversed, a reversal), `transaction.not-reversible-here` (of another context), `user.closed`;
   * {@link InsufficientFundsError} when the money is gone; {@link IdempotencyConflictError}
   */
  async reverse(input: ReverseLedgerTransaction): Promise<Posted> {
    const { idempotencyKey, userId, transactionId, reason } = parseInput(ReverseLedgerTransaction, input);
    const request = { idempotencyKey, request: { useCase: 'reverse', transactionId, reason } };
    await requireOperator(this.em);
    const transfer = await this.findTransfer(userId, transactionId);
    for (const holder of transfer ? [transfer.senderId, transfer.recipientId].sort() : [userId])
      await lockBook(this.em, holder);
    const replay = await replayOf(this.em, userId, request);
    if (replay) return new Posted(replay, true);

    const transaction = await this.load(userId, { id: transactionId });
    const { externalSource, externalReference } = transaction;
    const other = transfer && (await this.load(otherSideOf(transfer, userId), { externalSource, externalReference }));
    // Both, before either is taken back: whoever goes on after a refusal shall not have half of it.
    for (const half of other ? [transaction, other] : [transaction]) requireReversibleHere(half);
    const reversal = await this.takeBack(transaction, request, reason);
    if (other) await this.takeBack(other, { ...request, idempotencyKey: ownKey('reverse', other.id) }, reason);
    return reversal;
  }

  /** Both parties of a transfer; undefined for everything else. They never change, so this needs no lock. */
  private async findTransfer(userId: string, transactionId: string): Promise<TransferReference | undefined> {
    const { type, externalSource, externalReference } = await this.load(userId, { id: transactionId });
    if (type !== 'transfer') return undefined;
    const parties = TransferReference.safeParse(externalReference);
    if (externalSource !== TRANSFER_SOURCE || !parties.success) throw notReversibleHere(type);
    return parties.data;
  }

  private async takeBack(transaction: Transaction, request: Request, reason: string): Promise<Posted> {
    return post(this.em, transaction.user.id, {
      ...request,
      type: 'reversal',
      assetId: transaction.asset.id,
      amount: transaction.amount,
      occurredAt: this.clock.now(),
      portfolioId: transaction.portfolioId,
      basketId: transaction.basketId,
      reversesId: transaction.id,
      legs: await oppositeLegs(this.em, transaction),
      events: [{ type: 'transaction.reversed', payload: { transactionId: transaction.id, reason } }],
    });
  }

  private async load(
    userId: string,
    where: Partial<Pick<Transaction, 'id' | 'externalSource' | 'externalReference'>>,
  ): Promise<Transaction> {
    const transaction = await this.em.findOne(Transaction, { user: userId, ...where }, { refresh: true });
    if (!transaction) throw new NotFoundError('transaction');
    return transaction;
  }
}

function requireReversibleHere({ isReversible, type }: Transaction): void {
  if (!isReversible) throw notReversible();
  if (!REVERSIBLE_HERE.includes(type)) throw notReversibleHere(type);
}

const notReversibleHere = (type: TransactionType): StateError =>
  new StateError(
    'transaction.not-reversible-here',
    `This ${type.replaceAll('_', ' ')} is more than an entry in this book; reverse it where it was made.`,
    { type },
  );
