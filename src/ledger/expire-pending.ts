import { asWorker, type EntityManager } from '../database/index.js';
import { type Clock, systemClock } from '../shared/index.js';
import { ExpiryPutOffError } from './errors.js';
import { oppositeLegs } from './opposite-legs.js';
import { ownKey } from './own-key.js';
import { close, tryLockBook } from './posting.js';
import { Transaction } from './transaction.entity.js';

/** Candidates per query. */
const BATCH = 200;

/** When so many users fail one by one, it is not the users: no use in trying more. */
const FAILURES_MAX = 100;

export interface ExpiredTransaction {
  userId: string;
  transactionId: string;
}

/**
 * Ends every pending transaction whose `expiresAt` has passed: it is expired, what it held is given back, and an event such
 * as `withdrawal.expired` tells of it. One transaction per user and batch. Any number of workers may do this at once: whose
 * book somebody holds is left for the next pass, and nothing ends twice.
 *
 * What has expired cannot be settled. Whoever pays withdrawals out is told by the event, or lets them live longer; money that
 * arrives for an expired deposit after all is a new deposit, under a reference of its own.
 * @param em such as `orm.em`.
 * @returns what was ended.
 * @throws {ExpiryPutOffError} at the end, when some could not be ended now: they stay due and hold up no others.
 */
export async function expirePending(em: EntityManager, clock: Clock = systemClock): Promise<ExpiredTransaction[]> {
  const now = clock.now();
  const expired: ExpiredTransaction[] = [];
  const errors: unknown[] = [];
  let last: Candidate | undefined;
  do {
    const due = await asWorker(em, inner => findDue(inner, now, last));
    last = due.at(-1);
    for (const [userId, ids] of byUser(due)) {
      try {
        expired.push(...(await asWorker(em, inner => expireOf(inner, userId, ids, now))));
      } catch (error) {
        errors.push(error);
        if (errors.length >= FAILURES_MAX) throw new ExpiryPutOffError(expired, errors);
      }
    }
  } while (last);
  if (errors.length > 0) throw new ExpiryPutOffError(expired, errors);
  return expired;
}

interface Candidate {
  user_id: string;
  id: string;
  /** To the microsecond, as the order is. */
  expires_at: string;
}

/** The next ones after the last that was looked at; the longest due first. Locks nothing. */
const findDue = (em: EntityManager, now: Date, last?: Candidate): Promise<Candidate[]> =>
  em.execute<Candidate[]>(
    `select user_id, id, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as expires_at
     from transactions
     where status = 'pending' and expires_at <= ? and expires_at >= ?::timestamptz
       and (transactions.expires_at, user_id, id) > (?::timestamptz, ?::uuid, ?::uuid)
     order by transactions.expires_at, user_id, id limit ?`,
    [
      now,
      last?.expires_at ?? '-infinity',
      last?.expires_at ?? '-infinity',
      last?.user_id ?? NIL,
      last?.id ?? NIL,
      BATCH,
    ],
  );

const NIL = '00000000-0000-0000-0000-000000000000';

function byUser(due: readonly Candidate[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { user_id, id } of due) ids.set(user_id, [...(ids.get(user_id) ?? []), id]);
  return ids;
}

/** Under the user's book, and looked at again there: one may have been settled a moment ago. */
async function expireOf(
  em: EntityManager,
  userId: string,
  ids: readonly string[],
  now: Date,
): Promise<ExpiredTransaction[]> {
  if (!(await tryLockBook(em, userId))) return [];
  const due = await em.find(Transaction, { user: userId, id: { $in: [...ids] }, status: 'pending' });
  for (const transaction of due) {
    const transactionId = transaction.id;
    await close(em, userId, {
      transactionId,
      status: 'expired',
      occurredAt: now,
      idempotencyKey: ownKey('expire', transactionId),
      request: { useCase: 'expire', transactionId },
      legs: await oppositeLegs(em, transaction),
      events: [{ type: `${transaction.type.replaceAll('_', '-')}.expired`, payload: { transactionId } }],
    });
  }
  return due.map(({ id }) => ({ userId, transactionId: id }));
}
