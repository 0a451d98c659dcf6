import { describe, expect, test } from 'vitest';
import {
  type AutoInvestRule,
  AutoInvestService,
  asUser,
  type CreateAutoInvestRule,
  NotFoundError,
  newId,
  Portfolio,
  StateError,
  UserPreferences,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const as = <T>(userId: string, work: (rules: AutoInvestService) => Promise<T>): Promise<T> =>
  asUser(database.orm.em, userId, em => work(new AutoInvestService(em, world.clock)));

const create = (who: Investor, plan: Partial<CreateAutoInvestRule> = {}): Promise<AutoInvestRule> =>
  as(who.userId, rules =>
    rules.create({
      ...who,
      basketSlug: 'trio',
      amount: '25',
      frequency: 'monthly',
      anchorDate: '2026-03-31',
      localTime: '09:30',
      ...plan,
    }),
  );

const stored = (ruleId: string) =>
  world.rows(
    `select r.status, r.pause_reason, r.next_run_at, r.ended_at, r.runs from auto_invest_rules r where r.id = $1`,
    [ruleId],
  );

describe('a rule', () => {
  test('is stored as it was asked for, and waits for its first occurrence', async () => {
    const ann = await world.newInvestor();
    const { id } = await create(ann, { catchUp: 'skip', endDate: '2027-03-31', maxRuns: 12 });
    expect(
      await world.rows(
        `select r.portfolio_id, b.slug, r.amount::text, r.frequency, r.anchor_date::text, r.local_time, r.time_zone, r.next_run_at,
           r.end_date::text, r.max_runs, r.runs, r.catch_up, r.status, r.pause_reason, r.ended_at
         from auto_invest_rules r join baskets b on b.id = r.basket_id where r.id = $1 and r.user_id = $2`,
        [id, ann.userId],
      ),
    ).toEqual([
      {
        portfolio_id: ann.portfolioId,
        slug: 'trio',
        amount: '25.00000000',
        frequency: 'monthly',
        anchor_date: '2026-03-31',
        local_time: '09:30',
        time_zone: 'UTC',
        next_run_at: new Date('2026-03-31T09:30:00Z'),
        end_date: '2027-03-31',
        max_runs: 12,
        runs: 0,
        catch_up: 'skip',
        status: 'active',
        pause_reason: null,
        ended_at: null,
      },
    ]);
  });

  test.each([
    ['its owner’s', undefined, 'Asia/Kathmandu', '2026-03-31T03:45:00.000Z'],
    ['the one it names', 'America/New_York', 'America/New_York', '2026-03-31T13:30:00.000Z'],
  ])('runs in a time zone: %s', async (_, named, timeZone, first) => {
    const ann = await world.newInvestor(undefined, { timeZone: 'Asia/Kathmandu' });
    const rule = await create(ann, { timeZone: named });
    expect([rule.timeZone, rule.nextRunAt?.toISOString()]).toEqual([timeZone, first]);
  });

  test('takes the zone that its owner lives in at that moment, not the one to come', async () => {
    const ann = await world.newInvestor(undefined, { timeZone: 'Asia/Kathmandu' });
    await asUser(database.orm.em, ann.userId, async em =>
      (await em.findOneOrFail(UserPreferences, { user: ann.userId })).moveToTimeZone('Europe/Rome', NOON),
    );
    expect((await create(ann)).timeZone).toBe('Asia/Kathmandu');
    world.clock.moveTo('2026-03-03T12:00:00Z');
    expect((await create(ann)).timeZone).toBe('Europe/Rome');
  });

  test('anchored in the past starts with the next occurrence, counted from the anchor', async () => {
    const ann = await world.newInvestor();
    const first = async (anchorDate: string, localTime = '09:30') =>
      (await create(ann, { anchorDate, localTime })).nextRunAt?.toISOString();
    expect(await first('2025-08-31')).toBe('2026-03-31T09:30:00.000Z');
    expect(await first('2025-08-02')).toBe('2026-04-02T09:30:00.000Z');
    // It is noon: what is due this very minute is still to come.
    expect(await first('2025-08-02', '12:00')).toBe('2026-03-02T12:00:00.000Z');
  });

  test.each([
    ['in a basket that is not there', { basketSlug: 'nowhere' }, NotFoundError, 'basket.not-found'],
    ['into a portfolio that is not there', { portfolioId: newId() }, NotFoundError, 'portfolio.not-found'],
    ['below the basket’s minimum', { amount: '9.99999999' }, ValidationError, 'basket.below-minimum'],
    ['of nothing', { amount: '0' }, ValidationError, 'input.invalid'],
    ['on a day that is not there', { anchorDate: '2026-02-30' }, ValidationError, 'input.invalid'],
    ['at a time that is not there', { localTime: '24:00' }, ValidationError, 'input.invalid'],
    ['in a zone that is not there', { timeZone: 'Mars/Olympus' }, ValidationError, 'input.invalid'],
    ['of no runs', { maxRuns: 0 }, ValidationError, 'input.invalid'],
    ['every full moon', { frequency: 'lunar' as never }, ValidationError, 'input.invalid'],
    ['that would end before it starts', { endDate: '2026-03-30' }, ValidationError, 'auto-invest.never-runs'],
  ])('%s is refused', async (_, plan, kind, code) => {
    const ann = await world.newInvestor();
    const before = await world.dump();
    const refused = create(ann, plan);
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toMatchObject({ code });
    expect(await world.dump()).toEqual(before);
  });

  test('at the basket’s minimum and ending on its first day is taken', async () => {
    const ann = await world.newInvestor();
    const rule = await create(ann, { amount: '10', endDate: '2026-03-31' });
    expect(rule.nextRunAt?.toISOString()).toBe('2026-03-31T09:30:00.000Z');
  });

  test('is not started for a paused basket or a closed portfolio', async () => {
    const ann = await world.newInvestor();
    await world.baskets(service => service.pause('trio'));
    await expect(create(ann)).rejects.toMatchObject({ code: 'basket.not-investable' });
    await world.baskets(service => service.activate('trio'));
    await asUser(database.orm.em, ann.userId, async em =>
      (await em.findOneOrFail(Portfolio, { user: ann.userId })).close(NOON),
    );
    await expect(create(ann)).rejects.toMatchObject({ code: 'portfolio.closed' });
  });

  test('is paused with a reason, resumed without making up for anything, and cancelled for good', async () => {
    const ann = await world.newInvestor();
    const { id } = await create(ann);
    const at = { userId: ann.userId, ruleId: id };
    await as(ann.userId, rules => rules.pause({ ...at, reason: ' No money this spring ' }));
    expect(await stored(id)).toEqual([
      { status: 'paused', pause_reason: 'No money this spring', next_run_at: null, ended_at: null, runs: 0 },
    ]);
    await expect(as(ann.userId, rules => rules.pause({ ...at, reason: 'Again' }))).rejects.toThrow(StateError);

    world.clock.moveTo('2026-06-15T00:00:00Z');
    await as(ann.userId, rules => rules.resume(at));
    const next = new Date('2026-06-30T09:30:00Z');
    expect(await stored(id)).toEqual([
      { status: 'active', pause_reason: null, next_run_at: next, ended_at: null, runs: 0 },
    ]);
    await expect(as(ann.userId, rules => rules.resume(at))).rejects.toMatchObject({
      code: 'auto-invest-rule.not-active',
    });

    await as(ann.userId, rules => rules.cancel(at));
    const ended = new Date('2026-06-15T00:00:00Z');
    expect(await stored(id)).toEqual([
      { status: 'cancelled', pause_reason: null, next_run_at: null, ended_at: ended, runs: 0 },
    ]);
    for (const verb of ['resume', 'cancel'] as const)
      await expect(as(ann.userId, rules => rules[verb](at))).rejects.toThrow(StateError);
  });

  test('that would have ended meanwhile is completed when it is resumed', async () => {
    const ann = await world.newInvestor();
    const { id } = await create(ann, { endDate: '2026-05-31' });
    const at = { userId: ann.userId, ruleId: id };
    await as(ann.userId, rules => rules.pause({ ...at, reason: 'Holidays' }));
    world.clock.moveTo('2026-06-01T00:00:00Z');
    await as(ann.userId, rules => rules.resume(at));
    expect(await stored(id)).toMatchObject([{ status: 'completed', next_run_at: null, pause_reason: null }]);
  });

  test('of a stranger is not there, and looks no different from one that never was', async () => {
    const [ann, bob] = [await world.newInvestor(), await world.newInvestor()];
    const { id } = await create(ann);
    const before = await world.dump();
    const verbs = (userId: string, ruleId: string) => [
      as(bob.userId, rules => rules.pause({ userId, ruleId, reason: 'Mine' })),
      as(bob.userId, rules => rules.resume({ userId, ruleId })),
      as(bob.userId, rules => rules.cancel({ userId, ruleId })),
    ];
    const refused = [...verbs(ann.userId, id), ...verbs(bob.userId, id), ...verbs(bob.userId, newId())];
    for (const error of await Promise.all(refused.map(each => each.catch(reason => reason)))) {
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({
        code: 'auto-invest-rule.not-found',
        message: 'There is no such auto invest rule.',
        details: {},
      });
    }
    for (const place of [ann, { userId: bob.userId, portfolioId: ann.portfolioId }])
      await expect(
        as(bob.userId, rules =>
          rules.create({
            ...place,
            basketSlug: 'trio',
            amount: '25',
            frequency: 'daily',
            anchorDate: '2026-03-31',
            localTime: '09:30',
          }),
        ),
      ).rejects.toMatchObject({ code: 'portfolio.not-found', details: {} });
    expect(await world.dump()).toEqual(before);
  });
});
