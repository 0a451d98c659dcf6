import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventSubscriber, FlushEventArgs } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/sql';
import { Id, parseInput, ROLES } from '../shared/index.js';
import { AlreadyActingError, ContextMissingError, RoleNotGrantedError } from './errors.js';
import { translateError } from './fault.js';

export type EntityManager = SqlEntityManager;
type Work<T> = (em: EntityManager) => Promise<T>;
type Role = (typeof ROLES)[keyof typeof ROLES];

/** On whose behalf the current asynchronous call chain acts. */
const acting = new AsyncLocalStorage<Role>();

/**
 * Runs work in one transaction on behalf of one user: row-level security shows this user's rows and nobody else's.
 * @param em any EntityManager, such as `orm.em`; the work gets a fork of its own.
 * @param work what it changes is flushed and committed when it resolves, all of it; nothing when it rejects.
 * @throws {NesteggError} also for what the database refuses; {@link AlreadyActingError} inside of another such call, which
 * would be a second transaction on a second connection: hand the EntityManager on instead.
 */
export const asUser = <T>(em: EntityManager, userId: string, work: Work<T>): Promise<T> =>
  enter(em, ROLES.app, parseInput(Id, userId), work);

/** Runs work in one transaction as a job that sees the rows of all users and may write the catalogues. */
export const asWorker = <T>(em: EntityManager, work: Work<T>): Promise<T> => enter(em, ROLES.worker, null, work);

/** Runs work in one transaction that may read the rows of all users and write none: reports, checks, support. */
export const asReader = <T>(em: EntityManager, work: Work<T>): Promise<T> => enter(em, ROLES.readonly, null, work);

async function enter<T>(em: EntityManager, role: Role, userId: string | null, work: Work<T>): Promise<T> {
  if (acting.getStore()) throw new AlreadyActingError();
  try {
    return await acting.run(role, () =>
      em.fork().transactional(async inner => {
        // One call of a function sets role and user until the end of the transaction: nothing stays on the connection,
        // and a proxy that pins sessions on SET has nothing to see.
        await inner.execute('select nestegg_enter(?, ?)', [role, userId]).catch((error: { code?: string }) => {
          throw error.code === '42501' ? new RoleNotGrantedError(role) : error;
        });
        return work(inner);
      }),
    );
  } catch (error) {
    throw translateError(error);
  }
}

/** Refuses to write for nobody, before the database is asked. */
export class ContextGuard implements EventSubscriber {
  onFlush({ uow }: FlushEventArgs): void {
    if (uow.getChangeSets().length > 0 && !acting.getStore()) throw new ContextMissingError();
  }
}
