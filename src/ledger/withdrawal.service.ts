import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { type Asset, AssetService } from '../market/index.js';
import {
  AMOUNT,
  type Clock,
  Decimal,
  newId,
  parseInput,
  requireFits,
  StateError,
  systemClock,
  ValidationError,
  ZERO,
} from '../shared/index.js';
import { accountHolder, requireMayWithdraw } from './account-holder.js';
import { CashFeeSchedule, feesOn, type ReckonedFee } from './cash-fee-schedule.js';
import { occurredAtOf } from './occurred-at.js';
import { oppositeLegs } from './opposite-legs.js';
import { expiryOf, PENDING_DAYS, requireSameReference, takeUp } from './pending.js';
import { close, type Leg, lockBook, type Place, Posted, post, replayOf } from './posting.js';
import type { Transaction } from './transaction.entity.js';
import { EndWithdrawal, RequestWithdrawal, SettleWithdrawal } from './withdrawal.input.js';

/** What the operator has decided about withdrawals. */
export interface WithdrawalTerms {
  /** On top of the amount, such as the network's and the provider's. None when absent. */
  fees?: CashFeeSchedule;
  /** Days until a request that nobody has settled expires; {@link PENDING_DAYS} when absent. */
  lifetimeDays?: number;
}

const CASH: Place = { kind: 'cash' };
const RESERVED: Place = { kind: 'reserved' };
const EXTERNAL: Place = { kind: 'external' };
const FEES: Place = { kind: 'fees' };

/**
 * Money on its way out. What is asked for is held with its fees, so that it cannot be spent meanwhile; then it is paid, or
 * the hold is given back.
 */
