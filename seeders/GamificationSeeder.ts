import { Seeder } from '@mikro-orm/seeder';
import { Achievement, Asset, asWorker, BattlePass, Decimal, type EntityManager, Quest } from '../src/index.js';
import { at } from './world/calendar.js';
import { forEachPerson, writtenFor } from './world/lives.js';
import { PEOPLE } from './world/people.js';
import { play } from './world/playing.js';

const START = at('2009-04-01');

/** Quests, achievements and seasons, and how far everybody has come with them. */
export class GamificationSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await asWorker(em, offerQuests);
    await asWorker(em, offerAchievements);
    await asWorker(em, openSeasons);
    const written = await writtenFor(em, 'xp_events');
    await forEachPerson(
      em,
      PEOPLE.filter(({ userId }) => !written.has(userId)),
      play,
    );
  }
}

async function offerQuests(em: EntityManager): Promise<void> {
  if (await em.findOne(Quest, { code: 'first-hundred' })) return;
  const deposits = { kind: 'deposit_total', assetCode: 'USD' } as const;
  const first = new Quest({
    code: 'first-hundred',
    name: 'The first hundred',
    description: 'Put in a hundred dollars, in as many steps as you like.',
    kind: 'one_time',
    criteria: deposits,
    target: new Decimal(100),
    xp: 100,
    startsAt: START,
  });
  const more = new Quest({
    code: 'ten-thousand',
    name: 'Ten thousand',
    description: 'Put in ten thousand dollars in all.',
    kind: 'one_time',
    criteria: deposits,
    target: new Decimal(10_000),
    xp: 500,
    startsAt: START,
    prerequisite: first,
  });
  const seasonal = new Quest({
    code: 'spring-saver',
    name: 'Spring saver',
    description: 'Put in five hundred dollars in a season.',
    kind: 'seasonal',
    criteria: deposits,
    target: new Decimal(500),
    xp: 150,
    startsAt: START,
  });
  const weekly = new Quest({
    code: 'week-by-week',
    name: 'Week by week',
    description: 'Put in fifty dollars in a week.',
    kind: 'weekly',
    criteria: deposits,
    target: new Decimal(50),
    xp: 20,
    startsAt: START,
  });
  const daily = new Quest({
    code: 'look-in',
    name: 'Look in',
    description: 'Keep a streak of a day.',
    kind: 'daily',
    criteria: { kind: 'streak_days' },
    target: new Decimal(1),
    xp: 5,
    startsAt: START,
  });
  const gone = new Quest({
    code: 'open-house',
    name: 'Open house',
    description: 'Prove your e-mail address in the first month.',
    kind: 'one_time',
    criteria: { kind: 'milestone', milestone: 'email_verified' },
    target: new Decimal(1),
    xp: 50,
    startsAt: START,
    endsAt: at('2009-05-01'),
  });
  const planned = new Quest({
    code: 'goal-setter',
    name: 'Goal setter',
    description: 'Say what you are saving for.',
    kind: 'one_time',
    criteria: { kind: 'milestone', milestone: 'goal_set' },
    target: new Decimal(1),
    xp: 30,
    startsAt: at('2010-05-01'),
  });
  for (const quest of [first, more, seasonal, weekly, daily, gone]) quest.activate(START);
  gone.retire(at('2009-05-01'));
  em.persist([first, more, seasonal, weekly, daily, gone, planned]);
}

async function offerAchievements(em: EntityManager): Promise<void> {
  if (await em.findOne(Achievement, { code: 'saver' })) return;
  const tier = (target: number, points: number) => ({ target: new Decimal(target), points });
  const saver = Achievement.tiersOf(
    {
      code: 'saver',
      name: 'Saver',
      description: 'For what you have put in.',
      criteria: { kind: 'deposit_total', assetCode: 'USD' },
    },
    [tier(500, 10), tier(2_500, 25), tier(6_000, 100)],
  );
  const known = Achievement.tiersOf(
    {
      code: 'known-to-us',
      name: 'Known to us',
      description: 'For proving who you are.',
      criteria: { kind: 'milestone', milestone: 'kyc_verified' },
    },
    [tier(1, 20)],
  );
  const pioneer = Achievement.tiersOf(
    {
      code: 'pioneer',
      name: 'Pioneer',
      description: 'For claiming quests in the first year.',
      criteria: { kind: 'quests_claimed' },
    },
    [tier(3, 15)],
  );
  pioneer[0]!.retire(at('2010-03-01'));
  em.persist([...saver, ...known, ...pioneer]);
}

async function openSeasons(em: EntityManager): Promise<void> {
  if (await em.findOne(BattlePass, { code: 'autumn-2009' })) return;
  const currency = await em.findOneOrFail(Asset, { code: 'USD' });
  const season = (code: string, name: string, number: number, from: string, until: string, claimUntil: string) => {
    const pass = new BattlePass({
      ...{ code, name, season: number, currency, premiumPrice: new Decimal('4.99') },
      ...{ startsAt: at(from, '00:00'), endsAt: at(until, '00:00'), claimUntil: at(claimUntil, '00:00') },
    });
    const money = (amount: string) => ({ amount: new Decimal(amount), asset: currency });
    pass.addTier({ xp: 0, free: { badge: `${code}-here` } });
    pass.addTier({ xp: 20, free: money('0.25'), premium: money('1') });
    pass.addTier({ xp: 120, free: { badge: `${code}-half` }, premium: money('2.50') });
    pass.addTier({ xp: 250, free: money('0.50'), premium: { badge: `${code}-gold` } });
    em.persist(pass);
    return pass;
  };
  const autumn = season('autumn-2009', 'Autumn', 1, '2009-09-01', '2009-12-01', '2010-01-01');
  autumn.activate(at('2009-09-01'));
  autumn.end(at('2009-12-01'));
  await em.flush();
  season('winter-2010', 'Winter', 2, '2010-01-01', '2010-04-01', '2010-05-01').activate(at('2010-01-01'));
  season('spring-2010', 'Spring', 3, '2010-04-01', '2010-07-01', '2010-08-01');
}
