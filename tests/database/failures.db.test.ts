import { AsyncResource } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  ConcurrentChangeError,
  ConnectionError,
  DatabaseError,
  dropConnections,
  newId,
  OverloadedError,
  openDatabase,
  ReadOnlyError,
  TimeoutError,
} from '../../src/index.js';
import { freePort } from '../../src/testing/embedded-postgres.js';
import { pidOf, thrownBy, useFaultyLine } from './connection/faulty-line.js';

const line = useFaultyLine();
beforeEach(() => line.superuser('delete from outbox_events'));

/** What entering a database at this URL ends with, in each of the three ways. */
async function entering(url: string, more: object = {}): Promise<unknown[]> {
  const orm = await openDatabase({ kind: 'server', url, ...more });
  try {
    return [
      await thrownBy(() => asUser(orm.em, newId(), async () => 'in')),
      await thrownBy(() => asWorker(orm.em, async () => 'in')),
      await thrownBy(() => asReader(orm.em, async () => 'in')),
    ];
  } finally {
    await orm.close(true);
  }
}

/** Runs it as if nobody were acting, as the server of another request does. */
const elsewhere = AsyncResource.bind(<T>(work: () => Promise<T>): Promise<T> => work());

const changed = (change: (url: URL) => void): string => {
  const url = new URL(line.database.fork.serviceUrl);
  change(url);
  return url.href;
};

describe('a database that cannot be entered', () => {
  test.each<[string, string, boolean, () => Promise<string>]>([
    [
      'because nothing listens there',
      'connection.refused',
      true,
      async () => {
        const port = await freePort();
        return changed(url => {
          url.port = `${port}`;
        });
      },
    ],
    [
      'because the password is wrong',
      'connection.password',
      false,
      async () =>
        changed(url => {
          url.password = 'wrong-secret';
        }),
    ],
    [
      'because it does not exist',
      'connection.database-missing',
      false,
      async () =>
        changed(url => {
          url.pathname = 'nowhere';
        }),
    ],
    [
      'because the server speaks no TLS',
      'connection.tls',
      false,
      async () =>
        changed(url => {
          url.search = '?sslmode=require';
        }),
    ],
  ])('%s', async (_why, code, retryable, url) => {
    for (const error of await entering(await url())) {
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ code, retryable });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/wrong-secret|127\.0\.0\.1|nestegg_service/);
    }
  });

  test('because its password was refused, may be entered by who asks for a new one each time', async () => {
    const url = changed(address => {
      address.password = '';
    });
    for (const error of await entering(url, { password: async () => 'stale-token' }))
      expect(error).toMatchObject({ code: 'connection.password', retryable: true });
  });

  test('because the login has all connections it may have', async () => {
    const login = `nestegg_few_${randomBytes(4).toString('hex')}`;
    await line.superuser(`create role ${login} login password 'few' connection limit 0`);
    const url = changed(address => {
      address.username = login;
      address.password = 'few';
    });
    for (const error of await entering(url)) {
      expect(error).toBeInstanceOf(OverloadedError);
      expect(error).toMatchObject({ code: 'overloaded.too-many-connections', retryable: true });
    }
    await line.superuser(`drop role ${login}`);
  });

  test('because the network swallows everything', async () => {
    const orm = await line.open({ timeouts: { connectMs: 200 } });
    line.proxy.blackHole();
    expect(await thrownBy(() => line.asAnn(orm, async () => 'in'))).toMatchObject({
      code: 'connection.unreachable',
      retryable: true,
    });
  });
});

describe('a pool of one', () => {
  test('refuses a second query beside the transaction, in time, and is free again', async () => {
    const orm = await line.open({ pool: { max: 1 }, timeouts: { connectMs: 200 } });
    const nested = await thrownBy(() => line.asAnn(orm, () => orm.em.fork().execute('select 1')));
    expect(nested).toBeInstanceOf(OverloadedError);
    expect(nested).toMatchObject({ code: 'overloaded.pool-exhausted', retryable: false });
    expect(await line.asAnn(orm, async () => 'next')).toBe('next');
  });

  test('refuses who waits for too long', async () => {
    const orm = await line.open({ pool: { max: 1 }, timeouts: { connectMs: 200 } });
    const held = Promise.withResolvers<void>();
    const holding = line.asAnn(orm, async em => {
      held.resolve();
      await em.execute('select pg_sleep(0.8)');
    });
    await held.promise;
    expect(await thrownBy(() => line.asAnn(orm, async () => 'in'))).toMatchObject({
      code: 'overloaded.pool-exhausted',
    });
    await holding;
  });
});

