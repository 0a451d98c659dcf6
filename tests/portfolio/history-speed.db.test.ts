import type { MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  checkInvariants,
  type EntityManager,
  openDatabase,
  PerformanceService,
  SnapshotService,
  ValuationService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { WireProxy } from '../support/wire-proxy.js';
import { type Investor, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

/** One deposit, and a purchase every five minutes from the first of January 2025 on: the last one falls on 14 December, 05:15. */
const TRANSACTIONS = 100_000;
const SHARES = ['S0', 'S1', 'S2', 'S3', 'S4'];
const NOW = new Date('2025-12-14T06:00:00Z');

/** An id as the application makes them: by time, then by what is numbered. */
const idOf = (kind: number, number: string, at: string) =>
  `(lpad(to_hex((extract(epoch from ${at}) * 1000)::bigint), 12, '0') || '700${kind}8000' || lpad(to_hex(${number}), 12, '0'))::uuid`;

/**
 * The book and the holdings of somebody who buys all the time: 0.01 of one share after the other, each for 1 to 1.96. With all
 * checks, keys and triggers in place: no service is fast enough.
 */
async function fillPortfolio({ userId, portfolioId }: Investor): Promise<void> {
  const client = await database.superuser();
  await client.query('begin');
  await client.query(
    `create temp table accounts on commit drop as
     select gen_random_uuid() as id, k.kind, a.id as asset_id, a.code, case when k.kind = 'holding' then $2::uuid end as portfolio_id,
       nullif(substr(a.code, 2), 'SD')::int as share
     from assets a
     cross join lateral unnest(case when a.code = 'USD' then array['cash', 'external', 'market'] else array['market', 'holding'] end) as k(kind)
     where a.code = 'USD' or a.code = any ($1)`,
    [SHARES, portfolioId],
  );
  await client.query(
    `insert into ledger_accounts (user_id, id, kind, asset_id, portfolio_id) select $1::uuid, id, kind, asset_id, portfolio_id from accounts`,
    [userId],
  );
  await client.query(
    `create temp table buys on commit drop as
     select n, at, share, cost, sum(cost) over (order by n) as spent, row_number() over (partition by share order by n) as share_number
     from (
       select n, '2025-01-01T00:00:00Z'::timestamptz + n * '5 minutes'::interval as at, n % 5 as share, 1 + (n % 97)::numeric / 100 as cost
       from generate_series(1, ${TRANSACTIONS - 1}) n
     ) made`,
  );
  const transactionId = idOf(0, 'n', 'at');
  await client.query(
    `insert into transactions (user_id, id, type, status, asset_id, amount, portfolio_id, occurred_at, posted_at, idempotency_key, request_hash, created_at)
     select $1::uuid, ${idOf(0, '0', 'at')}, 'deposit', 'posted', asset_id, 1000000, null::uuid, at, at, 'bulk-0', repeat('0', 64), at
     from accounts, (select '2025-01-01T00:00:00Z'::timestamptz as at) opened where kind = 'cash'
     union all
     select $1::uuid, ${transactionId}, 'buy', 'posted', asset_id, cost, $2::uuid, at, at, 'bulk-' || n, repeat('0', 64), at
     from buys, accounts where kind = 'cash'`,
    [userId, portfolioId],
  );
  const account = (kind: string, code: string) => `(select id from accounts where kind = '${kind}' and ${code})`;
  const dollars = `(select asset_id from accounts where kind = 'cash')`;
  await client.query(
    `insert into ledger_entries (user_id, id, transaction_id, position, asset_id, amount, created_at,
       debit_id, debit_balance, debit_number, credit_id, credit_balance, credit_number)
     select $1::uuid, ${idOf(1, '0', 'at')}, ${idOf(0, '0', 'at')}, 1, ${dollars}, 1000000, at,
       ${account('external', `code = 'USD'`)}, -1000000, 1, ${account('cash', `code = 'USD'`)}, 1000000, 1
     from (select '2025-01-01T00:00:00Z'::timestamptz as at) opened
     union all
     select $1::uuid, ${idOf(1, 'n', 'at')}, ${transactionId}, 1, ${dollars}, cost, at,
       ${account('cash', `code = 'USD'`)}, 1000000 - spent, n + 1, ${account('market', `code = 'USD'`)}, spent, n
     from buys
     union all
     select $1::uuid, ${idOf(2, 'n', 'at')}, ${transactionId}, 2, m.asset_id, 0.01, at,
       m.id, -0.01 * share_number, share_number, h.id, 0.01 * share_number, share_number
     from buys
     join accounts m on m.kind = 'market' and m.share = buys.share
     join accounts h on h.kind = 'holding' and h.share = buys.share`,
    [userId],
  );
  await client.query(
    `update ledger_accounts l set balance = ends.balance, entry_count = ends.entries
     from (
       select a.id, sum(side.signed) as balance, count(*) as entries
       from accounts a
       join lateral (
         select -amount as signed from ledger_entries where user_id = $1 and debit_id = a.id
         union all select amount from ledger_entries where user_id = $1 and credit_id = a.id
       ) side on true group by 1
     ) ends where l.user_id = $1 and l.id = ends.id`,
    [userId],
  );
  await client.query(
    `insert into portfolio_holdings (user_id, id, portfolio_id, asset_id, account_id, cost_basis, realised_gain)
     select $1::uuid, md5('holding ' || a.code)::uuid, $2, a.asset_id, a.id, sum(b.cost), 0
     from accounts a join buys b on b.share = a.share where a.kind = 'holding' group by a.code, a.asset_id, a.id`,
    [userId, portfolioId],
  );
  await client.query(
    `insert into holding_movements (user_id, id, holding_id, transaction_id, quantity, cost, gain, created_at)
     select $1::uuid, ${idOf(3, 'n', 'at')}, md5('holding S' || share)::uuid, ${transactionId}, 0.01, cost, 0, at from buys`,
    [userId],
  );
  await client.query('commit');
}

/** A snapshot of every date up to today, of this portfolio and of fifty others of the same owner. */
async function fillSnapshots({ userId, portfolioId }: Investor): Promise<void> {
  const client = await database.superuser();
  await client.query(
    `insert into portfolios (user_id, id, name, currency_id, risk, is_default, status)
     select $1::uuid, md5('portfolio ' || n)::uuid, 'Other ' || n, a.id, 'moderate', false, 'active'
     from generate_series(1, 50) n, assets a where a.code = 'USD'`,
    [userId],
  );
  await client.query(
    `insert into portfolio_snapshots (user_id, id, portfolio_id, date, taken_at, start_value, net_deposits, fees, market_change, value, oldest_price_age_seconds)
     select $1::uuid, gen_random_uuid(), p.id, '2025-12-14'::date - back, ('2025-12-14'::date - back)::timestamptz + '5 hours', (364 - back) * 10,
       10, 0, 0, (365 - back) * 10, 0
     from portfolios p, generate_series(0, 364) back where p.user_id = $1 and (p.id = $2 or p.name like 'Other %')`,
    [userId, portfolioId],
  );
}

/** A price of every share at every hour of the year. */
async function fillPrices(): Promise<void> {
  const client = await database.superuser();
  await client.query(
    `insert into asset_prices (id, asset_id, quote_id, as_of, price, source, provisional)
     select gen_random_uuid(), s.id, usd.id, at, 100 + extract(hour from at), 'exchange', false
     from assets s, assets usd, generate_series('2024-12-14T06:00:00Z'::timestamptz, '2025-12-14T06:00:00Z', '1 hour') at
     where s.code = any ($1) and usd.code = 'USD'`,
    [SHARES],
  );
}

let who: Investor;
let proxy: WireProxy;
let orm: MikroORM;
/** Every statement that reached the server, as it was sent. */
const sent: string[] = [];

beforeAll(async () => {
  who = await world.newInvestor();
  await world.list(...SHARES.map(code => ({ code, name: code, kind: 'equity' as const })));
  await fillPortfolio(who);
  await fillSnapshots(who);
  await fillPrices();
  await (await database.superuser()).query('analyze');
  proxy = await WireProxy.listen(database.fork.serviceUrl, message => {
    if ('text' in message) sent.push(message.text);
  });
  orm = await openDatabase({ kind: 'server', url: proxy.through(database.fork.serviceUrl), profile: 'proxy' });
}, 120_000);

afterAll(async () => {
  await orm?.close(true);
  await proxy?.close();
});

beforeEach(() => world.clock.moveTo(NOW));

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

const BIG = ['transactions', 'ledger_entries', 'holding_movements', 'portfolio_snapshots', 'asset_prices'];

const withChildren = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(withChildren)];

/** How the server goes about what was really sent, in the role and for the user that it was sent for: rows of big tables looked at, and the ways there. */
async function readings<T>(
  work: (em: EntityManager) => Promise<T>,
): Promise<{ result: T; rows: number; ways: string[] }> {
  sent.length = 0;
  const result = await asUser(orm.em, who.userId, work);
  const selects = sent.filter(sql => /^\s*(select|with)\b/i.test(sql) && !sql.includes('nestegg_'));
  const client = await database.service();
  const nodes: Node[] = [];
  await client.query('begin');
  await client.query(`select nestegg_enter('nestegg_app', $1)`, [who.userId]);
  for (const sql of selects) {
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Node }[] }>(`explain (analyze, format json) ${sql}`);
    nodes.push(...withChildren(rows[0]!['QUERY PLAN'][0]!.Plan));
  }
  await client.query('rollback');
  const big = nodes.filter(node => BIG.includes(node['Relation Name'] ?? ''));
  const rowsOf = (node: Node) =>
    (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
    node['Actual Loops'];
  return {
    result,
    rows: Math.round(big.map(rowsOf).reduce((sum, rows) => sum + rows, 0)),
    ways: [...new Set(big.map(node => node['Node Type']))].sort(),
  };
}

