import { beforeAll, describe, expect, test } from 'vitest';
import type { BattlePass, BattlePassStatus, Reward } from '../../src/gamification/index.js';
import { Asset } from '../../src/market/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, decimal, NOW, refusal, share } from '../shared/examples.js';
import { DOLLAR, draftSeason, runningSeason, TIERS, tierOf } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const END = at('2026-07-01T00:00:00Z');
const withTiers = () => {
  const season = draftSeason();
  for (const tier of TIERS) season.addTier(tier);
  return season;
};
const ended = () => {
  const season = runningSeason();
  season.end(END);
  return season;
};
const egg: Reward = { badge: 'egg' };

describe('a season', () => {
  test('starts as a draft without tiers', () => {
    const season = draftSeason();
    expect(season).toMatchObject({
      code: 'season-1',
      season: 1,
      status: 'draft',
      startsAt: at('2026-06-01T00:00:00Z'),
      endsAt: END,
      claimUntil: at('2026-07-15T00:00:00Z'),
    });
    expect(season.premiumPrice.toFixed()).toBe('10');
    expect(season.currency.unwrap()).toBe(DOLLAR);
    expect(season.tiers).toHaveLength(0);
  });

  test('ends after it starts', () => {
    expect(() => draftSeason({ endsAt: at('2026-06-01T00:00:00Z') })).toThrow(refusal('battle-pass.window'));
    expect(draftSeason({ endsAt: at('2026-06-01T00:00:00.001Z') }).status).toBe('draft');
  });

  test('can be claimed at least until it ends', () => {
    expect(draftSeason({ claimUntil: END }).claimUntil).toEqual(END);
    expect(() => draftSeason({ claimUntil: at('2026-06-30T23:59:59.999Z') })).toThrow(
      refusal('battle-pass.claim-until'),
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('is not number %d', season => {
    expect(() => draftSeason({ season })).toThrow(refusal('battle-pass.season'));
  });

  test.each(['0', '-1', 'NaN'])('does not cost %s', price => {
    expect(() => draftSeason({ premiumPrice: decimal(price) })).toThrow(refusal('battle-pass.price-not-positive'));
  });

  test('is paid for in a currency', () => {
    expect(() => draftSeason({ currency: share() })).toThrow(refusal('battle-pass.not-a-currency'));
  });

  everyTransition<BattlePass, BattlePassStatus, 'be activated' | 'be ended'>({
    a: 'a season',
    reach: { draft: withTiers, active: runningSeason, ended },
    verbs: { 'be activated': season => season.activate(NOW), 'be ended': season => season.end(END) },
    allowed: { draft: { 'be activated': 'active' }, active: { 'be ended': 'ended' }, ended: {} },
    stateOf: season => season.status,
  });

  test('remembers when it was activated and ended', () => {
    expect(ended()).toMatchObject({ activatedAt: NOW, endedAt: END });
  });

  test('without tiers is not activated', () => {
    expect(() => draftSeason().activate(NOW)).toThrow(refusal('battle-pass.no-tiers'));
  });

  test.each(['2026-05-31T23:59:59.999Z', '2026-07-01T00:00:00Z'])('is not activated at %s', instant => {
    expect(() => withTiers().activate(at(instant))).toThrow(refusal('battle-pass.outside-window'));
  });

  test('is not ended before its end', () => {
    const season = runningSeason();
    expect(() => season.end(at('2026-06-30T23:59:59.999Z'))).toThrow(refusal('battle-pass.not-over'));
    expect(season.status).toBe('active');
  });

  test('runs while it is active, from its start to its end', () => {
    const season = runningSeason();
    expect(['2026-06-01T00:00:00Z', '2026-06-30T23:59:59.999Z'].map(at).map(now => season.isRunning(now))).toEqual([
      true,
      true,
    ]);
    expect(['2026-05-31T23:59:59.999Z', '2026-07-01T00:00:00Z'].map(at).map(now => season.isRunning(now))).toEqual([
      false,
      false,
    ]);
    expect(withTiers().isRunning(NOW)).toBe(false);
    expect(ended().isRunning(NOW)).toBe(false);
  });

  test('can be claimed from when it is active, and after its end until the day it says', () => {
    expect(withTiers().isClaimable(NOW)).toBe(false);
    expect(runningSeason().isClaimable(NOW)).toBe(true);
    expect(ended().isClaimable(at('2026-07-14T23:59:59.999Z'))).toBe(true);
    expect(ended().isClaimable(at('2026-07-15T00:00:00Z'))).toBe(false);
  });

  test('cannot be given a state from outside', () => {
    expect(() => Object.assign(draftSeason(), { status: 'active' })).toThrow(TypeError);
  });
});

describe('money of a season', () => {
  const euro = () =>
    new Asset({ code: 'EURC', name: 'Euro Coin', kind: 'stablecoin', contract: { chain: 'base', decimals: 6 } });

  test('has no more decimals than the books keep of it', () => {
    const currency = euro();
    expect(draftSeason({ currency, premiumPrice: decimal('0.000001') }).status).toBe('draft');
    expect(() => draftSeason({ currency, premiumPrice: decimal('0.0000001') })).toThrow(refusal('decimal.too-precise'));
    const season = draftSeason();
    expect(() => season.addTier({ xp: 0, free: { amount: decimal('0.0000001'), asset: euro() } })).toThrow(
      refusal('decimal.too-precise'),
    );
    expect(season.addTier({ xp: 0, free: { amount: decimal('0.000001'), asset: euro() } }).number).toBe(1);
  });
});

describe('the tiers of a season', () => {
  test('are numbered from 1 and pay on two tracks', () => {
    const season = withTiers();
    expect(season.tiers.getItems().map(({ number, xp }) => [number, xp])).toEqual([
      [1, 0],
      [2, 100],
    ]);
    const [first, second] = [tierOf(season, 1), tierOf(season, 2)];
    expect(first.battlePass.unwrap()).toBe(season);
    expect(first.rewardOn('free')).toEqual({ badge: 'egg' });
    expect(first.rewardOn('premium')).toBeUndefined();
    expect(second.freeAmount?.toFixed()).toBe('0.5');
    expect(second.rewardOn('free')).toEqual({ amount: decimal('0.5'), asset: second.freeAsset });
    expect(second.rewardOn('premium')).toEqual({ amount: decimal('2'), asset: second.premiumAsset });
    expect(second.premiumAsset?.unwrap()).toBe(DOLLAR);
  });

  test('take more XP each', () => {
    const season = withTiers();
    for (const xp of [100, 99, 0]) {
      expect(() => season.addTier({ xp, free: egg }), `${xp}`).toThrow(refusal('battle-pass.xp-not-rising'));
    }
    expect(season.addTier({ xp: 101, free: egg }).number).toBe(3);
    expect(season.tiers).toHaveLength(3);
  });

  test.each([-1, 0.5, 2_000_000_001, Number.NaN])('do not take %d XP', xp => {
    expect(() => draftSeason().addTier({ xp, free: egg })).toThrow(refusal('battle-pass.tier-xp'));
  });

  test('pay something', () => {
    expect(() => draftSeason().addTier({ xp: 0 })).toThrow(refusal('battle-pass.no-reward'));
    expect(draftSeason().addTier({ xp: 0, premium: egg }).rewardOn('free')).toBeUndefined();
    expect(() => draftSeason().addTier({ xp: 0, free: { badge: '' } })).toThrow(refusal('battle-pass.badge'));
    for (const amount of ['0', '-1', 'NaN']) {
      expect(() => draftSeason().addTier({ xp: 0, free: { amount: decimal(amount), asset: DOLLAR } })).toThrow(
        refusal('battle-pass.reward-not-positive'),
      );
    }
  });

  test('are fixed once the season is active', () => {
    for (const season of [runningSeason(), ended()]) {
      expect(() => season.addTier({ xp: 200, free: egg })).toThrow(refusal('battle-pass.not-draft'));
      expect(season.tiers).toHaveLength(2);
    }
  });
});