export class WithdrawalService {
  private readonly fees: z.output<typeof CashFeeSchedule>;
  private readonly lifetimeDays: number;

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
    { fees = [], lifetimeDays = PENDING_DAYS.withdrawal }: WithdrawalTerms = {},
  ) {
    this.fees = parseInput(CashFeeSchedule, fees);
    this.lifetimeDays = lifetimeDays;
  }

  /**
   * Holds the amount and its fees for a payment, and tells those who make it (`withdrawal.requested`).
   * Before: the account is active or closing, the identity verified. After: the withdrawal is pending until it is settled, ended or
   * expires; amount and fees are reserved. A replay answers with what was stored, whatever has changed since.
   * @throws {NotFoundError} asset or user; {@link StateError} `user.not-active`, `user.not-verified`; {@link InsufficientFundsError};
   * {@link IdempotencyConflictError}; {@link ConflictError} `transaction.reference-taken`; {@link ValidationError}
   */
  async request(input: RequestWithdrawal): Promise<Posted> {
    const { idempotencyKey, userId, assetCode, amount, external } = parseInput(RequestWithdrawal, input);
    const request = { idempotencyKey, request: { useCase: 'request-withdrawal', assetCode, amount, external } };
    await lockBook(this.em, userId);
    const replay = await replayOf(this.em, userId, request);
    if (replay) return new Posted(replay, true);

    requireMayWithdraw(await accountHolder(this.em, userId));
    const asset = await new AssetService(this.em).byCode(assetCode);
    requireFits(amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    const [id, now] = [newId(), this.clock.now()];
    const hold = (part: Decimal): Leg => ({ from: CASH, to: RESERVED, assetId: asset.id, amount: part });
    return post(this.em, userId, {
      ...request,
      id,
      type: 'withdrawal',
      status: 'pending',
      assetId: asset.id,
      amount,
      occurredAt: now,
      expiresAt: expiryOf(this.lifetimeDays, this.clock),
      external,
      legs: [amount, ...feesOn(this.fees, asset, amount, now).map(fee => fee.amount)].map(hold),
      events: [{ type: 'withdrawal.requested', payload: { transactionId: id, assetCode, amount: amount.toFixed() } }],
    });
  }

  /**
   * The money was paid. Less than was asked for may have been: the rest goes back to cash, the fees stay as they were held.
   * Before: pending. After: posted, nothing of it is reserved, each fee is a {@link TransactionFee}.
   * @throws {NotFoundError} {@link StateError} `transaction.not-a-withdrawal`, `transaction.not-pending`, `withdrawal.fees-differ`;
   * {@link ValidationError} `withdrawal.more-than-requested`, `occurred-at.…`; {@link ConflictError} `transaction.reference-taken`,
   * `transaction.other-reference`; {@link IdempotencyConflictError}
   */
  async settle(input: SettleWithdrawal): Promise<Posted> {
    const { idempotencyKey, userId, ...request } = parseInput(SettleWithdrawal, input);
    const { transactionId, amount, external } = request;
    const closing = { idempotencyKey, request: { useCase: 'settle-withdrawal', ...request } };
    const { transaction, replay } = await takeUp(this.em, userId, transactionId, 'withdrawal', closing);
    if (replay) return replay;

    const asset = await transaction.asset.loadOrFail();
    const paid = requireFits(amount ?? transaction.amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    if (paid.gt(transaction.amount)) {
      throw new ValidationError('withdrawal.more-than-requested', 'More cannot be paid out than was asked for.', {
        requested: transaction.amount.toFixed(),
      });
    }
    requireSameReference(transaction, external);
    const rest = transaction.amount.minus(paid);
    const move = (to: Place, part: Decimal): Leg => ({ from: RESERVED, to, assetId: asset.id, amount: part });
    const fees = await this.heldFees(transaction, asset);
    return close(this.em, userId, {
      ...closing,
      transactionId,
      status: 'posted',
      amount: paid,
      external,
      occurredAt: occurredAtOf(request.occurredAt, this.clock),
      legs: [
        move(EXTERNAL, paid),
        ...fees.map(({ amount: fee, kind, rate }) => ({ ...move(FEES, fee), fee: { kind, rate } })),
        ...(rest.gt(0) ? [move(CASH, rest)] : []),
      ],
      events: [{ type: 'withdrawal.settled', payload: { transactionId, amount: paid.toFixed() } }],
    });
  }

  /**
   * The payment came to nothing, as the provider says. Before: pending. After: failed, amount and fees are cash again.
   * @throws {NotFoundError} {@link StateError} `transaction.not-a-withdrawal`, `transaction.not-pending`; {@link IdempotencyConflictError}
   */
  fail(input: EndWithdrawal): Promise<Posted> {
    return this.end(input, 'failed');
  }

  /**
   * The owner wants it no more. Before: pending, and the caller has made sure that nobody is paying it any longer: what is
   * voided cannot be settled. After: voided, amount and fees are cash again.
   * @throws as {@link fail}
   */
  cancel(input: EndWithdrawal): Promise<Posted> {
    return this.end(input, 'voided');
  }

  private async end(input: EndWithdrawal, status: 'failed' | 'voided'): Promise<Posted> {
    const { idempotencyKey, userId, transactionId, reason } = parseInput(EndWithdrawal, input);
    const closing = { idempotencyKey, request: { useCase: `withdrawal-${status}`, transactionId, reason } };
    const { transaction, replay } = await takeUp(this.em, userId, transactionId, 'withdrawal', closing);
    if (replay) return replay;
    return close(this.em, userId, {
      ...closing,
      transactionId,
      status,
      failureReason: reason,
      occurredAt: this.clock.now(),
      legs: await oppositeLegs(this.em, transaction),
      events: [{ type: `withdrawal.${status}`, payload: { transactionId } }],
    });
  }

  /** The fees that were held with a pending withdrawal, by the terms of the instant at which it was asked for. */
  private async heldFees(transaction: Transaction, asset: Asset): Promise<ReckonedFee[]> {
    const fees = feesOn(this.fees, asset, transaction.amount, transaction.occurredAt);
    const reckoned = Decimal.sum(ZERO, ...fees.map(fee => fee.amount));
    const held = Decimal.sum(ZERO, ...(await oppositeLegs(this.em, transaction)).map(leg => leg.amount));
    // What was held counts. Terms that say otherwise are not those that the owner agreed to.
    if (!held.minus(transaction.amount).eq(reckoned)) {
      throw new StateError(
        'withdrawal.fees-differ',
        'The fee schedule does not lead to the fees that were held; give it the terms of that time again.',
        { held: held.minus(transaction.amount).toFixed(), reckoned: reckoned.toFixed() },
      );
    }
    return fees;
  }
}
