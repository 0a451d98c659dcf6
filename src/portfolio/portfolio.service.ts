import type { EntityManager, ReadingEntityManager } from '../database/index.js';
import { User } from '../identity/index.js';
import { ledger } from '../ledger/index.js';
import { AssetService } from '../market/index.js';
import { type Clock, NotFoundError, parseInput, StateError, systemClock } from '../shared/index.js';
import { Portfolio } from './portfolio.entity.js';
import { OpenPortfolio, PortfolioAt, RenamePortfolio, SetGoal } from './portfolio.input.js';

/** A user's portfolios. */
export class PortfolioService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Opens a portfolio in one currency, which it keeps. Before: the account is active, and no open portfolio of theirs has this
   * name. After: it is active, empty, and has the goal if one is named.
   * @throws {NotFoundError} user or currency; {@link StateError} `user.not-active`; {@link ConflictError} `portfolio.name-taken`,
   * `portfolio.default-taken`; {@link ValidationError} also `portfolio.not-a-currency`
   */
  async open(input: OpenPortfolio): Promise<Portfolio> {
    const { userId, name, currencyCode, isDefault, goal } = parseInput(OpenPortfolio, input);
    await ledger.lockBook(this.em, userId);
    const user = await this.em.findOne(User, { id: userId }, { refresh: true });
    if (!user) throw new NotFoundError('user');
    user.requireActive();
    const portfolio = new Portfolio(user, name, await new AssetService(this.em).byCode(currencyCode), { isDefault });
    if (goal) portfolio.aimFor(goal);
    this.em.persist(portfolio);
    await this.em.flush();
    return portfolio;
  }

  /**
   * Gives an open portfolio another name. After: it has that name; no two open ones of a person have the same.
   * @throws {NotFoundError} {@link StateError} `portfolio.closed`, {@link ConflictError} `portfolio.name-taken`
   */
  async rename(input: RenamePortfolio): Promise<Portfolio> {
    const { userId, portfolioId, name } = parseInput(RenamePortfolio, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    portfolio.rename(name);
    await this.em.flush();
    return portfolio;
  }

  /**
   * Aims for a value, by a date if one is named. Before: the portfolio is open. After: this is the goal; what was aimed for
   * before is forgotten, its date too.
   * @throws {NotFoundError} {@link StateError} `portfolio.closed`, {@link ValidationError}
   */
  async setGoal(input: SetGoal): Promise<Portfolio> {
    const { userId, portfolioId, amount, date } = parseInput(SetGoal, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    portfolio.aimFor({ amount, date });
    await this.em.flush();
    return portfolio;
  }

  /**
   * Aims for nothing any more; so it may have been before. Before: the portfolio is open. After: it has no goal.
   * @throws {NotFoundError} {@link StateError} `portfolio.closed`
   */
  async clearGoal(input: PortfolioAt): Promise<Portfolio> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    portfolio.dropGoal();
    await this.em.flush();
    return portfolio;
  }

  /**
   * Makes a portfolio the one that is used when none is named. Before: it is open. After: it is the default; the one of before
   * has given way, and there is never more than one.
   * @throws {NotFoundError} {@link StateError} `portfolio.closed`
   */
  async makeDefault(input: PortfolioAt): Promise<Portfolio> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    portfolio.requireOpen();
    const before = await this.em.findOne(
      Portfolio,
      { user: userId, ['_isDefault' as 'isDefault']: true },
      { refresh: true },
    );
    if (before && before !== portfolio) {
      before.giveWay();
      // Before the other one is stored: the database allows for no moment with two.
      await this.em.flush();
    }
    portfolio.becomeDefault();
    await this.em.flush();
    return portfolio;
  }

  /**
   * Closes an empty portfolio for good. Before: it is open, and nothing is held or pledged. After: it is closed, its history
   * stays, and its name is free; closing the default one leaves its owner without.
   * @throws {NotFoundError} {@link StateError} `portfolio.not-empty` while it holds or has pledged anything (details: how many
   * assets), `portfolio.not-closed` when it is closed already.
   */
  async close(input: PortfolioAt): Promise<Portfolio> {
    const { userId, portfolioId } = parseInput(PortfolioAt, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    const assets = await this.countAssetsIn(portfolio);
    if (assets > 0)
      throw new StateError('portfolio.not-empty', 'Sell or redeem everything in this portfolio before closing it.', {
        assets,
      });
    portfolio.close(this.clock.now());
    await this.em.flush();
    return portfolio;
  }

  /** Assets of which something is held or pledged. */
  private async countAssetsIn({ user, id }: Portfolio): Promise<number> {
    const [row] = await this.em.execute<{ assets: string }[]>(
      `select count(distinct asset_id)::text as assets from ledger_accounts
       where user_id = ? and kind in ('holding', 'collateral') and portfolio_id = ? and balance > 0`,
      [user.id, id],
    );
    return Number(row!.assets);
  }
}

/**
 * Loads a portfolio with its currency, to look at.
 * @throws {NotFoundError}
 */
export const findPortfolio = (em: ReadingEntityManager, userId: string, portfolioId: string): Promise<Portfolio> =>
  load(em, userId, portfolioId, {});

/**
 * Loads a portfolio and holds its owner's book until the end of the transaction. Whatever decides on holdings or cash comes
 * through here first, before it locks anything else, so that everything read afterwards stays as it was read.
 * @throws {NotFoundError}
 */
export async function lockPortfolio(em: EntityManager, userId: string, portfolioId: string): Promise<Portfolio> {
  await ledger.lockBook(em, userId);
  return load(em, userId, portfolioId, { refresh: true });
}

async function load(
  em: ReadingEntityManager,
  userId: string,
  portfolioId: string,
  options: { refresh?: boolean },
): Promise<Portfolio> {
  const portfolio = await em.findOne(Portfolio, { user: userId, id: portfolioId }, options);
  if (!portfolio) throw new NotFoundError('portfolio');
  await portfolio.currency.load();
  return portfolio;
}
