import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AlreadyActingError,
  Asset,
  asWorker,
  ConcurrentChangeError,
  DepositService,
  type EntityManager,
  OutcomeUnknownError,
  TimeoutError,
  transact,
} from '../../src/index.js';
import { pidOf, thrownBy, useFaultyLine } from './connection/faulty-line.js';

const line = useFaultyLine();

beforeAll(() =>
  asWorker(line.database.orm.em, async em => {
    em.persist(new Asset({ code: 'USD', name: 'US dollar', kind: 'fiat' }));
  }),
);
beforeEach(() => line.superuser('delete from outbox_events'));

const kill = (pid: number) => line.superuser('select pg_terminate_backend($1, 5000)', [pid]);

describe('work that is run again', () => {
  test('gets an EntityManager of its own each time, and stores what it does once', async () => {
    const orm = await line.open();
    const seen: EntityManager[] = [];
    await transact(() =>
      line.asAnn(orm, async em => {
        seen.push(em);
        await line.write(em);
        if (seen.length > 1) return;
        await kill(await pidOf(em));
        await em.execute('select 1');
      }),
    );
    expect(new Set(seen).size).toBe(2);
    expect(await line.notes()).toBe(1);
  });

  test('gets past a deadlock', async () => {
    const orm = await line.open();
    const lock = (key: number) => `select pg_advisory_xact_lock(${key})`;
    const both = Promise.withResolvers<void>();
    let holding = 0;
    const locking = (first: number, second: number) =>
      transact(() =>
        line.asAnn(orm, async em => {
          await em.execute(lock(first));
          if (++holding === 2) both.resolve();
          await both.promise;
          await em.execute(lock(second));
          await line.write(em);
        }),
      );
    await Promise.all([locking(1, 2), locking(2, 1)]);
    expect(holding).toBe(3);
    expect(await line.notes()).toBe(2);
  });

  test('finds the writer after it met one that takes no changes any more', async () => {
    const turnReadOnly = (to: boolean) =>
      line.superuser(`alter database ${line.database.fork.name} set default_transaction_read_only = ${to}`);
    await turnReadOnly(true);
    const orm = await line.open();
    let runs = 0;
    await transact(async () => {
      runs += 1;
      if (runs === 2) await turnReadOnly(false);
      await line.asAnn(orm, em => line.write(em));
    });
    expect({ runs, notes: await line.notes() }).toEqual({ runs: 2, notes: 1 });
  });

  test('is not run from inside a transaction', async () => {
    const orm = await line.open();
    const nested = line.asAnn(orm, () => transact(async () => 'in'));
    await expect(nested).rejects.toThrow(AlreadyActingError);
  });
});

describe('a commit whose answer was lost', () => {
  const announce = async (deposit: { userId: string; idempotencyKey: string; reference: string }, more: object) => {
    const orm = await line.open();
    void line.proxy.atNext(/^commit/, link => link.loseAnswer());
    let runs = 0;
    const result = await transact(() => {
      runs += 1;
      const input = { ...deposit, assetCode: 'USD', amount: '50', source: 'bank' };
      return line.asAnn(orm, async em => (await new DepositService(em).open(input)).transaction.id);
    }, more).catch(error => error);
    const stored = await line.superuser('select id from transactions where idempotency_key = $1', [
      deposit.idempotencyKey,
    ]);
    return { result, runs, stored: stored.map(({ id }) => id) };
  };
  const deposit = () => ({ userId: line.annId, idempotencyKey: randomUUID(), reference: `R-${randomUUID()}` });

  test('is the caller’s to find out', async () => {
    const { result, runs, stored } = await announce(deposit(), {});
    expect(result).toBeInstanceOf(OutcomeUnknownError);
    expect(runs).toBe(1);
    expect(stored).toHaveLength(1);
  });

  test('moves the money once when it is run again under the same key', async () => {
    const { result, runs, stored } = await announce(deposit(), { onUnknownOutcome: 'rerun' });
    expect(runs).toBe(2);
    expect(stored).toEqual([result]);
  });

  test('moves the money once when its key is looked up', async () => {
    const wanted = deposit();
    const onUnknownOutcome = async () => {
      const [row] = await line.superuser('select id from transactions where idempotency_key = $1', [
        wanted.idempotencyKey,
      ]);
      return row && { found: row.id };
    };
    const { result, runs, stored } = await announce(wanted, { onUnknownOutcome });
    expect(runs).toBe(1);
    expect(stored).toEqual([result]);
  });
});

