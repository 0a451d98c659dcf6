import { describe, expect, test } from 'vitest';
import type { Criteria, Quest, QuestStatus } from '../../src/gamification/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, decimal, NOW, refusal } from '../shared/examples.js';
import { activeQuest, questOf } from './examples.js';

const LATER = at('2026-06-16T12:00:00Z');
const verbs = {
  'be activated': (quest: Quest) => quest.activate(NOW),
  'be retired': (quest: Quest) => quest.retire(LATER),
};

describe('a quest', () => {
  test('starts as a draft, with its terms', () => {
    const first = questOf({ code: 'first-deposit' });
    const quest = questOf({ prerequisite: first, endsAt: at('2027-01-01T00:00:00Z') });
    expect(quest).toMatchObject({
      code: 'save-50',
      kind: 'weekly',
      criteria: { kind: 'deposit_total', assetCode: 'USD' },
      xp: 150,
      status: 'draft',
      startsAt: at('2026-01-01T00:00:00Z'),
      endsAt: at('2027-01-01T00:00:00Z'),
    });
    expect(quest.target.toFixed()).toBe('50');
    expect(quest.prerequisite?.unwrap()).toBe(first);
    expect(first.prerequisite).toBeUndefined();
  });

  everyTransition<Quest, QuestStatus, keyof typeof verbs>({
    a: 'a quest',
    reach: {
      draft: questOf,
      active: activeQuest,
      retired: () => {
        const quest = activeQuest();
        quest.retire(LATER);
        return quest;
      },
    },
    verbs,
    allowed: { draft: { 'be activated': 'active' }, active: { 'be retired': 'retired' }, retired: {} },
    stateOf: quest => quest.status,
  });

  test('remembers when it was activated and retired', () => {
    const quest = questOf();
    expect([quest.activatedAt, quest.retiredAt]).toEqual([undefined, undefined]);
    quest.activate(NOW);
    quest.retire(LATER);
    expect(() => quest.retire(NOW)).toThrow(refusal('quest.not-retired'));
    expect([quest.activatedAt, quest.retiredAt]).toEqual([NOW, LATER]);
  });

  test('cannot be given a state from outside', () => {
    expect(() => Object.assign(questOf(), { status: 'active' })).toThrow(TypeError);
  });

  test('ends after it starts', () => {
    const startsAt = at('2026-06-01T00:00:00Z');
    expect(questOf({ startsAt, endsAt: at('2026-06-01T00:00:00.001Z') }).endsAt).toEqual(
      at('2026-06-01T00:00:00.001Z'),
    );
    for (const endsAt of [startsAt, at('2026-05-31T00:00:00Z')]) {
      expect(() => questOf({ startsAt, endsAt })).toThrow(refusal('quest.window'));
    }
  });

  test('gives whole XP from 1 to 100,000', () => {
    expect([1, 100_000].map(xp => questOf({ xp }).xp)).toEqual([1, 100_000]);
    for (const xp of [0, -1, 0.5, 100_001, Number.NaN]) {
      expect(() => questOf({ xp }), `${xp}`).toThrow(refusal('quest.xp'));
    }
  });

  test('has a target that its criteria can have', () => {
    expect(() => questOf({ target: decimal('0') })).toThrow(refusal('criteria.target'));
    expect(() => questOf({ criteria: { kind: 'streak_days' }, target: decimal('2.5') })).toThrow(
      refusal('criteria.target'),
    );
    expect(() => questOf({ criteria: { kind: 'trade_count' } as unknown as Criteria })).toThrow(
      refusal('input.invalid'),
    );
  });
});

describe('an offer', () => {
  const quest = () => activeQuest({ startsAt: at('2026-06-01T00:00:00Z'), endsAt: at('2026-07-01T00:00:00Z') });

  test.each(['2026-06-01T00:00:00Z', '2026-06-15T12:00:00Z', '2026-06-30T23:59:59.999Z'])('stands at %s', instant => {
    expect(() => quest().requireOnOffer(at(instant))).not.toThrow();
  });

  test.each(['2026-05-31T23:59:59.999Z', '2026-07-01T00:00:00Z'])('does not stand at %s', instant => {
    expect(() => quest().requireOnOffer(at(instant))).toThrow(refusal('quest.not-on-offer'));
  });

  test('without an end stands for ever', () => {
    expect(() => activeQuest().requireOnOffer(at('2126-01-01T00:00:00Z'))).not.toThrow();
  });

  test('is not made by a draft or a retired quest', () => {
    expect(() => questOf().requireOnOffer(NOW)).toThrow(refusal('quest.not-active'));
    const retired = quest();
    retired.retire(NOW);
    expect(() => retired.requireOnOffer(NOW)).toThrow(
      expect.objectContaining({ code: 'quest.not-active', message: 'The quest save-50 is retired.' }),
    );
  });
});
