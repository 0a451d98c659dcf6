import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  Asset,
  type AutoInvestPlan,
  AutoInvestRule,
  AutoInvestService,
  asUser,
  asWorker,
  Basket,
  type ClosedAccount,
  closeAccount,
  Decimal,
  DepositService,
  type EntityManager,
  KycService,
  Loan,
  newId,
  Portfolio,
  PortfolioService,
  RoundUp,
  RoundUpRule,
  User,
  UserService,
  WithdrawalService,
} from '../../src/index.js';
import { loanApplicationFactory, loanFactory } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const close = (userId: string): Promise<ClosedAccount> =>
  asWorker(database.orm.em, em => closeAccount(em, { userId }, world.clock));

const operate = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> => asWorker(database.orm.em, work);

const statusOf = async (userId: string) =>
  (await world.rows('select status, closing_at, closed_at from users where id = $1', [userId]))[0];

const announce = async ({ userId }: Investor): Promise<string> => {
  const announced = { userId, assetCode: 'USD', amount: '5', source: 'bank', reference: newId() };
  const { transaction } = await asUser(database.orm.em, userId, em =>
    new DepositService(em, world.clock).open({ ...announced, idempotencyKey: newId() }),
  );
  return transaction.id;
};

/** The refusal, when nothing else has happened. */
const refusalOf = async (userId: string): Promise<unknown> => {
  const before = await world.dump();
  const refusal = await close(userId).catch(error => ({ code: error.code, details: error.details }));
  expect(await world.dump()).toEqual(before);
  return refusal;
};

