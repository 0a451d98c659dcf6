import { ConflictError, type ErrorDetails, NesteggError } from '../shared/index.js';

/** Another process has the embedded database open; PGlite is for one at a time. */
export class EmbeddedDatabaseInUseError extends NesteggError {
  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      'database.in-use',
      `Another process has the embedded database in ${dataDir} open. Wait for it to end, or set DATABASE_URL to use a server.`,
      { dataDir },
      options,
    );
  }
}

/** A setting of the environment is not usable. Names the setting, never its value. */
export class ConfigurationError extends NesteggError {
  constructor(setting: string, problem: string, options?: ErrorOptions) {
    super('configuration.invalid', `${setting} ${problem}`, { setting }, options);
  }
}

/** Nobody was named on whose behalf to act: enter through `asUser` or `asWorker`. */
export class ContextMissingError extends NesteggError {
  constructor(options?: ErrorOptions) {
    super(
      'context.missing',
      'No user or worker is acting. Enter through asUser(userId, work) or asWorker(work).',
      {},
      options,
    );
  }
}

/** The database refused what the acting role may not do. */
export class NotAllowedError extends NesteggError {
  constructor(options?: ErrorOptions) {
    super('context.not-allowed', 'The acting role may not do this.', {}, options);
  }
}

/** A rule that the database keeps was broken; `details.constraint` names it. */
export class ConstraintError extends NesteggError {
  constructor(constraint: string, options?: ErrorOptions) {
    super('database.constraint', `The rule ${constraint} does not allow this.`, { constraint }, options);
  }
}

/**
 * The database failed in a way that no rule of the domain explains: it is no refusal, and says nothing about the request.
 * The classes below tell the ways apart that a caller can do something about; `details.sqlState` names any other.
 */
export class DatabaseError extends NesteggError {}

const CONNECTION_REASONS = {
  refused: 'Nothing listens at the address of the database: is the server running, and are host and port right?',
  unreachable: 'The database did not answer in time: is it up, and does the network let this machine through?',
  'host-unknown': 'The host of the database has no address: is its name spelt right, and does DNS work here?',
  tls: 'The database and this client could not agree on TLS: check sslmode and the certificates.',
  password: 'The database did not accept the password of this login.',
  'not-permitted': 'The database does not let this login connect in this way.',
  'database-missing': 'The server has no database of this name.',
  'starting-up': 'The database is starting up, and not ready yet.',
  'shutting-down': 'The database ended the connection, because of an administrator or because it shuts down.',
  lost: 'The connection to the database was lost.',
} as const;

/** Why there is no connection. */
export type ConnectionReason = keyof typeof CONNECTION_REASONS;

/** Making the same call again changes nothing about these; somebody has to change a setting first. */
const LASTING_REASONS: ReadonlySet<string> = new Set<ConnectionReason>([
  'host-unknown',
  'tls',
  'password',
  'not-permitted',
  'database-missing',
]);

/**
 * There is no connection to the database, or no longer; the code is `connection.` and the {@link ConnectionReason}.
 * Nothing was committed: a connection that fails during the commit is an {@link OutcomeUnknownError} instead.
 */
export class ConnectionError extends DatabaseError {
  override readonly retryable: boolean;

  /** @param options `retryable` where the reason alone does not tell, such as a password that is fetched anew each time. */
  constructor(
    readonly reason: ConnectionReason,
    { retryable = !LASTING_REASONS.has(reason), ...options }: ErrorOptions & { retryable?: boolean } = {},
  ) {
    super(`connection.${reason}`, CONNECTION_REASONS[reason], {}, options);
    this.retryable = retryable;
  }
}

const OVERLOADS = {
  'too-many-connections': 'The server has as many connections as it takes.',
  'pool-exhausted': 'All connections of the pool stayed in use for too long.',
  'pooler-queue': 'The connection pooler had no server connection in time.',
  'out-of-resources': 'The server is out of disk space, memory or another resource.',
  'circuit-open': 'The database could not be reached several times in a row, and is not asked for the moment.',
} as const;

/**
 * The database has no room for this call; the code is `overloaded.` and why. But for
 * `too-many-connections`, trying again at once would add to the load: answer the request with "later".
 * `details.retryAfterMs` of `circuit-open` tells when the database is asked again.
 */
export class OverloadedError extends DatabaseError {
  override readonly retryable: boolean;

  constructor(reason: keyof typeof OVERLOADS, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(`overloaded.${reason}`, OVERLOADS[reason], details, options);
    this.retryable = reason === 'too-many-connections';
  }
}

const TIMEOUTS = {
  statement: 'A statement took longer than it may, and was cancelled.',
  answer: 'The database did not answer in time; the connection was given up.',
  deadline: 'The deadline of this piece of work has passed.',
  'transaction-idle': 'The transaction did nothing for so long that the database ended it.',
} as const;

/** It took too long, and nothing was committed; the code is `timeout.` and what did. */
export class TimeoutError extends DatabaseError {
  constructor(reason: keyof typeof TIMEOUTS, options?: ErrorOptions) {
    super(`timeout.${reason}`, TIMEOUTS[reason], {}, options);
  }
}

/**
 * The connection failed while the commit was on its way: all of the transaction was stored, or nothing. Making the call
 * again may do it twice, unless everything it does takes an idempotency key: see `onUnknownOutcome` of `transact`.
 */
export class OutcomeUnknownError extends DatabaseError {
  constructor(options?: ErrorOptions) {
    super(
      'outcome.unknown',
      'The connection failed during the commit: look up whether the change was stored before making it again.',
      {},
      options,
    );
  }
}

/**
 * This server takes no changes (any more): after a failover, the connections lead to what was the writer. They were closed,
 * and the next call connects anew.
 */
export class ReadOnlyError extends DatabaseError {
  override readonly retryable = true;

  constructor(options?: ErrorOptions) {
    super('database.read-only', 'This database takes no changes now; connect to the writer.', {}, options);
  }
}

/** The login of this connection may not take the role: `grant <role> to <login>` is missing. */
export class RoleNotGrantedError extends NesteggError {
  constructor(role: string, options?: ErrorOptions) {
    super(
      'context.role-not-granted',
      `This login may not act as ${role}. As the owner or an administrator, run: grant ${role} to <login>.`,
      { role },
      options,
    );
  }
}

/** Work that acts for somebody tried to act for somebody again, in a second transaction. */
export class AlreadyActingError extends NesteggError {
  constructor(options?: ErrorOptions) {
    super(
      'context.already-acting',
      'This code runs inside asUser, asWorker or asReader already: use the EntityManager it was given.',
      {},
      options,
    );
  }
}

/** Work that was declared to only read tried to change something. */
export class DeclaredReadError extends NesteggError {
  constructor(options?: ErrorOptions) {
    super('context.declared-read', 'This work was declared to only read, and may change nothing.', {}, options);
  }
}

const CONCURRENT_CHANGES = {
  'changed-meanwhile': 'Somebody changed this meanwhile; load it again and try once more.',
  deadlock: 'Two transactions waited for each other, and this one was taken back; try once more.',
  'lock-timeout': 'Somebody holds on to what this needs; try once more.',
} as const;

/** Another transaction was in the way, and may be gone by now: load again and decide anew. */
export class ConcurrentChangeError extends ConflictError {
  override readonly retryable = true;

  constructor(reason: keyof typeof CONCURRENT_CHANGES = 'changed-meanwhile', options?: ErrorOptions) {
    super(`database.${reason}`, CONCURRENT_CHANGES[reason], {}, options);
  }
}
