import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { liveness, openDatabase, readiness, type ServerTarget } from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';

const database = useDatabase();
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function open(url: string, more: Partial<ServerTarget> = {}): Promise<MikroORM> {
  const orm = await openDatabase({ kind: 'server', url, ...more }, { quiet: true });
  opened.push(() => orm.close(true));
  return orm;
}
const poolOf = async (orm: MikroORM): Promise<pg.Pool> => {
  const pool: unknown = await orm.em.getConnection().getNativeClient();
  if (!(pool instanceof pg.Pool)) throw new TypeError('There is no pool.');
  return pool;
};

/** Passes everything on to the server until it is told to swallow it, both ways. */
async function blackHole(target: string): Promise<{ url: string; swallow(): void }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server: Server = createServer(client => {
    const upstream = dial(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined).on('close', () => to.destroy());
      from.on('data', data => isOpen && to.write(data));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(target);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    swallow() {
      isOpen = false;
    },
  };
}

async function timed<T>(work: Promise<T>): Promise<{ answer: T; ms: number }> {
  const startedAt = performance.now();
  return { answer: await work, ms: performance.now() - startedAt };
}

describe('a process', () => {
  test('is alive when it can say so', () => {
    expect(liveness()).toEqual({ alive: true });
  });

  test('is ready when the database answers, and tells what its pool looks like', async () => {
    const orm = await open(database.fork.serviceUrl, { pool: { max: 3 } });
    const first = await readiness(orm);
    expect(first).toEqual({
      ready: true,
      roundTripMs: expect.any(Number),
      pool: { max: 3, total: 0, idle: 0, waiting: 0 },
      circuit: 'closed',
    });
    expect(first.roundTripMs).toBeGreaterThanOrEqual(0);
    const pool = await poolOf(orm);
    const taken = await pool.connect();
    expect((await readiness(orm)).pool).toEqual({ max: 3, total: 1, idle: 0, waiting: 0 });
    taken.release();
    expect((await readiness(orm)).pool).toEqual({ max: 3, total: 2, idle: 2, waiting: 0 });
  });

  test('whose connections are all in use says so in time, and is ready when one is free', async () => {
    const orm = await open(database.fork.serviceUrl, { profile: 'serverless' });
    const pool = await poolOf(orm);
    const taken = await pool.connect();
    const { answer, ms } = await timed(readiness(orm, { timeoutMs: 200 }));
    expect(answer).toMatchObject({
      ready: false,
      reason: 'overloaded.pool-exhausted',
      pool: { max: 1, total: 1, idle: 0 },
    });
    expect(ms).toBeLessThan(1_500);
    setTimeout(() => taken.release(), 100);
    expect(await readiness(orm, { timeoutMs: 5_000 })).toMatchObject({ ready: true });
  });

  test('that is asked again and again takes one place in the queue for a connection', async () => {
    const orm = await open(database.fork.serviceUrl, { pool: { max: 1 } });
    const pool = await poolOf(orm);
    const taken = await pool.connect();
    const answers = await Promise.all(Array.from({ length: 20 }, () => readiness(orm, { timeoutMs: 100 })));
    await readiness(orm, { timeoutMs: 50 });
    expect(answers.every(({ reason }) => reason === 'overloaded.pool-exhausted')).toBe(true);
    expect(pool.waitingCount).toBe(1);
    taken.release();
    await expect.poll(() => [pool.waitingCount, pool.idleCount]).toEqual([0, 1]);
  });

  test.each<[string, (url: URL) => void]>([
    ['connection.refused', url => Object.assign(url, { port: '1' })],
    ['connection.host-unknown', url => Object.assign(url, { hostname: 'nowhere.invalid', search: 'sslmode=disable' })],
    ['connection.password', url => Object.assign(url, { password: 'secret' })],
    ['connection.database-missing', url => Object.assign(url, { pathname: '/nothing' })],
    ['connection.tls', url => Object.assign(url, { search: 'sslmode=verify-full' })],
  ])('is not ready because of %s, and says no more', async (reason, change) => {
    const url = new URL(database.fork.serviceUrl);
    change(url);
    const answer = await readiness(await open(url.href), { timeoutMs: 10_000 });
    expect(answer).toEqual({ ready: false, reason, pool: expect.anything(), circuit: 'closed' });
  });

  test('is not ready in time when nobody answers a new connection', async () => {
    const { url, swallow } = await blackHole(database.fork.serviceUrl);
    swallow();
    const { answer, ms } = await timed(readiness(await open(url), { timeoutMs: 200 }));
    expect(answer).toMatchObject({ ready: false, reason: 'connection.unreachable' });
    expect(ms).toBeLessThan(1_500);
  });

  test('is not ready in time when a connection it has is not answered any more, and does not keep that', async () => {
    const { url, swallow } = await blackHole(database.fork.serviceUrl);
    const orm = await open(url, { pool: { max: 1 } });
    expect(await readiness(orm)).toMatchObject({ ready: true });
    swallow();
    const { answer, ms } = await timed(readiness(orm, { timeoutMs: 200 }));
    expect(answer).toMatchObject({ ready: false, reason: 'timeout.answer', pool: { total: 1 } });
    expect(ms).toBeLessThan(1_500);
    await expect.poll(async () => (await poolOf(orm)).totalCount).toBe(0);
  });

  test('is not ready when the database takes no writes', async () => {
    const superuser = await database.superuser();
    await superuser.query(`alter database ${database.fork.name} set default_transaction_read_only = on`);
    try {
      const answer = await readiness(await open(database.fork.serviceUrl));
      expect(answer).toMatchObject({ ready: false, reason: 'database.read-only', roundTripMs: expect.any(Number) });
    } finally {
      await superuser.query(`alter database ${database.fork.name} reset default_transaction_read_only`);
    }
  });
});
