import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { IsolationLevel } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  asReader,
  asUser,
  inRequest,
  migrateUp,
  openDatabase,
  ReadOnlyError,
  transact,
  User,
} from '../../src/index.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/testing/embedded-postgres.js';
import { type ForkedDatabase, forkDatabase, prepareTemplate } from '../../src/testing/index.js';
import { thrownBy } from './connection/faulty-line.js';

const BINARIES = '/usr/lib/postgresql/15/bin';
const SETTINGS = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' };

describe.skipIf(!existsSync(`${BINARIES}/pg_basebackup`))(
  'a streaming standby, where PostgreSQL 15 is installed',
  () => {
    let primary: EmbeddedPostgres;
    let standby: EmbeddedPostgres;
    let fork: ForkedDatabase;
    let orm: MikroORM;
    let onStandby: MikroORM;
    let admin: pg.Client;
    const ann = new User('ann@example.com');

    const at = (url: string, server: EmbeddedPostgres): string => {
      const moved = new URL(url);
      moved.port = new URL(server.url).port;
      return moved.href;
    };

    beforeAll(async () => {
      primary = await startEmbeddedPostgres({ binaries: BINARIES, settings: SETTINGS });
      const migrate = async (url: string) => {
        const migrating = await openDatabase({ kind: 'server', url }, { quiet: true });
        await migrateUp(migrating).finally(() => migrating.close());
      };
      const server = { url: primary.url, runId: randomBytes(4).toString('hex') };
      fork = await forkDatabase(server, await prepareTemplate(server, { migrate }));
      standby = await startEmbeddedPostgres({ binaries: BINARIES, settings: SETTINGS, standbyOf: primary.url });
      const url = at(fork.serviceUrl, standby);
      orm = await openDatabase({ kind: 'server', url: fork.serviceUrl, replicas: [url] });
      onStandby = await openDatabase({ kind: 'server', url });
      admin = await new pg.Client({ connectionString: at(fork.superuserUrl, standby) }).connect();
      await asUser(orm.em, ann.id, async em => {
        em.persist(new User(ann.email, ann.id));
      });
    }, 90_000);

    afterAll(async () => {
      await admin?.end();
      await Promise.all([orm?.close(true), onStandby?.close(true)]);
      await standby?.stop();
      await primary?.stop();
    });

    /** How many rows of users there are, and whether a standby says so. */
    const look = async () => {
      const sql = 'select pg_is_in_recovery() as standby, count(*)::int as users from users';
      const [row] = await asReader(orm.em, em => em.execute(sql), { reads: 'replica' });
      return row;
    };
    const add = (name: string) => {
      const user = new User(`${name}@example.com`);
      return asUser(orm.em, user.id, async em => {
        em.persist(user);
      });
    };

    test('answers reads that were declared, as far as it has come; the request that wrote asks the writer', async () => {
      await vi.waitFor(async () => expect(await look()).toEqual({ standby: true, users: 1 }), 10_000);
      await admin.query('select pg_wal_replay_pause()');
      await vi.waitFor(async () => {
        const { rows } = await admin.query('select pg_get_wal_replay_pause_state() as state');
        expect(rows).toEqual([{ state: 'paused' }]);
      }, 10_000);
      await inRequest(async () => {
        await add('bob');
        expect(await look()).toEqual({ standby: false, users: 2 });
      });
      expect(await look()).toEqual({ standby: true, users: 1 });
      await admin.query('select pg_wal_replay_resume()');
      await vi.waitFor(async () => expect(await look()).toEqual({ standby: true, users: 2 }), 10_000);
    }, 30_000);

    test('takes no changes until it is promoted, and then from who has met it before', async () => {
      const write = () =>
        asUser(onStandby.em, ann.id, em => em.execute('update users set version = version + 1 returning version'));
      const error = await thrownBy(write);
      expect(error).toBeInstanceOf(ReadOnlyError);
      expect(error).toMatchObject({ code: 'database.read-only', cause: { sqlState: '25006' } });
      const serializable = await thrownBy(() =>
        transact(
          () =>
            onStandby.em
              .fork()
              .transactional(async em => em.execute('select 1'), { isolationLevel: IsolationLevel.SERIALIZABLE }),
          { attempts: 1 },
        ),
      );
      expect(serializable).toBeInstanceOf(ReadOnlyError);
      expect(serializable).toMatchObject({ cause: { sqlState: '0A000' } });

      await admin.query('select pg_promote()');
      expect(await transact(write)).toEqual([{ version: 2 }]);
    }, 30_000);
  },
);
