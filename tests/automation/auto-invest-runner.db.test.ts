import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type AutoInvestRule,
  type AutoInvestRun,
  AutoInvestService,
  asUser,
  asWorker,
  ConcurrentChangeError,
  type CreateAutoInvestRule,
  InvestmentService,
  ledger,
  Portfolio,
  PortfolioService,
  PriceService,
  RulesPutOffError,
  runDueAutoInvestRules,
  StalePriceError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const YEAR = 31_622_400;

/** A basket of one asset at 4 USD, free of charge, whose price counts for a year unless told otherwise. */
async function offerOne(slug: string, code: string, priceMaxAgeSeconds = YEAR): Promise<void> {
  await world.list({ code, name: code, kind: 'equity', priceMaxAgeSeconds });
  await world.price({ [code]: '4' }, '2026-03-02T09:00:00Z');
  await world.offer({ slug, feeRate: '0', minimumInvestment: '1' }, [{ assetCode: code, weight: '100' }]);
}

beforeAll(() => offerOne('patient', 'SLOW'));

/** One test's rules are not due in the next. */
afterEach(() =>
  world.rows(
    `update auto_invest_rules set status = 'cancelled', next_run_at = null, pause_reason = null, ended_at = now()
     where status in ('active', 'paused')`,
  ),
);

/** Due on 5 March at half past nine, and on the fifth of every month after. */
const create = (who: Investor, plan: Partial<CreateAutoInvestRule> = {}): Promise<AutoInvestRule> =>
  asUser(database.orm.em, who.userId, em =>
    new AutoInvestService(em, world.clock).create({
      ...who,
      basketSlug: 'patient',
      amount: '10',
      frequency: 'monthly',
      anchorDate: '2026-03-05',
      localTime: '09:30',
      ...plan,
    }),
  );

const runAt = (instant: string): Promise<AutoInvestRun[]> => {
  world.clock.moveTo(instant);
  return runDueAutoInvestRules(database.orm.em, world.clock);
};

const DUE = '2026-03-05T09:30:00Z';

/** What became of a rule's occurrences, oldest first, such as `2026-03-05T09:30 succeeded`. */
const runsOf = async ({ id }: AutoInvestRule): Promise<string[]> => {
  const found = await world.rows<{ scheduled_for: Date; status: string; reason: string | null }>(
    `select scheduled_for, status, reason from auto_invest_runs where rule_id = $1 order by scheduled_for`,
    [id],
  );
  return found.map(({ scheduled_for, status, reason }) =>
    [scheduled_for.toISOString().slice(0, 16), status, ...(reason ? [reason] : [])].join(' '),
  );
};

const stateOf = async ({ id }: AutoInvestRule) => {
  const [row] = await world.rows<{ status: string; next_run_at: Date | null; runs: number }>(
    `select status, next_run_at, runs from auto_invest_rules where id = $1`,
    [id],
  );
  return [row!.status, row!.next_run_at?.toISOString() ?? null, row!.runs];
};

const cashOf = async (who: Investor) => (await world.balances(who))['cash USD'];

