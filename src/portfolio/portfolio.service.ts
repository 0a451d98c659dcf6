import type { EntityManager } from '../database/index.js';
import { User } from '../identity/index.js';
import { ledger } from '../ledger/index.js';
import { AssetService } from '../market/index.js';
import { NotFoundError, parseInput } from '../shared/index.js';
import { Portfolio } from './portfolio.entity.js';
import { OpenPortfolio, RenamePortfolio } from './portfolio.input.js';

/** A user's portfolios. */
export class PortfolioService {
  constructor(private readonly em: EntityManager) {}

  /** @throws {NotFoundError} for an unknown currency; {@link ConflictError} `portfolio.name-taken`, `portfolio.default-taken`. */
  async open(input: OpenPortfolio): Promise<Portfolio> {
    const { userId, name, currencyCode, isDefault, goal } = parseInput(OpenPortfolio, input);
    const user = await this.em.findOne(User, { id: userId });
    if (!user) throw new NotFoundError('user');
    const portfolio = new Portfolio(user, name, await new AssetService(this.em).byCode(currencyCode), { isDefault });
    if (goal) portfolio.aimFor(goal);
    this.em.persist(portfolio);
    await this.em.flush();
    return portfolio;
  }

  /** @throws {NotFoundError} {@link StateError} `portfolio.closed`, {@link ConflictError} `portfolio.name-taken` */
  async rename(input: RenamePortfolio): Promise<Portfolio> {
    const { userId, portfolioId, name } = parseInput(RenamePortfolio, input);
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    portfolio.rename(name);
    await this.em.flush();
    return portfolio;
  }
}

/**
 * Loads a portfolio with its currency, to look at.
 * @throws {NotFoundError}
 */
export const findPortfolio = (em: EntityManager, userId: string, portfolioId: string): Promise<Portfolio> =>
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
  em: EntityManager,
  userId: string,
  portfolioId: string,
  options: { refresh?: boolean },
): Promise<Portfolio> {
  const portfolio = await em.findOne(Portfolio, { user: userId, id: portfolioId }, options);
  if (!portfolio) throw new NotFoundError('portfolio');
  await portfolio.currency.load();
  return portfolio;
}
