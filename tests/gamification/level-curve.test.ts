import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEVEL_MAX, levelOf, requireTotalXp, XP_MAX, xpOfLevel } from '../../src/gamification/index.js';
import { refusal } from '../shared/examples.js';

// By hand: 50 · n · (n − 1).
const BEGINS: [level: number, xp: number][] = [
  [1, 0],
  [2, 100],
  [3, 300],
  [4, 600],
  [5, 1_000],
  [10, 4_500],
  [50, 122_500],
  [100, 495_000],
  [1_000, 49_950_000],
  [6_325, 1_999_965_000],
];

describe('the level curve', () => {
  test.each(BEGINS)('begins level %i with %i XP', (level, xp) => {
    expect(xpOfLevel(level)).toBe(xp);
    expect(levelOf(xp)).toBe(level);
  });

  test.each(BEGINS.filter(([level]) => level > 1))('is one level lower one XP before level %i', (level, xp) => {
    expect(levelOf(xp - 1)).toBe(level - 1);
  });

  test('ends at level 6325, with two thousand million XP', () => {
    expect([LEVEL_MAX, XP_MAX, levelOf(XP_MAX)]).toEqual([6_325, 2_000_000_000, 6_325]);
  });

  test('and its inverse agree at the first and the last XP of every level', () => {
    for (let level = 2; level <= LEVEL_MAX; level += 1) {
      const begins = 50 * level * (level - 1);
      if (levelOf(begins) !== level || levelOf(begins - 1) !== level - 1) expect.fail(`level ${level}`);
    }
  });

  test('never falls as XP rises, and gives each XP the one level that it lies in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: XP_MAX }), fc.integer({ min: 0, max: XP_MAX }), (a, b) => {
        expect(levelOf(Math.min(a, b))).toBeLessThanOrEqual(levelOf(Math.max(a, b)));
        const level = levelOf(a);
        expect(50 * level * (level - 1)).toBeLessThanOrEqual(a);
        expect(50 * level * (level + 1)).toBeGreaterThan(a);
      }),
    );
  });

  test.each([0, -1, 1.5, 6_326, Number.NaN, Number.POSITIVE_INFINITY])('has no level %d', level => {
    expect(() => xpOfLevel(level)).toThrow(refusal('level.range'));
  });

  test.each([-1, 0.5, 2_000_000_001, Number.NaN, Number.POSITIVE_INFINITY])('has no place for %d XP', xp => {
    expect(() => levelOf(xp)).toThrow(refusal('xp.range'));
    expect(() => requireTotalXp(xp)).toThrow(refusal('xp.range'));
  });
});