describe('a rule that is due', () => {
  test('invests its amount, says so, and waits for the next month', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann);
    expect(await runAt('2026-03-05T09:29:59.999Z')).toEqual([]);

    const [run, ...others] = await runAt(DUE);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ status: 'succeeded', scheduledFor: new Date(DUE), finishedAt: new Date(DUE) });
    expect(
      await world.rows(
        `select t.type, t.status, t.amount::text, t.occurred_at, t.idempotency_key, t.portfolio_id from auto_invest_runs n
         join transactions t on t.user_id = n.user_id and t.id = n.transaction_id where n.rule_id = $1`,
        [rule.id],
      ),
    ).toEqual([
      {
        type: 'auto_invest',
        status: 'posted',
        amount: '10.00000000',
        occurred_at: new Date(DUE),
        idempotency_key: `auto-invest:${rule.id}:2026-03-05T09:30:00.000Z`,
        portfolio_id: ann.portfolioId,
      },
    ]);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '90.00000000', 'holding SLOW': '2.50000000' });
    expect(await stateOf(rule)).toEqual(['active', '2026-04-05T09:30:00.000Z', 1]);
  });

  test('runs once, however often one looks', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann);
    expect(await runAt(DUE)).toHaveLength(1);
    const before = await world.dump();
    for (const instant of [DUE, '2026-03-05T09:31:00Z', '2026-04-05T09:29:59Z'])
      expect(await runAt(instant)).toEqual([]);
    expect(await world.dump()).toEqual(before);
    expect(await runAt('2026-04-05T09:30:00Z')).toHaveLength(1);
    expect(await runsOf(rule)).toEqual(['2026-03-05T09:30 succeeded', '2026-04-05T09:30 succeeded']);
    expect(await cashOf(ann)).toBe('80.00000000');
  });

  test('is completed by its last run', async () => {
    const ann = await world.newInvestor('100');
    const [twice, untilMay] = [await create(ann, { maxRuns: 2 }), await create(ann, { endDate: '2026-05-04' })];
    for (const instant of [DUE, '2026-04-05T09:30:00Z', '2026-05-05T09:30:00Z']) await runAt(instant);
    const runs = ['2026-03-05T09:30 succeeded', '2026-04-05T09:30 succeeded'];
    expect([await runsOf(twice), await runsOf(untilMay)]).toEqual([runs, runs]);
    expect([await stateOf(twice), await stateOf(untilMay)]).toEqual([
      ['completed', null, 2],
      ['completed', null, 2],
    ]);
    expect(await cashOf(ann)).toBe('60.00000000');
  });

  test('waits while it is paused, and is gone when it is cancelled', async () => {
    const ann = await world.newInvestor('100');
    const [paused, cancelled] = [await create(ann), await create(ann)];
    await asUser(database.orm.em, ann.userId, async em => {
      const rules = new AutoInvestService(em, world.clock);
      await rules.pause({ userId: ann.userId, ruleId: paused.id, reason: 'Holidays' });
      await rules.cancel({ userId: ann.userId, ruleId: cancelled.id });
    });
    expect(await runAt(DUE)).toEqual([]);
    expect(await cashOf(ann)).toBe('100.00000000');
  });

  test('runs before those that were due later', async () => {
    const ann = await world.newInvestor('15');
    const late = await create(ann, { localTime: '09:31' });
    const early = await create(ann, { localTime: '09:30' });
    await runAt('2026-03-05T10:00:00Z');
    expect([await runsOf(early), await runsOf(late)]).toEqual([
      ['2026-03-05T09:30 succeeded'],
      ['2026-03-05T09:31 failed ledger.insufficient-funds'],
    ]);
  });
});

