import { NesteggError } from '../shared/index.js';

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

/** Serialization failure, deadlock, lock timeout: another transaction was in the way, and may be gone by now. */
const TRANSIENT = new Set(['40001', '40P01', '55P03']);

/** The database failed in a way that no rule of the domain explains. `details.sqlState` is its code. */
export class DatabaseError extends NesteggError {
  override readonly retryable: boolean;

  constructor(sqlState: string, options?: ErrorOptions) {
    super('database.failed', `The database answered with SQLSTATE ${sqlState}.`, { sqlState }, options);
    this.retryable = TRANSIENT.has(sqlState);
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

/** Somebody changed the same row meanwhile. Load it again and decide anew. */
export class ConcurrentChangeError extends NesteggError {
  override readonly retryable = true;

  constructor(options?: ErrorOptions) {
    super(
      'database.changed-meanwhile',
      'Somebody changed this meanwhile; load it again and try once more.',
      {},
      options,
    );
  }
}
