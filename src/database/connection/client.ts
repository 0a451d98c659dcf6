import pg from 'pg';
import { ConnectionError, OutcomeUnknownError, TimeoutError } from '../errors.js';
import { translateConnectionError, translateError } from '../fault.js';
import { remainingMs } from './deadline.js';

/** After the deadline, so that a statement that the server cancels at it is not also a connection given up. */
const ANSWER_GRACE_MS = 250;
/** A rollback may come after the deadline, for it frees the connection; without an answer the connection is closed. */
const ROLLBACK_MS = 500;

/** `pg` refuses to send anything on a connection that is known to be dead. */
const NEVER_SENT = /is not queryable$/;

/**
 * A connection that knows what it was doing when it failed, and says so in the `explanation` of the error:
 * - whether COMMIT was on its way, so that nobody can tell its outcome, or the connection failed before;
 * - what broke a connection that is found to be dead later: the server said it when nobody was asking.
 *
 * An answer that does not come in time (`query_timeout`, or the deadline of the work) closes the connection: `pg` by itself
 * would keep it and let the next statement wait behind the one without an answer.
 */
export class DatabaseClient extends pg.Client {
  /** On the clock of `performance.now()`. */
  readonly madeAt = performance.now();
  readonly #passwordAsked: boolean;
  readonly #answerMs: number;
  #brokenBy?: Error;

  constructor(config?: pg.ClientConfig) {
    super(config);
    this.#passwordAsked = typeof config?.password === 'function';
    this.#answerMs = config?.query_timeout || Number.POSITIVE_INFINITY;
    this.on('error', error => {
      this.#brokenBy ??= error;
    });
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<this> | undefined {
    if (!callback)
      return super.connect().then(
        () => this,
        error => Promise.reject(this.#explained(error)),
      );
    super.connect((error: Error) => callback(error && this.#explained(error)));
    return undefined;
  }

  /** Promised answers to statements as text are those that the ORM asks for; what else `pg` takes is passed on. */
  override query(...args: unknown[]): never {
    const [text, values] = args;
    if (typeof text !== 'string' || args.some(arg => typeof arg === 'function'))
      return Reflect.apply(super.query, this, args) as never;
    return this.#ask(text, values as unknown[] | undefined) as never;
  }

  async #ask(text: string, values: unknown[] | undefined): Promise<unknown> {
    const remaining = remainingMs();
    const isRollback = /^\s*rollback\b/i.test(text);
    if (remaining !== undefined && remaining <= 0 && !isRollback)
      throw explain(new Error('The deadline has passed'), new TimeoutError('deadline'));
    const allowed = remaining && (isRollback ? Math.max(remaining, ROLLBACK_MS) : remaining + ANSWER_GRACE_MS);
    const limit = allowed && { query_timeout: Math.ceil(Math.min(allowed, this.#answerMs)) };
    try {
      return await super.query({ text, ...limit }, values);
    } catch (error) {
      throw this.#failed(error as Error & { code?: unknown }, /^\s*(commit|end)\b/i.test(text));
    }
  }

  #failed(error: Error, committing: boolean): Error {
    const failure = translateError(error);
    const ends = failure instanceof ConnectionError ? failure.retryable : isUnanswered(failure);
    if (ends && !this.#brokenBy) this.#abandon(error);
    if (!this.#brokenBy) return error;
    if (!committing || NEVER_SENT.test(error.message)) return this.#explained(this.#brokenBy, error);
    return explain(error, new OutcomeUnknownError({ cause: translateConnectionError(error) }));
  }

  /** What `pg` does when a socket fails: nobody gets this connection any more. */
  #abandon(error: Error): void {
    this.connection.emit('error', error);
    this.connection.stream.destroy();
  }

  #explained(reason: Error, error = reason): Error {
    return explain(error, translateConnectionError(reason, { passwordAsked: this.#passwordAsked }));
  }
}

const explain = (error: Error, explanation: Error): Error => Object.assign(error, { explanation });

const isUnanswered = (error: unknown): boolean => error instanceof TimeoutError && error.code === 'timeout.answer';