describe('a rule that is refused', () => {
  test('for want of money has failed, leaves nothing else behind, and tries again next month', async () => {
    const ann = await world.newInvestor('9.99');
    const rule = await create(ann);
    const { auto_invest_runs: runs, auto_invest_rules: rules, ...before } = await world.dump();
    const [run] = await runAt(DUE);
    expect(run).toMatchObject({ status: 'failed', reason: 'ledger.insufficient-funds', transaction: undefined });
    const { auto_invest_runs: runsAfter, auto_invest_rules: rulesAfter, ...after } = await world.dump();
    expect(after).toEqual(before);
    expect([runsAfter!.length - runs!.length, rulesAfter!.length - rules!.length]).toEqual([1, 0]);
    expect(await stateOf(rule)).toEqual(['active', '2026-04-05T09:30:00.000Z', 0]);

    await world.deposit(ann.userId, '0.01');
    await runAt('2026-04-05T09:30:00Z');
    expect(await runsOf(rule)).toEqual([
      '2026-03-05T09:30 failed ledger.insufficient-funds',
      '2026-04-05T09:30 succeeded',
    ]);
    expect(await cashOf(ann)).toBe('0.00000000');
  });

  test.each([
    ['its basket is paused', 'basket.not-investable'],
    ['its asset is halted', 'asset.not-buyable'],
    ['its portfolio is closed', 'portfolio.closed'],
    ['its asset has no price', 'price.missing'],
    ['its amount is below the minimum of now', 'basket.below-minimum'],
  ])('because %s has failed with that as the reason', async (why, reason) => {
    const code = reason.replace('.', '-');
    await offerOne(`basket-of-${code}`, code);
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { basketSlug: `basket-of-${code}` });
    const change: Record<string, () => Promise<unknown>> = {
      'its basket is paused': () => world.baskets(service => service.pause(`basket-of-${code}`)),
      'its asset is halted': () => world.changeAsset(code, asset => asset.halt()),
      'its portfolio is closed': () =>
        asUser(database.orm.em, ann.userId, async em =>
          (await em.findOneOrFail(Portfolio, { user: ann.userId })).close(world.clock.now()),
        ),
      'its asset has no price': () =>
        world.rows('delete from asset_prices where asset_id = (select id from assets where code = $1)', [code]),
      'its amount is below the minimum of now': () =>
        world.rows('update baskets set minimum_investment = 11 where slug = $1', [`basket-of-${code}`]),
    };
    await change[why]!();
    await runAt(DUE);
    expect(await runsOf(rule)).toEqual([`2026-03-05T09:30 failed ${reason}`]);
    expect(await stateOf(rule)).toEqual(['active', '2026-04-05T09:30:00.000Z', 0]);
    expect(await cashOf(ann)).toBe('100.00000000');
  });

  test('leaves the rules of others alone', async () => {
    const [ann, bob] = [await world.newInvestor('5'), await world.newInvestor('100')];
    const [hers, his] = [await create(ann), await create(bob)];
    expect((await runAt(DUE)).map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
    expect([await runsOf(hers), await runsOf(his)]).toEqual([
      ['2026-03-05T09:30 failed ledger.insufficient-funds'],
      ['2026-03-05T09:30 succeeded'],
    ]);
  });
});

