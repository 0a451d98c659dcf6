import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSeeder } from '../../seeders/DatabaseSeeder.js';
import { asReader, checkInvariants } from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

/** A year of many people takes its time. */
const SLOW = 120_000;

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

beforeAll(seed, SLOW);

describe('a seeded database', () => {
  test(
    'is left as it is by seeding it again',
    async () => {
      const before = await fingerprint();
      await seed();
      expect(await fingerprint()).toEqual(before);
    },
    SLOW,
  );

  test('is sound', async () => {
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(results.find(({ name }) => name === 'every holding and its account match')?.checked).toBeGreaterThan(0);
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
});
