import { Seeder } from '@mikro-orm/seeder';
import { Basket, Decimal, type EntityManager, InvestmentService, RoundUp, RoundUpRule, ZERO } from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';
import { at } from './world/calendar.js';
import { Draw } from './world/draw.js';
import { forEachPerson, lifeOf, writtenFor } from './world/lives.js';
import { PEOPLE, type Person } from './world/people.js';

const draw = new Draw('purchases');

/** The first and last number of those who round up what they spend. */
const SPENDERS = [34, 41] as const;

/** Purchases rounded up: some pending, some ready, some swept into a basket, some refunded. */
export class RoundUpSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const written = await writtenFor(em, 'round_up_rules');
    const spenders = PEOPLE.slice(SPENDERS[0], SPENDERS[1] + 1).filter(({ userId }) => !written.has(userId));
    await forEachPerson(em, spenders, spend);
  }
}

async function spend(em: EntityManager, person: Person): Promise<void> {
  const { userId, basketSlug, number, email } = person;
  const { portfolio } = await lifeOf(em, person);
  const basket = await em.findOneOrFail(Basket, { slug: basketSlug });
  const rule = new RoundUpRule(portfolio, basket, {
    fundingSource: 'debit-card',
    roundTo: 1,
    multiplier: 2,
    threshold: new Decimal(3),
    monthlyCap: new Decimal(40),
  });
  em.persist(rule);
  const roundUps = Array.from({ length: 12 }, (_, i) => {
    const cost = new Decimal(draw.whole(`${email} cost ${i}`, 101, 9_999)).div(100);
    const day = String(i + 8).padStart(2, '0');
    return new RoundUp(rule, `purchase-${i + 1}`, at(`2010-02-${day}`, '18:00'), cost);
  });
  em.persist(roundUps);
  const final = roundUps.slice(0, 10);
  for (const roundUp of final) roundUp.markReady(at('2010-02-24'));
  roundUps[11]!.cancel(at('2010-02-26'));
  const swept = final.slice(0, 8).filter(({ amount }) => amount.gt(0));
  const total = Decimal.sum(ZERO, ...swept.map(({ amount }) => amount));
  const wish = { userId, portfolioId: portfolio.id, basketSlug, amount: total.toFixed() };
  const investments = new InvestmentService(em, new FixedClock(at('2010-03-07')));
  const sweep = await investments.invest({ ...wish, idempotencyKey: 'seed:sweep:1' }, 'round_up');
  for (const roundUp of swept) roundUp.sweep(sweep);
  if (number === 40) rule.pause();
  if (number === 41) rule.cancel(at('2010-03-20'));
}
