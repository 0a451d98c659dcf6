import { Seeder } from '@mikro-orm/seeder';
import { asWorker, type EntityManager, User, UserProfile } from '../src/index.js';
import { at } from './world/calendar.js';
import { forEachPerson, lifeOf } from './world/lives.js';
import { PEOPLE, type Person } from './world/people.js';

/** What has become of accounts by the end of the twelve months: some are suspended, some on their way out, some gone. */
export class StandingSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const wanted = PEOPLE.filter(({ status }) => status !== 'active');
    const ids = wanted.map(({ userId }) => userId);
    const waiting = await asWorker(em, inner =>
      inner.find(User, { id: { $in: ids }, status: 'active' }, { fields: ['id'] }),
    );
    const left = new Set(waiting.map(({ id }) => id));
    await forEachPerson(
      em,
      wanted.filter(({ userId }) => left.has(userId)),
      settle,
    );
  }
}

async function settle(em: EntityManager, person: Person): Promise<void> {
  const { user, portfolio } = await lifeOf(em, person);
  if (person.status === 'suspended') {
    user.suspend(at('2010-03-25'));
    return;
  }
  user.startClosing(at('2010-03-20'));
  if (person.status === 'closing') return;
  portfolio.close(at('2010-03-21'));
  user.close(at('2010-03-21'));
  if (person.status === 'closed') return;
  const profile = await em.findOneOrFail(UserProfile, { user: person.userId });
  profile.erase();
  user.erase(at('2010-03-30'));
}
