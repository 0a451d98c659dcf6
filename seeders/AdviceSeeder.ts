import { Seeder } from '@mikro-orm/seeder';
import {
  AIExpert,
  AITip,
  Asset,
  asWorker,
  Basket,
  Decimal,
  type EntityManager,
  InvestmentService,
  UserAIInteraction,
} from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';
import { at } from './world/calendar.js';
import { forEachPerson, lifeOf, writtenFor } from './world/lives.js';
import { hasLeft, PEOPLE, type Person } from './world/people.js';
import { RULES } from './world/rules.js';

const MODEL = { modelId: 'house-model-1', promptVersion: 'p-3', disclaimerVersion: 'd-1' };
const DISCLAIMER = 'This is a general opinion, not advice for your own situation. What you invest in can lose value.';

/** Experts, tips in every state, and what people asked and did. */
export class AdviceSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await asWorker(em, hireExperts);
    await asWorker(em, giveTips);
    const written = await writtenFor(em, 'user_ai_interactions');
    const askers = PEOPLE.filter(person => person.aiEnabled && !hasLeft(person) && !written.has(person.userId));
    await forEachPerson(em, askers, ask);
  }
}

async function hireExperts(em: EntityManager): Promise<void> {
  if (await em.findOne(AIExpert, { slug: 'steady-hand' })) return;
  const persona = 'Calm and brief; explains before it suggests, and says what it does not know.';
  const first = new AIExpert('steady-hand', { ...MODEL, name: 'Steady hand', persona, speciality: 'Saving regularly' });
  const chip = new AIExpert('chip', { ...MODEL, name: 'Chip', persona, speciality: 'Technology companies' });
  const coming = new AIExpert('long-view', { ...MODEL, name: 'Long view', persona, speciality: 'Retirement' });
  first.activate(at('2009-04-01'));
  chip.activate(at('2009-06-01'));
  em.persist([first, chip, coming]);
  await em.flush();
  const second = first.edit({ promptVersion: 'p-4' });
  first.retire(at('2009-12-01'));
  await em.flush();
  second.activate(at('2009-12-01'));
  em.persist(second);
}

async function giveTips(em: EntityManager): Promise<void> {
  if (await em.findOne(AITip, { dedupeKey: 'steady-pair:2010-03' })) return;
  const steady = await em.findOneOrFail(AIExpert, { slug: 'steady-hand', status: 'active' });
  const chip = await em.findOneOrFail(AIExpert, { slug: 'chip' });
  const pair = await em.findOneOrFail(Basket, { slug: 'steady-pair' });
  const amazon = await em.findOneOrFail(Asset, { code: 'AMZN' });
  const giants = await em.findOneOrFail(Basket, { slug: 'four-giants' });
  const tip = (expert: AIExpert, title: string, target: { basket: Basket } | { asset: Asset }, dedupeKey: string) => {
    const body = `${title}. The closing prices of the months before are the grounds for it; they say nothing certain of the next.`;
    const made = new AITip(expert, {
      ...{ title, body, target, dedupeKey },
      ...{ confidence: 64, risk: 'moderate', disclaimer: DISCLAIMER },
    });
    em.persist(made);
    return made;
  };
  const evidence = (assetCode: string, price: string, month: string, until: string) => ({
    facts: [
      {
        statement: `${assetCode} closed at ${price} US dollars.`,
        source: 'monthly-close',
        asOf: `${month}-01T05:00:00Z`,
      },
    ],
    prices: [
      {
        assetCode,
        quoteCode: 'USD',
        price: new Decimal(price).toFixed(),
        source: 'monthly-close',
        asOf: `${month}-01T05:00:00Z`,
      },
    ],
    expiresAt: at(until),
  });
  const current = tip(steady, 'Two steady companies for the spring', { basket: pair }, 'steady-pair:2010-03');
  current.publish(evidence('IBM', '125.55', '2010-03', '2010-04-15'), at('2010-03-02'));
  const over = tip(chip, 'A shop on the web after its holidays', { asset: amazon }, 'amzn:2010-01');
  over.publish(evidence('AMZN', '125.41', '2010-01', '2010-02-01'), at('2010-01-04'));
  over.expire(at('2010-02-01'));
  const withdrawn = tip(chip, 'Four giants on their way up', { basket: giants }, 'four-giants:2009-12');
  withdrawn.publish(evidence('AAPL', '210.73', '2009-12', '2010-01-31'), at('2009-12-02'));
  withdrawn.withdraw('Prices turned in the first week of January.', at('2010-01-05'));
  tip(
    chip,
    'A search engine in the summer',
    { basket: await em.findOneOrFail(Basket, { slug: 'search-and-shop' }) },
    'search:2010-06',
  );
}

async function ask(em: EntityManager, person: Person): Promise<void> {
  const { userId, number } = person;
  const { preferences, portfolio } = await lifeOf(em, person);
  const expert = await em.findOneOrFail(AIExpert, { slug: 'chip' });
  const tip = await em.findOneOrFail(AITip, { dedupeKey: 'steady-pair:2010-03' });
  const now = at('2010-03-15', '10:00');
  const later = at('2010-03-15', '10:01');
  const viewed = new UserAIInteraction(preferences, { kind: 'tip_view', tip }, now);
  viewed.complete(now);
  const prompt = 'How much of my money is in technology companies, and is that a lot?';
  const question = new UserAIInteraction(preferences, { kind: 'question', expert, prompt }, now);
  const usage = { requestId: `request-${number}`, inputTokens: 412, outputTokens: 96, cost: new Decimal('0.003214') };
  em.persist([viewed, question]);
  const turn = (number / 3) % 4;
  if (turn === 0) {
    question.answer('All of it. Baskets of few companies of one trade move together.', usage, later);
    question.rate(4, later);
  }
  if (turn === 1) question.fail('timeout', later);
  if (turn === 2) question.refuse('policy', later, usage);
  if (number % 2 === 1) {
    const dismissed = new UserAIInteraction(preferences, { kind: 'tip_dismiss', tip }, now);
    dismissed.complete(now);
    em.persist(dismissed);
    return;
  }
  const act = new UserAIInteraction(preferences, { kind: 'tip_act', tip }, now);
  em.persist(act);
  if (RULES.get(number) === 'over_reaches') {
    act.fail('ledger.insufficient-funds', later);
    return;
  }
  const wish = { userId, portfolioId: portfolio.id, basketSlug: 'steady-pair', amount: '5' };
  const investments = new InvestmentService(em, new FixedClock(later));
  act.act(await investments.invest({ ...wish, idempotencyKey: 'seed:tip:steady-pair' }), later);
}