describe('of a portfolio with 100,000 transactions, a price for every hour and a snapshot for every day', () => {
  const place = () => ({ userId: who.userId, portfolioId: who.portfolioId });

  test('the books are sound', async () => {
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(await world.rows('select count(*)::int as n from transactions')).toEqual([{ n: TRANSACTIONS }]);
  });

  // 99,999 purchases of 0.01 of five shares, each worth 106 at six o'clock: 999.99 × 106.
  test('the value of now reads a price per share', async () => {
    const { result, rows, ways } = await readings(em => new ValuationService(em, world.clock).value(place()));
    expect(result.value.toFixed()).toBe('105998.94');
    expect(ways).not.toContain('Seq Scan');
    // The newest price of each share, and the one before, to see that it is of another instant.
    expect(rows).toBeLessThanOrEqual(10);
  });

  // 346 and a half days of 288 purchases had happened by then, 99,792: 997.92 shares worth 112 each at noon.
  test('the value of yesterday noon reads what was bought since then', async () => {
    const { result, rows, ways } = await readings(em =>
      new ValuationService(em, world.clock).value({ ...place(), at: new Date('2025-12-13T12:00:00Z') }),
    );
    expect(result.value.toFixed()).toBe('111767.04');
    expect(ways).not.toContain('Seq Scan');
    // 207 purchases with a movement each, and the prices.
    expect(rows).toBeLessThanOrEqual(424);
  });

  test('a year of daily snapshots reads the days of this portfolio, and of no other', async () => {
    const { result, rows, ways } = await readings(em => new SnapshotService(em, world.clock).history(place()));
    expect(result).toHaveLength(365);
    expect([result[0]!.date, result.at(-1)!.date]).toEqual(['2024-12-15', '2025-12-14']);
    expect(ways).not.toContain('Seq Scan');
    expect(rows).toBeLessThanOrEqual(365);
  });

  test('the performance of a quarter reads the days of the quarter', async () => {
    const { result, rows, ways } = await readings(em =>
      new PerformanceService(em).between({ ...place(), from: '2025-06-30', to: '2025-09-30' }),
    );
    expect(result).toMatchObject({ from: '2025-06-30', to: '2025-09-30', snapshots: 92, days: 92 });
    expect(result.netDeposits.toFixed()).toBe('920');
    expect(ways).not.toContain('Seq Scan');
    expect(rows).toBeLessThanOrEqual(93);
  });

  test('a check of this is not a check that cannot fail: a search by amount reads them all', async () => {
    const { rows } = await readings(em =>
      em.execute('select id from transactions where user_id = ? and amount = ?', [who.userId, '0.5']),
    );
    expect(rows).toBeGreaterThanOrEqual(TRANSACTIONS);
  });
});
