import type { EntityManager } from '../database/index.js';
import type { Asset } from '../market/index.js';
import { Decimal } from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import type { Portfolio } from './portfolio.entity.js';
import { PortfolioHolding } from './portfolio-holding.entity.js';
import type { Position } from './trade-plan.js';

/** Which holdings: those of a basket, or the one that was bought directly. */
export type Whereabouts = { basket: Basket } | { basket: null; asset: Asset };

/**
 * Holdings of a portfolio with what is in them, in the order they were first bought, as the database has them now: also over
 * copies that were loaded before the book was held.
 * @param since an instant in the past, for a sale that happened then: what is sold was there then and ever since.
 */
export async function positionsOf(
  em: EntityManager,
  portfolio: Portfolio,
  where: Whereabouts,
  since?: Date,
): Promise<Position[]> {
  const userId = portfolio.user.id;
  await em.flush();
  const holdings = await em.find(
    PortfolioHolding,
    { user: userId, portfolio: [userId, portfolio.id], ...where },
    { populate: ['asset', 'account'], orderBy: { id: 'asc' }, refresh: true },
  );
  const cameLater = since ? await unitsThatCameLater(em, portfolio, since) : undefined;
  return holdings.map(holding => {
    const held = holding.account.getEntity().balance;
    const later = cameLater?.get(holding.id);
    return { holding, asset: holding.asset.getEntity(), held, available: later ? held.minus(later) : held };
  });
}

/**
 * By holding, the most that its quantity has grown by from any instant at or after `since` up to now. What is held less that
 * is the least that was there all the time.
 */
async function unitsThatCameLater(
  em: EntityManager,
  { user, id }: Portfolio,
  since: Date,
): Promise<Map<string, Decimal>> {
  const rows = await em.execute<{ holding_id: string; units: string }[]>(
    `select holding_id, max(units)::text as units
     from (
       select m.holding_id, sum(m.quantity) over (partition by m.holding_id order by t.occurred_at desc) as units
       from transactions t join holding_movements m on m.user_id = t.user_id and m.transaction_id = t.id
       where t.user_id = ? and t.portfolio_id = ? and t.occurred_at > ?
     ) growth
     group by holding_id having max(units) > 0`,
    [user.id, id, since],
  );
  return new Map(rows.map(row => [row.holding_id, new Decimal(row.units)]));
}

/** When the newest event of a portfolio happened. */
export async function newestEventIn(em: EntityManager, { user, id }: Portfolio): Promise<Date | undefined> {
  const [row] = await em.execute<{ at_ms: string | null }[]>(
    `select ceil(extract(epoch from max(occurred_at)) * 1000)::bigint::text as at_ms from transactions where user_id = ? and portfolio_id = ?`,
    [user.id, id],
  );
  return row?.at_ms ? new Date(Number(row.at_ms)) : undefined;
}
