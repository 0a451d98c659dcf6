import {
  AIExpert,
  Asset,
  AutoInvestRule,
  asUser,
  asWorker,
  Basket,
  Decimal,
  DepositService,
  type EntityManager,
  KycService,
  Notification,
  NotificationDelivery,
  NotificationPreference,
  newId,
  Portfolio,
  PortfolioService,
  ProfileService,
  RoundUp,
  RoundUpRule,
  User,
  UserAIInteraction,
  UserLevel,
  UserPreferences,
  UserService,
  WalletService,
  WithdrawalService,
} from '../../src/index.js';
import { loanApplicationFactory } from '../../src/testing/index.js';
import { type Investor, NOON, type useWorld } from '../support/world.js';

type World = ReturnType<typeof useWorld>;

/** What tells of the person, wherever it is written; no two are part of one another, and nobody else's rows hold any. */
export const PERSONAL = {
  email: 'thorgerdur@personal.example',
  earlierName: 'Tota',
  givenName: 'Thorgerdur',
  familyName: 'Eldjarn',
  birthDate: '1987-11-23',
  avatar: 'pictures.example/t.png',
  language: 'is-IS',
  zone: 'Atlantic/Reykjavik',
  nextZone: 'Asia/Kathmandu',
  town: 'Husavik',
  wallet: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  card: 'card-4242',
  purchase: 'purchase-991',
  quietFrom: '21:37',
  message: 'message-77',
  question: 'Can I retire early?',
  request: 'request-88',
} as const;

/** Somebody who has written something in every place that takes a text, and whose account is empty again. */
export async function livedBy(world: World): Promise<Investor> {
  const { em } = world.database.orm;
  const who = await world.newInvestor('100', {
    ...{ email: PERSONAL.email, displayName: PERSONAL.earlierName, timeZone: PERSONAL.zone },
  });
  await asUser(em, who.userId, inner => introduce(inner, who));
  await asWorker(em, async inner => {
    await new UserService(inner, world.clock).verifyEmail({ userId: who.userId, email: PERSONAL.email });
    await new KycService(inner, world.clock).pass({ userId: who.userId });
  });
  await asWorker(em, inner => live(inner, who));
  await asUser(em, who.userId, async inner => {
    const [deposits, withdrawals] = [new DepositService(inner, world.clock), new WithdrawalService(inner, world.clock)];
    const money = { userId: who.userId, assetCode: 'USD', amount: '100' };
    const { transaction } = await withdrawals.request({ ...money, idempotencyKey: newId() });
    await withdrawals.settle({ userId: who.userId, transactionId: transaction.id, idempotencyKey: newId() });
    const announced = { ...money, source: 'bank', reference: newId(), idempotencyKey: newId() };
    const { transaction: lost } = await deposits.open(announced);
    await deposits.fail({
      userId: who.userId,
      transactionId: lost.id,
      reason: 'It never came.',
      idempotencyKey: newId(),
    });
  });
  return who;
}

async function introduce(em: EntityManager, { userId, portfolioId }: Investor): Promise<void> {
  const { givenName, familyName, birthDate, avatar, language, nextZone, town, wallet } = PERSONAL;
  const profiles = new ProfileService(em, { now: () => NOON });
  const avatarUrl = `https://${avatar}`;
  await profiles.updateProfile({ userId, givenName, familyName, birthDate, country: 'IS', avatarUrl });
  await profiles.updatePreferences({
    userId,
    locale: language,
    timeZone: nextZone,
    baseCurrency: 'ISK',
    aiEnabled: true,
  });
  await new WalletService(em).link({ userId, chain: 'ethereum', address: wallet });
  const portfolios = new PortfolioService(em);
  await portfolios.rename({ userId, portfolioId, name: `A house in ${town}` });
  const goal = { amount: '4711', date: '2031-07-29' };
  await portfolios.open({ userId, name: `A boat in ${town}`, currencyCode: 'USD', goal });
  await new KycService(em).start({ userId });
}

