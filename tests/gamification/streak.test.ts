import { describe, expect, test } from 'vitest';
import { currentStreak, longestStreak } from '../../src/gamification/index.js';

describe('a streak', () => {
  test.each<[string, string[], number]>([
    ['is nothing without a day', [], 0],
    ['is one on its first day', ['2026-06-15'], 1],
    ['still counts when today is not over', ['2026-06-13', '2026-06-14'], 2],
    ['is broken by a whole day without', ['2026-06-12', '2026-06-13'], 0],
    ['counts the days in a row up to today', ['2026-06-13', '2026-06-14', '2026-06-15'], 3],
    ['starts again after a gap', ['2026-06-10', '2026-06-11', '2026-06-13', '2026-06-14', '2026-06-15'], 3],
    ['takes the days in any order, and each once', ['2026-06-15', '2026-06-13', '2026-06-14', '2026-06-15'], 3],
    ['does not count what lies ahead', ['2026-06-14', '2026-06-15', '2026-06-16'], 2],
  ])('%s', (_what, days, length) => {
    expect(currentStreak(days, '2026-06-15')).toBe(length);
  });

  test('goes over the end of a month, of a year and of February', () => {
    expect(currentStreak(['2025-12-30', '2025-12-31', '2026-01-01'], '2026-01-01')).toBe(3);
    expect(currentStreak(['2028-02-28', '2028-02-29', '2028-03-01'], '2028-03-01')).toBe(3);
    expect(currentStreak(['2026-02-28', '2026-03-01'], '2026-03-01')).toBe(2);
  });

  test('was longest at its longest', () => {
    expect(longestStreak([])).toBe(0);
    expect(longestStreak(['2026-06-01'])).toBe(1);
    expect(longestStreak(['2026-06-09', '2026-06-01', '2026-06-02', '2026-06-03', '2026-06-10'])).toBe(3);
  });
});
