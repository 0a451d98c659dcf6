import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ConcurrentChangeError,
  ConnectionError,
  ConstraintError,
  OutcomeUnknownError,
  TimeoutError,
} from '../../../src/index.js';
import { pidOf, thrownBy, useFaultyLine } from './faulty-line.js';

const line = useFaultyLine();
const kill = (pid: number) => line.superuser('select pg_terminate_backend($1, 5000)', [pid]);

beforeAll(async () => {
  // What is checked at the commit takes its time, or refuses, as the note wishes.
  await line.superuser(`create function at_commit() returns trigger language plpgsql as $$ begin
      if new.type = 'note.slow' then perform pg_sleep(20); end if;
      if new.type = 'note.refused' then raise exception using errcode = '23514', constraint = 'no_such_notes'; end if;
      if new.type = 'note.raced' then raise exception using errcode = '40001'; end if;
      return null;
    end $$`);
  await line.superuser(`create constraint trigger at_commit after insert on outbox_events
    deferrable initially deferred for each row execute function at_commit()`);
});
beforeEach(() => line.superuser('delete from outbox_events'));

describe('a connection that fails during the commit', () => {
  test('leaves the outcome unknown when the answer was lost: here it was stored', async () => {
    const orm = await line.open();
    const lost = line.proxy.atNext(/^commit/, link => link.loseAnswer());
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em)));
    await lost;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ code: 'outcome.unknown', retryable: false, cause: { code: 'connection.lost' } });
    expect(await line.notes()).toBe(1);
    expect(await line.asAnn(orm, async () => 'next')).toBe('next');
  });

  test('leaves the outcome unknown when COMMIT was lost on the way: here nothing was stored', async () => {
    const orm = await line.open();
    const lost = line.proxy.atNext(/^commit/, link => link.reset());
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em)));
    await lost;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await line.notes()).toBe(0);
  });

  test('leaves the outcome unknown when the server ends the session in the middle of it', async () => {
    const orm = await line.open();
    let pid = 0;
    const saving = thrownBy(() =>
      line.asAnn(orm, async em => {
        pid = await pidOf(em);
        await line.write(em, 'note.slow');
      }),
    );
    const committing = `select 1 from pg_stat_activity where pid = $1 and query = 'commit' and state = 'active'`;
    await vi.waitFor(async () => expect(await line.superuser(committing, [pid])).toHaveLength(1), 10_000);
    await kill(pid);
    const error = await saving;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ cause: { code: 'connection.shutting-down', cause: { sqlState: '57P01' } } });
  });

  test('leaves the outcome unknown when no answer comes, and gives the connection up', async () => {
    const orm = await line.open({ timeouts: { statementMs: 300, answerMs: 500 } });
    const silence = line.proxy.atNext(/^commit/, () => line.proxy.blackHole());
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em)));
    await silence;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ cause: { code: 'timeout.answer' } });
    expect((await line.pool(orm)).totalCount).toBe(0);
  });
});

describe('what the server answers to the commit', () => {
  test('is definite when it is a rule that is checked then', async () => {
    const orm = await line.open();
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em, 'note.refused')));
    expect(error).toBeInstanceOf(ConstraintError);
    expect(error).toMatchObject({ details: { constraint: 'no_such_notes' } });
  });

  test('is definite when another transaction was in the way', async () => {
    const orm = await line.open();
    const error = await thrownBy(() => line.asAnn(orm, em => line.write(em, 'note.raced')));
    expect(error).toBeInstanceOf(ConcurrentChangeError);
    expect(await line.notes()).toBe(0);
  });
});

describe('a connection that fails before the commit', () => {
  test('in the middle of a statement, says why, and nothing was stored', async () => {
    const orm = await line.open();
    const failing = line.asAnn(orm, async em => {
      await line.write(em);
      const pid = await pidOf(em);
      const asleep = em.execute('select pg_sleep(20)');
      asleep.catch(() => undefined);
      await kill(pid);
      await asleep;
    });
    const error = await thrownBy(() => failing);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'connection.shutting-down', retryable: true });
    expect(await line.notes()).toBe(0);
    expect((await line.pool(orm)).totalCount).toBe(0);
  });

  test('while nobody was asking, says why to whoever asks next', async () => {
    const orm = await line.open();
    const error = await thrownBy(() =>
      line.asAnn(orm, async em => {
        await line.write(em);
        await kill(await pidOf(em));
        await setTimeout(50);
        await em.execute('select 1');
      }),
    );
    expect(error).toMatchObject({ code: 'connection.shutting-down', retryable: true });
    expect(await line.notes()).toBe(0);
  });

  test('because its transaction was left alone for too long, is a timeout and not worth another try', async () => {
    const orm = await line.open({ timeouts: { transactionIdleMs: 100 } });
    const error = await thrownBy(() =>
      line.asAnn(orm, async em => {
        await line.write(em);
        await setTimeout(600);
        await em.execute('select 1');
      }),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'timeout.transaction-idle', retryable: false });
    expect(await line.notes()).toBe(0);
  });

  test('without a word of the server, was lost', async () => {
    const orm = await line.open();
    const error = await thrownBy(() =>
      line.asAnn(orm, async em => {
        await line.write(em);
        line.proxy.reset();
        await em.execute('select 1');
      }),
    );
    expect(error).toMatchObject({ code: 'connection.lost', retryable: true });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('127.0.0.1');
  });

  test('is not noticed by whoever comes next', async () => {
    const orm = await line.open({ pool: { max: 1 } });
    const pid = await line.asAnn(orm, pidOf);
    await kill(pid);
    await vi.waitFor(async () => expect((await line.pool(orm)).totalCount).toBe(0), 5_000);
    expect(await line.asAnn(orm, pidOf)).not.toBe(pid);
  });
});

describe('an answer that does not come', () => {
  test.each([
    ['in a transaction', (orm: Awaited<ReturnType<typeof line.open>>) => line.asAnn(orm, em => em.execute('select 1'))],
    ['by itself', (orm: Awaited<ReturnType<typeof line.open>>) => orm.em.fork().execute('select 1')],
  ])('ends the connection, so that nobody waits behind it: %s', async (_where, ask) => {
    const orm = await line.open({ pool: { max: 1 }, timeouts: { statementMs: 300, answerMs: 500 } });
    await line.asAnn(orm, async () => 'connected');
    line.proxy.blackHole();
    const begun = performance.now();
    expect(await thrownBy(() => ask(orm))).toMatchObject({
      message: expect.stringMatching(/did not answer|read timeout/),
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect((await line.pool(orm)).totalCount).toBe(0);

    line.proxy.clear();
    expect(await line.asAnn(orm, async () => 'connected')).toBe('connected');
  });
});
