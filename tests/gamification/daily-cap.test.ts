import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { underDailyCap, XP_DAILY_CAP, XP_SOURCES, type XpSource } from '../../src/gamification/index.js';

describe('the daily cap', () => {
  test('is 500 XP for transactions and 100 for streaks; what counts once has none', () => {
    expect(XP_DAILY_CAP).toEqual({ transaction: 500, streak: 100 });
  });

  test('knows no source of trading or borrowing', () => {
    expect(XP_SOURCES).toEqual(['transaction', 'streak', 'milestone', 'quest', 'achievement', 'adjustment']);
  });

  test.each<[string, XpSource, number, number, number]>([
    ['leaves whole what fits', 'transaction', 50, 0, 50],
    ['leaves whole what fits exactly', 'transaction', 50, 450, 50],
    ['cuts what does not', 'transaction', 50, 480, 20],
    ['leaves nothing when it is used up', 'transaction', 50, 500, 0],
    ['leaves nothing, not less, when it was lowered', 'transaction', 50, 700, 0],
    ['leaves more after XP was taken back', 'streak', 100, -30, 100],
    ['cuts no quest', 'quest', 100_000, 9_000, 100_000],
  ])('%s', (_what, source, xp, earned, left) => {
    expect(underDailyCap(source, xp, earned)).toBe(left);
  });

  test('gives a day the same XP in whatever order it comes', () => {
    const dayOf = (gains: number[]) => gains.reduce((sum, xp) => sum + underDailyCap('transaction', xp, sum), 0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 })), gains => {
        expect(dayOf(gains)).toBe(dayOf([...gains].reverse()));
        expect(dayOf(gains)).toBeLessThanOrEqual(500);
      }),
    );
  });
});
