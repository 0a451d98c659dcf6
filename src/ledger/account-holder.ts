import type { EntityManager } from '../database/index.js';
import { User } from '../identity/index.js';
import { NotFoundError, StateError } from '../shared/index.js';

/**
 * Loads whose money it is as they are now, also over a copy that is loaded already.
 * @throws {NotFoundError}
 */
export async function accountHolder(em: EntityManager, userId: string): Promise<User> {
  const user = await em.findOne(User, { id: userId }, { refresh: true });
  if (!user) throw new NotFoundError('user');
  return user;
}

/**
 * Money is sent to others only by somebody who may do business and whose identity is known.
 * @throws {StateError} `user.not-active`, `user.not-verified`
 */
export function requireMaySend(user: User): void {
  user.requireActive();
  requireVerified(user);
}

/**
 * Money is paid out to whoever may do business, and to whoever is leaving: the account has to become empty.
 * @throws {StateError} `user.not-active`, `user.not-verified`
 */
export function requireMayWithdraw(user: User): void {
  if (user.status !== 'closing') user.requireActive();
  requireVerified(user);
}

function requireVerified(user: User): void {
  if (user.kycStatus !== 'verified') {
    throw new StateError('user.not-verified', 'The identity of this person has to be verified first.', {
      kycStatus: user.kycStatus,
    });
  }
}
