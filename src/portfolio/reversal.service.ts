import type { EntityManager } from '../database/index.js';
import { requireOperator } from '../identity/index.js';
import { ledger, notReversible, oppositeLegs, Transaction, type TransactionType } from '../ledger/index.js';
import { type Clock, NotFoundError, parseInput, StateError, systemClock } from '../shared/index.js';
import { HoldingMovement } from './holding-movement.entity.js';
import { findPortfolio } from './portfolio.service.js';
import { newestEventIn } from './positions.js';
import { ReverseTrade } from './reversal.input.js';
import type { Traded } from './trade-desk.js';

/** What changes holdings; what concerns the ledger alone, or loans, is taken back there. */
const REVERSIBLE_HERE: readonly TransactionType[] = [
  'buy',
  'sell',
  'basket_investment',
  'basket_redemption',
  'rebalance',
  'auto_invest',
  'round_up',
];

/**
 * Takes back trades at the prices at which they were made. That is an operator's, inside `asWorker`: in the hands of the
 * trader it would be a trade with hindsight.
 */
export class ReversalService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Moves back, leg by leg, exactly what a trade has moved, its fees too, and takes back what it did to each holding: units,
   * cost and realised gain.
   * Before: posted; its portfolio open; money and units are there still; no later sale, nor a pledge, rests on its holdings.
   * After: the trade is reversed and stays so; its own key answers with it as it is now. What it was worth until then stays in
   * the snapshots: it is taken back today.
   * @returns the reversal, and what it did to each holding.
   * @throws {NotAllowedError} for anybody but an operator; {@link NotFoundError}; {@link StateError}
   * `transaction.not-reversible` (pending, ended, reversed, a reversal), `transaction.not-reversible-here` (of another
   * context), `transaction.has-dependents` (details: their count; reverse these first, the newest before the others),
   * `portfolio.closed`; {@link InsufficientFundsError} when what was bought or paid out is gone;
   * {@link IdempotencyConflictError}
   */
  async reverse(input: ReverseTrade): Promise<Traded> {
    const { idempotencyKey, userId, transactionId, reason } = parseInput(ReverseTrade, input);
    const request = { idempotencyKey, request: { useCase: 'reverse-trade', transactionId, reason } };
    await requireOperator(this.em);
    await ledger.lockBook(this.em, userId);
    const replay = await ledger.replayOf(this.em, userId, request);
    if (replay) return { ...(await this.recall(replay)), replayed: true };

    const trade = await this.load(userId, transactionId);
    const portfolio = await findPortfolio(this.em, userId, trade.portfolioId!);
    portfolio.requireOpen();
    await this.requireNothingRestsOn(trade);
    const now = this.clock.now();
    const newest = await newestEventIn(this.em, portfolio);
    const { transaction } = await ledger.post(this.em, userId, {
      ...request,
      type: 'reversal',
      assetId: trade.asset.id,
      amount: trade.amount,
      // It happens after what it takes back, whatever the clocks of several servers say.
      occurredAt: newest && newest > now ? newest : now,
      portfolioId: trade.portfolioId,
      basketId: trade.basketId,
      reversesId: trade.id,
      legs: await oppositeLegs(this.em, trade),
      events: [{ type: 'transaction.reversed', payload: { transactionId, reason } }],
    });
    const movements = (await this.movementsOf(trade)).map(movement =>
      movement.holding.getEntity().recordReversal(transaction, movement),
    );
    this.em.persist(movements);
    await this.em.flush();
    return { transaction, replayed: false, movements, restatedSnapshots: 0 };
  }

  private async load(userId: string, id: string): Promise<Transaction> {
    const trade = await this.em.findOne(Transaction, { user: userId, id }, { refresh: true });
    if (!trade) throw new NotFoundError('transaction');
    if (!trade.isReversible) throw notReversible();
    if (!REVERSIBLE_HERE.includes(trade.type))
      throw new StateError(
        'transaction.not-reversible-here',
        `This ${trade.type.replaceAll('_', ' ')} is no trade; reverse it where it was made.`,
        { type: trade.type },
      );
    return trade;
  }

  /**
   * A sale takes its share of the average cost of all that came before it. Which came before, the numbers of the entries in
   * the holding's account say, not clocks. What was pledged and released again rests on nothing.
   */
  private async requireNothingRestsOn(trade: Transaction): Promise<void> {
    const [row] = await this.em.execute<{ dependents: string }[]>(
      `with own as (
         select a.id, a.asset_id, max(case when e.debit_id = a.id then e.debit_number else e.credit_number end) as number
         from ledger_entries e
         join ledger_accounts a on a.user_id = e.user_id and a.id in (e.debit_id, e.credit_id) and a.kind = 'holding'
         where e.user_id = ? and e.transaction_id = ?
         group by 1, 2
       ), later as (
         select own.id, e.transaction_id, t.type, e.amount
         from own
         join ledger_entries e
           on e.user_id = ? and e.debit_id = own.id and e.asset_id = own.asset_id and e.debit_number > own.number
         join transactions t on t.user_id = e.user_id and t.id = e.transaction_id
         where t.status = 'posted' and t.type <> 'reversal'
       ), released as (
         select own.id, sum(e.amount) as amount
         from own
         join ledger_entries e
           on e.user_id = ? and e.credit_id = own.id and e.asset_id = own.asset_id and e.credit_number > own.number
         join transactions t on t.user_id = e.user_id and t.id = e.transaction_id
         where t.status = 'posted' and t.type = 'collateral_release'
         group by 1
       ), pledged as (
         select id from later where type = 'collateral_lock' group by id
         having sum(amount) > coalesce((select amount from released r where r.id = later.id), 0)
       )
       select count(distinct transaction_id)::text as dependents
       from later
       where type <> 'collateral_lock' or id in (select id from pledged)`,
      [trade.user.id, trade.id, trade.user.id, trade.user.id],
    );
    const dependents = Number(row!.dependents);
    if (dependents > 0)
      throw new StateError('transaction.has-dependents', 'Later sales rest on this trade; reverse these first.', {
        dependents,
      });
  }

  private movementsOf({ user, id }: Transaction): Promise<HoldingMovement[]> {
    return this.em.find(
      HoldingMovement,
      { user: user.id, transaction: [user.id, id] },
      { populate: ['holding'], orderBy: { id: 'asc' }, refresh: true },
    );
  }

  private async recall(reversal: Transaction): Promise<Omit<Traded, 'replayed'>> {
    return { transaction: reversal, movements: await this.movementsOf(reversal), restatedSnapshots: 0 };
  }
}
