import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { inspectDatabase, isAsExpected, migrateUp, openDatabase } from '../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../src/testing/index.js';
import { catalogueOf } from './catalogue.js';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'fixtures/migrate.ts');

let empty: ForkedDatabase;
let owner: pg.Client;

const migrate = (...args: string[]) => run(process.execPath, ['--import', 'tsx', SCRIPT, empty.ownerUrl, ...args]);

beforeEach(async () => {
  empty = await forkDatabase(inject('postgres'), 'template0');
  owner = await new pg.Client({ connectionString: empty.ownerUrl }).connect();
});

afterEach(async () => {
  await owner.end();
  await empty.drop();
});

describe('migrating in processes that come and go', () => {
  test('eight at once apply each file once, also one that builds an index concurrently, and all end well', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => migrate()));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'));
    const { rows } = await owner.query(
      'select name, count(*)::int as times from mikro_orm_migrations group by name order by name',
    );
    expect(rows).toEqual([
      { name: 'Migration20261122090000_roles_and_acting', times: 1 },
      { name: 'Migration20261122090100_tables', times: 1 },
      { name: 'Migration20261122090200_books_and_rights', times: 1 },
      { name: 'Migration99991231000000_index_concurrently', times: 1 },
    ]);
  }, 120_000);

  test('one that is killed at any statement is run again to the same database', async () => {
    const statements = Number((await migrate()).stdout);
    expect(statements).toBeGreaterThan(500);
    const whole = await catalogueOf(owner);
    const points = [
      3,
      12,
      Math.floor(statements / 3),
      Math.floor((2 * statements) / 3),
      statements - 6,
      statements - 3,
      statements - 1,
    ];
    for (const point of points) {
      await owner.end();
      await empty.drop();
      empty = await forkDatabase(inject('postgres'), 'template0');
      owner = await new pg.Client({ connectionString: empty.ownerUrl }).connect();
      await expect(migrate(String(point)), `killed at ${point}`).rejects.toMatchObject({ signal: 'SIGKILL' });
      await migrate();
      expect(await catalogueOf(owner), `killed at ${point}`).toEqual(whole);
    }
  }, 120_000);

  test('one that meets a reader gives way, tries again and gets through; who comes after does not wait for its end', async () => {
    const orm = await openDatabase({ kind: 'server', url: empty.ownerUrl }, { quiet: true });
    try {
      await migrateUp(orm);
      const [reader, newcomer] = await Promise.all(
        [1, 2].map(() => new pg.Client({ connectionString: empty.superuserUrl }).connect()),
      );
      await reader!.query('begin; select count(*) from users');
      const down = orm.migrator.down();
      await new Promise(resolve => setTimeout(resolve, 500));
      const start = performance.now();
      await newcomer!.query('select count(*) from users');
      const waited = performance.now() - start;
      await new Promise(resolve => setTimeout(resolve, 1_500));
      await reader!.query('commit');
      await down;
      await Promise.all([reader!.end(), newcomer!.end()]);
      expect(waited).toBeLessThan(2_000);
      expect(await migrateUp(orm)).toEqual(['Migration20261122090200_books_and_rights']);
      expect(isAsExpected(await inspectDatabase(orm))).toBe(true);
    } finally {
      await orm.close();
    }
  }, 60_000);
});