describe('a rule that cannot be run now', () => {
  beforeAll(() => offerOne('hasty', 'FAST', 3600));

  /** Does to the investments of one user what a deadlock does to the one that loses it. */
  const failFor = async ({ userId }: Investor) => {
    await world.rows(`create function lose_deadlock() returns trigger language plpgsql as $$
      begin raise exception using errcode = '40P01', message = 'deadlock detected'; end $$`);
    await world.rows(`create trigger lose_deadlock before insert on portfolio_holdings for each row
      when (new.user_id = '${userId}') execute function lose_deadlock()`);
  };
  const failNoMore = () => world.rows('drop function lose_deadlock cascade');

  test('for an old price stays due without a trace, and is made up for when the price is there', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { basketSlug: 'hasty' });
    const before = await world.dump();
    for (const instant of [DUE, '2026-03-05T09:31:00Z']) {
      const error = await runAt(instant).catch(reason => reason);
      expect(error).toBeInstanceOf(RulesPutOffError);
      expect(error).toMatchObject({
        code: 'auto-invest.put-off',
        retryable: true,
        details: { errors: 1, codes: 'price.stale' },
      });
      expect(error.runs).toEqual([]);
      expect(error.errors).toEqual([expect.any(StalePriceError)]);
    }
    expect(await world.dump()).toEqual(before);

    await world.price({ FAST: '5' }, '2026-03-05T10:00:00Z');
    expect(await runAt('2026-03-05T10:00:00Z')).toHaveLength(1);
    expect(await runsOf(rule)).toEqual(['2026-03-05T09:30 succeeded']);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '90.00000000', 'holding FAST': '2.00000000' });
  });

  test('does not hold up the others: each of them runs, whatever was due before', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const held = [
      await create(ann, { basketSlug: 'hasty', localTime: '09:00' }),
      await create(bob, { basketSlug: 'hasty', localTime: '09:00' }),
    ];
    const free = [await create(ann), await create(bob), await create(bob, { localTime: '09:31' })];
    const error = await runAt('2026-03-05T12:00:00Z').catch(reason => reason);
    expect(error).toBeInstanceOf(RulesPutOffError);
    expect(error.runs.map((run: AutoInvestRun) => run.rule.id).sort()).toEqual(free.map(({ id }) => id).sort());
    // One look is enough to know of a basket that its price is old.
    expect(error.errors).toHaveLength(1);
    for (const rule of free) expect(await stateOf(rule)).toMatchObject(['active', expect.any(String), 1]);
    for (const rule of held) {
      expect(await runsOf(rule)).toEqual([]);
      expect(await stateOf(rule)).toEqual(['active', '2026-03-05T09:00:00.000Z', 0]);
    }
    expect([await cashOf(ann), await cashOf(bob)]).toEqual(['90.00000000', '80.00000000']);
  });

  // The same basket is bought with dollars, in which its price is fresh.
  test('for an old price in another currency is in nobody’s way', async () => {
    const [ann, eve] = [await world.newInvestor('100'), await world.newInvestor()];
    const inUsd = await create(ann, { basketSlug: 'hasty' });
    const inEuros = await asUser(database.orm.em, eve.userId, em =>
      new PortfolioService(em, world.clock).open({ userId: eve.userId, name: 'Euros', currencyCode: 'EURC' }),
    );
    await asWorker(database.orm.em, em =>
      new PriceService(em).import({
        ...{ quoteCode: 'EURC', source: 'exchange' },
        prices: [{ code: 'FAST', asOf: new Date('2026-03-02T09:00:00Z'), price: '4' }],
      }),
    );
    const plan = { basketSlug: 'hasty', localTime: '09:00' };
    const held = [
      await create({ userId: eve.userId, portfolioId: inEuros.id }, plan),
      await create({ userId: eve.userId, portfolioId: inEuros.id }, plan),
    ];
    await world.price({ FAST: '5' }, '2026-03-05T09:20:00Z');

    const error = await runAt(DUE).catch(reason => reason);
    expect(error.errors).toEqual([expect.any(StalePriceError)]);
    expect(await runsOf(inUsd)).toEqual(['2026-03-05T09:30 succeeded']);
    for (const rule of held) expect(await stateOf(rule)).toEqual(['active', '2026-03-05T09:00:00.000Z', 0]);
  });

  test('because the database failed stays due too: that is no refusal', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const [hers, his] = [await create(ann, { localTime: '09:00' }), await create(bob)];
    await failFor(ann);
    const before = await world.rows('select * from auto_invest_rules where id = $1', [hers.id]);
    const error = await runAt('2026-03-05T12:00:00Z').catch(reason => reason);
    expect(error).toBeInstanceOf(RulesPutOffError);
    expect(error.errors).toEqual([expect.any(ConcurrentChangeError)]);
    expect(await world.rows('select * from auto_invest_rules where id = $1', [hers.id])).toEqual(before);
    expect([await runsOf(hers), await runsOf(his)]).toEqual([[], ['2026-03-05T09:30 succeeded']]);
    expect(await cashOf(ann)).toBe('100.00000000');

    await failNoMore();
    await runAt('2026-03-05T12:00:01Z');
    expect(await runsOf(hers)).toEqual(['2026-03-05T09:00 succeeded']);
  });

  test('lets the pass end when a hundred others could not either', async () => {
    const ann = await world.newInvestor('100');
    const { id } = await create(ann);
    await world.rows(
      `insert into auto_invest_rules
       select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
       from auto_invest_rules r, generate_series(1, 100) where r.id = $1`,
      [id],
    );
    await failFor(ann);
    const error = await runAt(DUE).catch(reason => reason);
    expect(error).toMatchObject({ code: 'auto-invest.put-off', details: { errors: 100, codes: 'database.deadlock' } });
    await failNoMore();
    expect(
      await world.rows(`select status, count(*)::int from auto_invest_rules where user_id = $1 group by 1`, [
        ann.userId,
      ]),
    ).toEqual([{ status: 'active', count: 101 }]);
  });
});

describe('a rule that its owner is changing at this moment', () => {
  test('is passed by, and looked at the next time as it is then', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const [hers, his] = [await create(ann, { localTime: '09:00' }), await create(bob)];
    const [changed, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const changing = asUser(database.orm.em, ann.userId, async em => {
      const rules = new AutoInvestService(em, world.clock);
      await rules.cancel({ userId: ann.userId, ruleId: hers.id });
      changed.resolve();
      await released.promise;
    });
    await changed.promise;
    const runs = await runAt('2026-03-05T12:00:00Z');
    expect(runs.map(run => run.rule.id)).toEqual([his.id]);
    released.resolve();
    await changing;
    expect(await runAt('2026-03-05T12:00:01Z')).toEqual([]);
    expect(await runsOf(hers)).toEqual([]);
  });
});

