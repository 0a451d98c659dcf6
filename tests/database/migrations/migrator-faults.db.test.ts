import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { inspectDatabase, isAsExpected, migrateUp, openDatabase } from '../../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../../src/testing/index.js';
import { catalogueOf } from './catalogue.js';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../fixtures/migrate.ts');

let empty: ForkedDatabase;
let owner: pg.Client;

const migrate = (...args: string[]) => run(process.execPath, ['--import', 'tsx', SCRIPT, empty.ownerUrl, ...args]);

async function create(): Promise<void> {
  empty = await forkDatabase(inject('postgres'), 'template0');
  owner = await new pg.Client({ connectionString: empty.ownerUrl }).connect();
}

async function drop(): Promise<void> {
  await owner.end();
  await empty.drop();
}

async function renew(): Promise<void> {
  await drop();
  await create();
}

beforeEach(create);
afterEach(drop);

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
      { name: 'Migration20261122190000_deadlines', times: 1 },
      { name: 'Migration20261122190100_history', times: 1 },
      { name: 'Migration20261122190200_history_filled', times: 1 },
      { name: 'Migration20261122190300_history_indexed', times: 1 },
      { name: 'Migration20261122200000_rights_of_users', times: 1 },
      { name: 'Migration20261122200100_rights_checked', times: 1 },
      { name: 'Migration99991231000000_index_concurrently', times: 1 },
    ]);
  }, 300_000);

  test('one that is killed at any statement is run again to the same database', async () => {
    const { statements } = JSON.parse((await migrate()).stdout);
    expect(statements).toBeGreaterThan(500);
    const whole = await catalogueOf(owner);
    const points = [3, 12, Math.floor(statements / 3), Math.floor((2 * statements) / 3), statements - 1];
    for (const point of points) {
      await renew();
      await expect(migrate(String(point)), `killed at ${point}`).rejects.toMatchObject({ signal: 'SIGKILL' });
      await migrate();
      expect(await catalogueOf(owner), `killed at ${point}`).toEqual(whole);
    }
  }, 300_000);

  test('one that is killed at any statement outside of a transaction begins that file again, to the same database', async () => {
    const { outside } = JSON.parse((await migrate()).stdout);
    // Three indexes and the two that they replace, each dropped before it is built; and that of the fixture.
    expect(outside).toBe(3 * 2 + 2 + 2);
    const whole = await catalogueOf(owner);
    await renew();
    // It kills itself before each of the first file's; a file that is not done begins at its first statement again.
    for (let point = 1; point <= 8; point += 1)
      await expect(migrate(`concurrently:${point}`), `killed at ${point}`).rejects.toMatchObject({ signal: 'SIGKILL' });
    await migrate();
    expect(await catalogueOf(owner)).toEqual(whole);
  }, 300_000);

  test('one that dies while it builds an index leaves a broken one, which is replaced', async () => {
    await migrate();
    const whole = await catalogueOf(owner);
    const newest = ['Migration99991231000000_index_concurrently', 'Migration20261122190300_history_indexed'];
    await owner.query('delete from mikro_orm_migrations where name = any($1)', [newest]);
    await owner.query('drop index ledger_entries_debit_history_index');
    const writer = await new pg.Client({ connectionString: empty.superuserUrl }).connect();
    try {
      await writer.query('begin; lock table ledger_entries in row exclusive mode');
      const dying = migrate().then(
        () => 'done',
        () => 'died',
      );
      // The index is there, and waits for the writer; its builder is the one to go.
      const killed = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query ~ '^create index concurrently.* ledger_entries_debit_history_index'`;
      await vi.waitFor(async () => expect((await owner.query(killed)).rows).toHaveLength(1), 60_000);
      expect(await dying).toBe('died');
    } finally {
      await writer.end();
    }
    const broken = (await catalogueOf(owner)).filter(line => line.endsWith('valid false'));
    expect(broken).toEqual([expect.stringContaining('ledger_entries_debit_history_index')]);
    await migrate();
    expect(await catalogueOf(owner)).toEqual(whole);
  }, 300_000);

  test('one that meets a reader gives way, tries again and gets through; who comes after does not wait for its end', async () => {
    const orm = await openDatabase({ kind: 'server', url: empty.ownerUrl }, { quiet: true });
    try {
      await migrateUp(orm);
      const [indexed, filled, history] = [
        'Migration20261122190300_history_indexed',
        'Migration20261122190200_history_filled',
        'Migration20261122190100_history',
      ];
      await orm.migrator.down({ migrations: [indexed, filled] });
      const [reader, newcomer] = await Promise.all(
        [1, 2].map(() => new pg.Client({ connectionString: empty.superuserUrl }).connect()),
      );
      await reader!.query('begin; select count(*) from ledger_entries');
      // Drops columns of what is being read.
      const down = orm.migrator.down({ migrations: [history] });
      await new Promise(resolve => setTimeout(resolve, 500));
      const start = performance.now();
      await newcomer!.query('select count(*) from ledger_entries');
      const waited = performance.now() - start;
      await new Promise(resolve => setTimeout(resolve, 1_500));
      await reader!.query('commit');
      await down;
      await Promise.all([reader!.end(), newcomer!.end()]);
      expect(waited).toBeLessThan(2_000);
      expect(await migrateUp(orm)).toEqual([history, filled, indexed]);
      expect(isAsExpected(await inspectDatabase(orm))).toBe(true);
    } finally {
      await orm.close();
    }
  }, 60_000);
});
