import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Quest, type QuestStart, UserQuest, type UserQuestStatus } from '../../src/gamification/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, aUser, decimal, NOW, refusal } from '../shared/examples.js';
import { activeQuest, draftSeason, questOf, runningSeason } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const ROME = { timeZone: 'Europe/Rome' };
const anna = aUser();
const AFTER_THE_WEEK = at('2026-06-21T22:00:00Z');
const goAt = (quest: Quest = activeQuest(), start: Partial<QuestStart> = {}) =>
  new UserQuest(anna, quest, { now: NOW, days: ROME, ...start });
const goAfter = (...steps: ((go: UserQuest) => void)[]) => {
  const go = goAt();
  for (const step of steps) step(go);
  return go;
};
const figures = ({ counted, progress, status }: UserQuest) => [counted.toFixed(), progress.toFixed(), status];
const verbs = {
  'reach its target': (go: UserQuest) => go.count(decimal('50'), NOW),
  'be claimed': (go: UserQuest) => go.claim(NOW),
  expire: (go: UserQuest) => go.expire(AFTER_THE_WEEK),
};
const { 'reach its target': reachTarget, 'be claimed': claim, expire } = verbs;

describe('a go at a quest', () => {
  test('starts with nothing, in the period of its user', () => {
    const quest = activeQuest();
    const go = goAt(quest);
    expect(go.user.unwrap()).toBe(anna);
    expect(go.quest.unwrap()).toBe(quest);
    expect(go).toMatchObject({
      periodKey: '2026-W25',
      startsAt: at('2026-06-14T22:00:00Z'),
      endsAt: AFTER_THE_WEEK,
      status: 'in_progress',
    });
    expect(go.target.toFixed()).toBe('50');
    expect(figures(go)).toEqual(['0', '0', 'in_progress']);
  });

  everyTransition<UserQuest, UserQuestStatus, keyof typeof verbs>({
    a: 'a go at a quest',
    reach: {
      in_progress: () => goAfter(),
      completed: () => goAfter(reachTarget),
      claimed: () => goAfter(reachTarget, claim),
      expired: () => goAfter(expire),
    },
    verbs,
    allowed: {
      in_progress: { 'reach its target': 'completed', expire: 'expired' },
      completed: { 'reach its target': 'completed', 'be claimed': 'claimed' },
      claimed: {},
      expired: {},
    },
    stateOf: go => go.status,
  });

  test('remembers each step', () => {
    const go = goAfter(reachTarget, go => go.claim(at('2026-06-16T00:00:00Z')));
    expect(go).toMatchObject({ completedAt: NOW, claimedAt: at('2026-06-16T00:00:00Z') });
    expect(go.expiredAt).toBeUndefined();
    expect(goAfter(expire).expiredAt).toEqual(AFTER_THE_WEEK);
  });

  test('is claimed once', () => {
    const go = goAfter(reachTarget, claim);
    expect(() => go.claim(AFTER_THE_WEEK)).toThrow(refusal('user-quest.not-claimed'));
    expect(go.claimedAt).toEqual(NOW);
  });

  test('can be claimed after its period', () => {
    expect(goAfter(reachTarget, go => go.claim(AFTER_THE_WEEK)).status).toBe('claimed');
  });

  test('cannot be given a state from outside', () => {
    expect(() => Object.assign(goAt(), { status: 'completed' })).toThrow(TypeError);
    expect(() => Object.assign(goAt(), { progress: decimal('50') })).toThrow(TypeError);
    expect(() => Object.assign(goAt(), { counted: decimal('50') })).toThrow(TypeError);
  });
});