describe('somebody who is doing something with their money at this moment', () => {
  /** Holds a book from when it resolves until it is told to let go. */
  async function holdBook({ userId }: Investor): Promise<() => Promise<void>> {
    const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = asUser(database.orm.em, userId, async em => {
      await ledger.lockBook(em, userId);
      held.resolve();
      await released.promise;
    });
    await held.promise;
    return () => {
      released.resolve();
      return holding;
    };
  }

  test('is not waited for: the others run, and theirs stays due', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const hers = [await create(ann, { localTime: '09:00' }), await create(ann)];
    const his = [await create(bob), await create(bob, { localTime: '09:31' })];
    const letGo = await holdBook(ann);
    const runs = await runAt('2026-03-05T12:00:00Z');
    expect(runs.map(run => run.rule.id)).toEqual(his.map(({ id }) => id));
    await letGo();
    expect((await runAt('2026-03-05T12:00:01Z')).map(run => run.rule.id)).toEqual(hers.map(({ id }) => id));
  });

  test('is asked again when the others are done', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const [hers, his] = [await create(ann, { localTime: '09:00' }), await create(bob)];
    const letGo = await holdBook(ann);
    // His investment takes until she is done.
    await world.rows(`create function wait_for_her() returns trigger language plpgsql as $$
      begin perform nestegg_lock_book('${ann.userId}'); return new; end $$`);
    await world.rows(`create trigger wait_for_her before insert on portfolio_holdings for each row
      when (new.user_id = '${bob.userId}') execute function wait_for_her()`);
    const running = runAt('2026-03-05T12:00:00Z');
    await vi.waitFor(
      async () =>
        expect(
          await world.rows(`select from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`),
        ).toHaveLength(1),
      10_000,
    );
    await letGo();
    expect((await running).map(run => run.rule.id)).toEqual([his.id, hers.id]);
    await world.rows('drop function wait_for_her cascade');
  });

  const investThenPause = (who: Investor, ruleId: string, meanwhile: () => Promise<unknown> = async () => undefined) =>
    asUser(database.orm.em, who.userId, async em => {
      await new InvestmentService(em, world.clock).invest({
        ...{ ...who, basketSlug: 'patient', amount: '10', idempotencyKey: randomUUID() },
      });
      await meanwhile();
      await new AutoInvestService(em, world.clock).pause({ userId: who.userId, ruleId, reason: 'Enough' });
    });

  test('and pauses the rule with it is in nobody’s way, and nobody in theirs', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann);
    world.clock.moveTo(DUE);
    const [invested, looked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const pausing = investThenPause(ann, rule.id, () => {
      invested.resolve();
      return looked.promise;
    });
    await invested.promise;
    expect(await runDueAutoInvestRules(database.orm.em, world.clock)).toEqual([]);
    looked.resolve();
    await pausing;
    expect(await stateOf(rule)).toEqual(['paused', null, 0]);
    expect(await cashOf(ann)).toBe('90.00000000');
  });

  test('and pauses rules while workers run them: all get through, 20 times over', async () => {
    for (let round = 0; round < 20; round++) {
      const people = await Promise.all([1, 2, 3].map(() => world.newInvestor('100')));
      const rules = await Promise.all(people.map(who => create(who)));
      world.clock.moveTo(DUE);
      const outcomes = await Promise.allSettled([
        ...people.map((who, index) => investThenPause(who, rules[index]!.id)),
        ...[1, 2, 3].map(() => runDueAutoInvestRules(database.orm.em, world.clock)),
      ]);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      for (const [index, who] of people.entries()) {
        const ran = (await runsOf(rules[index]!)).length;
        expect(await stateOf(rules[index]!)).toEqual(['paused', null, ran]);
        expect(await cashOf(who)).toBe(ran ? '80.00000000' : '90.00000000');
      }
      world.clock.moveTo(NOON);
    }
  }, 60_000);
});

