import type { EntityManager } from '../database/index.js';
import { UserPreferences } from '../identity/index.js';
import { type Clock, localDate, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { PortfolioAt } from './portfolio.input.js';
import { findPortfolio, lockPortfolio } from './portfolio.service.js';
import { PortfolioSnapshot } from './portfolio-snapshot.entity.js';
import { reckonSnapshots } from './snapshot-reckoning.js';

/** What portfolios were worth, day by day. */
export class SnapshotService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Takes the snapshot of the owner's local date, with what went in and out since the one before. The first of a date
   * counts: taken again, it is returned. No date follows a later one: whoever has moved back over the date line, or has set a
   * clock back, gets the newest until their date has passed it.
   * @throws {NotFoundError} {@link PriceMissingError}
   */
  async take(input: PortfolioAt): Promise<PortfolioSnapshot> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    // After the lock: what was invested while this waited for it has happened by now, and counts as a deposit.
    const now = this.clock.now();
    const date = localDate(now, await this.timeZoneOf(userId, now));
    const [taken] = await reckonSnapshots(this.em, [{ portfolio, date }], now);
    await this.em.flush();
    return taken?.snapshot ?? this.newest(portfolio);
  }

  /** All snapshots of a portfolio, oldest first. Changes nothing. @throws {NotFoundError} */
  async history(input: PortfolioAt): Promise<PortfolioSnapshot[]> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    await findPortfolio(this.em, userId, portfolioId);
    return this.em.find(
      PortfolioSnapshot,
      { user: userId, portfolio: [userId, portfolioId] },
      // Also over copies that were loaded before something was booked for a time before them.
      { orderBy: { date: 'asc' }, refresh: true },
    );
  }

  private newest({ user, id }: Portfolio): Promise<PortfolioSnapshot> {
    return this.em.findOneOrFail(
      PortfolioSnapshot,
      { user: user.id, portfolio: [user.id, id] },
      { orderBy: { date: 'desc' }, refresh: true },
    );
  }

  private async timeZoneOf(userId: string, now: Date): Promise<string> {
    const preferences = await this.em.findOne(UserPreferences, { user: userId });
    if (!preferences) throw new NotFoundError('user');
    return preferences.timeZoneAt(now);
  }
}
