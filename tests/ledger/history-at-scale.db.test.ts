import { beforeAll, describe, expect, test } from 'vitest';
import {
  Decimal,
  type EntityManager,
  type HistoryPage,
  HistoryService,
  newId,
  type Statement,
  type StatementPage,
  StatementService,
  ZERO,
} from '../../src/index.js';
import { useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

/** One a five-minute step from the first of January 2025 on: the last one falls into December. */
const TRANSACTIONS = 100_000;

/**
 * What a busy saver's book looks like: of five transactions four are deposits and one takes out less than they brought; every
 * ten thousandth is a reward. Superuser's SQL with all checks, keys and triggers in place: no service is fast enough.
 */
async function fillBook(userId: string): Promise<{ cash: string }> {
  const [cash, external, rewards] = [newId(), newId(), newId()];
  const client = await desk.database.superuser();
  await client.query('begin');
  await client.query(
    `insert into ledger_accounts (user_id, id, kind, asset_id)
     select $1, a.id, a.kind, $2 from unnest($3::uuid[], $4::text[]) as a(id, kind)`,
    [userId, desk.usd.id, [cash, external, rewards], ['cash', 'external', 'rewards']],
  );
  await client.query(
    `create temp table moves on commit drop as
     select n, at, type, signed, abs(signed) as amount,
       (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid as id,
       row_number() over (partition by type = 'reward' order by n) as counter_number,
       sum(signed) over (order by n) as balance,
       -sum(signed) over (partition by type = 'reward' order by n) as counter_balance
     from (
       select n, '2025-01-01T00:00:00Z'::timestamptz + n * '5 minutes'::interval as at,
         case when n % 10000 = 0 then 'reward' when n % 5 = 4 then 'withdrawal' else 'deposit' end as type,
         case when n % 5 = 4 and n % 10000 <> 0 then -1 else 1 end * (n % 97 + 1)::numeric / 100 + (n % 7) * 0.00000001 as signed
       from generate_series(1, ${TRANSACTIONS}) n
     ) made`,
  );
  await client.query(
    `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key, request_hash, created_at)
     select $1, id, type, 'posted', $2, amount, at, at, 'bulk-' || n, repeat('0', 64), at from moves`,
    [userId, desk.usd.id],
  );
  await client.query(
    `insert into ledger_entries (user_id, id, transaction_id, position, asset_id, amount, created_at,
       debit_id, debit_balance, debit_number, credit_id, credit_balance, credit_number)
     select $1, id, id, 1, $2, amount, at,
       case when signed > 0 then counter else $3::uuid end, case when signed > 0 then counter_balance else balance end,
       case when signed > 0 then counter_number else n end,
       case when signed > 0 then $3::uuid else counter end, case when signed > 0 then balance else counter_balance end,
       case when signed > 0 then n else counter_number end
     from moves, lateral (select case when type = 'reward' then $5::uuid else $4::uuid end as counter) side`,
    [userId, desk.usd.id, cash, external, rewards],
  );
  await client.query(
    `update ledger_accounts a set balance = ends.balance, entry_count = ends.entries
     from (
       select $2::uuid as id, sum(signed) as balance, count(*) as entries from moves
       union all select $3, -sum(signed), count(*) from moves where type <> 'reward'
       union all select $4, -sum(signed), count(*) from moves where type = 'reward'
     ) ends where a.user_id = $1 and a.id = ends.id`,
    [userId, cash, external, rewards],
  );
  await client.query('commit');
  await client.query('analyze transactions, ledger_entries, ledger_accounts');
  return { cash };
}

let userId: string;
let cash: string;

beforeAll(async () => {
  userId = await desk.newUser();
  ({ cash } = await fillBook(userId));
}, 120_000);

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

const BIG = ['transactions', 'ledger_entries'];

/** How the big tables were read by what the work asked: rows looked at, and the ways there. */
async function readings<T>(
  work: (em: EntityManager) => Promise<T>,
): Promise<{ result: T; rows: number; ways: string[] }> {
  const nodes: Node[] = [];
  const result = await desk.user(userId, async em => {
    const execute = em.execute.bind(em) as (...args: unknown[]) => Promise<unknown>;
    em.execute = (async (sql: string, values: unknown[]) => {
      const [row] = (await execute(`explain (analyze, format json) ${sql}`, values)) as {
        'QUERY PLAN': { Plan: Node }[];
      }[];
      nodes.push(...withChildren(row!['QUERY PLAN'][0]!.Plan));
      return execute(sql, values);
    }) as typeof em.execute;
    return work(em);
  });
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

const withChildren = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(withChildren)];

const statement = (more: Partial<StatementPage> = {}) =>
  readings(em => new StatementService(em).page({ userId, assetCode: 'USD', ...more }));

const history = (more: Partial<HistoryPage> = {}) => readings(em => new HistoryService(em).page({ userId, ...more }));

/** By the entries alone, without the balances, numbers or indexes that the services go by. */
async function sums(from: string, to: string): Promise<{ opening: string; closing: string; entries: number }> {
  const [row] = await desk.rows<{ opening: string; closing: string; entries: number }>(
    `select trim_scale(coalesce(sum(signed) filter (where created_at < $2), 0))::text as opening,
       trim_scale(coalesce(sum(signed) filter (where created_at < $3), 0))::text as closing,
       (count(*) filter (where created_at >= $2 and created_at < $3))::int as entries
     from (select case when credit_id = $1 then amount else -amount end as signed, created_at from ledger_entries
       where $1 in (debit_id, credit_id)) entry`,
    [cash, from, to],
  );
  return row!;
}

describe('of 100,000 transactions', () => {
  test('the newest page of the history reads as many as it shows', async () => {
    const { result, rows, ways } = await history();
    expect(result.lines.map(({ occurredAt }) => occurredAt.toISOString()).slice(0, 2)).toEqual([
      '2025-12-14T05:20:00.000Z',
      '2025-12-14T05:15:00.000Z',
    ]);
    expect(result.lines).toHaveLength(50);
    expect(ways).toEqual(['Index Scan']);
    expect(rows).toBeLessThanOrEqual(51);
  });

  test('a page under a filter that few pass looks at 2,000 and no more, and the pages find them all', async () => {
    const found: string[] = [];
    let [cursor, pages, most]: [string | undefined, number, number] = [undefined, 0, 0];
    do {
      const { result, rows, ways } = await history({ types: ['reward'], limit: 200, cursor });
      found.push(...result.lines.map(({ amount }) => amount.toFixed()));
      expect(ways).not.toContain('Seq Scan');
      cursor = result.next ?? undefined;
      pages += 1;
      most = Math.max(most, rows);
    } while (cursor);
    // n = 100,000, 90,000 … 10,000: n mod 97 + 1 cents and n mod 7 units of the last digit.
    expect(found).toEqual(
      Array.from({ length: 10 }, (_, i) => (10 - i) * 10_000).map(n =>
        new Decimal((n % 97) + 1)
          .div(100)
          .plus(new Decimal(n % 7).mul('0.00000001'))
          .toFixed(),
      ),
    );
    expect(pages).toBe(51);
    // The page itself, and the look at where it ended.
    expect(most).toBeLessThanOrEqual(4_000);
  }, 60_000);

  test('a month’s statement opens and closes as the entries say, and reads one page', async () => {
    const month = { from: new Date('2025-03-01T00:00:00Z'), to: new Date('2025-04-01T00:00:00Z') };
    const truth = await sums('2025-03-01T00:00:00Z', '2025-04-01T00:00:00Z');
    expect(truth.entries).toBe(31 * 288);
    for (const order of ['newest-first', 'oldest-first'] as const) {
      const { result, rows, ways } = await statement({ ...month, order, limit: 200 });
      expect([result.opening.toFixed(), result.closing.toFixed()]).toEqual([truth.opening, truth.closing]);
      expect(result.lines).toHaveLength(200);
      expect(ways).not.toContain('Seq Scan');
      // 201 entries and one too many, two balances on either side, and the 201 transactions.
      expect(rows).toBeLessThanOrEqual(407);
    }
  });

  test('all pages of a month, one after the other, are the month', async () => {
    const month = { from: new Date('2025-03-01T00:00:00Z'), to: new Date('2025-04-01T00:00:00Z'), limit: 200 };
    const truth = await sums('2025-03-01T00:00:00Z', '2025-04-01T00:00:00Z');
    const lines: Statement['lines'] = [];
    await desk.user(userId, async em => {
      let next: string | null = null;
      do {
        const page: Statement = await new StatementService(em).page({
          ...{ userId, assetCode: 'USD', order: 'oldest-first', ...month },
          ...(next && { cursor: next }),
        });
        lines.push(...page.lines);
        next = page.next;
      } while (next);
    });
    expect(lines).toHaveLength(truth.entries);
    expect(new Set(lines.map(({ number }) => number)).size).toBe(truth.entries);
    const moved = lines.reduce((sum, { amount }) => sum.plus(amount), ZERO);
    expect(moved.plus(truth.opening).toFixed()).toBe(truth.closing);
    expect(lines.at(-1)!.balance.toFixed()).toBe(truth.closing);
  }, 60_000);

  test('a far page costs what the first one costs, in either list', async () => {
    // Deep in the past, and from there on by cursor.
    const near = await statement({ limit: 50 });
    const deep = await statement({ limit: 50, to: new Date('2025-01-08T00:00:00Z') });
    const far = await statement({ limit: 50, to: new Date('2025-01-08T00:00:00Z'), cursor: deep.result.next! });
    for (const { rows, ways, result } of [near, deep, far]) {
      expect(result.lines).toHaveLength(50);
      expect(ways).not.toContain('Seq Scan');
      expect(rows).toBeLessThanOrEqual(107);
    }
    // 288 a day: the week holds numbers 1 to 2015, and two pages back from its end begins 1965 - 50.
    expect(far.result.lines.map(({ number }) => number).at(0)).toBe(1965);

    let cursor: string | undefined;
    await desk.user(userId, async em => {
      for (let page = 0; page < 499; page += 1)
        cursor = (await new HistoryService(em).page({ userId, limit: 200, ...(cursor && { cursor }) })).next!;
    });
    const last = await history({ limit: 200, cursor });
    expect(last.result.lines.at(-1)!.occurredAt).toEqual(new Date('2025-01-01T00:05:00Z'));
    expect(last.result.next).toBeNull();
    expect(last.ways).toEqual(['Index Scan']);
    expect(last.rows).toBeLessThanOrEqual(201);
  }, 60_000);

  test('a check of them is not a check that cannot fail: a search by amount reads them all', async () => {
    const { rows, ways } = await readings(em =>
      em.execute('select id from transactions where user_id = ? and amount = ?', [userId, '0.5']),
    );
    expect(ways).not.toEqual(['Index Scan']);
    expect(rows).toBeGreaterThanOrEqual(TRANSACTIONS);
  });
});