describe('a rule that was not looked at for months', () => {
  const SINCE = ['2026-03-05T09:30', '2026-04-05T09:30', '2026-05-05T09:30', '2026-06-05T09:30'];

  test('makes up for all of them once, when it is to catch up', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { catchUp: 'one' });
    await runAt('2026-06-20T00:00:00Z');
    expect(await runsOf(rule)).toEqual([
      ...SINCE.slice(0, 3).map(at => `${at} skipped missed`),
      `${SINCE[3]} succeeded`,
    ]);
    expect(await stateOf(rule)).toEqual(['active', '2026-07-05T09:30:00.000Z', 1]);
    expect(await cashOf(ann)).toBe('90.00000000');
  });

  test('leaves all that are over a day late, when it is to skip them', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { catchUp: 'skip' });
    await runAt('2026-06-06T09:30:00.001Z');
    expect(await runsOf(rule)).toEqual(SINCE.map(at => `${at} skipped missed`));
    expect(await stateOf(rule)).toEqual(['active', '2026-07-05T09:30:00.000Z', 0]);
    expect(await cashOf(ann)).toBe('100.00000000');
  });

  test('runs the one that is a day late and no more, when it is to skip the others', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { catchUp: 'skip' });
    await runAt('2026-06-06T09:30:00Z');
    expect(await runsOf(rule)).toEqual([
      ...SINCE.slice(0, 3).map(at => `${at} skipped missed`),
      `${SINCE[3]} succeeded`,
    ]);
    expect(await cashOf(ann)).toBe('90.00000000');
  });

  test('is completed when it ended meanwhile, after making up for what fell before its end', async () => {
    const ann = await world.newInvestor('100');
    const rule = await create(ann, { endDate: '2026-04-30' });
    await runAt('2026-06-20T00:00:00Z');
    expect(await runsOf(rule)).toEqual(['2026-03-05T09:30 skipped missed', '2026-04-05T09:30 succeeded']);
    expect(await stateOf(rule)).toEqual(['completed', null, 1]);
  });
});

describe('four workers at once', () => {
  test('run each of 40 rules of ten people once, and nobody twice', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => world.newInvestor('100')));
    const rules = await Promise.all(
      people.flatMap(who => ['09:00', '09:10', '09:20', '09:30'].map(localTime => create(who, { localTime }))),
    );
    world.clock.moveTo('2026-03-05T12:00:00Z');
    const made = await Promise.all([1, 2, 3, 4].map(() => runDueAutoInvestRules(database.orm.em, world.clock)));
    const ran = made.flat().map(run => run.rule.id);
    expect(ran.sort()).toEqual(rules.map(({ id }) => id).sort());
    expect(new Set(made.flat().map(({ status }) => status))).toEqual(new Set(['succeeded']));

    for (const who of people) {
      expect(await world.balances(who)).toEqual({
        'cash USD': '60.00000000',
        'external USD': '-100.00000000',
        'holding SLOW': '10.00000000',
        'market SLOW': '-10.00000000',
        'market USD': '40.00000000',
      });
      expect(
        await world.rows(
          `select (select count(*)::int from auto_invest_runs where user_id = $1) as runs,
             (select count(*)::int from transactions where user_id = $1 and type = 'auto_invest') as transactions,
             (select sum(runs)::int from auto_invest_rules where user_id = $1) as counted,
             (select cost_basis::text from portfolio_holdings where user_id = $1) as cost`,
          [who.userId],
        ),
      ).toEqual([{ runs: 4, transactions: 4, counted: 4, cost: '40.00000000' }]);
    }
  });

  test('spend no money that is not there', async () => {
    const ann = await world.newInvestor('35');
    const rules = await Promise.all(Array.from({ length: 8 }, () => create(ann)));
    world.clock.moveTo(DUE);
    await Promise.all([1, 2, 3, 4].map(() => runDueAutoInvestRules(database.orm.em, world.clock)));
    const runs: string[] = [];
    for (const rule of rules) runs.push(...(await runsOf(rule)));
    expect(runs.sort()).toEqual([
      ...Array(5).fill('2026-03-05T09:30 failed ledger.insufficient-funds'),
      ...Array(3).fill('2026-03-05T09:30 succeeded'),
    ]);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '5.00000000', 'holding SLOW': '7.50000000' });
  });
});
