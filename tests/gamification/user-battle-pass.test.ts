import { ref } from '@mikro-orm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserBattlePass } from '../../src/gamification/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { at, aUser, decimal, NOW, refusal, share } from '../shared/examples.js';
import { DOLLAR, draftSeason, passWith, posted, runningSeason, transactionOf } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const END = at('2026-07-01T00:00:00Z');

describe('a user in a season', () => {
  test('starts with nothing, on the free track', () => {
    const [anna, season] = [aUser(), runningSeason()];
    const pass = new UserBattlePass(anna, season, NOW);
    expect(pass.user.unwrap()).toBe(anna);
    expect(pass.battlePass.unwrap()).toBe(season);
    expect(pass).toMatchObject({ xp: 0, isPremium: false });
    expect([pass.premiumSince, pass.premiumTransaction]).toEqual([undefined, undefined]);
  });

  test('joins one that is running', () => {
    const over = runningSeason();
    over.end(END);
    for (const [season, now] of [
      [draftSeason(), NOW],
      [runningSeason(), END],
      [over, NOW],
    ] as const) {
      expect(() => new UserBattlePass(aUser(), season, now)).toThrow(refusal('battle-pass.not-running'));
    }
  });

  test('cannot be given anything from outside', () => {
    const pass = passWith(0);
    expect(() => Object.assign(pass, { xp: 1_000 })).toThrow(TypeError);
    expect(() => Object.assign(pass, { premiumSince: NOW })).toThrow(TypeError);
    expect(() => Object.assign(pass, { premiumTransaction: ref(posted('fee', '10')) })).toThrow(TypeError);
  });
});

describe('XP in a season', () => {
  test('is what happened in it, told in time or late', () => {
    const pass = passWith(40);
    pass.gain(60, at('2026-06-01T00:00:00Z'));
    pass.gain(0, at('2026-06-30T23:59:59.999Z'));
    expect(pass.xp).toBe(100);
    pass.battlePass.getEntity().end(END);
    pass.gain(5, at('2026-06-30T23:59:59.999Z'));
    expect(pass.xp).toBe(105);
  });

  test.each(['2026-05-31T23:59:59.999Z', '2026-07-01T00:00:00Z'])('is not what happened at %s', instant => {
    const pass = passWith(40);
    expect(() => pass.gain(60, at(instant))).toThrow(refusal('battle-pass.not-running'));
    expect(pass.xp).toBe(40);
  });

  test('is taken back, not below nothing', () => {
    const pass = passWith(40);
    pass.takeBack(30);
    expect(pass.xp).toBe(10);
    expect(() => pass.takeBack(11)).toThrow(refusal('xp.range'));
    expect(pass.xp).toBe(10);
  });

  test.each([-1, 0.5, Number.NaN])('does not move by %d', xp => {
    const pass = passWith(40);
    expect(() => pass.gain(xp, NOW)).toThrow(refusal('xp.not-positive'));
    expect(() => pass.takeBack(xp)).toThrow(refusal('xp.not-positive'));
    expect(pass.xp).toBe(40);
  });
});

describe('the premium track', () => {
  test('is bought with a posted transaction of its price', () => {
    const [pass, payment] = [passWith(40), posted('fee', '10')];
    pass.goPremium(payment, NOW);
    expect(pass).toMatchObject({ isPremium: true, premiumSince: NOW });
    expect(pass.premiumTransaction?.unwrap()).toBe(payment);
  });

  test('is bought once', () => {
    const [pass, payment] = [passWith(40), posted('fee', '10')];
    pass.goPremium(payment, NOW);
    expect(() => pass.goPremium(posted('fee', '10'), at('2026-06-16T12:00:00Z'))).toThrow(
      refusal('battle-pass.premium-already'),
    );
    expect(pass.premiumSince).toEqual(NOW);
    expect(pass.premiumTransaction?.unwrap()).toBe(payment);
  });

  test('stays when XP is taken back and when the season ends', () => {
    const pass = passWith(40);
    pass.goPremium(posted('fee', '10'), NOW);
    pass.takeBack(40);
    pass.battlePass.getEntity().end(END);
    expect(pass.isPremium).toBe(true);
  });

  test('is not sold after the season', () => {
    const pass = passWith(40);
    expect(() => pass.goPremium(posted('fee', '10'), END)).toThrow(refusal('battle-pass.not-running'));
    expect(pass.isPremium).toBe(false);
  });

  test.each([
    ['less', () => posted('fee', '9.99999999')],
    ['more', () => posted('fee', '10.00000001')],
    ['something else', () => posted('fee', '10', share())],
    [
      'a payment that has not come',
      () => transactionOf({ type: 'fee', status: 'pending', amount: decimal('10'), asset: ref(DOLLAR) }),
    ],
  ])('is not bought with %s', (_what, payment) => {
    const pass = passWith(40);
    expect(() => pass.goPremium(payment(), NOW)).toThrow(refusal('battle-pass.other-price'));
    expect([pass.premiumSince, pass.premiumTransaction]).toEqual([undefined, undefined]);
  });
});
