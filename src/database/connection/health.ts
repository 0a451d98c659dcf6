import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { translateConnectionError } from '../fault.js';
import { type CircuitStateName, circuitStateOf } from './breaker.js';

/** Connections of this process: at most, open, open and not in use, and who waits for one. */
export interface PoolFigures {
  max: number;
  total: number;
  idle: number;
  waiting: number;
}

export interface Readiness {
  /** Whether the database answers, and takes writes. */
  ready: boolean;
  /** Why not: the code that a use case would have been refused with, such as `connection.refused`. */
  reason?: string;
  /** What it took the database to answer, in milliseconds; getting a connection is not counted. */
  roundTripMs?: number;
  /** As it was when it was asked; the embedded database has no pool. */
  pool?: PoolFigures;
  /** While it is `open`, use cases are refused without asking the database, also when this asked and it answers. */
  circuit: CircuitStateName;
}

/** The process can run code. That the database is away is no reason to start it again: that is what {@link readiness} is for. */
export const liveness = (): { alive: true } => ({ alive: true });

/**
 * Whether requests should be sent to this process now: asks the database one question, over the pool that requests use.
 * Never throws, and answers in time whatever the network does. The circuit breaker is not in its way: a process that gets no
 * requests while it is not ready would never find out that the database is back.
 * @param options.timeoutMs the longest it may take. When every connection of the pool is in use for so long, the reason is
 * `overloaded.pool-exhausted`; calls at the same time share one place in the queue.
 */
export async function readiness(orm: MikroORM, { timeoutMs = 1_000 } = {}): Promise<Readiness> {
  const circuit = circuitStateOf(orm);
  const state: { pool?: PoolFigures } = {};
  try {
    const native: unknown = await orm.em.getConnection('write').getNativeClient();
    if (native instanceof pg.Pool) state.pool = figuresOf(native);
    return { ...(await answerInTime(orm, native as object, timeoutMs)), ...state, circuit };
  } catch (error) {
    return { ready: false, reason: reasonOf(error), ...state, circuit };
  }
}

const figuresOf = (pool: pg.Pool): PoolFigures => ({
  max: pool.options.max,
  total: pool.totalCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
});

type Answer = Pick<Readiness, 'ready' | 'reason' | 'roundTripMs'>;

/** One question on its way. Whoever stops waiting for it can tell how far it came. */
interface Probe {
  reasonSoFar: string;
  answer: Promise<Answer>;
}

const probes = new WeakMap<object, Probe>();

async function answerInTime(orm: MikroORM, native: object, timeoutMs: number): Promise<Answer> {
  const probe = probes.get(native) ?? startProbe(orm, native, timeoutMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>(resolve => {
    timer = setTimeout(() => resolve({ ready: false, reason: probe.reasonSoFar }), timeoutMs);
  });
  return Promise.race([probe.answer, late]).finally(() => clearTimeout(timer));
}

function startProbe(orm: MikroORM, native: object, timeoutMs: number): Probe {
  const probe: Probe = { reasonSoFar: 'timeout.answer', answer: Promise.resolve({ ready: false }) };
  const asked = native instanceof pg.Pool ? askServer(native, timeoutMs, probe) : askEmbedded(orm);
  probe.answer = asked
    .catch((error): Answer => ({ ready: false, reason: reasonOf(error) }))
    .finally(() => probes.delete(native));
  probes.set(native, probe);
  return probe;
}

/** Whether the server takes writes: a standby, or a writer that was demoted, does not. */
const QUESTION = `select current_setting('transaction_read_only') = 'off' as "writes"`;

async function askServer(pool: pg.Pool, timeoutMs: number, probe: Probe): Promise<Answer> {
  const mustWait = pool.idleCount === 0 && pool.totalCount >= pool.options.max;
  probe.reasonSoFar = mustWait ? 'overloaded.pool-exhausted' : 'connection.unreachable';
  const client = await pool.connect();
  probe.reasonSoFar = 'timeout.answer';
  const startedAt = performance.now();
  try {
    const { rows } = await client.query<{ writes: boolean }>({ text: QUESTION, query_timeout: timeoutMs } as never);
    client.release();
    return answerOf(rows[0]?.writes === true, startedAt);
  } catch (error) {
    // It may still be waiting for its answer, and so would whoever got it next.
    client.release(true);
    throw error;
  }
}

async function askEmbedded(orm: MikroORM): Promise<Answer> {
  const startedAt = performance.now();
  const row = await orm.em.getConnection().execute<{ writes: boolean }>(QUESTION, [], 'get');
  return answerOf(row.writes, startedAt);
}

function answerOf(writes: boolean, startedAt: number): Answer {
  const roundTripMs = Math.round((performance.now() - startedAt) * 10) / 10;
  return writes ? { ready: true, roundTripMs } : { ready: false, reason: 'database.read-only', roundTripMs };
}

const reasonOf = (error: unknown): string => translateConnectionError(error).code;
