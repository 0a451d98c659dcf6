import { describe, expect, test } from 'vitest';
import { Achievement, UserAchievement } from '../../src/gamification/index.js';
import { at, aUser, decimal, NOW, refusal } from '../shared/examples.js';
import { saver } from './examples.js';

const LATER = at('2026-06-16T12:00:00Z');
const ofAnna = (achievement = saver()) => new UserAchievement(aUser(), achievement);
const figures = ({ counted, progress, isUnlocked }: UserAchievement) => [
  counted.toFixed(),
  progress.toFixed(),
  isUnlocked,
];

describe('an achievement of a user', () => {
  test('starts with nothing', () => {
    const [anna, achievement] = [aUser(), saver()];
    const own = new UserAchievement(anna, achievement);
    expect(own.user.unwrap()).toBe(anna);
    expect(own.achievement.unwrap()).toBe(achievement);
    expect(own.target.toFixed()).toBe('100');
    expect(figures(own)).toEqual(['0', '0', false]);
    expect(own.unlockedAt).toBeUndefined();
  });

  test('is not begun once it is retired', () => {
    const achievement = saver();
    achievement.retire(NOW);
    expect(() => ofAnna(achievement)).toThrow(refusal('achievement.not-active'));
  });

  test('is unlocked when its target is reached, and says so once', () => {
    const own = ofAnna();
    expect(own.count(decimal('99.99999999'), NOW)).toBe(false);
    expect(own.count(decimal('0.00000001'), LATER)).toBe(true);
    expect(own.unlockedAt).toEqual(LATER);
    expect(own.count(decimal('50'), at('2026-06-17T12:00:00Z'))).toBe(false);
    expect(own.unlockedAt).toEqual(LATER);
    expect(figures(own)).toEqual(['150', '100', true]);
  });

  test('of a peak is unlocked by one value that is high enough', () => {
    const [streak] = Achievement.tiersOf(
      { code: 'steady', name: 'Steady', description: 'Day after day.', criteria: { kind: 'streak_days' } },
      [{ target: decimal('7'), points: 5 }],
    );
    const own = ofAnna(streak);
    expect(own.count(decimal('6'), NOW)).toBe(false);
    expect(own.count(decimal('6'), NOW)).toBe(false);
    expect(own.count(decimal('8'), NOW)).toBe(true);
    expect(figures(own)).toEqual(['8', '7', true]);
  });

  test('stays unlocked when something is undone, and is not unlocked again', () => {
    const own = ofAnna();
    own.count(decimal('100'), NOW);
    own.takeBack(decimal('40'));
    expect(figures(own)).toEqual(['60', '60', true]);
    expect(own.count(decimal('40'), LATER)).toBe(false);
    expect(own.unlockedAt).toEqual(NOW);
  });

  test('gives out no more than was counted', () => {
    const own = ofAnna();
    own.count(decimal('40'), NOW);
    expect(() => own.takeBack(decimal('40.00000001'))).toThrow(refusal('criteria.more-than-counted'));
    expect(() => own.count(decimal('0'), NOW)).toThrow(refusal('criteria.value-not-positive'));
    expect(figures(own)).toEqual(['40', '40', false]);
  });

  test('cannot be unlocked from outside', () => {
    expect(() => Object.assign(ofAnna(), { unlockedAt: NOW })).toThrow(TypeError);
    expect(() => Object.assign(ofAnna(), { counted: decimal('100') })).toThrow(TypeError);
  });
});
