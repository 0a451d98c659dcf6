import { beforeAll, describe, expect, test } from 'vitest';
import { type AutoInvestPlan, AutoInvestRule, type AutoInvestRuleStatus } from '../../src/automation/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { activeBasket, aPortfolio, at, closedPortfolio, decimal, draftBasket, refusal } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

// 2 March 2026 is a Monday; Rome is an hour ahead of UTC until 29 March, so 09:00 there is 08:00 UTC.
const SUNDAY = at('2026-03-01T12:00:00Z');
const MONDAY_0900 = at('2026-03-02T08:00:00Z');

const planOf = (details: Partial<AutoInvestPlan> = {}): AutoInvestPlan => ({
  amount: decimal('25'),
  frequency: 'daily',
  anchorDate: '2026-03-02',
  localTime: '09:00',
  timeZone: 'Europe/Rome',
  ...details,
});
const aRule = (details: Partial<AutoInvestPlan> = {}) =>
  new AutoInvestRule(aPortfolio(), activeBasket(), planOf(details), SUNDAY);

/** `2026-03-02T08:00:00.000Z` as `2 Mar`; every occurrence here is at 08:00 UTC. */
const day = (instant: Date | undefined) => {
  if (instant === undefined) return undefined;
  expect(instant.toISOString().slice(10)).toBe('T08:00:00.000Z');
  return instant.toISOString().slice(5, 10);
};
const due = (rule: AutoInvestRule, now: string) => {
  const { run, missed } = rule.due(at(now));
  return { run: day(run), missed: missed.map(day) };
};

describe('a rule', () => {
  test('invests an amount of one portfolio in one basket', () => {
    const [portfolio, basket] = [aPortfolio(), activeBasket()];
    const rule = new AutoInvestRule(portfolio, basket, planOf(), SUNDAY);
    expect(rule.user).toBe(portfolio.user);
    expect(rule.portfolio.unwrap()).toBe(portfolio);
    expect(rule.basket.unwrap()).toBe(basket);
    expect(rule.amount.toFixed()).toBe('25');
    expect(rule).toMatchObject({ status: 'active', runs: 0, catchUp: 'one', nextRunAt: MONDAY_0900 });
  });

  test('whose anchor has passed starts with the next occurrence', () => {
    expect(aRule({ frequency: 'weekly', anchorDate: '2026-01-05' }).nextRunAt).toEqual(MONDAY_0900);
  });

  test('takes the minimum of its basket, not less', () => {
    expect(aRule({ amount: decimal('10') }).amount.toFixed()).toBe('10');
    expect(() => aRule({ amount: decimal('9.99') })).toThrow(refusal('basket.below-minimum'));
  });

  test('is not for a closed portfolio', () => {
    expect(() => new AutoInvestRule(closedPortfolio(), activeBasket(), planOf(), SUNDAY)).toThrow(
      refusal('portfolio.closed'),
    );
  });

  test('is not for a basket that takes no investments', () => {
    const paused = activeBasket();
    paused.pause();
    for (const basket of [draftBasket(), paused]) {
      expect(() => new AutoInvestRule(aPortfolio(), basket, planOf(), SUNDAY)).toThrow(
        refusal('basket.not-investable'),
      );
    }
  });

  test('is of a time zone that exists', () => {
    expect(() => aRule({ timeZone: 'Europe/Atlantis' })).toThrow(refusal('auto-invest.unknown-time-zone'));
    expect(() => aRule({ timeZone: '+01:00' })).toThrow('A time zone is an IANA name such as "Europe/Rome".');
  });

  test('runs at least once', () => {
    expect(aRule({ maxRuns: 1 }).maxRuns).toBe(1);
    expect(() => aRule({ maxRuns: 0 })).toThrow(refusal('auto-invest.max-runs'));
    expect(() => aRule({ maxRuns: -1 })).toThrow('A rule runs at least once.');
  });

  test('may end on the day of its first run, not before', () => {
    expect(aRule({ endDate: '2026-03-02' }).nextRunAt).toEqual(MONDAY_0900);
    expect(() => aRule({ endDate: '2026-03-01' })).toThrow(refusal('auto-invest.never-runs'));
  });
});

const paused = () => {
  const rule = aRule();
  rule.pause('by its owner');
  return rule;
};
const cancelled = () => {
  const rule = aRule();
  rule.cancel(SUNDAY);
  return rule;
};
const completed = () => {
  const rule = aRule({ maxRuns: 1 });
  rule.advance(MONDAY_0900, true);
  return rule;
};