describe('progress', () => {
  test('is what counted, up to the target', () => {
    const go = goAt();
    go.count(decimal('20'), NOW);
    expect(figures(go)).toEqual(['20', '20', 'in_progress']);
    go.count(decimal('29.99999999'), NOW);
    expect(figures(go)).toEqual(['49.99999999', '49.99999999', 'in_progress']);
    go.count(decimal('10'), NOW);
    expect(figures(go)).toEqual(['59.99999999', '50', 'completed']);
    go.count(decimal('1'), NOW);
    expect(figures(go)).toEqual(['60.99999999', '50', 'completed']);
  });

  test('is complete since the event that reached the target, whatever follows', () => {
    const go = goAt();
    go.count(decimal('50'), at('2026-06-15T13:00:00Z'));
    go.count(decimal('50'), at('2026-06-15T14:00:00Z'));
    expect(go.completedAt).toEqual(at('2026-06-15T13:00:00Z'));
  });

  test('of a peak is the highest value', () => {
    const go = goAt(activeQuest({ criteria: { kind: 'streak_days' }, target: decimal('7') }));
    go.count(decimal('3'), NOW);
    go.count(decimal('2'), NOW);
    expect(figures(go)).toEqual(['3', '3', 'in_progress']);
    go.count(decimal('9'), NOW);
    expect(figures(go)).toEqual(['9', '7', 'completed']);
    expect(() => go.takeBack(decimal('9'), NOW)).toThrow(refusal('criteria.peak'));
  });

  test.each(['0', '-1', 'NaN'])('does not move by %s', value => {
    const go = goAt();
    expect(() => go.count(decimal(value), NOW)).toThrow(refusal('criteria.value-not-positive'));
    expect(figures(go)).toEqual(['0', '0', 'in_progress']);
  });

  test.each(['2026-06-14T22:00:00Z', '2026-06-21T21:59:59.999Z'])('counts what happened in the period: %s', instant => {
    const go = goAt();
    go.count(decimal('1'), at(instant));
    expect(go.progress.toFixed()).toBe('1');
  });

  test.each(['2026-06-14T21:59:59.999Z', '2026-06-21T22:00:00Z'])('does not count what did not: %s', instant => {
    expect(() => goAt().count(decimal('1'), at(instant))).toThrow(refusal('user-quest.other-period'));
  });

  test('does not move any more once it is claimed or expired', () => {
    for (const go of [goAfter(reachTarget, claim), goAfter(expire)]) {
      expect(() => go.count(decimal('1'), NOW)).toThrow(refusal('user-quest.over'));
      expect(() => go.takeBack(decimal('1'), NOW)).toThrow(refusal('user-quest.over'));
    }
  });
});

describe('what was undone', () => {
  test('counts no more', () => {
    const go = goAt();
    go.count(decimal('30'), NOW);
    go.takeBack(decimal('12.5'), NOW);
    expect(figures(go)).toEqual(['17.5', '17.5', 'in_progress']);
  });

  test('leaves a quest completed whose target is still reached', () => {
    const go = goAfter(reachTarget, reachTarget);
    go.takeBack(decimal('50'), NOW);
    expect(figures(go)).toEqual(['50', '50', 'completed']);
    expect(go.completedAt).toEqual(NOW);
  });

  test('puts a quest back in progress whose target is not reached any more', () => {
    const go = goAfter(reachTarget, go => go.takeBack(decimal('0.00000001'), NOW));
    expect(figures(go)).toEqual(['49.99999999', '49.99999999', 'in_progress']);
    expect(go.completedAt).toBeUndefined();
    expect(() => go.claim(NOW)).toThrow(refusal('user-quest.not-claimed'));
    go.count(decimal('1'), at('2026-06-16T12:00:00Z'));
    expect(go).toMatchObject({ status: 'completed', completedAt: at('2026-06-16T12:00:00Z') });
  });

  test('is not more than was counted', () => {
    const go = goAfter(reachTarget);
    expect(() => go.takeBack(decimal('50.00000001'), NOW)).toThrow(refusal('criteria.more-than-counted'));
    expect(figures(go)).toEqual(['50', '50', 'completed']);
  });

  test('comes to the same in whatever order it is told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.boolean())), deposits => {
        const [oneByOne, atTheEnd] = [goAt(), goAt()];
        for (const [amount, isReversed] of deposits) {
          oneByOne.count(decimal(`${amount}`), NOW);
          if (isReversed) oneByOne.takeBack(decimal(`${amount}`), NOW);
        }
        for (const [amount] of deposits) atTheEnd.count(decimal(`${amount}`), NOW);
        for (const [amount] of deposits.filter(([, isReversed]) => isReversed))
          atTheEnd.takeBack(decimal(`${amount}`), NOW);
        expect(figures(oneByOne)).toEqual(figures(atTheEnd));
      }),
    );
  });
});

