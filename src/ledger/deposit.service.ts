import type { EntityManager } from '../database/index.js';
import { Asset } from '../market/index.js';
import {
  AMOUNT,
  type Clock,
  NotFoundError,
  parseInput,
  requireFits,
  StateError,
  systemClock,
} from '../shared/index.js';
import { FailDeposit, OpenDeposit, SettleDeposit } from './deposit.input.js';
import { close, type Posted, post } from './posting.js';
import { Transaction } from './transaction.entity.js';

/** Money on its way in: announced, then settled or failed. It is nobody's to spend before it is settled. */
export class DepositService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Records an announced deposit; no balance moves yet.
   * @throws {NotFoundError} for an unknown asset; {@link IdempotencyConflictError}; {@link ConflictError} `transaction.reference-taken`.
   */
  async open(input: OpenDeposit): Promise<Posted> {
    const { idempotencyKey, userId, assetCode, amount, source, reference } = parseInput(OpenDeposit, input);
    const asset = await this.em.findOne(Asset, { code: assetCode });
    if (!asset) throw new NotFoundError('asset');
    requireFits(amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    return post(this.em, userId, {
      type: 'deposit',
      status: 'pending',
      assetId: asset.id,
      amount,
      occurredAt: this.clock.now(),
      external: { source, reference },
      idempotencyKey,
      request: { useCase: 'open-deposit', assetCode, amount, source, reference },
      legs: [],
    });
  }

  /**
   * Credits the cash account with what arrived, which may differ from what was announced.
   * @throws {NotFoundError} {@link StateError} `transaction.not-pending`, {@link IdempotencyConflictError}
   */
  async settle(input: SettleDeposit): Promise<Posted> {
    const { idempotencyKey, userId, transactionId, amount } = parseInput(SettleDeposit, input);
    const deposit = await this.find(userId, transactionId);
    const arrived = amount ?? deposit.amount;
    requireFits(arrived, { ...AMOUNT, scale: (await deposit.asset.loadOrFail()).scale }, 'amount');
    return close(this.em, userId, {
      transactionId,
      status: 'posted',
      amount: arrived,
      occurredAt: this.clock.now(),
      idempotencyKey,
      request: { useCase: 'settle-deposit', transactionId, amount },
      legs: [{ from: { kind: 'external' }, to: { kind: 'cash' }, assetId: deposit.asset.id, amount: arrived }],
      events: [{ type: 'deposit.settled', payload: { transactionId, amount: arrived.toFixed() } }],
    });
  }

  /** Ends a deposit that will not come. Nothing was moved, nothing is moved back. */
  async fail(input: FailDeposit): Promise<Posted> {
    const { idempotencyKey, userId, transactionId, reason } = parseInput(FailDeposit, input);
    await this.find(userId, transactionId);
    return close(this.em, userId, {
      transactionId,
      status: 'failed',
      failureReason: reason,
      occurredAt: this.clock.now(),
      idempotencyKey,
      request: { useCase: 'fail-deposit', transactionId, reason },
      legs: [],
    });
  }

  private async find(userId: string, transactionId: string): Promise<Transaction> {
    const deposit = await this.em.findOne(Transaction, { user: userId, id: transactionId });
    if (!deposit) throw new NotFoundError('transaction');
    if (deposit.type !== 'deposit')
      throw new StateError('transaction.not-a-deposit', `This transaction is a ${deposit.type}.`);
    return deposit;
  }
}
