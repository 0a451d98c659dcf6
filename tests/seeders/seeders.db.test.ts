import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSeeder } from '../../seeders/DatabaseSeeder.js';
import { asReader, checkInvariants } from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

const seed = () => database.orm.seeder.seed(DatabaseSeeder);

const rows = async (sql: string) => (await (await database.superuser()).query(sql)).rows;

/** How many rows each table has, and what all of them come to. */
async function fingerprint(): Promise<Record<string, string>> {
  const tables = await rows(`select tablename as name from pg_tables where schemaname = 'public' order by 1`);
  const prints: Record<string, string> = {};
  for (const { name } of tables) {
    const found = await rows(`select to_jsonb(t)::text as row from ${name} t order by 1`);
    const hash = createHash('sha256').update(found.map(({ row }) => row).join('\n'));
    prints[name] = `${found.length} ${hash.digest('hex')}`;
  }
  return prints;
}

beforeAll(seed);

describe('a seeded database', () => {
  test('is left as it is by seeding it again', async () => {
    const before = await fingerprint();
    await seed();
    expect(await fingerprint()).toEqual(before);
  });

  test('is sound', async () => {
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(results.find(({ name }) => name === 'every holding and its account match')).toMatchObject({ checked: 10 });
  });

  test('holds ten years of monthly prices of five companies', async () => {
    expect(
      await rows(
        `select a.code, count(*)::int as prices, min(p.as_of)::text as first, max(p.as_of)::text as last
         from asset_prices p join assets a on a.id = p.asset_id group by 1 order by 1`,
      ),
    ).toEqual([
      { code: 'AAPL', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'AMZN', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'GOOG', prices: 68, first: '2004-08-01 04:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'IBM', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'MSFT', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
    ]);
  });

  test('holds people with cash, holdings and a rule', async () => {
    expect(
      await rows(
        `select u.email, c.balance::text as cash, (select count(*)::int from portfolio_holdings h where h.user_id = u.id) as holdings,
           r.status, r.next_run_at
         from users u join auto_invest_rules r on r.user_id = u.id join ledger_accounts c on c.user_id = u.id and c.kind = 'cash'
         order by 1`,
      ),
    ).toEqual([
      {
        ...{ email: 'ada@example.com', cash: '200.00000000', holdings: 4 },
        ...{ status: 'active', next_run_at: new Date('2010-04-01T13:30:00Z') },
      },
      {
        ...{ email: 'bo@example.com', cash: '20.50000000', holdings: 2 },
        ...{ status: 'active', next_run_at: new Date('2010-04-01T03:45:00Z') },
      },
      {
        ...{ email: 'cleo@example.com', cash: '54.75000000', holdings: 4 },
        ...{ status: 'active', next_run_at: new Date('2010-04-01T07:30:00Z') },
      },
    ]);
  });
});
