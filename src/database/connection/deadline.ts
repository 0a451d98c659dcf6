import { AsyncLocalStorage } from 'node:async_hooks';
import { TimeoutError } from '../errors.js';

/** When the current work must be over, on the clock of `performance.now()`: one that nobody sets. */
const deadline = new AsyncLocalStorage<number>();

/** A day: timers and the database cannot count to much more. */
const LONGEST_MS = 86_400_000;

/** Runs work that must be over in so many milliseconds; a deadline that is set already is never put off. */
export const withDeadline = <T>(milliseconds: number, work: () => Promise<T>): Promise<T> =>
  deadline.run(
    Math.min(deadline.getStore() ?? Number.POSITIVE_INFINITY, performance.now() + Math.min(milliseconds, LONGEST_MS)),
    work,
  );

/** Milliseconds that are left; negative when the deadline has passed, undefined when there is none. */
export function remainingMs(): number | undefined {
  const at = deadline.getStore();
  return at === undefined ? undefined : at - performance.now();
}

/**
 * What a beginning resolves to, if it does so before the deadline. It is not stopped otherwise, so it must look at the
 * deadline again when it is through.
 * @throws {TimeoutError} `timeout.deadline`
 */
export async function beforeDeadline<T>(begin: () => Promise<T>): Promise<T> {
  const remaining = remainingMs();
  if (remaining === undefined) return begin();
  if (remaining <= 0) throw new TimeoutError('deadline');
  const { promise: passed, reject } = Promise.withResolvers<never>();
  // Timers may fire a millisecond early, and nothing may begin any more once this one has.
  const timer = setTimeout(() => reject(new TimeoutError('deadline')), remaining + 2);
  try {
    return await Promise.race([begin(), passed]);
  } finally {
    clearTimeout(timer);
  }
}
