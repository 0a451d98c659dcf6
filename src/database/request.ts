import { AsyncLocalStorage } from 'node:async_hooks';

/** What happened in the current request so far. */
const request = new AsyncLocalStorage<{ wrote: boolean }>();

/**
 * Runs the work of one request, in which everybody reads what was written: after a transaction that may have changed
 * something was committed, reads that a replica could answer go to the writer. Requests inside of requests are one.
 */
export const inRequest = <T>(work: () => Promise<T>): Promise<T> =>
  request.run(request.getStore() ?? { wrote: false }, work);

export function noteWrite(): void {
  const current = request.getStore();
  if (current) current.wrote = true;
}

export const hasWritten = (): boolean => request.getStore()?.wrote ?? false;
