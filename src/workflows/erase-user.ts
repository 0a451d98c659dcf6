import { UserAIInteraction } from '../advice/index.js';
import { AutoInvestRule, RoundUp, RoundUpRule } from '../automation/index.js';
import type { EntityManager } from '../database/index.js';
import {
  lockUser,
  requireOperator,
  type User,
  UserAt,
  UserPreferences,
  UserProfile,
  UserWallet,
} from '../identity/index.js';
import { Notification, NotificationPreference } from '../notifications/index.js';
import { Portfolio } from '../portfolio/index.js';
import { type Clock, parseInput, systemClock } from '../shared/index.js';

/** Rows that are loaded and written at a time. */
const BATCH = 200;

/**
 * Takes out of a closed account everything personal. Before: the account is closed, and the time for which its data had to
 * be kept is over. After: a tombstone stays under the user's id; the address is free again; profile, preferences, the
 * names of portfolios, cards and purchases and what was asked of experts are overwritten; wallets and notifications are
 * gone. Books, loans and points stay as they are: they know a user by the id alone, and texts in them are not personal.
 * @param em of an `asWorker`: nobody is signed in to a closed account.
 * @throws {NotFoundError} {@link NotAllowedError}
 * @throws {StateError} `user.not-erased` unless the account is closed; so a second time changes nothing.
 */
export async function eraseUser(em: EntityManager, input: UserAt, clock: Clock = systemClock): Promise<User> {
  const { userId } = parseInput(UserAt, input);
  await requireOperator(em);
  const now = clock.now();
  const user = await lockUser(em, userId);
  user.erase(now);
  (await em.findOneOrFail(UserProfile, { user: userId })).erase();
  (await em.findOneOrFail(UserPreferences, { user: userId })).erase();
  for (const preference of await em.find(NotificationPreference, { user: userId })) preference.reset();
  for (const rule of await em.find(AutoInvestRule, { user: userId })) rule.erase();
  for (const rule of await em.find(RoundUpRule, { user: userId })) rule.erase();
  await em.flush();
  await em.nativeDelete(UserWallet, { user: userId });
  // Deliveries go with what they deliver.
  await em.nativeDelete(Notification, { user: userId });
  // A portfolio's name and goal are whatever its owner called them; closed ones may share a name.
  await em.nativeUpdate(Portfolio, { user: userId }, UNNAMED);
  await inBatches(
    em,
    (part, after) => part.find(RoundUp, { user: userId, ...after }, PAGE),
    roundUp => roundUp.erase(),
  );
  await inBatches(
    em,
    (part, after) => part.find(UserAIInteraction, { user: userId, ...after, $or: telling() }, PAGE),
    interaction => interaction.erase(now),
  );
  return user;
}

/** By the names of the fields: the getters of two words are not known to queries. */
const UNNAMED = { _name: 'Portfolio', _goalAmount: null, _goalDate: null } as never;

const PAGE = { orderBy: { id: 'asc' }, limit: BATCH } as const;

/** There may be many views of tips, and they say nothing. */
const telling = () => [{ kind: 'question' as const }, { status: 'pending' as const }, { reason: { $ne: null } }];

/** Every batch has an identity map of its own, in the same transaction: a flush looks at all that is managed. */
async function inBatches<E extends { id: string }>(
  em: EntityManager,
  find: (part: EntityManager, after: { id?: { $gt: string } }) => Promise<E[]>,
  erase: (row: E) => void,
): Promise<void> {
  let last: string | undefined;
  do {
    const part = em.fork({ keepTransactionContext: true });
    const rows = await find(part, last ? { id: { $gt: last } } : {});
    for (const row of rows) erase(row);
    await part.flush();
    last = rows.length === BATCH ? rows.at(-1)!.id : undefined;
  } while (last);
}
