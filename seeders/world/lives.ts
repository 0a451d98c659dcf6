import { asWorker, type EntityManager, NotFoundError, Portfolio, User, UserPreferences } from '../../src/index.js';
import { batchesOf } from './batches.js';
import type { Person } from './people.js';

/** A person as the database knows them. */
export interface Life {
  person: Person;
  user: User;
  preferences: UserPreferences;
  portfolio: Portfolio;
}

/** So many people share a transaction: few commits, and still little to do again after an interruption. */
const SHARED = 10;

/** Does something for every person, a few per transaction, each with entities of their own. */
export async function forEachPerson(
  em: EntityManager,
  people: readonly Person[],
  work: (em: EntityManager, person: Person) => Promise<void>,
): Promise<void> {
  for (const batch of batchesOf(people, SHARED)) {
    await asWorker(em, async inner => {
      for (const person of batch) {
        await work(inner, person);
        await inner.flush();
        // What is managed is looked at by every flush: the next person starts with nothing.
        inner.clear();
      }
    });
  }
}

/** Loads what every chapter of a life begins with. */
export async function lifeOf(em: EntityManager, person: Person): Promise<Life> {
  const user = await em.findOneOrFail(User, { id: person.userId });
  const preferences = await em.findOneOrFail(UserPreferences, { user: person.userId });
  const [portfolio] = await em.find(
    Portfolio,
    { user: person.userId },
    { orderBy: { id: 'asc' }, limit: 1, populate: ['currency'] },
  );
  if (!portfolio) throw new NotFoundError('portfolio');
  return { person, user, preferences, portfolio };
}

/** The ids of the users for whom a table has rows already: their chapter is written. */
export const writtenFor = (em: EntityManager, table: string): Promise<Set<string>> =>
  asWorker(em, async inner => {
    const rows = await inner.execute<{ user_id: string }[]>(`select distinct user_id from ${table}`);
    return new Set(rows.map(row => row.user_id));
  });
