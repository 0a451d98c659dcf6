import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '../database/index.js';
import { NotFoundError } from '../shared/index.js';
import { User } from './user.entity.js';

/**
 * Loads a user as they are now and holds the row until the end of the transaction, so that what is decided on an account
 * happens one after the other. Takes no other lock and waits for nothing afterwards: no lock order to keep.
 * @throws {NotFoundError}
 */
export async function lockUser(em: EntityManager, userId: string): Promise<User> {
  const user = await em.findOne(User, { id: userId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  if (!user) throw new NotFoundError('user');
  return user;
}
