import { describe, expect, test } from 'vitest';
import { DraftBattlePass, DraftQuest, ListAchievement } from '../../src/gamification/index.js';
import { parseInput } from '../../src/shared/index.js';
import { at } from '../shared/examples.js';

const QUEST: DraftQuest = {
  code: 'save-50',
  name: ' Save 50 dollars ',
  description: 'Deposit 50 dollars this week.',
  kind: 'weekly',
  criteria: { kind: 'deposit_total', assetCode: 'USD' },
  target: '50.00',
  xp: 150,
  startsAt: at('2026-01-01T00:00:00Z'),
};
const ACHIEVEMENT: ListAchievement = {
  code: 'saver',
  name: 'Saver',
  description: 'Deposit money.',
  criteria: { kind: 'deposit_total', assetCode: 'USD' },
  tiers: [{ target: '100', points: 10 }],
};
const SEASON: DraftBattlePass = {
  code: 'season-1',
  name: 'Summer',
  season: 1,
  startsAt: at('2026-06-01T00:00:00Z'),
  endsAt: at('2026-07-01T00:00:00Z'),
  claimUntil: at('2026-07-15T00:00:00Z'),
  premiumPrice: '9.99',
  currencyCode: 'USD',
  tiers: [
    { xp: 0, free: { badge: 'egg' } },
    { xp: 100, premium: { amount: '2', assetCode: 'USD' } },
  ],
};
const refused = (parse: () => unknown) => expect(parse).toThrow(expect.objectContaining({ code: 'input.invalid' }));

describe('the draft of a quest', () => {
  test('is taken, its text trimmed and its target read', () => {
    const draft = parseInput(DraftQuest, QUEST);
    expect(draft.name).toBe('Save 50 dollars');
    expect(draft.target.toFixed()).toBe('50');
    expect(draft.criteria).toEqual({ kind: 'deposit_total', assetCode: 'USD' });
  });

  test.each([
    ['a code that is no code', { code: 'Save 50' }],
    ['a kind that is none', { kind: 'hourly' }],
    ['criteria of trading', { criteria: { kind: 'trade_count' } }],
    ['criteria of borrowing', { criteria: { kind: 'loan_total', assetCode: 'USD' } }],
    ['a target that is a number', { target: 50 }],
    ['a target of nothing', { target: '0' }],
    ['no XP', { xp: 0 }],
    ['too much XP', { xp: 100_001 }],
    ['something unknown', { reward: '5' }],
  ])('with %s is refused', (_what, wrong) => {
    refused(() => parseInput(DraftQuest, { ...QUEST, ...wrong }));
  });
});

describe('an achievement for the catalogue', () => {
  test('is taken with its tiers', () => {
    expect(parseInput(ListAchievement, ACHIEVEMENT).tiers.map(({ target }) => target.toFixed())).toEqual(['100']);
  });

  test.each([
    ['no tiers', { tiers: [] }],
    ['too many tiers', { tiers: Array(11).fill({ target: '1', points: 1 }) }],
    ['no points', { tiers: [{ target: '100', points: 0 }] }],
  ])('with %s is refused', (_what, wrong) => {
    refused(() => parseInput(ListAchievement, { ...ACHIEVEMENT, ...wrong }));
  });
});

describe('the draft of a season', () => {
  test('is taken with its tiers', () => {
    const draft = parseInput(DraftBattlePass, SEASON);
    expect(draft.premiumPrice.toFixed()).toBe('9.99');
    expect(draft.tiers).toMatchObject([{ free: { badge: 'egg' } }, { premium: { assetCode: 'USD' } }]);
  });

  test.each([
    ['season 0', { season: 0 }],
    ['a price of nothing', { premiumPrice: '0' }],
    ['no tiers', { tiers: [] }],
    [
      'a reward that is money and a badge',
      { tiers: [{ xp: 0, free: { badge: 'egg', amount: '1', assetCode: 'USD' } }] },
    ],
    ['a reward of nothing', { tiers: [{ xp: 0, free: { amount: '0', assetCode: 'USD' } }] }],
    ['a date as text', { startsAt: '2026-06-01' }],
  ])('with %s is refused', (_what, wrong) => {
    refused(() => parseInput(DraftBattlePass, { ...SEASON, ...wrong }));
  });
});