describe('a transaction in the way', () => {
  const lock = (key: number) => `select pg_advisory_xact_lock(${key})`;

  test('that waits for this one in turn, is a deadlock that one of the two loses', async () => {
    const orm = await line.open();
    const both = Promise.withResolvers<void>();
    let holding = 0;
    const locking = (first: number, second: number) =>
      line.asAnn(orm, async em => {
        await em.execute(lock(first));
        if (++holding === 2) both.resolve();
        await both.promise;
        await em.execute(lock(second));
      });
    const outcomes = await Promise.allSettled([locking(1, 2), locking(2, 1)]);
    const losers = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(losers.map(({ reason }) => reason)).toEqual([expect.any(ConcurrentChangeError)]);
    expect(losers[0]!.reason).toMatchObject({ code: 'database.deadlock', retryable: true });
  });

  test('that keeps its lock, is a lock timeout', async () => {
    const orm = await line.open({ timeouts: { lockMs: 100 } });
    const error = await line.asAnn(orm, async em => {
      await em.execute(lock(3));
      return elsewhere(() => thrownBy(() => line.asAnn(orm, other => other.execute(lock(3)))));
    });
    expect(error).toMatchObject({ code: 'database.lock-timeout', retryable: true });
  });
});

test('a statement that takes too long is cancelled', async () => {
  const orm = await line.open({ timeouts: { statementMs: 100 } });
  const error = await thrownBy(() => line.asAnn(orm, em => em.execute('select pg_sleep(20)')));
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ code: 'timeout.statement', retryable: false });
  expect((await line.pool(orm)).totalCount).toBe(1);
});

test('an error that the work swallowed is told from what it leads to', async () => {
  const orm = await line.open();
  const error = await thrownBy(() =>
    line.asAnn(orm, async em => {
      await em.execute('select 1 / 0').catch(() => undefined);
      await em.execute('select 1');
    }),
  );
  expect(error).toBeInstanceOf(DatabaseError);
  expect(error).toMatchObject({ code: 'database.failed', retryable: false, details: { sqlState: '25P02' } });
});

describe('a writer that takes no changes any more', () => {
  const turnReadOnly = (to: boolean) =>
    line.superuser(`alter database ${line.database.fork.name} set default_transaction_read_only = ${to}`);
  afterEach(() => turnReadOnly(false));

  test('loses its connections, so that the next call finds the one that does', async () => {
    await turnReadOnly(true);
    const orm = await line.open();
    const pid = await line.asAnn(orm, pidOf);
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em)));
    expect(error).toBeInstanceOf(ReadOnlyError);
    expect(error).toMatchObject({ code: 'database.read-only', retryable: true });
    await turnReadOnly(false);
    // A setting of the database is for new connections: an old one would refuse as before.
    await line.asAnn(orm, em => line.write(em));
    expect(await line.asAnn(orm, pidOf)).not.toBe(pid);
    expect(await line.notes()).toBe(1);
  });
});

describe('dropping the connections', () => {
  test('closes idle ones at once and those in use when they are done', async () => {
    const orm = await line.open();
    const pool = await line.pool(orm);
    const done = Promise.withResolvers<void>();
    const busy = line.asAnn(orm, async em => {
      const pid = await pidOf(em);
      await done.promise;
      return { pid, still: await pidOf(em) };
    });
    await Promise.all([1, 2, 3].map(() => line.asAnn(orm, em => em.execute('select pg_sleep(0.05)'))));
    expect([pool.totalCount, pool.idleCount]).toEqual([4, 3]);

    await dropConnections(orm);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 0]);
    const next = await line.asAnn(orm, pidOf);
    expect([pool.totalCount, pool.idleCount]).toEqual([2, 1]);

    done.resolve();
    const { pid, still } = await busy;
    expect(still).toBe(pid);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
    expect(await line.asAnn(orm, pidOf)).toBe(next);
  });
});
