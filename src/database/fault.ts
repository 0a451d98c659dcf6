import { OptimisticLockError } from '@mikro-orm/core';
import { ConflictError, type ErrorDetails, NesteggError, ValidationError } from '../shared/index.js';
import {
  ConcurrentChangeError,
  ConnectionError,
  ConstraintError,
  ContextMissingError,
  DatabaseError,
  NotAllowedError,
  OverloadedError,
  ReadOnlyError,
  TimeoutError,
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

/** What drivers, pools and sockets throw: none of these fields is always there. */
interface RawError extends Error {
  code?: unknown;
  constraint?: string;
  table?: string;
  column?: string;
  detail?: string;
  /** What our own client has found the error to mean: it knew the connection. MikroORM copies it when it wraps. */
  explanation?: unknown;
}

/**
 * Turns what a driver threw into an error of ours; everything else is returned as it is. Drivers tell their errors apart by
 * SQLSTATE or, where the server said nothing, by message: classes differ with the path that an error took. Codes of the
 * operating system (`ECONNREFUSED`) are the database's only where our own client said so: work may talk to other systems.
 */
export function translateError(error: unknown): unknown {
  if (error instanceof NesteggError) return error;
  if (error instanceof OptimisticLockError) return new ConcurrentChangeError();
  for (const raw of withCauses(error)) {
    const found = raw.explanation instanceof NesteggError ? raw.explanation : (fromServer(raw) ?? fromDriver(raw));
    if (found) return found;
  }
  return error;
}

/**
 * Turns what connecting to the database or a broken connection threw into an error of ours, whatever it is.
 * @param options `passwordAsked` when each connection asks a function for its password: the next may be a better one.
 */
export function translateConnectionError(error: unknown, { passwordAsked = false } = {}): NesteggError {
  if (error instanceof NesteggError) return error;
  const causes = withCauses(error);
  for (const raw of causes) {
    const options = { cause: faultOf(raw) };
    if (passwordIsWrong(raw)) return new ConnectionError('password', { ...options, retryable: passwordAsked });
    if (FORBIDS_CONNECTING.test(String(raw.code)) || /^unsupported startup parameter/.test(raw.message))
      return new ConnectionError('not-permitted', options);
    const found = fromServer(raw) ?? fromDriver(raw) ?? fromSystem(raw);
    if (found) return found;
  }
  return new ConnectionError('lost', { cause: causes[0] && faultOf(causes[0]) });
}

/** The login may not sign in, may not connect to this database, or not with these startup parameters. */
const FORBIDS_CONNECTING = /^(28000|42501|0A000)$/;

const passwordIsWrong = ({ code, message }: RawError): boolean =>
  code === '28P01' || (code === '28000' && /authentication failed/.test(message)) || message.startsWith('SASL: ');

/** The error and what it came from, outermost first. */
function withCauses(error: unknown): RawError[] {
  const causes: RawError[] = [];
  for (let next = error; next instanceof Error && !causes.includes(next); next = next.cause) causes.push(next);
  return causes;
}

/** Five characters, at least one of them a digit: system calls fail with letters alone (`EPIPE`). */
const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Functions of ours raise errors of this class; the message is the error's code, the detail its details in JSON. */
const OWN_CLASS = /^NE\d{3}$/;

/** What the server, or a pooler in its place, said with a SQLSTATE. */
function fromServer(raw: RawError): NesteggError | undefined {
  const { code, constraint, message } = raw;
  if (typeof code !== 'string' || !SQL_STATE.test(code)) {
    // Kysely's own, for a COMMIT that the server answered with ROLLBACK.
    return raw.name === 'AbortedTransactionError' ? swallowed({ cause: faultOf(raw) }) : undefined;
  }
  const options = { cause: faultOf(raw) };
  if (OWN_CLASS.test(code)) return raisedByUs(raw, code, options);
  const known = constraint && factories.get(constraint);
  if (known) return known({}, options);
  if (code === '23505' && constraint)
    return new ConflictError(
      'database.unique',
      `The rule ${constraint} allows this only once.`,
      { constraint },
      options,
    );
  if (code.startsWith('23') && constraint) return new ConstraintError(constraint, options);
  return (
    BY_SQL_STATE.find(([states]) => states.test(code))?.[1](options, message) ??
    new DatabaseError('database.failed', `The database answered with SQLSTATE ${code}.`, { sqlState: code }, options)
  );
}

function raisedByUs({ message, detail }: RawError, sqlState: string, options: ErrorOptions): NesteggError {
  // MikroORM appends the detail to the message, on a line of its own.
  const code = /([a-z-]+\.[a-z-]+)(?:\n|$)/.exec(message)?.[1] ?? sqlState;
  const factory = factories.get(code);
  return factory ? factory(JSON.parse(detail || '{}') as ErrorDetails, options) : new ConstraintError(code, options);
}

type Meaning = (options: ErrorOptions, message: string) => NesteggError | undefined;

/** PostgreSQL's error codes (Appendix A of its manual). The first row that fits, and answers, decides. */
const BY_SQL_STATE: readonly (readonly [RegExp, Meaning])[] = [
  [/^40001$/, options => new ConcurrentChangeError('changed-meanwhile', options)],
  [/^40P01$/, options => new ConcurrentChangeError('deadlock', options)],
  [/^55P03$/, options => new ConcurrentChangeError('lock-timeout', options)],
  [/^08/, ofProtocol],
  [/^57P0[12]$/, options => new ConnectionError('shutting-down', options)],
  [/^57P03$/, options => new ConnectionError('starting-up', options)],
  [/^3D000$/, options => new ConnectionError('database-missing', options)],
  [/^28P01$/, options => new ConnectionError('password', options)],
  [/^28000$/, options => new ConnectionError('not-permitted', options)],
  [/^53300$/, options => new OverloadedError('too-many-connections', {}, options)],
  [/^53/, options => new OverloadedError('out-of-resources', {}, options)],
  [/^57014$/, options => new TimeoutError('statement', options)],
  [/^(25P03|57P05)$/, options => new TimeoutError('transaction-idle', options)],
  [/^25P02$/, swallowed],
  [/^25006$/, options => new ReadOnlyError(options)],
  [/^0A000$/, (options, message) => (message.includes('hot standby') ? new ReadOnlyError(options) : undefined)],
  [/^42501$/, options => new NotAllowedError(options)],
  [
    /^22003$/,
    options =>
      new ValidationError('database.out-of-range', 'A number or total is larger than can be stored.', {}, options),
  ],
];

/** PgBouncer says everything with 08P01, and PostgreSQL says with it that a statement had too many parameters. */
function ofProtocol(options: ErrorOptions, message: string): NesteggError | undefined {
  if (message.includes('query_wait_timeout')) return new OverloadedError('pooler-queue', {}, options);
  if (message.includes('no more connections allowed')) return new OverloadedError('too-many-connections', {}, options);
  return message.startsWith('bind message') ? undefined : new ConnectionError('lost', options);
}

function swallowed(options: ErrorOptions): NesteggError {
  return new DatabaseError(
    'database.failed',
    'The transaction was rolled back instead of committed: an error inside of it was swallowed.',
    { sqlState: '25P02' },
    options,
  );
}

/** Words of `pg` 8.23 and `pg-pool` 3.14, which give no codes. */
const BY_MESSAGE: readonly (readonly [RegExp, (options: ErrorOptions) => NesteggError])[] = [
  [/^timeout exceeded when trying to connect/, options => new OverloadedError('pool-exhausted', {}, options)],
  [
    /^(timeout expired|Connection terminated due to connection timeout)/,
    options => new ConnectionError('unreachable', options),
  ],
  [/^Query read timeout/, options => new TimeoutError('answer', options)],
  [
    /^(Connection terminated|Client has encountered a connection error|Client was closed)/,
    options => new ConnectionError('lost', options),
  ],
  [
    /^(The server does not support SSL connections|There was an error establishing an SSL connection)/,
    options => new ConnectionError('tls', options),
  ],
];

/** What the driver and its pool say by themselves. */
function fromDriver(raw: RawError): NesteggError | undefined {
  return BY_MESSAGE.find(([words]) => words.test(raw.message))?.[1]({ cause: faultOf(raw) });
}

/** What Node says about sockets, names and certificates. */
function fromSystem(raw: RawError): NesteggError | undefined {
  const options = { cause: faultOf(raw) };
  switch (raw.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new ConnectionError('refused', options);
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new ConnectionError('unreachable', options);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConnectionError('host-unknown', { ...options, retryable: raw.code === 'EAI_AGAIN' });
    default:
      return /CERT|TLS|SSL|SIGNATURE|EPROTO/.test(String(raw.code)) ? new ConnectionError('tls', options) : undefined;
  }
}

/** What failed, without what was said to the database or by it: no statement, no parameters, no values of a row, no host. */
class DatabaseFault extends Error {
  readonly sqlState?: string;
  /** Of the operating system or of Node, such as `ECONNRESET`. */
  readonly systemCode?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;

  constructor(raw: RawError) {
    const code = typeof raw.code === 'string' ? raw.code : undefined;
    const { table, constraint, column } = raw;
    const sqlState = code && SQL_STATE.test(code) ? code : undefined;
    const what = sqlState ? `SQLSTATE ${sqlState}` : (code ?? 'no code');
    super(`${what}${table ? ` on ${table}` : ''}${constraint ? ` (${constraint})` : ''}`);
    this.name = 'DatabaseFault';
    if (sqlState) this.sqlState = sqlState;
    else if (code) this.systemCode = code;
    if (constraint) this.constraint = constraint;
    if (table) this.table = table;
    if (column) this.column = column;
    this.stack = [`${this.name}: ${this.message}`, ...framesOf(raw)].join('\n');
  }
}

/** Where it was thrown. A message has lines too, which the stack repeats. */
function framesOf({ stack = '', message }: RawError): string[] {
  const said = new Set(message.split('\n').map(line => line.trim()));
  return stack.split('\n').filter(line => /^\s+at .*:\d+:\d+\)?$/.test(line) && !said.has(line.trim()));
}

const faultOf = (raw: RawError): DatabaseFault => new DatabaseFault(raw);
