import { AsyncLocalStorage } from 'node:async_hooks';
import { type EventSubscriber, type FlushEventArgs, TransactionContext } from '@mikro-orm/core';
import type { AbstractSqlConnection, SqlEntityManager } from '@mikro-orm/sql';
import { Id, parseInput, ROLES } from '../shared/index.js';
import { circuitOf } from './connection/breaker.js';
import { beforeDeadline, remainingMs } from './connection/deadline.js';
import { dropConnections, poolOf } from './connection/pool.js';
import {
  AlreadyActingError,
  ConnectionError,
  ContextMissingError,
  DeclaredReadError,
  OutcomeUnknownError,
  OverloadedError,
  ReadOnlyError,
  RoleNotGrantedError,
  TimeoutError,
} from './errors.js';
import { translateError } from './fault.js';
import { hasWritten, noteWrite } from './request.js';

export type EntityManager = SqlEntityManager;
type Work<T> = (em: EntityManager) => Promise<T>;
type Role = (typeof ROLES)[keyof typeof ROLES];

/** What changes something, or means to. */
type Writing =
  | 'assign'
  | 'begin'
  | 'commit'
  | 'create'
  | 'flush'
  | 'insert'
  | 'insertMany'
  | 'lock'
  | 'nativeDelete'
  | 'nativeUpdate'
  | 'persist'
  | 'remove'
  | 'rollback'
  | 'transactional'
  | 'upsert'
  | 'upsertMany';

/** An EntityManager to read with. Functions that only read should ask for this one: any EntityManager is one, too. */
export type ReadingEntityManager = Omit<EntityManager, Writing>;

/** A piece of work that was declared to only read, from a replica that may be a little behind. */
export interface DeclaredRead {
  reads: 'replica';
}
type Read<T> = (em: ReadingEntityManager) => Promise<T>;

/** In whose name a transaction acts; no user where rows of all users are seen. */
interface Actor {
  role: Role;
  userId: string | null;
}

/** On whose behalf the current asynchronous call chain acts. */
const acting = new AsyncLocalStorage<{ reads: boolean }>();

export const isActing = (): boolean => acting.getStore() !== undefined;

/**
 * Runs work in one transaction on behalf of one user: row-level security shows this user's rows and nobody else's.
 * @param em any EntityManager, such as `orm.em`; the work gets a fork of its own.
 * @param work what it changes is flushed and committed when it resolves, all of it; nothing when it rejects.
 * @param options `{ reads: 'replica' }` for work that only reads and may be answered by a replica: in a read-only transaction,
 * on the writer where there is no replica, none that can be reached, or the request has written before (`inRequest`).
 * @throws {NesteggError} also for what the database refuses or fails at; {@link AlreadyActingError} inside of another such
 * call, which would be a second transaction on a second connection: hand the EntityManager on instead.
 */
export function asUser<T>(em: EntityManager, userId: string, work: Work<T>): Promise<T>;
export function asUser<T>(em: EntityManager, userId: string, work: Read<T>, options: DeclaredRead): Promise<T>;
export function asUser<T>(em: EntityManager, userId: string, work: Work<T>, options?: DeclaredRead): Promise<T> {
  return enter(em, { role: ROLES.app, userId: parseInput(Id, userId) }, work, options);
}

/** Runs work in one transaction as a job that sees the rows of all users and may write the catalogues. */
export const asWorker = <T>(em: EntityManager, work: Work<T>): Promise<T> =>
  enter(em, { role: ROLES.worker, userId: null }, work);

/**
 * Runs work in one transaction that may read the rows of all users and write none: reports, checks, support.
 * @param options as those of {@link asUser}.
 */
export function asReader<T>(em: EntityManager, work: Work<T>): Promise<T>;
export function asReader<T>(em: EntityManager, work: Read<T>, options: DeclaredRead): Promise<T>;
export function asReader<T>(em: EntityManager, work: Work<T>, options?: DeclaredRead): Promise<T> {
  return enter(em, { role: ROLES.readonly, userId: null }, work, options);
}

async function enter<T>(em: EntityManager, actor: Actor, work: Work<T>, declared?: DeclaredRead): Promise<T> {
  if (isActing()) throw new AlreadyActingError();
  return acting.run({ reads: declared !== undefined }, () =>
    declared ? read(em, actor, work) : write(em, actor, work),
  );
}

