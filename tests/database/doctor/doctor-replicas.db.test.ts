import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Check, diagnose, openDatabase } from '../../../src/index.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/testing/embedded-postgres.js';

const BINARIES = '/usr/lib/postgresql/15/bin';
const SETTINGS = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' };
const MISSING = existsSync(`${BINARIES}/pg_basebackup`) ? '' : ' (skipped: PostgreSQL 15 is not installed)';

describe.skipIf(MISSING)(`the doctor, of a streaming replica${MISSING}`, () => {
  let primary: EmbeddedPostgres;
  let standby: EmbeddedPostgres;
  let onPrimary: pg.Client;
  let onStandby: pg.Client;

  beforeAll(async () => {
    primary = await startEmbeddedPostgres({ binaries: BINARIES, settings: SETTINGS });
    standby = await startEmbeddedPostgres({ binaries: BINARIES, settings: SETTINGS, standbyOf: primary.url });
    onPrimary = await new pg.Client({ connectionString: primary.url }).connect();
    onStandby = await new pg.Client({ connectionString: standby.url }).connect();
    await onPrimary.query('create table written (at timestamptz)');
  }, 90_000);

  afterAll(async () => {
    await Promise.all([onPrimary?.end(), onStandby?.end()]);
    await standby?.stop();
    await primary?.stop();
  });

  async function looked(url: string, name: string, replicas: string[] = []): Promise<Check[]> {
    const orm = await openDatabase({ kind: 'server', url, replicas }, { quiet: true });
    const { checks } = await diagnose(orm).finally(() => orm.close());
    return checks.filter(check => check.name === name);
  }
  const replica = () => `replica 127.0.0.1:${new URL(standby.url).port}`;
  const lag = async (): Promise<string | undefined> =>
    (await looked(primary.url, replica(), [standby.url]))[0]?.message;

  test('says how far it is behind, which is not at all while nothing is written', async () => {
    await expect.poll(lag, { timeout: 20_000 }).toBe('A replica, 0 ms behind the writer.');
    await onStandby.query('select pg_wal_replay_pause()');
    try {
      await onPrimary.query('insert into written values (now())');
      await expect.poll(lag, { timeout: 20_000 }).toMatch(/^A replica, [1-9]\d* ms behind the writer\.$/);
    } finally {
      await onStandby.query('select pg_wal_replay_resume()');
    }
    await expect.poll(lag, { timeout: 20_000 }).toBe('A replica, 0 ms behind the writer.');
  }, 90_000);

  test('says that it is no place for an application that writes', async () => {
    expect(await looked(standby.url, 'server')).toEqual([
      { name: 'server', verdict: 'ok', message: expect.stringMatching(/^PostgreSQL 15\.\d+\.$/) },
      {
        name: 'server',
        verdict: 'problem',
        message: 'A standby, which takes no writes.',
        next: 'Connect to the writer (Aurora: the cluster endpoint).',
      },
    ]);
  });
});
