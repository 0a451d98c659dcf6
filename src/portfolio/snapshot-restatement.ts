import type { EntityManager } from '../database/index.js';
import { Asset, PriceMissingError } from '../market/index.js';
import { AMOUNT, Decimal, requireFits, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import { marketChangeOf, type SnapshotFigures } from './portfolio-snapshot.entity.js';
import { marketValue } from './valuation.js';

/** Rows per statement: its text stays below 16 KB, above which a database proxy pins the connection. */
const BATCH = 40;

/** A snapshot that was taken, by what its figures follow from. */
export interface TakenSnapshot {
  id: string;
  date: string;
  takenAt: Date;
}

/** The snapshots that something dated back to an instant changes, oldest first. */
export async function snapshotsSince(em: EntityManager, { user, id }: Portfolio, at: Date): Promise<TakenSnapshot[]> {
  const rows = await em.execute<{ id: string; date: string; taken_at_ms: string }[]>(
    `select id, date::text as date, (extract(epoch from taken_at) * 1000)::bigint::text as taken_at_ms
     from portfolio_snapshots
     where user_id = ? and portfolio_id = ?
       and date >= (select min(date) from portfolio_snapshots where user_id = ? and portfolio_id = ? and taken_at >= ?)
     order by date`,
    [user.id, id, user.id, id, at],
  );
  return rows.map(row => ({ id: row.id, date: row.date, takenAt: new Date(Number(row.taken_at_ms)) }));
}

/**
 * Reckons snapshots anew after something was booked for a time before they were taken: each has the value of its own instant
 * again, by what had happened until then and at the prices of then; flows count in the first snapshot after they happened; and
 * the bridge leads from one to the next. Under the lock of the book.
 * @param snapshots all from the first that changes on, oldest first, at least one.
 * @throws {PriceMissingError}
 */
export async function restateSnapshots(
  em: EntityManager,
  portfolio: Portfolio,
  snapshots: readonly TakenSnapshot[],
  now: Date,
): Promise<void> {
  const first = snapshots[0]!;
  const [before, flows, worth] = [
    await sumBefore(em, portfolio, first),
    await flowsSince(em, portfolio, first),
    await worthOf(em, portfolio, snapshots),
  ];
  let startValue = before.value;
  let uncounted = { net: before.net.neg(), fees: before.fees.neg() };
  const rows = snapshots.map((snapshot, index) => {
    // The flows are in the order of time, so each snapshot takes from the front what had happened by then.
    for (let next = flows[0]; next && next.at <= snapshot.takenAt.getTime(); flows.shift(), next = flows[0])
      uncounted = { net: uncounted.net.plus(next.net), fees: uncounted.fees.plus(next.fees) };
    const figures = { ...worth[index]!, netDeposits: uncounted.net, fees: uncounted.fees };
    const row = rowOf(snapshot, startValue, figures);
    startValue = figures.value;
    uncounted = { net: ZERO, fees: ZERO };
    return row;
  });
  for (let start = 0; start < rows.length; start += BATCH)
    await store(em, portfolio, rows.slice(start, start + BATCH), now);
}

function rowOf({ id }: TakenSnapshot, startValue: Decimal, figures: SnapshotFigures) {
  const { value, netDeposits, fees, oldestPriceAgeSeconds: age } = figures;
  const market = marketChangeOf(startValue, figures);
  const [start, net, fee, change, end] = [startValue, netDeposits, fees, market, value].map(figure =>
    requireFits(figure, AMOUNT, 'snapshot').toFixed(AMOUNT.scale),
  );
  return { id, start, net, fees: fee, market: change, value: end, age };
}

async function store(em: EntityManager, { user, id }: Portfolio, rows: object[], now: Date): Promise<void> {
  await em.execute(
    `update portfolio_snapshots s
     set start_value = r.start, net_deposits = r.net, fees = r.fees, market_change = r.market, value = r.value,
       oldest_price_age_seconds = r.age, restated_at = ?, updated_at = now()
     from jsonb_to_recordset(?::jsonb)
       as r(id uuid, start numeric, net numeric, fees numeric, market numeric, value numeric, age int)
     where s.user_id = ? and s.portfolio_id = ? and s.id = r.id`,
    [now, JSON.stringify(rows), user.id, id],
  );
}

/** What the snapshots before have counted, and the value that they lead to. */
async function sumBefore(em: EntityManager, { user, id }: Portfolio, { date }: TakenSnapshot) {
  const [row] = await em.execute<{ net: string; fees: string; value: string }[]>(
    `select coalesce(sum(net_deposits), 0)::text as net, coalesce(sum(fees), 0)::text as fees,
       coalesce((array_agg(value order by date desc))[1], 0)::text as value
     from portfolio_snapshots where user_id = ? and portfolio_id = ? and date < ?`,
    [user.id, id, date],
  );
  return { net: new Decimal(row!.net), fees: new Decimal(row!.fees), value: new Decimal(row!.value) };
}

/** What went in and the fees, by when it happened; all up to the first snapshot in one sum. */
async function flowsSince(em: EntityManager, { user, id, currency }: Portfolio, { takenAt }: TakenSnapshot) {
  const rows = await em.execute<{ at_ms: string | number; net: string; fees: string }[]>(
    `select (extract(epoch from greatest(t.occurred_at, ?)) * 1000)::bigint as at_ms,
       sum(case when d.kind = 'cash' then e.amount else 0 end - case when c.kind = 'cash' then e.amount else 0 end)::text as net,
       sum(case when c.kind = 'fees' then e.amount else 0 end - case when d.kind = 'fees' then e.amount else 0 end)::text as fees
     from transactions t
     join ledger_entries e on e.user_id = t.user_id and e.transaction_id = t.id
     join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
     join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
     where t.user_id = ? and t.portfolio_id = ? and e.asset_id = ?
     group by 1 order by 1`,
    [takenAt, user.id, id, currency.id],
  );
  return rows.map(row => ({ at: Number(row.at_ms), net: new Decimal(row.net), fees: new Decimal(row.fees) }));
}

/** What was held when each snapshot was taken, at the prices of then. */
async function worthOf(em: EntityManager, portfolio: Portfolio, snapshots: readonly TakenSnapshot[]) {
  const units = await unitsAt(em, portfolio, snapshots);
  const assets = await em.find(Asset, { id: { $in: [...units.keys()] } });
  const prices = await pricesAt(em, portfolio, [...units.keys()], snapshots);
  return snapshots.map((_, index) => {
    let [value, oldestPriceAgeSeconds] = [ZERO, 0];
    for (const { id, code } of assets) {
      const held = units.get(id)![index]!;
      if (held.isZero()) continue;
      const found = prices.get(`${index} ${id}`);
      if (!found) throw new PriceMissingError(code, portfolio.currency.getEntity().code);
      value = value.plus(marketValue(held, found.price));
      oldestPriceAgeSeconds = Math.max(oldestPriceAgeSeconds, found.ageSeconds);
    }
    return { value, oldestPriceAgeSeconds };
  });
}

/** By asset: the units held at each snapshot, reckoned back from those held now. */
async function unitsAt(
  em: EntityManager,
  { user, id }: Portfolio,
  snapshots: readonly TakenSnapshot[],
): Promise<Map<string, Decimal[]>> {
  const held = await em.execute<{ asset_id: string; units: string }[]>(
    `select asset_id, sum(balance)::text as units from ledger_accounts
     where user_id = ? and kind = 'holding' and portfolio_id = ? group by 1`,
    [user.id, id],
  );
  const moved = await em.execute<{ asset_id: string; at_ms: string | number; units: string }[]>(
    `select h.asset_id, (extract(epoch from t.occurred_at) * 1000)::bigint as at_ms, sum(m.quantity)::text as units
     from transactions t
     join holding_movements m on m.user_id = t.user_id and m.transaction_id = t.id
     join portfolio_holdings h on h.user_id = m.user_id and h.id = m.holding_id
     where t.user_id = ? and t.portfolio_id = ? and t.occurred_at > ?
     group by 1, 2 order by 2 desc`,
    [user.id, id, snapshots[0]!.takenAt],
  );
  const unitsOf = (assetId: string, now: string): Decimal[] => {
    const newestFirst = moved.filter(row => row.asset_id === assetId);
    let units = new Decimal(now);
    return snapshots
      .toReversed()
      .map(({ takenAt }) => {
        for (let next = newestFirst[0]; next && Number(next.at_ms) > takenAt.getTime(); next = newestFirst[0]) {
          units = units.minus(next.units);
          newestFirst.shift();
        }
        return units;
      })
      .toReversed();
  };
  return new Map(held.map(({ asset_id: assetId, units }) => [assetId, unitsOf(assetId, units)]));
}

/** The newest prices at or before each instant, by its number and the asset. */
async function pricesAt(
  em: EntityManager,
  { currency }: Portfolio,
  assetIds: readonly string[],
  snapshots: readonly TakenSnapshot[],
): Promise<Map<string, { price: Decimal; ageSeconds: number }>> {
  const prices = new Map<string, { price: Decimal; ageSeconds: number }>();
  for (let start = 0; start < snapshots.length; start += BATCH) {
    const instants = snapshots.slice(start, start + BATCH).map(({ takenAt }) => takenAt.toISOString());
    const rows = await em.execute<{ n: string; asset_id: string; price: string; age: string }[]>(
      `select i.n::text as n, a.id as asset_id, p.price::text as price,
         floor(extract(epoch from i.at - p.as_of))::bigint::text as age
       from unnest(string_to_array(?, ',')::timestamptz[]) with ordinality as i(at, n)
       cross join unnest(string_to_array(?, ',')::uuid[]) as a(id)
       cross join lateral (
         select price, as_of from asset_prices
         where asset_id = a.id and quote_id = ? and as_of <= i.at
         order by as_of desc, provisional, source limit 1
       ) p`,
      [instants.join(','), assetIds.join(','), currency.id],
    );
    for (const { n, asset_id, price, age } of rows)
      prices.set(`${start + Number(n) - 1} ${asset_id}`, { price: new Decimal(price), ageSeconds: Number(age) });
    if (assetIds.includes(currency.id))
      instants.forEach((_, n) => {
        prices.set(`${start + n} ${currency.id}`, { price: new Decimal(1), ageSeconds: 0 });
      });
  }
  return prices;
}