describe('the period of a go', () => {
  test('at a daily quest is the local day', () => {
    expect(goAt(activeQuest({ kind: 'daily' }))).toMatchObject({
      periodKey: '2026-06-15',
      startsAt: at('2026-06-14T22:00:00Z'),
      endsAt: at('2026-06-15T22:00:00Z'),
    });
    expect(goAt(activeQuest({ kind: 'daily' }), { days: { ...ROME, dayStartHour: 15 } }).periodKey).toBe('2026-06-14');
  });

  test('at a quest to be done once is its window', () => {
    const endsAt = at('2026-12-31T00:00:00Z');
    expect(goAt(activeQuest({ kind: 'one_time', endsAt }))).toMatchObject({
      periodKey: 'once',
      startsAt: at('2026-01-01T00:00:00Z'),
      endsAt,
    });
    expect(goAt(activeQuest({ kind: 'one_time' })).endsAt).toBeUndefined();
  });

  test('at a seasonal quest is the running season', () => {
    expect(goAt(activeQuest({ kind: 'seasonal' }), { season: runningSeason() })).toMatchObject({
      periodKey: 'season-1',
      startsAt: at('2026-06-01T00:00:00Z'),
      endsAt: at('2026-07-01T00:00:00Z'),
    });
  });

  test('at a seasonal quest needs one that is running', () => {
    for (const season of [undefined, draftSeason()]) {
      expect(() => goAt(activeQuest({ kind: 'seasonal' }), { season })).toThrow(refusal('quest.no-season'));
    }
  });

  test('is cut to the time that the quest is on offer', () => {
    const window = { startsAt: at('2026-06-15T00:00:00Z'), endsAt: at('2026-06-18T00:00:00Z') };
    expect(goAt(activeQuest(window))).toMatchObject({ periodKey: '2026-W25', ...window });
  });

  test('needs no end to expire without', () => {
    const go = goAt(activeQuest({ kind: 'one_time' }));
    expect(() => go.expire(at('2126-01-01T00:00:00Z'))).toThrow(refusal('user-quest.not-over'));
  });

  test('has to be over before the go expires', () => {
    const go = goAt();
    expect(() => go.expire(at('2026-06-21T21:59:59.999Z'))).toThrow(refusal('user-quest.not-over'));
    expect(go.status).toBe('in_progress');
    go.expire(AFTER_THE_WEEK);
    expect(go.status).toBe('expired');
  });
});

describe('beginning a quest', () => {
  test('is for quests on offer', () => {
    expect(() => goAt(questOf())).toThrow(refusal('quest.not-active'));
    expect(() => goAt(activeQuest({ startsAt: at('2026-06-16T00:00:00Z') }))).toThrow(refusal('quest.not-on-offer'));
  });

  test('needs the prerequisite completed, by the same user', () => {
    const first = activeQuest({ code: 'first' });
    const second = activeQuest({ code: 'second', prerequisite: first });
    const goAtFirst = goAt(first);
    expect(() => goAt(second)).toThrow(refusal('quest.prerequisite'));
    expect(() => goAt(second, { prerequisite: goAtFirst })).toThrow(refusal('quest.prerequisite'));
    reachTarget(goAtFirst);
    expect(goAt(second, { prerequisite: goAtFirst }).status).toBe('in_progress');
    claim(goAtFirst);
    expect(goAt(second, { prerequisite: goAtFirst }).status).toBe('in_progress');
    expect(() => new UserQuest(aUser(), second, { now: NOW, days: ROME, prerequisite: goAtFirst })).toThrow(
      refusal('quest.prerequisite'),
    );
    const other = goAt(activeQuest({ code: 'other' }));
    reachTarget(other);
    expect(() => goAt(second, { prerequisite: other })).toThrow(
      expect.objectContaining({
        code: 'quest.prerequisite',
        message: 'Another quest has to be completed before second.',
      }),
    );
  });
});
