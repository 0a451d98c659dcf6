import { ref } from '@mikro-orm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { RewardClaim, type Track, type UserBattlePass } from '../../src/gamification/index.js';
import type { Transaction } from '../../src/ledger/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { at, decimal, NOW, refusal, share } from '../shared/examples.js';
import { DOLLAR, passWith, posted, premiumPassWith, runningSeason, tierOf, transactionOf } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const claimOf = (pass: UserBattlePass, number: number, track: Track, grant?: Transaction, now = NOW) =>
  new RewardClaim(pass, tierOf(pass.battlePass.getEntity(), number), track, now, grant);

describe('a claim', () => {
  test('of a badge keeps the badge', () => {
    const pass = passWith(0);
    const claim = claimOf(pass, 1, 'free');
    expect(claim.user).toBe(pass.user);
    expect(claim.battlePass).toBe(pass.battlePass);
    expect(claim.userBattlePass.unwrap()).toBe(pass);
    expect(claim.tier.unwrap()).toBe(tierOf(pass.battlePass.getEntity(), 1));
    expect(claim).toMatchObject({ track: 'free', badge: 'egg', claimedAt: NOW });
    expect([claim.amount, claim.asset, claim.transaction]).toEqual([undefined, undefined, undefined]);
  });

  test('of money keeps the amount and the transaction that gave it', () => {
    const grant = posted('reward', '0.5');
    const claim = claimOf(passWith(100), 2, 'free', grant);
    expect(claim.amount?.toFixed()).toBe('0.5');
    expect(claim.asset?.unwrap()).toBe(DOLLAR);
    expect(claim.transaction?.unwrap()).toBe(grant);
    expect(claim.badge).toBeUndefined();
  });

  test('needs the XP of the tier, exactly or more', () => {
    expect(claimOf(passWith(100), 2, 'free', posted('reward', '0.5')).track).toBe('free');
    expect(() => claimOf(passWith(99), 2, 'free', posted('reward', '0.5'))).toThrow(
      expect.objectContaining({ code: 'reward.tier-not-reached', details: { needed: 100, xp: 99 } }),
    );
  });

  test('on the premium track needs the premium track', () => {
    expect(() => claimOf(passWith(100), 2, 'premium', posted('reward', '2'))).toThrow(refusal('reward.not-premium'));
    expect(claimOf(premiumPassWith(100), 2, 'premium', posted('reward', '2')).amount?.toFixed()).toBe('2');
  });

  test('on the premium track is for tiers reached before it was bought, too', () => {
    const pass = passWith(100);
    const before = claimOf(pass, 2, 'free', posted('reward', '0.5'), at('2026-06-15T13:00:00Z'));
    pass.goPremium(posted('fee', '10'), at('2026-06-20T12:00:00Z'));
    const after = claimOf(pass, 2, 'premium', posted('reward', '2'), at('2026-06-20T12:00:00Z'));
    expect([before.track, after.track]).toEqual(['free', 'premium']);
  });

  test('is of something that the tier pays', () => {
    expect(() => claimOf(premiumPassWith(0), 1, 'premium')).toThrow(refusal('reward.none'));
  });

  test('is of a tier of the same season', () => {
    const other = runningSeason({ code: 'season-2', season: 2 });
    expect(() => new RewardClaim(passWith(100), tierOf(other, 1), 'free', NOW)).toThrow(refusal('reward.other-season'));
  });

  test('can be made after the season, until the day it says', () => {
    const pass = passWith(0);
    pass.battlePass.getEntity().end(at('2026-07-01T00:00:00Z'));
    expect(claimOf(pass, 1, 'free', undefined, at('2026-07-14T23:59:59.999Z')).badge).toBe('egg');
    expect(() => claimOf(pass, 1, 'free', undefined, at('2026-07-15T00:00:00Z'))).toThrow(refusal('reward.over'));
  });

  test.each<[string, () => Transaction | undefined]>([
    ['none', () => undefined],
    ['less', () => posted('reward', '0.49999999')],
    ['more', () => posted('reward', '0.50000001')],
    ['something else', () => posted('reward', '0.5', share())],
    ['what is not a reward', () => posted('deposit', '0.5')],
    [
      'a pending one',
      () => transactionOf({ type: 'reward', status: 'pending', amount: decimal('0.5'), asset: ref(DOLLAR) }),
    ],
  ])('of money does not come with another grant: %s', (_what, grant) => {
    expect(() => claimOf(passWith(100), 2, 'free', grant())).toThrow(refusal('reward.other-grant'));
  });

  test('of a badge comes with no grant', () => {
    expect(() => claimOf(passWith(0), 1, 'free', posted('reward', '0.5'))).toThrow(refusal('reward.other-grant'));
  });

  test('stays what it was when the XP is taken back', () => {
    const pass = passWith(100);
    const claim = claimOf(pass, 2, 'free', posted('reward', '0.5'));
    pass.takeBack(100);
    expect(claim.amount?.toFixed()).toBe('0.5');
    expect(() => claimOf(pass, 2, 'free', posted('reward', '0.5'))).toThrow(refusal('reward.tier-not-reached'));
  });
});
