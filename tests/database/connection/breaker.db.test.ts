import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type CircuitSettings, circuitStateOf, configureCircuit, OverloadedError } from '../../../src/index.js';
import { thrownBy, useFaultyLine } from './faulty-line.js';

const line = useFaultyLine();

async function openWith(settings: CircuitSettings | 'off') {
  const orm = await line.open({ pool: { max: 1 }, timeouts: { connectMs: 300 } });
  configureCircuit(orm, settings);
  const codes = async (times: number) => {
    const seen: unknown[] = [];
    for (let i = 0; i < times; i++) {
      const outcome = await line.asAnn(orm, async () => ({ code: 'in' })).catch(error => error);
      seen.push(outcome.code);
    }
    return seen;
  };
  return { orm, codes };
}

const REFUSED = 'connection.refused';
const OPEN = 'overloaded.circuit-open';

describe('a database that cannot be reached', () => {
  test('is asked five times, then no more; and again when it may be back', async () => {
    const changes: unknown[] = [];
    const { orm, codes } = await openWith({
      halfOpenAfterMs: 400,
      onChange: (state, of) => changes.push(`${of} ${state}`),
    });
    expect(circuitStateOf(orm)).toBe('closed');
    await line.proxy.refuse();
    expect(await codes(7)).toEqual([REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, OPEN, OPEN]);
    expect(circuitStateOf(orm)).toBe('open');

    // Still away: one call finds that out for all.
    await setTimeout(450);
    expect(await codes(2)).toEqual([REFUSED, OPEN]);

    await line.proxy.accept();
    expect(await codes(1)).toEqual([OPEN]);
    await setTimeout(450);
    expect(await codes(2)).toEqual(['in', 'in']);
    expect(circuitStateOf(orm)).toBe('closed');
    expect(changes).toEqual(['writer open', 'writer half-open', 'writer open', 'writer half-open', 'writer closed']);
  });

  test('is not asked while the circuit is open, and says for how long', async () => {
    const { orm, codes } = await openWith({ failures: 2 });
    await line.proxy.refuse();
    await codes(2);
    await line.proxy.accept();
    const error = await thrownBy(() => line.asAnn(orm, async () => 'in'));
    expect(error).toBeInstanceOf(OverloadedError);
    expect(error).toMatchObject({ code: OPEN, retryable: false });
    const { retryAfterMs } = (error as OverloadedError).details;
    expect(retryAfterMs).toBeGreaterThan(5_000);
    expect(retryAfterMs).toBeLessThanOrEqual(10_000);
    expect(line.proxy.connections).toBe(0);
  });

  test('is tried by one call alone, which finds out for the others', async () => {
    const { orm, codes } = await openWith({ failures: 1, halfOpenAfterMs: 50 });
    line.proxy.blackHole();
    expect(await codes(1)).toEqual(['connection.unreachable']);
    await setTimeout(80);
    const probe = codes(1);
    expect(circuitStateOf(orm)).toBe('half-open');
    expect(await codes(2)).toEqual([OPEN, OPEN]);
    expect(await probe).toEqual(['connection.unreachable']);
    expect(circuitStateOf(orm)).toBe('open');
  });

  test('is asked every time when there is to be no circuit breaker', async () => {
    const { orm, codes } = await openWith('off');
    await line.proxy.refuse();
    expect(await codes(7)).toEqual(Array.from({ length: 7 }, () => REFUSED));
    expect(circuitStateOf(orm)).toBe('off');
  });
});

test('a pool with nothing left opens the circuit, too', async () => {
  const { orm, codes } = await openWith({ failures: 2, halfOpenAfterMs: 100 });
  const held = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const holding = line.asAnn(orm, async () => {
    held.resolve();
    await done.promise;
  });
  await held.promise;
  expect(await codes(3)).toEqual(['overloaded.pool-exhausted', 'overloaded.pool-exhausted', OPEN]);
  done.resolve();
  await holding;
  await setTimeout(120);
  expect(await codes(1)).toEqual(['in']);
});

describe('what does not open the circuit', () => {
  test('is work that fails, in whatever way', async () => {
    const { orm } = await openWith({ failures: 1 });
    const failures: ((em: Parameters<typeof line.write>[0]) => Promise<unknown>)[] = [
      em => em.execute('select 1 / 0'),
      em => em.execute('select * from nowhere'),
      () => Promise.reject(new RangeError('no')),
      // The line is cut in the middle of the work: it was there at the beginning.
      async em => {
        line.proxy.reset();
        await em.execute('select 1');
      },
    ];
    for (const work of failures) {
      await thrownBy(() => line.asAnn(orm, work));
      expect(circuitStateOf(orm)).toBe('closed');
    }
  });

  test('is four failures, when the fifth call gets through', async () => {
    const { orm, codes } = await openWith({});
    for (let round = 0; round < 2; round++) {
      await line.proxy.refuse();
      // The first may still meet the connection that was cut.
      expect((await codes(4)).slice(1)).toEqual([REFUSED, REFUSED, REFUSED]);
      await line.proxy.accept();
      expect(await codes(1)).toEqual(['in']);
    }
    expect(circuitStateOf(orm)).toBe('closed');
  });
});
