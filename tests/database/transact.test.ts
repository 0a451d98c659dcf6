import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ConcurrentChangeError,
  ConnectionError,
  ConstraintError,
  OutcomeUnknownError,
  OverloadedError,
  ReadOnlyError,
  StalePriceError,
  TimeoutError,
  type TransactOptions,
  transact,
} from '../../src/index.js';

/** Fails in these ways one after the other, then succeeds. */
function failing(...failures: unknown[]) {
  let runs = 0;
  const work = async (): Promise<string> => {
    const failure = failures[runs++];
    if (failure) throw failure;
    return `done in run ${runs}`;
  };
  return { work, runs: () => runs };
}

async function outcome(failures: unknown[], options?: TransactOptions<string>) {
  const { work, runs } = failing(...failures);
  const result = await transact(work, options).catch(error => error);
  return { result, runs: runs() };
}

const many = (error: unknown, times = 20) => Array.from({ length: times }, () => error);

describe('work that the database failed', () => {
  test.each([
    new ConcurrentChangeError(),
    new ConcurrentChangeError('deadlock'),
    new ConcurrentChangeError('lock-timeout'),
    new ConnectionError('lost'),
    new ConnectionError('refused'),
    new ConnectionError('starting-up'),
    new ConnectionError('password', { retryable: true }),
    new OverloadedError('too-many-connections'),
    new ReadOnlyError(),
    Object.assign(new Error('raw'), { code: '40001' }),
  ])('runs again when that may pass: %s', async failure => {
    expect(await outcome([failure])).toEqual({ result: 'done in run 2', runs: 2 });
  });

  test.each([
    new ConnectionError('password'),
    new ConnectionError('tls'),
    new OverloadedError('pool-exhausted'),
    new OverloadedError('circuit-open'),
    new OverloadedError('out-of-resources'),
    new TimeoutError('statement'),
    new TimeoutError('answer'),
    new TimeoutError('transaction-idle'),
    new OutcomeUnknownError(),
    new ConstraintError('a_rule'),
    new RangeError('a bug'),
  ])('does not run again when that does not help or may do harm: %s', async failure => {
    expect(await outcome([failure])).toEqual({ result: failure, runs: 1 });
  });

  test('does not run again for a refusal that time alone may change', async () => {
    const stale = Object.assign(Object.create(StalePriceError.prototype), { retryable: true });
    expect(await outcome([stale])).toEqual({ result: stale, runs: 1 });
  });

  test('runs five times at most, or as often as it was said', async () => {
    const busy = new ConcurrentChangeError();
    expect(await outcome(many(busy))).toEqual({ result: busy, runs: 5 });
    expect(await outcome(many(busy), { attempts: 2 })).toEqual({ result: busy, runs: 2 });
    expect(await outcome(many(busy), { attempts: 1 })).toEqual({ result: busy, runs: 1 });
  });

  test('runs once more after it met a database that takes no changes', async () => {
    const readOnly = new ReadOnlyError();
    expect(await outcome(many(readOnly))).toEqual({ result: readOnly, runs: 2 });
    expect(await outcome([readOnly, new ConnectionError('lost'), readOnly])).toEqual({ result: readOnly, runs: 3 });
  });
});

describe('a deadline', () => {
  test('ends the attempts, whatever number is left', async () => {
    const begun = performance.now();
    const lost = new ConnectionError('lost');
    const { result, runs } = await outcome(many(lost, 1_000), { attempts: 1_000, deadlineMs: 200 });
    expect(performance.now() - begun).toBeLessThan(1_200);
    expect(result).toBeInstanceOf(TimeoutError);
    expect(result).toMatchObject({ code: 'timeout.deadline', retryable: false, cause: lost });
    expect(runs).toBeGreaterThan(1);
  });

  test('that has passed lets no attempt follow', async () => {
    let runs = 0;
    const work = async () => {
      runs += 1;
      await setTimeout(60);
      throw new ConnectionError('lost');
    };
    await expect(transact(work, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'timeout.deadline' });
    expect(runs).toBe(1);
  });

  test('does not take back what was done', async () => {
    const work = async () => {
      await setTimeout(60);
      return 'late';
    };
    expect(await transact(work, { deadlineMs: 50 })).toBe('late');
  });

  test('of the outer call bounds the inner one', async () => {
    const inner = () => transact(() => Promise.reject(new ConnectionError('lost')), { attempts: 1_000 });
    const begun = performance.now();
    await expect(transact(inner, { deadlineMs: 100 })).rejects.toMatchObject({ code: 'timeout.deadline' });
    expect(performance.now() - begun).toBeLessThan(1_100);
  });
});

describe('an outcome that is unknown', () => {
  const unknown = new OutcomeUnknownError();
  const lost = new ConnectionError('lost');

  test('is what its caller hears', async () => {
    expect(await outcome([unknown])).toEqual({ result: unknown, runs: 1 });
  });

  test('is found out by running work again that is keyed', async () => {
    expect(await outcome([unknown, lost, unknown], { onUnknownOutcome: 'rerun' })).toEqual({
      result: 'done in run 4',
      runs: 4,
    });
  });

  test('is found out by a look-up, and what was stored is the answer', async () => {
    const onUnknownOutcome = async () => ({ found: 'stored' });
    expect(await outcome([unknown], { onUnknownOutcome })).toEqual({ result: 'stored', runs: 1 });
  });

  test('lets the work run again when the look-up says that nothing was stored', async () => {
    const onUnknownOutcome = async () => undefined;
    expect(await outcome([unknown], { onUnknownOutcome })).toEqual({ result: 'done in run 2', runs: 2 });
  });

  test('is looked up again when the look-up itself fails for a moment, before anything is run again', async () => {
    const lookUp = failing(lost, lost);
    const onUnknownOutcome = async () => ({ found: await lookUp.work() });
    expect(await outcome([unknown], { onUnknownOutcome })).toEqual({ result: 'done in run 3', runs: 1 });
  });

  test('stays unknown, whatever later attempts fail at', async () => {
    const { result, runs } = await outcome([unknown, ...many(lost)], { attempts: 3, onUnknownOutcome: 'rerun' });
    expect(result).toBeInstanceOf(OutcomeUnknownError);
    expect({ cause: (result as Error).cause, runs }).toEqual({ cause: lost, runs: 3 });

    const onUnknownOutcome = () => Promise.reject(new RangeError('a bug of the look-up'));
    const looked = await outcome([unknown], { onUnknownOutcome });
    expect(looked.result).toBeInstanceOf(OutcomeUnknownError);
    expect(looked.runs).toBe(1);

    const refused = await outcome([unknown, new ConstraintError('a_rule')], { onUnknownOutcome: 'rerun' });
    expect(refused.result).toBeInstanceOf(OutcomeUnknownError);
  });

  test('is unknown no more once the look-up has answered', async () => {
    const rule = new ConstraintError('a_rule');
    expect(await outcome([unknown, rule], { onUnknownOutcome: async () => undefined })).toEqual({
      result: rule,
      runs: 2,
    });
  });
});