describe('the state of a rule', () => {
  everyTransition<AutoInvestRule, AutoInvestRuleStatus, 'be paused' | 'be resumed' | 'be cancelled'>({
    a: 'a rule',
    reach: { active: () => aRule(), paused, cancelled, completed },
    verbs: {
      'be paused': rule => rule.pause('by its owner'),
      'be resumed': rule => rule.resume(MONDAY_0900),
      'be cancelled': rule => rule.cancel(MONDAY_0900),
    },
    allowed: {
      active: { 'be paused': 'paused', 'be cancelled': 'cancelled' },
      paused: { 'be resumed': 'active', 'be cancelled': 'cancelled' },
      cancelled: {},
      completed: {},
    },
    stateOf: rule => rule.status,
  });

  test('paused has a reason and no next run', () => {
    expect(paused()).toMatchObject({ pauseReason: 'by its owner', nextRunAt: undefined, endedAt: undefined });
  });

  test('cancelled has an end, no next run and no reason to be paused any more', () => {
    const rule = paused();
    rule.cancel(MONDAY_0900);
    expect(rule).toMatchObject({ endedAt: MONDAY_0900, nextRunAt: undefined, pauseReason: undefined });
  });

  test('resumed after a month goes on with the next occurrence, and makes no burst', () => {
    const rule = paused();
    rule.resume(at('2026-03-25T12:00:00Z'));
    expect(rule).toMatchObject({ status: 'active', pauseReason: undefined, nextRunAt: at('2026-03-26T08:00:00Z') });
    expect(rule.due(at('2026-03-25T12:00:00Z'))).toEqual({ missed: [] });
    expect(due(rule, '2026-03-26T08:00:00Z')).toEqual({ run: '03-26', missed: [] });
  });

  test('resumed at the very instant of an occurrence runs it', () => {
    const rule = paused();
    rule.resume(at('2026-03-25T08:00:00Z'));
    expect(due(rule, '2026-03-25T08:00:00Z')).toEqual({ run: '03-25', missed: [] });
  });

  test('resumed after its last day is completed', () => {
    const rule = aRule({ endDate: '2026-03-10' });
    rule.pause('by its owner');
    rule.resume(at('2026-03-10T08:00:00.001Z'));
    expect(rule).toMatchObject({ status: 'completed', endedAt: at('2026-03-10T08:00:00.001Z'), nextRunAt: undefined });
  });

  test('resumed with all its runs made is completed', () => {
    const rule = aRule({ maxRuns: 1 });
    rule.pause('by its owner');
    // The run had begun before the pause.
    rule.advance(MONDAY_0900, true);
    expect(rule).toMatchObject({ status: 'paused', runs: 1 });
    rule.resume(at('2026-03-03T00:00:00Z'));
    expect(rule).toMatchObject({ status: 'completed', nextRunAt: undefined });
  });
});

describe('what is due', () => {
  test('is nothing before the first occurrence', () => {
    expect(due(aRule(), '2026-03-02T07:59:59.999Z')).toEqual({ run: undefined, missed: [] });
  });

  test('is the occurrence itself, from its very instant on', () => {
    expect(due(aRule(), '2026-03-02T08:00:00Z')).toEqual({ run: '03-02', missed: [] });
    expect(due(aRule(), '2026-03-02T20:00:00Z')).toEqual({ run: '03-02', missed: [] });
  });

  test('of several missed is the newest; the others are left', () => {
    const missed = ['03-02', '03-03', '03-04'];
    expect(due(aRule({ catchUp: 'one' }), '2026-03-05T10:00:00Z')).toEqual({ run: '03-05', missed });
    expect(due(aRule({ catchUp: 'skip' }), '2026-03-05T10:00:00Z')).toEqual({ run: '03-05', missed });
  });

  test('may be days late where the rule makes up for what it missed', () => {
    const weekly = aRule({ frequency: 'weekly', catchUp: 'one' });
    expect(due(weekly, '2026-03-14T00:00:00Z')).toEqual({ run: '03-09', missed: ['03-02'] });
  });

  test('may be a day late and no more where the rule skips what it missed', () => {
    const weekly = () => aRule({ frequency: 'weekly', catchUp: 'skip' });
    expect(due(weekly(), '2026-03-10T08:00:00Z')).toEqual({ run: '03-09', missed: ['03-02'] });
    expect(due(weekly(), '2026-03-10T08:00:00.001Z')).toEqual({ run: undefined, missed: ['03-02', '03-09'] });
  });

  test('stops at the last day', () => {
    expect(due(aRule({ endDate: '2026-03-03' }), '2026-03-10T10:00:00Z')).toEqual({ run: '03-03', missed: ['03-02'] });
    expect(due(aRule({ endDate: '2026-03-03', catchUp: 'skip' }), '2026-03-10T10:00:00Z')).toEqual({
      run: undefined,
      missed: ['03-02', '03-03'],
    });
  });

  test.each([
    ['paused', paused],
    ['cancelled', cancelled],
    ['completed', completed],
  ])('is nothing while the rule is %s', (_status, reach) => {
    expect(due(reach(), '2026-04-01T00:00:00Z')).toEqual({ run: undefined, missed: [] });
  });

  test('is a matter of looking: it changes nothing', () => {
    const rule = aRule();
    rule.due(at('2026-03-05T10:00:00Z'));
    expect(rule).toMatchObject({ nextRunAt: MONDAY_0900, runs: 0, status: 'active' });
  });
});