async function live(em: EntityManager, { userId, portfolioId }: Investor): Promise<void> {
  const user = await em.findOneOrFail(User, { id: userId });
  const portfolio = await em.findOneOrFail(Portfolio, { user: userId, id: portfolioId });
  const basket = await em.findOneOrFail(Basket, { slug: 'trio' });
  const rule = new AutoInvestRule(
    portfolio,
    basket,
    {
      ...{ amount: new Decimal(25), frequency: 'weekly', anchorDate: '2026-03-09' },
      ...{ localTime: '09:00', timeZone: PERSONAL.zone },
    },
    NOON,
  );
  rule.pause(`I am in ${PERSONAL.town}`);
  em.persist([rule, ...roundUpsInto(portfolio, basket), ...noticesTo(user), ...(await talkOf(em, userId))]);
  const level = await em.findOneOrFail(UserLevel, { user: userId });
  const cause = {
    sourceType: 'milestone',
    sourceId: 'email_verified',
    reason: 'email.verified',
    occurredAt: NOON,
  } as const;
  em.persist(level.gain(50, { ...cause, localDate: '2026-03-02' }, 0));
  const quiet = await em.findOneOrFail(NotificationPreference, { user: userId, category: 'money', channel: 'push' });
  quiet.keepQuiet({ from: PERSONAL.quietFrom, until: '05:43' });
  const decider = new User('lender@example.com');
  const currency = await em.findOneOrFail(Asset, { code: 'USD' });
  em.persist([decider, loanApplicationFactory.rejected({ user, currency, decision: { by: decider } })]);
}

/** One waits, one is ready, one was refunded. */
function roundUpsInto(portfolio: Portfolio, basket: Basket): object[] {
  const plan = { roundTo: 1, multiplier: 1, threshold: new Decimal(10) } as const;
  const rule = new RoundUpRule(portfolio, basket, { fundingSource: PERSONAL.card, ...plan });
  const roundUps = [1, 2, 3].map(n => new RoundUp(rule, `${PERSONAL.purchase}-${n}`, NOON, new Decimal('3.20')));
  roundUps[1]!.markReady(NOON);
  roundUps[2]!.cancel(NOON);
  return [rule, ...roundUps];
}

/** One has arrived, one waits for the morning. */
function noticesTo(user: User): object[] {
  const notice = new Notification(user, {
    category: 'money',
    title: `Hello ${PERSONAL.givenName}`,
    body: `The sun shines in ${PERSONAL.town}.`,
    data: { town: PERSONAL.town },
    dedupeKey: `birthday:${PERSONAL.birthDate}`,
    occurredAt: NOON,
  });
  const sent = new NotificationDelivery(notice, 'email', { when: 'now' }, NOON);
  sent.markSent(sent.claim(30_000, NOON), NOON, PERSONAL.message);
  const later = new Date(NOON.getTime() + 3_600_000);
  return [notice, sent, new NotificationDelivery(notice, 'push', { when: 'later', at: later }, NOON)];
}

/** A question that was answered, one that was refused, one that nobody has answered yet. */
async function talkOf(em: EntityManager, userId: string): Promise<object[]> {
  const preferences = await em.findOneOrFail(UserPreferences, { user: userId });
  const expert = new AIExpert('old-penny', {
    ...{ name: 'Old Penny', persona: 'Patient and plain.', speciality: 'dividends' },
    ...{ modelId: 'model-7', promptVersion: 'p3', disclaimerVersion: 'd2' },
  });
  expert.activate(NOON);
  const ask = () => new UserAIInteraction(preferences, { kind: 'question', expert, prompt: PERSONAL.question }, NOON);
  const [answered, refused, pending] = [ask(), ask(), ask()];
  const usage = (name: string) => ({
    ...{ requestId: `${PERSONAL.request}-${name}`, inputTokens: 120, outputTokens: 80, cost: new Decimal('0.00125') },
  });
  answered.answer(`In ${PERSONAL.town}, ${PERSONAL.givenName}, you can.`, usage('answered'), NOON);
  answered.rate(5, NOON);
  refused.refuse(`about-${PERSONAL.town}`, NOON, usage('refused'));
  return [expert, answered, refused, pending];
}
