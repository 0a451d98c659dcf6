import type { EntityManager } from '../database/index.js';
import { requireOperator, User } from '../identity/index.js';
import { AssetService } from '../market/index.js';
import {
  AMOUNT,
  type Clock,
  NotFoundError,
  newId,
  parseInput,
  requireFits,
  StateError,
  systemClock,
} from '../shared/index.js';
import { accountHolder, requireMaySend } from './account-holder.js';
import { TRANSFER_SOURCE } from './external-reference.js';
import { type Leg, lockBook, type Place, type Posting, post, replayOf } from './posting.js';
import { Transaction } from './transaction.entity.js';
import { SendTransfer } from './transfer.input.js';
import { TransferReference, transferReferenceOf } from './transfer-reference.js';

/** One transfer as it stands in the two books. */
export interface Transfer {
  /** In the sender's book. */
  sent: Transaction;
  /** In the recipient's book. */
  received: Transaction;
  /** True when the key had taken effect before: nothing happened now. */
  replayed: boolean;
}

const CASH: Place = { kind: 'cash' };
const EXTERNAL: Place = { kind: 'external' };

/**
 * Cash from one user to another: two books, one commit.
 *
 * Nobody can write in another's book, so a transfer runs inside `asWorker`. A backend first finds out by its own means who is
 * asking and that they may, then acts for them:
 * `asWorker(orm.em, em => new TransferService(em).send({ ...body, senderId: session.userId }))`. The sender never comes from what was sent.
 */
export class TransferService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Moves cash of one asset from the sender to the recipient and tells both (`transfer.sent`, `transfer.received`).
   * Before: the sender is active and verified, the recipient active. After: both books hold a posted transfer under the same
   * external reference of the source `transfer`, each closing to zero by itself.
   * @throws {NotAllowedError} unless inside `asWorker`; {@link NotFoundError} `user.not-found`, `recipient.not-found`, `asset.not-found`;
   * {@link StateError} `user.not-active`, `user.not-verified`, `recipient.not-active`; {@link InsufficientFundsError};
   * {@link IdempotencyConflictError}; {@link ValidationError}
   */
  async send(input: SendTransfer): Promise<Transfer> {
    const { idempotencyKey, senderId, recipientId, assetCode, amount } = parseInput(SendTransfer, input);
    const request = { idempotencyKey, request: { useCase: 'transfer', recipientId, assetCode, amount } };
    await requireOperator(this.em);
    for (const holder of [senderId, recipientId].sort()) await lockBook(this.em, holder);
    const replay = await replayOf(this.em, senderId, request);
    if (replay) return this.replayed(replay);

    requireMaySend(await accountHolder(this.em, senderId));
    await this.requireRecipient(recipientId);
    const asset = await new AssetService(this.em).byCode(assetCode);
    requireFits(amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    const transferId = newId();
    const half = (
      direction: 'sent' | 'received',
      leg: Pick<Leg, 'from' | 'to'>,
    ): Omit<Posting, keyof typeof request> => ({
      id: newId(),
      type: 'transfer',
      assetId: asset.id,
      amount,
      occurredAt: this.clock.now(),
      external: { source: TRANSFER_SOURCE, reference: transferReferenceOf({ transferId, senderId, recipientId }) },
      legs: [{ ...leg, assetId: asset.id, amount }],
      events: [{ type: `transfer.${direction}`, payload: { transferId, assetCode, amount: amount.toFixed() } }],
    });
    const { transaction: sent } = await post(this.em, senderId, {
      ...request,
      ...half('sent', { from: CASH, to: EXTERNAL }),
    });
    const { transaction: received } = await post(this.em, recipientId, {
      idempotencyKey: `transfer:${transferId}`,
      request: { useCase: 'receive-transfer', transferId },
      ...half('received', { from: EXTERNAL, to: CASH }),
    });
    return { sent, received, replayed: false };
  }

  private async replayed(sent: Transaction): Promise<Transfer> {
    const { externalSource, externalReference } = sent;
    const { recipientId } = TransferReference.parse(externalReference);
    const where = { user: recipientId, externalSource, externalReference };
    return { sent, received: await this.em.findOneOrFail(Transaction, where), replayed: true };
  }

  /** What is the matter with somebody else's account is not the sender's business. */
  private async requireRecipient(recipientId: string): Promise<void> {
    const recipient = await this.em.findOne(User, { id: recipientId }, { refresh: true });
    if (!recipient) throw new NotFoundError('recipient');
    if (recipient.status !== 'active')
      throw new StateError('recipient.not-active', 'The recipient cannot receive money at the moment.');
  }
}
