import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelOf, UserLevel } from '../../src/gamification/index.js';
import { at, aUser, refusal } from '../shared/examples.js';
import { deposit } from './examples.js';

const quest = (sourceId: string) => deposit({ sourceType: 'quest', sourceId, reason: 'quest.claimed' });
const levelWith = (xp: number) => {
  const level = new UserLevel(aUser());
  if (xp > 0) level.gain(xp, quest('quest-0'), 0);
  return level;
};
const reversal = { sourceType: 'transaction' as const, sourceId: 'reversal-1', occurredAt: at('2026-06-20T12:00:00Z') };

describe('a level', () => {
  test('starts at 1 with nothing, and level 1 pays nothing', () => {
    const anna = aUser();
    const level = new UserLevel(anna);
    expect(level.user.unwrap()).toBe(anna);
    expect(level).toMatchObject({ totalXp: 0, level: 1, highestRewardedLevel: 1 });
    expect(level.rewardLevels()).toEqual([]);
  });

  test.each([
    [99, 1],
    [100, 2],
    [299, 2],
    [300, 3],
    [1_000, 5],
  ])('with %i XP is %i', (xp, level) => {
    expect(levelWith(xp)).toMatchObject({ totalXp: xp, level });
  });

  test('rises by several at once', () => {
    const level = levelWith(50);
    level.gain(950, quest('quest-1'), 0);
    expect(level).toMatchObject({ totalXp: 1_000, level: 5 });
    expect(level.rewardLevels()).toEqual([2, 3, 4, 5]);
  });

  test('cannot be given from outside', () => {
    const level = levelWith(50);
    expect(() => Object.assign(level, { level: 99 })).toThrow(TypeError);
    expect(() => Object.assign(level, { totalXp: 99 })).toThrow(TypeError);
    expect(() => Object.assign(level, { highestRewardedLevel: 99 })).toThrow(TypeError);
  });
});

describe('a gain', () => {
  test('moves the XP by what its event says', () => {
    const level = levelWith(0);
    const event = level.gain(40, deposit(), 0);
    expect(event).toMatchObject({ delta: 40, sourceId: 'transaction-1', localDate: '2026-06-15' });
    expect(event.user).toBe(level.user);
    expect(level.totalXp).toBe(40);
  });

  test('is cut to what the day’s cap leaves', () => {
    const level = levelWith(0);
    expect(level.gain(40, deposit(), 480).delta).toBe(20);
    expect(level.totalXp).toBe(20);
  });

  test('of which the cap leaves nothing is stored all the same: its cause counts once', () => {
    const level = levelWith(0);
    expect(level.gain(40, deposit(), 500)).toMatchObject({ delta: 0, sourceId: 'transaction-1' });
    expect(level.totalXp).toBe(0);
  });

  test.each([0, -1, 0.5, Number.NaN])('of %d is refused', xp => {
    const level = levelWith(10);
    expect(() => level.gain(xp, deposit(), 0)).toThrow(refusal('xp.not-positive'));
    expect(level.totalXp).toBe(10);
  });

  test('of more than an event holds is refused', () => {
    const level = levelWith(0);
    expect(() => level.gain(100_001, quest('quest-1'), 0)).toThrow(refusal('xp.delta'));
    expect(level.totalXp).toBe(0);
  });
});

describe('taking back', () => {
  test('takes what the event gave, for the day it was gained on', () => {
    const level = levelWith(80);
    const gain = level.gain(40, deposit(), 0);
    expect(level).toMatchObject({ totalXp: 120, level: 2 });
    const back = level.takeBack(gain, reversal);
    expect(back).toMatchObject({
      delta: -40,
      sourceType: 'transaction',
      sourceId: 'reversal-1',
      reason: 'deposit.settled',
      localDate: '2026-06-15',
      occurredAt: at('2026-06-20T12:00:00Z'),
    });
    expect(back.takesBack?.unwrap()).toBe(gain);
    expect(level).toMatchObject({ totalXp: 80, level: 1 });
  });

  test('takes nothing for a gain that the cap had cut to nothing', () => {
    const level = levelWith(80);
    const gain = level.gain(40, deposit(), 500);
    expect(Object.is(level.takeBack(gain, reversal).delta, 0)).toBe(true);
    expect(level.totalXp).toBe(80);
  });

  test('does not go below nothing', () => {
    const level = levelWith(40);
    const gain = level.gain(60, deposit(), 0);
    level.takeBack(gain, reversal);
    expect(() => level.takeBack(gain, { ...reversal, sourceId: 'reversal-2' })).toThrow(refusal('xp.range'));
    expect(level).toMatchObject({ totalXp: 40, level: 1 });
  });
});

describe('the reward of a level', () => {
  test('is paid once', () => {
    const level = levelWith(300);
    expect(level.rewardLevels()).toEqual([2, 3]);
    expect(level.rewardLevels()).toEqual([]);
    level.gain(300, quest('quest-1'), 0);
    expect(level.rewardLevels()).toEqual([4]);
    expect(level.highestRewardedLevel).toBe(4);
  });

  test('is not paid twice when the level is lost and reached again', () => {
    const level = levelWith(90);
    const gain = level.gain(300, deposit(), 0);
    expect(level.rewardLevels()).toEqual([2, 3]);
    level.takeBack(gain, reversal);
    expect(level).toMatchObject({ level: 1, highestRewardedLevel: 3 });
    expect(level.rewardLevels()).toEqual([]);
    expect(level.highestRewardedLevel).toBe(3);
    level.gain(600, quest('quest-1'), 0);
    expect(level).toMatchObject({ totalXp: 690, level: 4 });
    expect(level.rewardLevels()).toEqual([4]);
  });
});

test('XP is the sum of the events and the level follows from it, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.boolean())), steps => {
      const level = new UserLevel(aUser());
      const events = steps.map(([xp], i) => level.gain(xp, quest(`quest-${i}`), 0));
      const paid = level.rewardLevels();
      const undone = events.filter((_, i) => steps[i]![1]);
      const backs = undone.map((event, i) => level.takeBack(event, { ...reversal, sourceId: `reversal-${i}` }));
      const sum = [...events, ...backs].reduce((total, { delta }) => total + delta, 0);
      expect(level.totalXp).toBe(sum);
      expect(level.level).toBe(levelOf(sum));
      for (const event of undone) level.gain(event.delta, quest(`again-${event.id}`), 0);
      const again = level.rewardLevels();
      expect(new Set([...paid, ...again]).size).toBe(paid.length + again.length);
    }),
  );
});
