import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import type { MikroORM } from '@mikro-orm/sql';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase, type ServerTarget } from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';

const run = promisify(execFile);
const database = useDatabase();
const opened: MikroORM[] = [];

afterEach(async () => {
  for (const orm of opened.splice(0)) await orm.close(true);
});

async function open(more: Partial<ServerTarget> = {}): Promise<MikroORM> {
  const orm = await openDatabase({ kind: 'server', url: database.fork.serviceUrl, ...more }, { quiet: true });
  opened.push(orm);
  return orm;
}
const ask = async <T extends object>(orm: MikroORM, sql: string): Promise<T> => {
  const [row] = await orm.em.fork().execute<[T]>(sql);
  return row;
};

/** What a connection says when it starts: names and values, ended by NUL. */
async function startOf(more: Partial<ServerTarget>): Promise<Record<string, string>> {
  let heard = (_: Buffer): void => undefined;
  const start = new Promise<Buffer>(resolve => {
    heard = resolve;
  });
  const server = createServer(client => {
    client
      .on('error', () => undefined)
      .once('data', data => {
        heard(data);
        client.destroy();
      });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const orm = await open({ url: `postgresql://ada:secret@127.0.0.1:${port}/app`, ...more });
  await expect(ask(orm, 'select 1')).rejects.toThrow();
  server.close();
  const words = (await start).subarray(8).toString().split('\0');
  return Object.fromEntries(words.flatMap((word, i) => (i % 2 === 0 && word ? [[word, words[i + 1]!]] : [])));
}

describe('a connection', () => {
  const WHO = { user: 'ada', database: 'app', application_name: 'nestegg', client_encoding: 'UTF8' };

  test('to a server itself starts with limits of time', async () => {
    expect(await startOf({})).toEqual({
      ...WHO,
      statement_timeout: '10000',
      lock_timeout: '5000',
      idle_in_transaction_session_timeout: '15000',
    });
  });

  test.each(['proxy', 'serverless', 'migrator'] as const)(
    'of the profile %s starts with who it is alone',
    async profile => {
      expect(await startOf({ profile, applicationName: 'billing' })).toEqual({ ...WHO, application_name: 'billing' });
    },
  );

  test('is held to its limits by the server, whose answers still come', async () => {
    const orm = await open({ timeouts: { statementMs: 200, lockMs: 100 } });
    await expect(ask(orm, 'select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
    const owner = await database.owner();
    await owner.query('begin; lock table assets in access exclusive mode');
    try {
      await expect(ask(orm, 'select * from assets')).rejects.toMatchObject({ code: '55P03' });
    } finally {
      await owner.query('rollback');
    }
    expect(await ask(orm, 'select 1 as one')).toEqual({ one: 1 });
  });

  test('is made anew when it has lived its time, and kept until then', async () => {
    const pid = (orm: MikroORM) => ask(orm, 'select pg_backend_pid() as pid');
    const lasting = await open({ pool: { max: 1 } });
    expect(await pid(lasting)).toEqual(await pid(lasting));
    const brief = await open({ pool: { max: 1, lifetimeMs: 50 } });
    const first = await pid(brief);
    await expect.poll(() => pid(brief)).not.toEqual(first);
  });

  test('asks for its password each time, so that a password may change', async () => {
    const login = `nestegg_rotating_${randomBytes(4).toString('hex')}`;
    const superuser = await database.superuser();
    await superuser.query(`create role ${login} login password 'first'`);
    const url = new URL(database.fork.serviceUrl);
    url.username = login;
    url.password = '';
    const given: string[] = [];
    let password = 'first';
    const orm = await open({
      url: url.href,
      pool: { max: 2 },
      password: async () => {
        given.push(password);
        return password;
      },
    });
    const who = () => ask(orm, 'select current_user as login');
    expect(await who()).toEqual({ login });
    await superuser.query(`alter role ${login} password 'second'`);
    password = 'second';
    expect(await Promise.all([who(), who()])).toEqual([{ login }, { login }]);
    expect(given).toEqual(['first', 'second']);
    await orm.close(true);
    await superuser.query(`drop role ${login}`);
  });
});

describe('a process with an idle connection', () => {
  const endsAfter = async (target: Partial<ServerTarget>): Promise<number> => {
    const argument = JSON.stringify({ kind: 'server', url: database.fork.serviceUrl, ...target });
    const { stdout } = await run(process.execPath, [
      '--import',
      'tsx',
      'tests/database/fixtures/one-question.ts',
      argument,
    ]);
    return Number(stdout);
  };

  test('ends at once when it is a function, and elsewhere when the connection was idle for long enough', async () => {
    const idleMs = 20_000;
    expect(await endsAfter({ profile: 'serverless', pool: { idleMs } })).toBeLessThan(10_000);
    expect(await endsAfter({ profile: 'server', pool: { idleMs: 1_500 } })).toBeGreaterThanOrEqual(1_400);
  }, 120_000);
});
