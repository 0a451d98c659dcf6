import { StateError } from './errors.js';

/** For each status, the statuses that may follow it. A status that leads nowhere is final. */
export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

/**
 * Returns `to` when the table allows it after `from`.
 * @throws {StateError} `<what>.not-allowed`, naming both states.
 */
export function transition<S extends string>(what: string, table: Transitions<S>, from: S, to: S): S {
  if (!table[from].includes(to)) {
    throw new StateError(
      `${what}.not-${to}`,
      `Cannot make ${/^[aeio]/.test(what) ? 'an' : 'a'} ${what.replaceAll('-', ' ')} ${to} that is ${from}.`,
      {
        from,
        to,
      },
    );
  }
  return to;
}
