import { setTimeout } from 'node:timers/promises';
import { remainingMs, withDeadline } from './connection/deadline.js';
import {
  AlreadyActingError,
  ConcurrentChangeError,
  DatabaseError,
  OutcomeUnknownError,
  ReadOnlyError,
  TimeoutError,
} from './errors.js';
import { translateError } from './fault.js';
import { isActing } from './session.js';

/** What a look-up found that says whether a change was stored; undefined when it was not. */
export type LookUp<T> = () => Promise<{ found: T } | undefined>;

export interface TransactOptions<T> {
  /** How often the work may run, the first time included. Default 5. */
  attempts?: number;
  /** Milliseconds from now until when an answer is of use. No attempt and no pause starts later. Default 10,000. */
  deadlineMs?: number;
  /**
   * What to do when a connection fails during COMMIT. By default the {@link OutcomeUnknownError} is thrown.
   * - `'rerun'` says that everything the work does takes an idempotency key. Running it again looks the keys up first:
   *   `nestegg_post` waits for a transaction with the same key that is still under way, then answers with what it stored.
   * - A function looks up what the work would have stored; the work runs again when it answers undefined. A commit that is
   *   still under way is not found: only a key that is unique keeps the second run from doing the same again.
   *
   * PostgreSQL's `pg_xact_status` is not asked: after a failover, another transaction may have the same number.
   */
  onUnknownOutcome?: 'rerun' | LookUp<T>;
}

const PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Runs work again when the database failed in a way that is likely to pass: another transaction was in the way, a connection
 * was lost before COMMIT, the server has no room or changes over. Between attempts it waits for a random time, up to 10 ms
 * the first time and twice as long each time after, but never longer than 1 s.
 *
 * The whole closure runs again, so it should be one transaction, `() => asUser(orm.em, userId, em => …)`, or all of its
 * transactions keyed; and it should leave nothing behind in memory. Refusals of the domain are thrown at once, also those
 * that may be different later (a price that is too old). What is left of the time is the longest that a statement may take.
 * @throws {AlreadyActingError} inside of asUser, asWorker or asReader: a transaction that has failed cannot go on, so only
 * whoever began it can run it again.
 * @throws {TimeoutError} `timeout.deadline`: nothing was committed by the last attempt. Its cause is the last failure.
 * @throws {OutcomeUnknownError} also when a later attempt failed and the outcome of an earlier one is still unknown.
 */
export async function transact<T>(
  work: () => Promise<T>,
  { attempts = 5, deadlineMs = 10_000, onUnknownOutcome }: TransactOptions<T> = {},
): Promise<T> {
  if (isActing()) throw new AlreadyActingError();
  return withDeadline(deadlineMs, async () => {
    let unknown: OutcomeUnknownError | undefined;
    let readOnly = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        if (unknown && typeof onUnknownOutcome === 'function') {
          const answer = await onUnknownOutcome();
          if (answer) return answer.found;
          unknown = undefined;
        }
        return await work();
      } catch (raw) {
        const error = translateError(raw);
        if (error instanceof OutcomeUnknownError) unknown = error;
        if (error instanceof ReadOnlyError) readOnly += 1;
        const mayPass = error === unknown ? onUnknownOutcome !== undefined : isPassing(error) && readOnly < 2;
        const pause = Math.random() * Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** (attempt - 1));
        const isLate = (remainingMs() ?? 0) <= pause;
        if (mayPass && attempt < attempts && !isLate) {
          await setTimeout(pause);
          continue;
        }
        if (unknown) throw error === unknown ? unknown : new OutcomeUnknownError({ cause: error });
        throw isLate && (mayPass || error instanceof TimeoutError)
          ? new TimeoutError('deadline', { cause: error })
          : error;
      }
    }
  });
}

/** Another try in a moment may succeed. A refusal of the domain that may be another one later is nothing to wait here for. */
const isPassing = (error: unknown): boolean =>
  (error instanceof DatabaseError || error instanceof ConcurrentChangeError) && error.retryable;
