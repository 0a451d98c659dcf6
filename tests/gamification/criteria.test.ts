import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CRITERIA_KINDS, Criteria, countOff, countOn, requireCriteria } from '../../src/gamification/index.js';
import { ValidationError, ZERO } from '../../src/shared/index.js';
import { decimal, refusal } from '../shared/examples.js';

const DEPOSITS: Criteria = { kind: 'deposit_total', assetCode: 'USD' };
const INVESTED: Criteria = { kind: 'net_invested', assetCode: 'USD' };
const STREAK: Criteria = { kind: 'streak_days' };
const MILESTONE: Criteria = { kind: 'milestone', milestone: 'goal_set' };

describe('criteria', () => {
  test('measure saving, streaks, levels, quests and milestones: never the number of trades, never loans', () => {
    expect(CRITERIA_KINDS).toEqual([
      'deposit_total',
      'round_up_total',
      'net_invested',
      'streak_days',
      'level_reached',
      'quests_claimed',
      'milestone',
    ]);
    for (const kind of ['trade_count', 'buy_count', 'loan_total', 'borrowed_total']) {
      expect(Criteria.safeParse({ kind, assetCode: 'USD' }).success, kind).toBe(false);
    }
  });

  test.each<Criteria>([
    DEPOSITS,
    { kind: 'round_up_total', assetCode: 'EURC' },
    INVESTED,
    STREAK,
    { kind: 'level_reached' },
    { kind: 'quests_claimed' },
    MILESTONE,
  ])('are taken as they are: %o', criteria => {
    expect(requireCriteria(criteria, decimal('1'))).toEqual(criteria);
  });

  test.each([
    {},
    { kind: 'deposit_total' },
    { kind: 'deposit_total', assetCode: 'US dollars' },
    { kind: 'deposit_total', assetCode: 'USD', extra: true },
    { kind: 'streak_days', assetCode: 'USD' },
    { kind: 'milestone', milestone: 'loan_taken' },
  ])('of another shape are refused: %o', criteria => {
    expect(() => requireCriteria(criteria as Criteria, decimal('1'))).toThrow(refusal('input.invalid'));
  });

  test('have a target above 0 that a column can hold', () => {
    expect(() => requireCriteria(DEPOSITS, decimal('0.00000001'))).not.toThrow();
    for (const target of ['0', '-1', 'NaN']) {
      expect(() => requireCriteria(DEPOSITS, decimal(target)), target).toThrow(refusal('criteria.target'));
    }
    expect(() => requireCriteria(DEPOSITS, decimal('0.000000001'))).toThrow(ValidationError);
    expect(() => requireCriteria(DEPOSITS, decimal('10000000000'))).toThrow(ValidationError);
  });

  test('that count days, levels or times have a whole target', () => {
    for (const criteria of [STREAK, { kind: 'level_reached' }, { kind: 'quests_claimed' }] as Criteria[]) {
      expect(() => requireCriteria(criteria, decimal('7'))).not.toThrow();
      expect(() => requireCriteria(criteria, decimal('7.5'))).toThrow(refusal('criteria.target'));
    }
  });

  test('of a milestone have the target 1', () => {
    expect(() => requireCriteria(MILESTONE, decimal('2'))).toThrow(refusal('criteria.target'));
  });
});

describe('counting', () => {
  test.each<[string, Criteria, string]>([
    ['sums deposits', DEPOSITS, '52.5'],
    ['keeps the most that was invested', INVESTED, '50'],
    ['keeps the longest streak', STREAK, '50'],
    ['sums steps taken', MILESTONE, '52.5'],
  ])('%s', (_what, criteria, counted) => {
    expect(countOn(criteria, decimal('50'), decimal('2.5')).toFixed()).toBe(counted);
  });

  test('takes a higher peak', () => {
    expect(countOn(STREAK, decimal('5'), decimal('6')).toFixed()).toBe('6');
  });

  test('off takes out of a sum what was counted, at most all of it', () => {
    expect(countOff(DEPOSITS, decimal('50'), decimal('2.5')).toFixed()).toBe('47.5');
    expect(countOff(DEPOSITS, decimal('50'), decimal('50')).toFixed()).toBe('0');
    expect(() => countOff(DEPOSITS, decimal('50'), decimal('50.00000001'))).toThrow(
      refusal('criteria.more-than-counted'),
    );
  });

  test('off takes nothing out of a peak', () => {
    expect(() => countOff(STREAK, decimal('5'), decimal('1'))).toThrow(refusal('criteria.peak'));
  });

  test.each(['0', '-1', 'NaN'])('takes no %s', value => {
    expect(() => countOn(DEPOSITS, ZERO, decimal(value))).toThrow(refusal('criteria.value-not-positive'));
    expect(() => countOff(DEPOSITS, decimal('5'), decimal(value))).toThrow(refusal('criteria.value-not-positive'));
  });

  test('comes to the same in any order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(DEPOSITS, INVESTED),
        fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1 }),
        (criteria, cents) => {
          const total = (values: number[]) =>
            values.reduce((counted, value) => countOn(criteria, counted, decimal(String(value)).div(100)), ZERO);
          expect(total(cents).eq(total([...cents].reverse()))).toBe(true);
        },
      ),
    );
  });
});