async function write<T>(em: EntityManager, actor: Actor, work: Work<T>): Promise<T> {
  try {
    const result = await opened(em, em.getConnection('write'), entered =>
      em.fork().transactional(async inner => {
        await takeRole(inner, actor);
        entered();
        return work(inner);
      }),
    );
    if (actor.role !== ROLES.readonly) noteWrite();
    return result;
  } catch (raw) {
    const error = translateError(raw);
    if (error instanceof OutcomeUnknownError) noteWrite();
    if (error instanceof ReadOnlyError) await dropConnections({ em });
    throw error;
  }
}

async function read<T>(em: EntityManager, actor: Actor, work: Work<T>): Promise<T> {
  const writer = em.getConnection('write');
  const replica = hasWritten() ? writer : em.getConnection('read');
  let hasEntered = false;
  const from = (connection: AbstractSqlConnection): Promise<T> =>
    opened(em, connection, entered =>
      readOnly(em, connection, async inner => {
        await takeRole(inner, actor);
        hasEntered = true;
        entered();
        return work(inner);
      }),
    );
  try {
    return await from(replica).catch(error => {
      if (replica === writer || hasEntered || !isAway(translateError(error))) throw error;
      return from(writer);
    });
  } catch (raw) {
    const error = translateError(raw);
    throw error instanceof ReadOnlyError ? new DeclaredReadError({ cause: error.cause }) : error;
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  error instanceof OverloadedError ||
  (error instanceof TimeoutError && error.code === 'timeout.answer');

/** Runs a read-only transaction on a given connection. MikroORM's own transactions are all on the writer. */
function readOnly<T>(em: EntityManager, connection: AbstractSqlConnection, work: Work<T>): Promise<T> {
  const fork = em.fork();
  return connection.transactional(
    async transaction => {
      fork.setTransactionContext(transaction);
      // Kysely forgets the access mode when it begins a transaction of an embedded database.
      if (!(await poolOf(connection))) await fork.execute('set transaction read only');
      const result = await TransactionContext.create(fork, () => work(fork));
      // Finds out whether anything was changed after all.
      await fork.flush();
      return result;
    },
    { readOnly: true },
  );
}

/**
 * Runs a transaction whose beginning, until it calls `entered`, is what the circuit breaker watches and the deadline bounds.
 * When the deadline passes first, a connection that comes later is refused its first statement, and goes back.
 */
async function opened<T>(
  em: EntityManager,
  connection: object,
  transaction: (entered: () => void) => Promise<T>,
): Promise<T> {
  let outcome: Promise<T> | undefined;
  const begin = () =>
    new Promise<void>((entered, failed) => {
      outcome = transaction(entered);
      outcome.catch(failed);
    });
  await beforeDeadline(() => circuitOf(em, connection).pass(begin));
  return outcome!;
}

/**
 * One call of a function sets role, user and the time that statements have until the end of the transaction: nothing stays
 * on the connection, and a proxy that pins sessions on SET has nothing to see.
 */
async function takeRole(em: EntityManager, { role, userId }: Actor): Promise<void> {
  const remaining = remainingMs();
  const asked =
    remaining === undefined
      ? em.execute('select nestegg_enter(?, ?)', [role, userId])
      : em.execute('select nestegg_enter(?, ?, ?)', [role, userId, Math.max(Math.floor(remaining), 1)]);
  await asked.catch((error: { code?: string }) => {
    throw error.code === '42501' ? new RoleNotGrantedError(role) : error;
  });
  // Whoever waited for it has gone; an embedded database cannot refuse for itself.
  if ((remainingMs() ?? 1) <= 0) throw new TimeoutError('deadline');
}

/** Refuses to write for nobody, or in a declared read, before the database is asked. */
export class ContextGuard implements EventSubscriber {
  onFlush({ uow }: FlushEventArgs): void {
    if (uow.getChangeSets().length === 0) return;
    const actor = acting.getStore();
    if (!actor) throw new ContextMissingError();
    if (actor.reads) throw new DeclaredReadError();
  }
}