describe('a deadline', () => {
  const timed = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    const error = await thrownBy(work);
    return { error, took: performance.now() - begun };
  };

  test('is what statements have left, where that is less than they may have', async () => {
    const orm = await line.open({ timeouts: { statementMs: 4_000 } });
    const limit = () =>
      line.asAnn(orm, async em => {
        const [row] = await em.execute<{ ms: number }[]>(
          `select (1000 * extract(epoch from current_setting('statement_timeout')::interval))::int as ms`,
        );
        return row!.ms;
      });
    const short = await transact(limit, { deadlineMs: 2_000 });
    expect(short).toBeGreaterThan(0);
    expect(short).toBeLessThanOrEqual(2_000);
    expect(await transact(limit, { deadlineMs: 60_000 })).toBe(4_000);
    expect(await limit()).toBe(4_000);
    // Longer than what PostgreSQL and timers can count.
    expect(await transact(limit, { deadlineMs: Number.POSITIVE_INFINITY })).toBe(4_000);
  });

  test('ends a statement, and keeps the connection', async () => {
    const orm = await line.open();
    const { error, took } = await timed(() =>
      transact(() => line.asAnn(orm, em => em.execute('select pg_sleep(20)')), { deadlineMs: 300 }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'timeout.deadline', cause: { code: 'timeout.statement' } });
    expect(took).toBeLessThan(1_800);
    expect((await line.pool(orm)).idleCount).toBe(1);
  });

  test('ends the wait for an answer that does not come, with the connection', async () => {
    const orm = await line.open();
    await line.asAnn(orm, async () => 'connected');
    line.proxy.blackHole();
    const { error, took } = await timed(() =>
      transact(() => line.asAnn(orm, em => line.write(em)), { deadlineMs: 300 }),
    );
    expect(error).toMatchObject({ code: 'timeout.deadline' });
    expect(took).toBeLessThan(1_800);
    const pool = await line.pool(orm);
    await vi.waitFor(() => expect(pool.totalCount).toBe(0), 5_000);
    line.proxy.clear();
    expect(await line.asAnn(orm, async () => 'connected')).toBe('connected');
    expect(pool.totalCount).toBe(1);
  });

  test('ends the wait for a connection, which goes back unused when it comes', async () => {
    const orm = await line.open({ pool: { max: 1 } });
    const held = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const holding = line.asAnn(orm, async () => {
      held.resolve();
      await done.promise;
    });
    await held.promise;
    let runs = 0;
    const { error, took } = await timed(() =>
      transact(
        () =>
          line.asAnn(orm, async em => {
            runs += 1;
            await line.write(em);
          }),
        { deadlineMs: 200 },
      ),
    );
    expect(error).toMatchObject({ code: 'timeout.deadline' });
    expect(took).toBeLessThan(1_700);
    done.resolve();
    await holding;
    expect(await line.asAnn(orm, async () => 'next')).toBe('next');
    expect((await line.pool(orm)).idleCount).toBe(1);
    expect({ runs, notes: await line.notes() }).toEqual({ runs: 0, notes: 0 });
  });

  test('lets nothing be committed after it', async () => {
    const orm = await line.open();
    const error = await thrownBy(() =>
      transact(
        () =>
          line.asAnn(orm, async em => {
            await line.write(em);
            await setTimeout(300);
          }),
        { deadlineMs: 200 },
      ),
    );
    expect(error).toMatchObject({ code: 'timeout.deadline' });
    expect(await line.notes()).toBe(0);
    expect((await line.pool(orm)).idleCount).toBe(1);
  });

  test('bounds attempts at a database that is not there', async () => {
    const orm = await line.open();
    await line.proxy.refuse();
    const { error, took } = await timed(() =>
      transact(() => line.asAnn(orm, async () => 'in'), { attempts: 3, deadlineMs: 5_000 }),
    );
    expect(error).toMatchObject({ code: 'connection.refused' });
    expect(took).toBeLessThan(5_000);
    await line.proxy.accept();
    expect(await transact(() => line.asAnn(orm, async () => 'in'))).toBe('in');
  });
});

test('a change that many make at once is made by all of them', async () => {
  const orm = await line.open();
  await line.superuser('create table counters (n int); ');
  await line.superuser('insert into counters values (0); ');
  await line.superuser('grant select, update on counters to nestegg_app');
  const count = () =>
    transact(
      () =>
        line.asAnn(orm, async em => {
          const [row] = await em.execute<{ n: number }[]>('select n from counters');
          const [changed] = await em.execute('update counters set n = ? where n = ? returning n', [row!.n + 1, row!.n]);
          if (!changed) throw new ConcurrentChangeError();
        }),
      { attempts: 100, deadlineMs: 15_000 },
    );
  await Promise.all(Array.from({ length: 8 }, count));
  expect(await line.superuser('select n from counters')).toEqual([{ n: 8 }]);
});
