import type { SqlEntityManager } from '@mikro-orm/sql';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { ConnectionError, type ConnectionReason, OverloadedError, TimeoutError } from '../errors.js';
import { translateError } from '../fault.js';

/**
 * `closed`: all is well. `open`: nobody is let through for a while. `half-open`: one is let through, to see whether the
 * database is back. `off`: there is no circuit breaker.
 */
export type CircuitStateName = 'closed' | 'open' | 'half-open' | 'off';

export interface CircuitSettings {
  /** Opens after so many failures to get a connection in a row. Default 5. */
  failures?: number;
  /** Lets one through after so many milliseconds. Default 10,000. */
  halfOpenAfterMs?: number;
  /** Told of every change, for a log or a metric. Must not throw. */
  onChange?: (state: CircuitStateName, of: 'writer' | 'replica') => void;
}

/** A server cannot be reached in these ways; in the others it has answered. */
const OUT_OF_REACH: ReadonlySet<ConnectionReason> = new Set([
  'refused',
  'unreachable',
  'host-unknown',
  'starting-up',
  'shutting-down',
  'lost',
]);

const isOutOfReach = (error: unknown): boolean =>
  (error instanceof ConnectionError && OUT_OF_REACH.has(error.reason)) ||
  (error instanceof OverloadedError && error.code !== 'overloaded.out-of-resources') ||
  (error instanceof TimeoutError && error.code === 'timeout.answer');

/**
 * Stops asking a database that cannot be reached, so that callers hear at once what they would hear seconds later, and the
 * database comes back to no queue. One for each server that an ORM speaks to.
 */
class Circuit {
  private readonly policy: CircuitBreakerPolicy;
  private readonly isOff: boolean;
  private readonly halfOpenAfterMs: number;
  private openedAt = 0;

  constructor(of: 'writer' | 'replica', settings: CircuitSettings | 'off') {
    const { failures = 5, halfOpenAfterMs = 10_000, onChange } = settings === 'off' ? {} : settings;
    this.isOff = settings === 'off';
    this.halfOpenAfterMs = halfOpenAfterMs;
    const counts = (raw: unknown): boolean => {
      const error = translateError(raw);
      // Who was let through to see and did not get through in time, has not seen that all is well.
      return isOutOfReach(error) || (this.state === 'half-open' && error instanceof TimeoutError);
    };
    this.policy = circuitBreaker(handleWhen(counts), {
      halfOpenAfter: halfOpenAfterMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    this.policy.onStateChange(() => {
      if (this.state === 'open') this.openedAt = performance.now();
      onChange?.(this.state, of);
    });
  }

  get state(): CircuitStateName {
    if (this.isOff) return 'off';
    if (this.policy.state === CircuitState.Closed) return 'closed';
    return this.policy.state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** @throws {OverloadedError} `overloaded.circuit-open`, and does not try. */
  async pass(enter: () => Promise<void>): Promise<void> {
    if (this.isOff) return enter();
    if (this.state === 'half-open') throw this.opened();
    try {
      await this.policy.execute(enter);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.opened() : error;
    }
  }

  private opened(): OverloadedError {
    const left = this.openedAt + this.halfOpenAfterMs - performance.now();
    return new OverloadedError('circuit-open', { retryAfterMs: Math.ceil(Math.max(left, 100)) });
  }
}

const settingsOf = new WeakMap<object, CircuitSettings | 'off'>();
const circuits = new WeakMap<object, Circuit>();

/** The circuit breaker of one connection of MikroORM, which is one server's pool. */
export function circuitOf(em: SqlEntityManager, connection: object): Circuit {
  let circuit = circuits.get(connection);
  if (!circuit) {
    const of = connection === em.getConnection('write') ? 'writer' : 'replica';
    circuit = new Circuit(of, settingsOf.get(em.getDriver()) ?? {});
    circuits.set(connection, circuit);
  }
  return circuit;
}

/** Sets how the circuit breakers of an ORM behave. Call it before the ORM is used. */
export function configureCircuit(orm: { readonly em: SqlEntityManager }, settings: CircuitSettings | 'off'): void {
  settingsOf.set(orm.em.getDriver(), settings);
}

/** Whether the writer is asked at all: not while `open`. */
export const circuitStateOf = (orm: { readonly em: SqlEntityManager }): CircuitStateName =>
  circuitOf(orm.em, orm.em.getConnection('write')).state;
