import { OptimisticLockError } from '@mikro-orm/core';
import { ConflictError, type ErrorDetails, NesteggError, ValidationError } from '../shared/index.js';
import {
  ConcurrentChangeError,
  ConstraintError,
  ContextMissingError,
  DatabaseError,
  NotAllowedError,
} from './errors.js';

type ErrorFactory = (details: ErrorDetails, options: ErrorOptions) => NesteggError;

const factories = new Map<string, ErrorFactory>([
  ['context.missing', (_, options) => new ContextMissingError(options)],
]);

/**
 * Says which error a broken rule of the database is to its caller. Each context names its own: by constraint
 * (`users_email_unique`), or by the code that a function of ours raises (`ledger.insufficient-funds`).
 */
export function defineDatabaseErrors(errors: Readonly<Record<string, ErrorFactory>>): void {
  for (const [rule, factory] of Object.entries(errors)) factories.set(rule, factory);
}

/** What the database said, without what was said to it: no statement, no parameters, no values of a row. */
class DatabaseFault extends Error {
  constructor(
    readonly sqlState: string,
    readonly constraint: string | undefined,
    readonly table: string | undefined,
  ) {
    super(`SQLSTATE ${sqlState}${table ? ` on ${table}` : ''}${constraint ? ` (${constraint})` : ''}`);
    this.name = 'DatabaseFault';
  }
}

interface RawDatabaseError {
  code: string;
  constraint?: string;
  table?: string;
  detail?: string;
  message: string;
}

/** Functions of ours raise errors of this class; the message is the error's code, the detail its details in JSON. */
const OWN_CLASS = /^NE\d{3}$/;

/** Turns what a driver threw into an error of ours; everything else is returned as it is. */
export function translateError(error: unknown): unknown {
  const raw = rawDatabaseError(error);
  if (error instanceof OptimisticLockError) return new ConcurrentChangeError();
  if (!raw) return error;
  const options = { cause: new DatabaseFault(raw.code, raw.constraint, raw.table) };
  if (OWN_CLASS.test(raw.code)) return raisedByUs(raw, options);
  const known = raw.constraint && factories.get(raw.constraint);
  if (known) return known({}, options);
  if (raw.code === '23505' && raw.constraint)
    return new ConflictError(
      'database.unique',
      `The rule ${raw.constraint} allows this only once.`,
      { constraint: raw.constraint },
      options,
    );
  if (raw.code.startsWith('23') && raw.constraint) return new ConstraintError(raw.constraint, options);
  if (raw.code === '42501') return new NotAllowedError(options);
  if (raw.code === '22003')
    return new ValidationError('database.out-of-range', 'A number or total is larger than can be stored.', {}, options);
  return new DatabaseError(raw.code, options);
}

function raisedByUs(raw: RawDatabaseError, options: ErrorOptions): NesteggError {
  // MikroORM appends the detail to the message, on a line of its own.
  const code = /([a-z-]+\.[a-z-]+)(?:\n|$)/.exec(raw.message)?.[1] ?? raw.code;
  const factory = factories.get(code);
  return factory
    ? factory(JSON.parse(raw.detail || '{}') as ErrorDetails, options)
    : new ConstraintError(code, options);
}

/** Five characters, at least one of them a digit: system calls fail with letters alone (`EPIPE`). */
const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Errors at commit come from the driver as they are, others wrapped by MikroORM: both carry the five-character SQLSTATE. */
function rawDatabaseError(error: unknown): RawDatabaseError | undefined {
  if (!(error instanceof Error) || error instanceof NesteggError || !('code' in error)) return undefined;
  return typeof error.code === 'string' && SQL_STATE.test(error.code)
    ? (error as unknown as RawDatabaseError)
    : undefined;
}
