import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { findAsset } from '../market/index.js';
import { AMOUNT, type Clock, Decimal, parseInput, requireFits, systemClock } from '../shared/index.js';
import { CashFeeSchedule, feesOn, type ReckonedFee } from './cash-fee-schedule.js';
import { FailDeposit, OpenDeposit, SettleDeposit } from './deposit.input.js';
import { occurredAtOf } from './occurred-at.js';
import { expiryOf, PENDING_DAYS, takeUp } from './pending.js';
import { close, type Leg, type Place, Posted, post, replayOf } from './posting.js';

/** What the operator has decided about deposits. */
export interface DepositTerms {
  /** What the provider keeps of what arrives. None when absent. */
  fees?: CashFeeSchedule;
  /** Days until an announced deposit that nobody has settled expires; {@link PENDING_DAYS} when absent. */
  lifetimeDays?: number;
}

const CASH: Place = { kind: 'cash' };
const EXTERNAL: Place = { kind: 'external' };
const FEES: Place = { kind: 'fees' };

/** Money on its way in: announced, then settled or failed. It is nobody's to spend before it is settled. */
export class DepositService {
  private readonly fees: z.output<typeof CashFeeSchedule>;
  private readonly lifetimeDays: number;

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
    { fees = [], lifetimeDays = PENDING_DAYS.deposit }: DepositTerms = {},
  ) {
    this.fees = parseInput(CashFeeSchedule, fees);
    this.lifetimeDays = lifetimeDays;
  }

  /**
   * Records an announced deposit; no balance moves yet. Before: the account is not closed. After: pending until it is settled,
   * failed or expires.
   * @throws {NotFoundError} asset or user; {@link StateError} `user.closed`; {@link IdempotencyConflictError};
   * {@link ConflictError} `transaction.reference-taken`; {@link ValidationError} also `occurred-at.in-future`,
   * `occurred-at.too-old`.
   */
  async open(input: OpenDeposit): Promise<Posted> {
    const { idempotencyKey, userId, ...details } = parseInput(OpenDeposit, input);
    const { assetCode, amount, source, reference } = details;
    const request = { idempotencyKey, request: { useCase: 'open-deposit', ...details } };
    const replay = await replayOf(this.em, userId, request);
    if (replay) return new Posted(replay, true);

    const asset = await findAsset(this.em, assetCode);
    requireFits(amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    return post(this.em, userId, {
      ...request,
      type: 'deposit',
      status: 'pending',
      assetId: asset.id,
      amount,
      occurredAt: occurredAtOf(details.occurredAt, this.clock),
      expiresAt: expiryOf(this.lifetimeDays, this.clock),
      external: { source, reference },
      legs: [],
    });
  }

  /**
   * Credits the cash account with what arrived, which may differ from what was announced, and takes from it what the provider
   * keeps: at most what arrived. Before: pending. After: posted, each fee is a {@link TransactionFee}.
   * @throws {NotFoundError} {@link StateError} `transaction.not-a-deposit`, `transaction.not-pending`; {@link IdempotencyConflictError};
   * {@link ValidationError} also `occurred-at.in-future`, `occurred-at.too-old`.
   */
  async settle(input: SettleDeposit): Promise<Posted> {
    const { idempotencyKey, userId, ...details } = parseInput(SettleDeposit, input);
    const { transactionId, amount } = details;
    const closing = { idempotencyKey, request: { useCase: 'settle-deposit', ...details } };
    const { transaction, replay } = await takeUp(this.em, userId, transactionId, 'deposit', closing);
    if (replay) return replay;

    const asset = await transaction.asset.loadOrFail();
    const arrived = requireFits(amount ?? transaction.amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    const occurredAt = occurredAtOf(details.occurredAt, this.clock);
    const fees = within(arrived, feesOn(this.fees, asset, arrived, occurredAt));
    const feeLeg = ({ kind, rate, amount: fee }: ReckonedFee): Leg => ({
      ...{ from: CASH, to: FEES, assetId: asset.id, amount: fee },
      fee: { kind, rate },
    });
    return close(this.em, userId, {
      ...closing,
      transactionId,
      status: 'posted',
      amount: arrived,
      occurredAt,
      legs: [{ from: EXTERNAL, to: CASH, assetId: asset.id, amount: arrived }, ...fees.map(feeLeg)],
      events: [{ type: 'deposit.settled', payload: { transactionId, amount: arrived.toFixed() } }],
    });
  }

  /**
   * Ends a deposit that will not come. Before: pending. After: failed; nothing was moved, nothing is moved back.
   * @throws {NotFoundError} {@link StateError} `transaction.not-a-deposit`, `transaction.not-pending`; {@link IdempotencyConflictError}
   */
  async fail(input: FailDeposit): Promise<Posted> {
    const { idempotencyKey, userId, transactionId, reason } = parseInput(FailDeposit, input);
    const closing = { idempotencyKey, request: { useCase: 'fail-deposit', transactionId, reason } };
    const { replay } = await takeUp(this.em, userId, transactionId, 'deposit', closing);
    if (replay) return replay;
    return close(this.em, userId, {
      ...closing,
      transactionId,
      status: 'failed',
      failureReason: reason,
      occurredAt: this.clock.now(),
      legs: [],
    });
  }
}

/** Fees take at most what there is: a deposit smaller than its fees is not a debt. */
function within(arrived: Decimal, fees: readonly ReckonedFee[]): ReckonedFee[] {
  let left = arrived;
  return fees
    .map(fee => {
      const amount = Decimal.min(fee.amount, left);
      left = left.minus(amount);
      return { ...fee, amount };
    })
    .filter(fee => fee.amount.gt(0));
}
