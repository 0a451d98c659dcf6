import type { EntityManager, ReadingEntityManager } from '../database/index.js';
import { Asset, type LatestPrice, PriceService } from '../market/index.js';
import { AMOUNT, Decimal, roundDown, splitByWeights, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';

/** A holding's part of what is held of an asset: through one basket, or directly. */
export interface ValuedPosition {
  holdingId: string;
  /** Absent for what was bought directly. */
  basketId?: string;
  units: Decimal;
  costBasis: Decimal;
  /** Its part of the asset's value by units; the parts sum to the whole. */
  value: Decimal;
}

/** What is held of one asset, in all baskets of the portfolio together. */
export interface ValuedHolding {
  asset: Asset;
  units: Decimal;
  costBasis: Decimal;
  price: Decimal;
  /** Units times price, rounded down to 8 decimals. */
  value: Decimal;
  positions: ValuedPosition[];
}

export interface Valuation {
  holdings: ValuedHolding[];
  value: Decimal;
  oldestPriceAgeSeconds: number;
}

/** What a holding holds, and what that cost. */
export interface Held {
  holdingId: string;
  assetId: string;
  basketId?: string;
  units: Decimal;
  costBasis: Decimal;
}

/** What some units are worth. */
export const marketValue = (units: Decimal, price: Decimal): Decimal => roundDown(units.mul(price), AMOUNT.scale);

/**
 * What a portfolio's holdings are worth at the newest prices at or before an instant, in the order they were first bought.
 * @param portfolio with its currency loaded, and locked when something is decided on the value.
 * @param held what is valued; what is held now, unless told.
 * @throws {PriceMissingError} a holding without a price is said, never skipped.
 */
export async function valueHoldings(
  em: ReadingEntityManager,
  portfolio: Portfolio,
  at: Date,
  held?: readonly Held[],
): Promise<Valuation> {
  const positions = (held ?? (await heldNow(em, portfolio))).filter(({ units }) => units.gt(0));
  const found = await em.find(Asset, { id: { $in: [...new Set(positions.map(({ assetId }) => assetId))] } });
  const assets = [...new Set(positions.map(({ assetId }) => assetId))].map(id => found.find(asset => asset.id === id)!);
  const prices = await new PriceService(em).latest(assets, portfolio.currency.getEntity(), at);
  const holdings = assets.map(asset =>
    valued(
      asset,
      positions.filter(({ assetId }) => assetId === asset.id),
      prices.get(asset.id)!,
    ),
  );
  return {
    holdings,
    value: Decimal.sum(ZERO, ...holdings.map(({ value }) => value)),
    oldestPriceAgeSeconds: Math.max(0, ...assets.map(asset => prices.get(asset.id)!.ageSeconds)),
  };
}

function valued(asset: Asset, held: readonly Held[], { price }: LatestPrice): ValuedHolding {
  const units = Decimal.sum(ZERO, ...held.map(each => each.units));
  const costBasis = Decimal.sum(ZERO, ...held.map(each => each.costBasis));
  const value = marketValue(units, price);
  const parts = splitByWeights(
    value,
    held.map(each => each.units),
  );
  const positions = held.map(({ holdingId, basketId, ...figures }, index) => ({
    ...{ holdingId, basketId, units: figures.units, costBasis: figures.costBasis },
    value: parts[index]!,
  }));
  return { asset, units, costBasis, price, value, positions };
}

interface HeldRow {
  holding_id: string;
  asset_id: string;
  basket_id: string | null;
  units: string;
  cost: string;
}

const heldOf = (row: HeldRow): Held => ({
  ...{ holdingId: row.holding_id, assetId: row.asset_id, basketId: row.basket_id ?? undefined },
  ...{ units: new Decimal(row.units), costBasis: new Decimal(row.cost) },
});

/** SQL sees what the work has changed so far only once it is flushed. A declared read has changed nothing. */
const changesIn = (em: ReadingEntityManager): Promise<void> => (em as EntityManager).flush();

/** What a portfolio holds now, in the order it was first bought. */
export async function heldNow(em: ReadingEntityManager, { user, id }: Portfolio): Promise<Held[]> {
  await changesIn(em);
  const rows = await em.execute<HeldRow[]>(
    `select h.id as holding_id, h.asset_id, h.basket_id, a.balance::text as units, h.cost_basis::text as cost
     from portfolio_holdings h join ledger_accounts a on a.user_id = h.user_id and a.id = h.account_id
     where h.user_id = ? and h.portfolio_id = ? order by h.id`,
    [user.id, id],
  );
  return rows.map(heldOf);
}

/**
 * What a portfolio held at an instant, by the books: what it holds now less what happened after that instant. The cost is as
 * booked: a sale that was dated back took its part of the average cost of the day it was booked.
 */
export async function heldAt(em: ReadingEntityManager, { user, id }: Portfolio, at: Date): Promise<Held[]> {
  await changesIn(em);
  const rows = await em.execute<HeldRow[]>(
    `select h.id as holding_id, h.asset_id, h.basket_id,
       (a.balance - coalesce(later.units, 0))::text as units, (h.cost_basis - coalesce(later.cost, 0))::text as cost
     from portfolio_holdings h
     join ledger_accounts a on a.user_id = h.user_id and a.id = h.account_id
     left join (
       select m.holding_id, sum(m.quantity) as units, sum(m.cost) as cost
       from transactions t join holding_movements m on m.user_id = t.user_id and m.transaction_id = t.id
       where t.user_id = ? and t.portfolio_id = ? and t.occurred_at > ?
       group by 1
     ) later on later.holding_id = h.id
     where h.user_id = ? and h.portfolio_id = ? order by h.id`,
    [user.id, id, at, user.id, id],
  );
  return rows.map(heldOf);
}