describe('moving on', () => {
  test('leads behind what was due, and counts what succeeded', () => {
    const rule = aRule();
    rule.advance(at('2026-03-05T10:00:00Z'), true);
    expect(rule).toMatchObject({ runs: 1, nextRunAt: at('2026-03-06T08:00:00Z') });
    expect(due(rule, '2026-03-05T10:00:00Z')).toEqual({ run: undefined, missed: [] });
  });

  test('at the very instant of an occurrence leads to the one after', () => {
    const rule = aRule();
    rule.advance(MONDAY_0900, true);
    expect(rule.nextRunAt).toEqual(at('2026-03-03T08:00:00Z'));
  });

  test('without success counts nothing', () => {
    const rule = aRule({ maxRuns: 1 });
    rule.advance(MONDAY_0900, false);
    expect(rule).toMatchObject({ runs: 0, status: 'active', nextRunAt: at('2026-03-03T08:00:00Z') });
  });

  test('completes the rule with the last of its runs', () => {
    const rule = aRule({ maxRuns: 2 });
    rule.advance(MONDAY_0900, true);
    expect(rule.status).toBe('active');
    rule.advance(at('2026-03-03T08:00:00Z'), true);
    expect(rule).toMatchObject({
      status: 'completed',
      runs: 2,
      endedAt: at('2026-03-03T08:00:00Z'),
      nextRunAt: undefined,
    });
  });

  test('completes the rule when its last day has passed, whether or not the run succeeded', () => {
    const rule = aRule({ endDate: '2026-03-03' });
    rule.advance(MONDAY_0900, true);
    expect(rule).toMatchObject({ status: 'active', nextRunAt: at('2026-03-03T08:00:00Z') });
    rule.advance(at('2026-03-03T08:00:00Z'), false);
    expect(rule).toMatchObject({ status: 'completed', runs: 1 });
  });

  test('goes on for ever without a number of runs or a last day, from the database too', async () => {
    const { em } = await entitiesKnown();
    const stored = aRule();
    const loaded = em.fork().map(AutoInvestRule, {
      user_id: stored.user.unwrap().id,
      id: stored.id,
      amount: decimal('25'),
      frequency: 'daily',
      anchor_date: '2026-03-02',
      local_time: '09:00',
      time_zone: 'Europe/Rome',
      catch_up: 'one',
      status: 'active',
      runs: 0,
      next_run_at: MONDAY_0900,
      max_runs: null,
      end_date: null,
    });
    for (const rule of [stored, loaded]) {
      rule.advance(MONDAY_0900, true);
      expect(rule).toMatchObject({ status: 'active', runs: 1, nextRunAt: at('2026-03-03T08:00:00Z') });
      expect(due(rule, '2026-03-03T08:00:00Z')).toEqual({ run: '03-03', missed: [] });
    }
  });

  test('keeps a rule that was paused meanwhile paused, and counts the run', () => {
    const rule = paused();
    rule.advance(MONDAY_0900, true);
    expect(rule).toMatchObject({ status: 'paused', runs: 1, nextRunAt: undefined });
  });
});

describe('erasing a rule', () => {
  test('forgets where its owner lived, once it has ended', () => {
    const rule = aRule();
    rule.pause('On holiday in Rome');
    rule.cancel(MONDAY_0900);
    rule.erase();
    expect(rule).toMatchObject({ timeZone: 'UTC', pauseReason: undefined, status: 'cancelled', localTime: '09:00' });
  });

  test.each<[string, (rule: AutoInvestRule) => void]>([
    ['runs', () => undefined],
    ['is paused', rule => rule.pause('On holiday')],
  ])('that %s is refused: its calendar needs the zone', (_, reach) => {
    const rule = aRule();
    reach(rule);
    expect(() => rule.erase()).toThrow(refusal('auto-invest-rule.not-ended'));
    expect(rule.timeZone).toBe('Europe/Rome');
  });
});
