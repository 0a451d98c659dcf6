import { Seeder } from '@mikro-orm/seeder';
import { AutoInvestService, type EntityManager } from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';
import { at } from './world/calendar.js';
import { forEachPerson, lifeOf, writtenFor } from './world/lives.js';
import { PEOPLE, type Person } from './world/people.js';
import { RULES, type RuleStory } from './world/rules.js';

/** Standing orders to invest every month; the months to come run them. */
export class AutomationSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const written = await writtenFor(em, 'auto_invest_rules');
    const people = PEOPLE.filter(({ number, userId }) => RULES.has(number) && !written.has(userId));
    await forEachPerson(em, people, (inner, person) => startRule(inner, person, RULES.get(person.number)!));
  }
}

async function startRule(em: EntityManager, person: Person, story: RuleStory): Promise<void> {
  const { portfolio } = await lifeOf(em, person);
  await new AutoInvestService(em, new FixedClock(at('2009-04-02'))).create({
    userId: person.userId,
    portfolioId: portfolio.id,
    basketSlug: person.basketSlug,
    // One and a half times what comes in: some months there is not enough.
    amount: `${story === 'over_reaches' ? person.monthly * 1.5 : person.monthly * 0.8}`,
    frequency: 'monthly',
    anchorDate: '2009-04-05',
    localTime: '09:30',
    maxRuns: story === 'completes' ? 6 : undefined,
  });
}
