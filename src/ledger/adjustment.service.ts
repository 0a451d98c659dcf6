import type { EntityManager } from '../database/index.js';
import { requireOperator } from '../identity/index.js';
import { AssetService } from '../market/index.js';
import { AMOUNT, type Clock, type Decimal, parseInput, requireFits, systemClock } from '../shared/index.js';
import { accountHolder } from './account-holder.js';
import { AdjustCash, ChargeFee } from './adjustment.input.js';
import { occurredAtOf } from './occurred-at.js';
import { type Leg, lockBook, type Place, Posted, type Posting, post, replayOf } from './posting.js';

const CASH: Place = { kind: 'cash' };
const EXTERNAL: Place = { kind: 'external' };
const FEES: Place = { kind: 'fees' };

/** What an operator books by hand in somebody's cash, inside `asWorker`. */
export class AdjustmentService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Credits or debits cash against the outside world, and says why (`cash.adjusted`). Before: the account is not closed yet; a
   * correction is due to a suspended one too. After: a posted adjustment.
   * @throws {NotAllowedError} unless inside `asWorker`; {@link NotFoundError} user, asset; {@link StateError} `user.closed`;
   * {@link InsufficientFundsError}; {@link IdempotencyConflictError}; {@link ValidationError} also `occurred-at.in-future`,
   * `occurred-at.too-old`
   */
  adjust(input: AdjustCash): Promise<Posted> {
    const { direction, ...booking } = parseInput(AdjustCash, input);
    const [from, to] = direction === 'credit' ? [EXTERNAL, CASH] : [CASH, EXTERNAL];
    return this.book({ ...booking, details: { direction } }, 'adjustment', 'cash.adjusted', { from, to });
  }

  /**
   * Takes a fee from cash, and says what for (`fee.charged`). Before: as for {@link adjust}. After: a posted transaction of type `fee` with its
   * {@link TransactionFee}.
   * @throws as {@link adjust}
   */
  chargeFee(input: ChargeFee): Promise<Posted> {
    const { kind, rate, ...booking } = parseInput(ChargeFee, input);
    const leg = { from: CASH, to: FEES, fee: { kind, rate } };
    return this.book({ ...booking, details: { kind, rate } }, 'fee', 'fee.charged', leg);
  }

  private async book(
    booking: Booking,
    type: Posting['type'],
    event: string,
    leg: Pick<Leg, 'from' | 'to' | 'fee'>,
  ): Promise<Posted> {
    const { userId, idempotencyKey, assetCode, amount, reason, occurredAt, details } = booking;
    const request = {
      idempotencyKey,
      request: { useCase: type, assetCode, amount, reason, occurredAt, ...details },
    };
    await requireOperator(this.em);
    await lockBook(this.em, userId);
    const replay = await replayOf(this.em, userId, request);
    if (replay) return new Posted(replay, true);

    await accountHolder(this.em, userId);
    const asset = await new AssetService(this.em).byCode(assetCode);
    requireFits(amount, { ...AMOUNT, scale: asset.scale }, 'amount');
    return post(this.em, userId, {
      ...request,
      type,
      assetId: asset.id,
      amount,
      occurredAt: occurredAtOf(occurredAt, this.clock),
      legs: [{ ...leg, assetId: asset.id, amount }],
      events: [{ type: event, payload: { assetCode, amount: amount.toFixed(), reason } }],
    });
  }
}

interface Booking {
  userId: string;
  idempotencyKey: string;
  assetCode: string;
  amount: Decimal;
  reason: string;
  occurredAt?: Date;
  /** What else makes the request this one. */
  details: object;
}
