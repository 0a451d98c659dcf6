import type { z } from 'zod';
import { ValidationError } from '../shared/index.js';
import { requestHash } from './request-hash.js';

/** What a cursor belongs to: it is of no use for another list, user or filter. */
export interface ListOf {
  list: string;
  userId: string;
  filters: unknown;
}

/** A cursor's longest text; a position is a few values. */
const LENGTH_MAX = 300;

/**
 * Where a page ended, as text that callers hand back unread: the position and a digest of it and of the list. The digest
 * finds cursors that were mixed up or bent. It is no secret and need not be one: a position says only where in the caller's
 * own list to go on, and every query names the user.
 */
export const cursorAfter = (position: unknown, of: ListOf): string =>
  `${Buffer.from(JSON.stringify(position)).toString('base64url')}.${digestOf(position, of)}`;

/**
 * The position that a cursor stands for.
 * @throws {ValidationError} `cursor.invalid`: malformed, bent, or of another list, user or filter.
 */
export function positionOf<S extends z.ZodType>(cursor: string, of: ListOf, shape: S): z.output<S> {
  const [encoded, digest, ...rest] = cursor.length <= LENGTH_MAX ? cursor.split('.') : [];
  if (encoded && digest && rest.length === 0) {
    const position = shape.safeParse(jsonIn(encoded));
    if (position.success && cursorAfter(position.data, of) === cursor) return position.data;
  }
  throw new ValidationError('cursor.invalid', 'This cursor is not of this list; start again without one.');
}

const digestOf = (position: unknown, of: ListOf): string => requestHash({ ...of, position }).slice(0, 32);

function jsonIn(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString());
  } catch {
    return undefined;
  }
}
