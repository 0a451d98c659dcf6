import type { EntityManager } from '../database/index.js';
import { UserPreferences } from '../identity/index.js';
import { type Clock, Decimal, localDate, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { PortfolioAt } from './portfolio.input.js';
import { findPortfolio, lockPortfolio } from './portfolio.service.js';
import { PortfolioSnapshot } from './portfolio-snapshot.entity.js';
import { type Valuation, valueHoldings } from './valuation.js';

/** What portfolios are worth, now and day by day. */
export class SnapshotService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws {NotFoundError} {@link PriceMissingError} */
  async value(input: PortfolioAt): Promise<Valuation> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    return valueHoldings(this.em, await findPortfolio(this.em, userId, portfolioId), this.clock.now());
  }

  /**
   * Takes the snapshot of the owner's local date, with what went in and out since the one before. The first of a date
   * counts: taken again, it is returned.
   * @throws {NotFoundError} {@link PriceMissingError}
   */
  async take(input: PortfolioAt): Promise<PortfolioSnapshot> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    // After the lock: what was invested while this waited for it has happened by now, and counts as a deposit.
    const now = this.clock.now();
    const date = localDate(now, await this.timeZoneOf(userId, now));
    const [last] = await this.em.find(
      PortfolioSnapshot,
      { user: userId, portfolio: [userId, portfolioId], date: { $lte: date } },
      { orderBy: { date: 'desc' }, limit: 1 },
    );
    if (last?.date === date) return last;
    const { value, oldestPriceAgeSeconds } = await valueHoldings(this.em, portfolio, now);
    const flows = await this.flows(portfolio);
    const snapshot = new PortfolioSnapshot(portfolio, date, now, last, { value, oldestPriceAgeSeconds, ...flows });
    this.em.persist(snapshot);
    await this.em.flush();
    return snapshot;
  }

  /** All snapshots of a portfolio, oldest first. @throws {NotFoundError} */
  async history(input: PortfolioAt): Promise<PortfolioSnapshot[]> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    await findPortfolio(this.em, userId, portfolioId);
    return this.em.find(
      PortfolioSnapshot,
      { user: userId, portfolio: [userId, portfolioId] },
      { orderBy: { date: 'asc' } },
    );
  }

  private async timeZoneOf(userId: string, now: Date): Promise<string> {
    const preferences = await this.em.findOne(UserPreferences, { user: userId });
    if (!preferences) throw new NotFoundError('user');
    return preferences.timeZoneAt(now);
  }

  /**
   * Cash that went into the portfolio less what came out, and the fees in it, since the snapshots before: all that is in
   * the book less all that they have counted. Instants do not come into it: they are several servers' clocks.
   */
  private async flows(portfolio: Portfolio): Promise<{ netDeposits: Decimal; fees: Decimal }> {
    const [row] = await this.em.execute<{ net: string; fees: string }[]>(
      `select (book.net - counted.net)::text as net, (book.fees - counted.fees)::text as fees
       from (
         select
           coalesce(sum(case when d.kind = 'cash' then e.amount else 0 end - case when c.kind = 'cash' then e.amount else 0 end), 0) as net,
           coalesce(sum(case when c.kind = 'fees' then e.amount else 0 end - case when d.kind = 'fees' then e.amount else 0 end), 0) as fees
         from transactions t
         join ledger_entries e on e.user_id = t.user_id and e.transaction_id = t.id
         join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
         join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
         where t.user_id = ? and t.portfolio_id = ? and e.asset_id = ?
       ) book, (
         select coalesce(sum(net_deposits), 0) as net, coalesce(sum(fees), 0) as fees
         from portfolio_snapshots where user_id = ? and portfolio_id = ?
       ) counted`,
      [portfolio.user.id, portfolio.id, portfolio.currency.id, portfolio.user.id, portfolio.id],
    );
    return { netDeposits: new Decimal(row!.net), fees: new Decimal(row!.fees) };
  }
}
