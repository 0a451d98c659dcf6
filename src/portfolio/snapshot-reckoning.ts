import type { EntityManager } from '../database/index.js';
import { Asset, type LatestPrice, PriceService } from '../market/index.js';
import { Decimal, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { PortfolioSnapshot } from './portfolio-snapshot.entity.js';
import { marketValue } from './valuation.js';

/** A portfolio whose snapshot of a local date is to be taken; its currency is loaded, its owner's book is held. */
export interface DueSnapshot {
  portfolio: Portfolio;
  date: string;
}

/** What a snapshot follows: the one before, of which user's portfolio. */
type Newest = Pick<PortfolioSnapshot, 'date' | 'value'>;

/**
 * Reckons and persists the snapshots of portfolios of any users at one instant: a handful of statements for all of them.
 * Those that have one of their date already, or of a later one, are left out.
 * @throws {PriceMissingError} when a single price is missing: none is taken.
 */
export async function reckonSnapshots(
  em: EntityManager,
  due: readonly DueSnapshot[],
  now: Date,
): Promise<{ snapshot: PortfolioSnapshot; previousDate?: string }[]> {
  const newest = await newestOf(em, due);
  const open = due.filter(({ portfolio, date }) => !((newest.get(keyOf(portfolio))?.date ?? '') >= date));
  if (open.length === 0) return [];
  const worth = await worthOf(em, open, now);
  const flows = await flowsOf(em, open);
  return open.map(({ portfolio, date }) => {
    const key = keyOf(portfolio);
    const previous = newest.get(key);
    const figures = { ...worth.get(key)!, ...flows.get(key)! };
    const snapshot = new PortfolioSnapshot(portfolio, date, now, previous, figures);
    em.persist(snapshot);
    return { snapshot, previousDate: previous?.date };
  });
}

const keyOf = ({ user, id }: Pick<Portfolio, 'user' | 'id'>): string => `${user.id} ${id}`;
const textOf = (due: readonly DueSnapshot[], id: (portfolio: Portfolio) => string): string =>
  due.map(({ portfolio }) => id(portfolio)).join(',');

/** The portfolios as a table `w`, for three parameters. */
const WANTED = `unnest(string_to_array(?, ',')::uuid[], string_to_array(?, ',')::uuid[], string_to_array(?, ',')::uuid[])
  as w(user_id, portfolio_id, currency_id)`;
const wanted = (due: readonly DueSnapshot[]): string[] => [
  textOf(due, ({ user }) => user.id),
  textOf(due, ({ id }) => id),
  textOf(due, ({ currency }) => currency.id),
];

type Row<T> = T & { user_id: string; portfolio_id: string };
const keyOfRow = (row: Row<object>): string => `${row.user_id} ${row.portfolio_id}`;

async function newestOf(em: EntityManager, due: readonly DueSnapshot[]): Promise<Map<string, Newest>> {
  const rows = await em.execute<Row<{ date: string; value: string }>[]>(
    `select w.user_id, w.portfolio_id, s.date::text as date, s.value::text as value
     from ${WANTED}
     cross join lateral (
       select date, value from portfolio_snapshots
       where user_id = w.user_id and portfolio_id = w.portfolio_id order by date desc limit 1
     ) s`,
    wanted(due),
  );
  return new Map(rows.map(row => [keyOfRow(row), { date: row.date, value: new Decimal(row.value) }]));
}

async function worthOf(em: EntityManager, due: readonly DueSnapshot[], now: Date) {
  const rows = await em.execute<Row<{ currency_id: string; asset_id: string; units: string }>[]>(
    `select w.user_id, w.portfolio_id, w.currency_id, a.asset_id, sum(a.balance)::text as units
     from ${WANTED}
     join ledger_accounts a
       on a.user_id = w.user_id and a.kind = 'holding' and a.portfolio_id = w.portfolio_id and a.balance > 0
     group by 1, 2, 3, 4`,
    wanted(due),
  );
  const prices = await pricesOf(em, due, rows, now);
  const worth = new Map(due.map(({ portfolio }) => [keyOf(portfolio), { value: ZERO, oldestPriceAgeSeconds: 0 }]));
  for (const row of rows) {
    const { price, ageSeconds } = prices.get(`${row.currency_id} ${row.asset_id}`)!;
    const known = worth.get(keyOfRow(row))!;
    known.value = known.value.plus(marketValue(new Decimal(row.units), price));
    known.oldestPriceAgeSeconds = Math.max(known.oldestPriceAgeSeconds, ageSeconds);
  }
  return worth;
}

/** Prices by currency and asset. */
async function pricesOf(
  em: EntityManager,
  due: readonly DueSnapshot[],
  rows: readonly { currency_id: string; asset_id: string }[],
  now: Date,
): Promise<Map<string, LatestPrice>> {
  const assets = await em.find(Asset, { id: { $in: [...new Set(rows.map(row => row.asset_id))] } });
  const currencies = new Map(due.map(({ portfolio }) => [portfolio.currency.id, portfolio.currency.getEntity()]));
  const prices = new Map<string, LatestPrice>();
  for (const currency of currencies.values()) {
    const held = new Set(rows.filter(row => row.currency_id === currency.id).map(row => row.asset_id));
    const priced = assets.filter(({ id }) => held.has(id));
    for (const [assetId, price] of await new PriceService(em).latest(priced, currency, now))
      prices.set(`${currency.id} ${assetId}`, price);
  }
  return prices;
}

/**
 * Cash that went into each portfolio less what came out, and the fees in it, since the snapshots before: all that is in
 * the book less all that they have counted. Instants do not come into it: they are several servers' clocks.
 */
async function flowsOf(em: EntityManager, due: readonly DueSnapshot[]) {
  const rows = await em.execute<Row<{ net: string; fees: string }>[]>(
    `select w.user_id, w.portfolio_id, (book.net - counted.net)::text as net, (book.fees - counted.fees)::text as fees
     from ${WANTED}
     cross join lateral (
       select
         coalesce(sum(case when d.kind = 'cash' then e.amount else 0 end - case when c.kind = 'cash' then e.amount else 0 end), 0) as net,
         coalesce(sum(case when c.kind = 'fees' then e.amount else 0 end - case when d.kind = 'fees' then e.amount else 0 end), 0) as fees
       from transactions t
       join ledger_entries e on e.user_id = t.user_id and e.transaction_id = t.id
       join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
       join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
       where t.user_id = w.user_id and t.portfolio_id = w.portfolio_id and e.asset_id = w.currency_id
     ) book
     cross join lateral (
       select coalesce(sum(net_deposits), 0) as net, coalesce(sum(fees), 0) as fees
       from portfolio_snapshots where user_id = w.user_id and portfolio_id = w.portfolio_id
     ) counted`,
    wanted(due),
  );
  return new Map(rows.map(row => [keyOfRow(row), { netDeposits: new Decimal(row.net), fees: new Decimal(row.fees) }]));
}
