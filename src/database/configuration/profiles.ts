/** How long things may take, in milliseconds; 0 is for ever. */
export interface Timeouts {
  /** To get a connection: waiting for one of the pool, or opening a new one. Never for ever. */
  connectMs: number;
  /** A statement, before the server cancels it. */
  statementMs: number;
  /** Waiting for one lock, before the server gives the statement up. */
  lockMs: number;
  /** A transaction that has been left alone, before the server ends the session and gives its locks back. */
  transactionIdleMs: number;
  /** An answer, before this side gives up on the connection: for a server that cannot even cancel any more. */
  answerMs: number;
}

export interface Pool {
  /** Connections at most. */
  max: number;
  /** A connection that nobody used for so long is closed; 0 keeps it. */
  idleMs: number;
  /** A connection is closed when it is so old, or as soon as it is free then; 0 keeps it. */
  lifetimeMs: number;
}

export interface Profile {
  pool: Pool;
  /** Undefined where the server's own settings of the role decide: `alter role … set statement_timeout`. */
  timeouts: Pick<Timeouts, 'connectMs'> & Partial<Timeouts>;
  /** Whether the server's timeouts may be sent when a connection starts. */
  sendsTimeouts: boolean;
  /** Whether a process may end while a connection is idle. */
  exitsWhileIdle: boolean;
  /** Rows that the ORM inserts with one statement. */
  batchSize: number;
}

/** What MikroORM does by itself: nothing but the number of round trips depends on it. */
const LARGE_BATCH = 300;

/** RDS Proxy pins a connection on a statement of more than 16 KB: so many rows of 650 bytes are less. */
const SMALL_BATCH = 25;

/** After this side's patience, the server's: a statement is cancelled by the server first, and the connection stays good. */
export const ANSWER_GRACE_MS = 2_000;

/**
 * Connections live for a quarter of an hour: after a failover, a new address in the DNS or a rotated password the pool is
 * all new within that time, and a proxy that ends clients after half an hour idle never does it to ours.
 */
const LIFETIME_MS = 900_000;

/**
 * A process that lives long and speaks to PostgreSQL itself. The timeouts travel with the start of each connection, so they
 * hold whatever the role's settings are: 10 s for a statement, half of it for a lock, so that waiting for a lock is told
 * apart (and may be retried) before the statement is cancelled; 15 s for a transaction that its process has forgotten.
 */
const server: Profile = {
  pool: { max: 10, idleMs: 10_000, lifetimeMs: LIFETIME_MS },
  timeouts: { connectMs: 5_000, statementMs: 10_000, transactionIdleMs: 15_000 },
  sendsTimeouts: true,
  exitsWhileIdle: false,
  batchSize: LARGE_BATCH,
};

/**
 * A process that lives long, behind RDS Proxy or PgBouncer in transaction mode. PgBouncer refuses a connection that brings
 * timeouts along (08P01) and RDS Proxy one that brings options (0A000), so nothing is sent but user, database and the name
 * of the application: the timeouts belong to the role. Nothing is prepared by name and no state is left on a session, in
 * this profile as in every other.
 */
const proxy: Profile = {
  pool: { max: 10, idleMs: 10_000, lifetimeMs: LIFETIME_MS },
  timeouts: { connectMs: 5_000, answerMs: 10_000 + ANSWER_GRACE_MS },
  sendsTimeouts: false,
  exitsWhileIdle: false,
  batchSize: SMALL_BATCH,
};

/**
 * A function that is called, frozen and thawed, behind a proxy. It serves one request at a time, so it needs one connection;
 * a thousand of it are a thousand connections. A request cannot wait long for one: 3 s. An idle connection goes after 5 s,
 * also the one that a thawed function finds dead, and it does not keep a process from ending.
 */
const serverless: Profile = {
  pool: { max: 1, idleMs: 5_000, lifetimeMs: LIFETIME_MS },
  timeouts: { connectMs: 3_000, answerMs: 10_000 + ANSWER_GRACE_MS },
  sendsTimeouts: false,
  exitsWhileIdle: true,
  batchSize: SMALL_BATCH,
};

/**
 * Whoever migrates: building an index takes as long as it takes, and while it does the transaction that holds the lock of
 * the migrations waits. How long a statement waits for locks is the migrations' own business.
 */
const migrator: Profile = {
  pool: { max: 4, idleMs: 10_000, lifetimeMs: 0 },
  timeouts: { connectMs: 5_000 },
  sendsTimeouts: false,
  exitsWhileIdle: false,
  batchSize: LARGE_BATCH,
};

export const PROFILES = { server, proxy, serverless, migrator } satisfies Record<string, Profile>;
export type ProfileName = keyof typeof PROFILES;
