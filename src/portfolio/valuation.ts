import type { EntityManager } from '../database/index.js';
import { type Asset, PriceService } from '../market/index.js';
import { AMOUNT, Decimal, roundDown, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { PortfolioHolding } from './portfolio-holding.entity.js';

/** What is held of one asset, in all baskets of the portfolio together. */
export interface ValuedHolding {
  asset: Asset;
  units: Decimal;
  costBasis: Decimal;
  price: Decimal;
  /** Units times price, rounded down to 8 decimals. */
  value: Decimal;
}

export interface Valuation {
  holdings: ValuedHolding[];
  value: Decimal;
  oldestPriceAgeSeconds: number;
}

/**
 * What a portfolio's holdings are worth at the newest prices at or before an instant, in the order they were first bought.
 * @param portfolio with its currency loaded, and locked when something is decided on the value.
 * @throws {PriceMissingError} a holding without a price is said, never skipped.
 */
export async function valueHoldings(em: EntityManager, portfolio: Portfolio, at: Date): Promise<Valuation> {
  const userId = portfolio.user.id;
  const found = await em.find(
    PortfolioHolding,
    { user: userId, portfolio: [userId, portfolio.id] },
    { populate: ['asset', 'account'], orderBy: { id: 'asc' } },
  );
  const held = found.filter(holding => holding.account.getEntity().balance.gt(0));
  const assets = [...new Map(held.map(({ asset }) => [asset.id, asset.getEntity()])).values()];
  const prices = await new PriceService(em).latest(assets, portfolio.currency.getEntity(), at);
  const holdings = assets.map(asset => {
    const own = held.filter(holding => holding.asset.id === asset.id);
    const units = Decimal.sum(ZERO, ...own.map(holding => holding.account.getEntity().balance));
    const { price } = prices.get(asset.id)!;
    const costBasis = Decimal.sum(ZERO, ...own.map(holding => holding.costBasis));
    return { asset, units, costBasis, price, value: roundDown(units.mul(price), AMOUNT.scale) };
  });
  return {
    holdings,
    value: Decimal.sum(ZERO, ...holdings.map(({ value }) => value)),
    oldestPriceAgeSeconds: Math.max(0, ...assets.map(asset => prices.get(asset.id)!.ageSeconds)),
  };
}