describe('an account that is empty', () => {
  test('is closed with its portfolios, and takes no business any more', async () => {
    const who = await world.newInvestor();
    const { user, portfolios } = await close(who.userId);
    expect([user.status, portfolios.map(({ id }) => id)]).toEqual(['closed', [who.portfolioId]]);
    expect(await statusOf(who.userId)).toEqual({ status: 'closed', closing_at: NOON, closed_at: NOON });
    expect(
      await world.rows('select status, is_default, closed_at from portfolios where user_id = $1', [who.userId]),
    ).toEqual([{ status: 'closed', is_default: false, closed_at: NOON }]);
    await expect(world.invest(who, '10')).rejects.toMatchObject({ code: expect.stringMatching(/not-active|closed/) });
  });

  test('is closed in two steps too: it takes no new business first', async () => {
    const { userId } = await world.newInvestor();
    await operate(async em => (await em.findOneOrFail(User, { id: userId })).startClosing(NOON));
    world.clock.moveTo('2026-04-02T12:00:00Z');
    await close(userId);
    expect(await statusOf(userId)).toEqual({
      ...{ status: 'closed', closing_at: NOON, closed_at: new Date('2026-04-02T12:00:00Z') },
    });
  });

  test('is closed once everything was withdrawn', async () => {
    const { userId } = await world.newInvestor('12.50');
    await asUser(database.orm.em, userId, em => new KycService(em).start({ userId }));
    await operate(em => new KycService(em).pass({ userId }));
    await asUser(database.orm.em, userId, async em => {
      const withdrawals = new WithdrawalService(em, world.clock);
      const wish = { userId, assetCode: 'USD', amount: '12.50', idempotencyKey: newId() };
      const { transaction } = await withdrawals.request(wish);
      await withdrawals.settle({ userId, transactionId: transaction.id, idempotencyKey: newId() });
    });
    expect((await close(userId)).user.status).toBe('closed');
    expect(await world.balances({ userId })).toMatchObject({ 'cash USD': '0.00000000' });
  });

  test('is closed once by two at the same moment', async () => {
    const { userId } = await world.newInvestor();
    const outcomes = await Promise.allSettled([close(userId), close(userId)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(outcome => outcome.status === 'rejected')!.reason.code).toBe('user.not-closing');
  });

  test('ends its rules, active and paused, and what waits to be swept', async () => {
    const who = await world.newInvestor();
    const other = await world.newInvestor();
    await operate(em => rulesFor(em, who));
    await operate(em => rulesFor(em, other));
    const { autoInvestRules, roundUpRules } = await close(who.userId);
    expect([autoInvestRules.length, roundUpRules.length]).toEqual([2, 1]);
    const states = async ({ userId }: Investor) =>
      (
        await world.rows<{ state: string }>(
          `select 'rule ' || status as state from auto_invest_rules where user_id = $1
           union all select 'round-up rule ' || status from round_up_rules where user_id = $1
           union all select 'round-up ' || status from round_ups where user_id = $1 order by 1`,
          [userId],
        )
      ).map(({ state }) => state);
    expect(await states(who)).toEqual([
      ...['round-up cancelled', 'round-up cancelled', 'round-up rule cancelled'],
      ...['rule cancelled', 'rule cancelled', 'rule cancelled'],
    ]);
    expect(await states(other)).toEqual([
      ...['round-up pending', 'round-up ready', 'round-up rule active'],
      ...['rule active', 'rule cancelled', 'rule paused'],
    ]);
  });
});

describe('an account stays open, and nothing of it changes,', () => {
  test('while it holds money, and says how much', async () => {
    const { userId } = await world.newInvestor('100.25');
    expect(await refusalOf(userId)).toEqual({ code: 'account.not-empty', details: { left: 'cash 100.25 USD' } });
  });

  test('while it holds anything else', async () => {
    const who = await world.newInvestor('100');
    await world.invest(who, '100');
    const refusal = await refusalOf(who.userId);
    expect(refusal).toMatchObject({ code: 'account.not-empty' });
    expect(refusal).toMatchObject({
      details: { left: expect.stringMatching(/^holding [\d.]+ EURC, holding [\d.]+ VTI, holding [\d.]+ WBTC$/) },
    });
  });

  test('while something is pending', async () => {
    const who = await world.newInvestor();
    const transactionId = await announce(who);
    expect(await refusalOf(who.userId)).toEqual({ code: 'account.pending-transaction', details: { pending: 1 } });
    await asUser(database.orm.em, who.userId, em =>
      new DepositService(em, world.clock).fail({
        ...{ userId: who.userId, transactionId, reason: 'It never came.', idempotencyKey: newId() },
      }),
    );
    expect((await close(who.userId)).user.status).toBe('closed');
  });

  test.each(['draft', 'submitted', 'underReview', 'approved'] as const)(
    'while a loan is asked for: %s',
    async state => {
      const { userId } = await world.newInvestor();
      await operate(async em => {
        const asking = await lendingOf(em, userId);
        em.persist(loanApplicationFactory[state](asking));
      });
      expect(await refusalOf(userId)).toEqual({ code: 'account.open-application', details: { applications: 1 } });
    },
  );

  test('while a loan is to be paid out; not once it is cancelled', async () => {
    const { userId } = await world.newInvestor();
    await operate(async em => {
      const application = loanApplicationFactory.approved(await lendingOf(em, userId));
      em.persist([application, loanFactory.approved({ application })]);
    });
    expect(await refusalOf(userId)).toEqual({ code: 'account.open-loan', details: { loans: 1 } });
    await operate(async em => {
      const loan = await em.findOneOrFail(Loan, { user: userId }, { populate: ['application'] });
      loan.cancel(NOON);
      loan.application.getEntity().expire(NOON);
    });
    expect((await close(userId)).user.status).toBe('closed');
  });

  test.each(['rejected', 'withdrawn', 'expired'] as const)(
    'but not because a loan was asked for once: %s',
    async state => {
      const { userId } = await world.newInvestor();
      await operate(async em => {
        em.persist(loanApplicationFactory[state](await lendingOf(em, userId)));
      });
      expect((await close(userId)).user.status).toBe('closed');
    },
  );

  test('also where whoever asked goes on after the refusal and commits', async () => {
    const { userId } = await world.newInvestor('12.50');
    const before = await world.dump();
    const refusal = await operate(em => closeAccount(em, { userId }, world.clock).catch(error => error.code));
    expect(refusal).toBe('account.not-empty');
    expect(await world.dump()).toEqual(before);
  });

  test('while it is suspended', async () => {
    const { userId } = await world.newInvestor();
    await operate(em => new UserService(em).suspend({ userId }));
    expect(await refusalOf(userId)).toMatchObject({ code: 'user.not-closing' });
  });

  test('when its own person would write that it is closed, or when there is none', async () => {
    const { userId } = await world.newInvestor();
    const byThemselves = asUser(database.orm.em, userId, em => closeAccount(em, { userId }, world.clock));
    await expect(byThemselves).rejects.toMatchObject({ code: 'context.not-allowed' });
    expect(await refusalOf(newId())).toMatchObject({ code: 'user.not-found' });
    expect(await refusalOf('nobody')).toMatchObject({ code: 'input.invalid' });
    expect(await statusOf(userId)).toMatchObject({ status: 'active' });
  });

  test('when money arrives at the same moment: one of the two is first', async () => {
    const who = await world.newInvestor();
    const transactionId = await announce(who);
    const settle = asUser(database.orm.em, who.userId, em =>
      new DepositService(em, world.clock).settle({ userId: who.userId, transactionId, idempotencyKey: newId() }),
    );
    const [settled, closed] = await Promise.allSettled([settle, close(who.userId)]);
    expect(settled.status).toBe('fulfilled');
    expect(closed).toMatchObject({
      status: 'rejected',
      reason: { code: expect.stringMatching(/^account\.(pending-transaction|not-empty)$/) },
    });
    expect(await statusOf(who.userId)).toMatchObject({ status: 'active' });
  });
});

describe('what its person begins at the same moment ends with the account:', () => {
  test.each<[string, (em: EntityManager, who: Investor) => Promise<unknown>]>([
    [
      'a rule',
      (em, who) =>
        new AutoInvestService(em, world.clock).create({
          ...{ ...who, basketSlug: 'trio', amount: '10', frequency: 'monthly' },
          ...{ anchorDate: '2026-03-05', localTime: '09:30' },
        }),
    ],
    [
      'a portfolio',
      (em, { userId }) => new PortfolioService(em, world.clock).open({ userId, name: 'Late', currencyCode: 'USD' }),
    ],
  ])('%s', async (_what, begin) => {
    const who = await world.newInvestor();
    const [begun, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const beginning = asUser(database.orm.em, who.userId, async em => {
      await begin(em, who);
      begun.resolve();
      await commit.promise;
    });
    await Promise.race([begun.promise, beginning]);
    const closing = close(who.userId);
    await Promise.race([closing, setTimeout(300)]);
    commit.resolve();
    await Promise.all([beginning, closing]);
    expect(
      await world.rows(
        `select 'rule' as what from auto_invest_rules where user_id = $1 and status = 'active'
         union all select 'portfolio' from portfolios where user_id = $1 and status = 'active'`,
        [who.userId],
      ),
    ).toEqual([]);
  });

  test('or is not begun any more', async () => {
    const who = await world.newInvestor();
    await close(who.userId);
    const open = asUser(database.orm.em, who.userId, em =>
      new PortfolioService(em, world.clock).open({ userId: who.userId, name: 'Late', currencyCode: 'USD' }),
    );
    await expect(open).rejects.toMatchObject({ code: 'user.not-active' });
  });
});

/** An active, a paused and a cancelled rule; a round-up rule with one round-up waiting and one ready. */
async function rulesFor(em: EntityManager, { userId, portfolioId }: Investor): Promise<void> {
  const portfolio = await em.findOneOrFail(Portfolio, { user: userId, id: portfolioId });
  const basket = await em.findOneOrFail(Basket, { slug: 'trio' });
  const plan: AutoInvestPlan = {
    ...{ amount: new Decimal(25), anchorDate: '2026-03-09', localTime: '09:00', timeZone: 'UTC' },
    frequency: 'weekly',
  };
  const rules = Array.from({ length: 3 }, () => new AutoInvestRule(portfolio, basket, plan, NOON));
  rules[1]!.pause('On holiday');
  rules[2]!.cancel(NOON);
  const roundUpRule = new RoundUpRule(portfolio, basket, {
    ...{ fundingSource: 'card-1', roundTo: 1, multiplier: 1, threshold: new Decimal(10) },
  });
  const roundUps = ['purchase-1', 'purchase-2'].map(name => new RoundUp(roundUpRule, name, NOON, new Decimal('3.20')));
  roundUps[1]!.markReady(NOON);
  em.persist([...rules, roundUpRule, ...roundUps]);
}

/** What an application of the user's needs, with somebody else to decide on it. */
async function lendingOf(em: EntityManager, userId: string) {
  const decider = new User(`lender-${newId()}@example.com`);
  em.persist(decider);
  return {
    user: await em.findOneOrFail(User, { id: userId }),
    currency: await em.findOneOrFail(Asset, { code: 'USD' }),
    decision: { by: decider },
  };
}
