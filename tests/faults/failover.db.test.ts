import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/testing/embedded-postgres.js';
import { useDatabase } from '../support/database.js';
import { usePrivateServer } from '../support/private-server.js';
import { useLine } from './line.js';

/** The oldest version that is promised to work, where Debian puts it; the npm package has no `pg_basebackup`. */
const BINARIES = '/usr/lib/postgresql/15/bin';

const SETTINGS = { wal_level: 'replica', max_wal_senders: '5' };

const DONE = { transactionId: expect.any(String) };

describe.skipIf(!existsSync(`${BINARIES}/pg_basebackup`))(
  'on PostgreSQL 15 with a standby, where it is installed',
  () => {
    const server = usePrivateServer({ binaries: BINARIES, settings: SETTINGS });
    const database = useDatabase({ on: () => server.address });
    const line = useLine(database);
    let standby: EmbeddedPostgres;

    /** The same URL on the standby. */
    const onStandby = (url: string): string => {
      const moved = new URL(url);
      moved.host = new URL(standby.url).host;
      return moved.href;
    };

    beforeAll(async () => {
      standby = await startEmbeddedPostgres({
        binaries: BINARIES,
        settings: SETTINGS,
        standbyOf: server.postgres.url,
      });
      const admin = await database.superuser();
      // A commit is acknowledged when the standby has it: what was acknowledged survives the writer.
      await admin.query(`alter system set synchronous_standby_names to '*'`);
      await admin.query('select pg_reload_conf()');
      const state = 'select sync_state from pg_stat_replication';
      await vi.waitFor(async () => expect((await admin.query(state)).rows).toEqual([{ sync_state: 'sync' }]), 10_000);
    }, 60_000);
    afterAll(() => standby?.stop());

    test('a write that reaches the standby is asked once more on a new connection, then told as such', async () => {
      const ann = await line.world.newInvestor();
      line.proxy.pointTo(standby.url);
      const outcome = await line.deposit(ann, 'salary');
      expect(outcome).toMatchObject({ error: { code: 'database.read-only', retryable: true }, attempts: 2 });
      expect(await line.effects(ann)).toEqual([]);
      line.proxy.pointTo(server.postgres.url);
      // Connections to the standby were dropped, so the next call finds the writer.
      expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
      expect(await line.effects(ann)).toEqual(['salary: deposit of 10.00000000 posted']);
      await line.expectRecovery();
    });

    test('when the writer crashes and the standby takes over, every deposit is made once and writes are back in seconds', async () => {
      const people = await Promise.all(Array.from({ length: 4 }, () => line.world.newInvestor()));
      const acknowledged: string[][] = people.map(() => []);
      let acknowledgedAt = 0;
      let isOver = false;
      const running = people.map(async (person, who) => {
        for (let number = 0; !isOver; number++) {
          const outcome = await line.deposit(person, `salary-${number}`, '10', { attempts: 1_000, deadlineMs: 15_000 });
          expect(outcome).toMatchObject(DONE);
          acknowledged[who]!.push(`salary-${number}: deposit of 10.00000000 posted`);
          if (who === 0) acknowledgedAt = performance.now();
        }
      });
      await setTimeout(500);
      await server.postgres.end('KILL');
      const crashedWith = acknowledged.map(({ length }) => length);
      standby.promote();
      const promoted = new pg.Client({ connectionString: onStandby(database.fork.superuserUrl) });
      await promoted.connect();
      const isWriter = async () => !(await promoted.query('select pg_is_in_recovery() as is')).rows[0].is;
      await vi.waitFor(async () => expect(await isWriter()).toBe(true), 15_000);
      const promotedAt = performance.now();
      line.proxy.pointTo(standby.url);
      await vi.waitFor(() => {
        for (const [who, { length }] of acknowledged.entries()) expect(length).toBeGreaterThan(crashedWith[who]!);
      }, 15_000);
      const backAfter = acknowledgedAt - promotedAt;
      isOver = true;
      await Promise.all(running);
      expect(backAfter).toBeLessThan(5_000);
      for (const [who, { userId }] of people.entries()) {
        const { rows } = await promoted.query(
          `select idempotency_key || ': ' || type || ' of ' || amount || ' ' || status as effect
         from transactions where user_id = $1 order by id`,
          [userId],
        );
        expect(rows.map(({ effect }) => effect)).toEqual(acknowledged[who]);
      }
      await promoted.end();
      await line.expectRecovery(line.orm, line.orm);
    }, 60_000);
  },
);
