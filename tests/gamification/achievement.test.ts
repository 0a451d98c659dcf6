import { describe, expect, test } from 'vitest';
import { Achievement, type AchievementStatus, type Criteria } from '../../src/gamification/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, decimal, NOW, refusal } from '../shared/examples.js';
import { saver } from './examples.js';

const SAVER = {
  code: 'saver',
  name: 'Saver',
  description: 'Deposit money.',
  criteria: { kind: 'deposit_total', assetCode: 'USD' } as Criteria,
};
const tier = (target: string, points = 10) => ({ target: decimal(target), points });
const retired = () => {
  const achievement = saver();
  achievement.retire(NOW);
  return achievement;
};

describe('an achievement', () => {
  test('has tiers, each with a higher target', () => {
    const tiers = Achievement.tiersOf(SAVER, [tier('100', 10), tier('1000', 50), tier('1000.00000001', 51)]);
    expect(tiers.map(({ code, tier, points, status }) => [code, tier, points, status])).toEqual([
      ['saver', 1, 10, 'active'],
      ['saver', 2, 50, 'active'],
      ['saver', 3, 51, 'active'],
    ]);
    expect(tiers.map(({ target }) => target.toFixed())).toEqual(['100', '1000', '1000.00000001']);
    expect(tiers.map(({ criteria }) => criteria)).toEqual(Array(3).fill(SAVER.criteria));
  });

  test('whose targets do not rise is refused', () => {
    for (const targets of [
      ['100', '100'],
      ['100', '99'],
      ['1', '3', '2'],
    ]) {
      expect(() =>
        Achievement.tiersOf(
          SAVER,
          targets.map(target => tier(target)),
        ),
      ).toThrow(refusal('achievement.targets-not-rising'));
    }
  });

  test('has 1 to 10 tiers', () => {
    const tiers = Array.from({ length: 11 }, (_, i) => tier(`${i + 1}`));
    expect(Achievement.tiersOf(SAVER, tiers.slice(0, 10))).toHaveLength(10);
    expect(() => Achievement.tiersOf(SAVER, tiers)).toThrow(refusal('achievement.tier'));
    expect(() => Achievement.tiersOf(SAVER, [])).toThrow(refusal('achievement.no-tiers'));
    for (const number of [0, -1, 1.5, Number.NaN]) {
      expect(() => new Achievement(SAVER, number, tier('100'))).toThrow(refusal('achievement.tier'));
    }
  });

  test('is worth 1 to 10,000 whole points', () => {
    expect([1, 10_000].map(points => new Achievement(SAVER, 1, tier('100', points)).points)).toEqual([1, 10_000]);
    for (const points of [0, -1, 0.5, 10_001, Number.NaN]) {
      expect(() => new Achievement(SAVER, 1, tier('100', points)), `${points}`).toThrow(refusal('achievement.points'));
    }
  });

  test('has a target that its criteria can have', () => {
    expect(() => new Achievement(SAVER, 1, tier('0'))).toThrow(refusal('criteria.target'));
    const goalSet = { ...SAVER, criteria: { kind: 'milestone', milestone: 'goal_set' } as Criteria };
    expect(() => new Achievement(goalSet, 1, tier('2'))).toThrow(refusal('criteria.target'));
    expect(new Achievement(goalSet, 1, tier('1')).criteria).toEqual(goalSet.criteria);
  });

  everyTransition<Achievement, AchievementStatus, 'be retired'>({
    a: 'an achievement',
    reach: { active: saver, retired },
    verbs: { 'be retired': achievement => achievement.retire(at('2026-06-16T12:00:00Z')) },
    allowed: { active: { 'be retired': 'retired' }, retired: {} },
    stateOf: achievement => achievement.status,
  });

  test('that is retired keeps the moment and cannot be begun', () => {
    expect(retired().retiredAt).toEqual(NOW);
    expect(() => saver().requireActive()).not.toThrow();
    expect(() => retired().requireActive()).toThrow(refusal('achievement.not-active'));
  });
});
