import { beforeAll, describe, expect, test } from 'vitest';
import { type RoundTo, type RoundUpPlan, RoundUpRule, type RoundUpRuleStatus } from '../../src/automation/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { activeBasket, aPortfolio, closedPortfolio, decimal, draftBasket, NOW, refusal } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const planOf = (details: Partial<RoundUpPlan> = {}): RoundUpPlan => ({
  fundingSource: 'card-1',
  roundTo: 1,
  multiplier: 1,
  threshold: decimal('10'),
  ...details,
});
const aRule = (details: Partial<RoundUpPlan> = {}) => new RoundUpRule(aPortfolio(), activeBasket(), planOf(details));
const ruleAfter = (step: (rule: RoundUpRule) => void) => {
  const rule = aRule();
  step(rule);
  return rule;
};

describe('a round-up rule', () => {
  test('takes what its owner wishes', () => {
    const [portfolio, basket] = [aPortfolio(), activeBasket()];
    const rule = new RoundUpRule(portfolio, basket, planOf({ monthlyCap: decimal('50'), mode: 'manual' }));
    expect(rule.user).toBe(portfolio.user);
    expect(rule.portfolio.unwrap()).toBe(portfolio);
    expect(rule.basket.unwrap()).toBe(basket);
    expect(rule).toMatchObject({ fundingSource: 'card-1', status: 'active', mode: 'manual' });
    expect(rule.monthlyCap?.toFixed()).toBe('50');
  });

  test('sweeps by itself, without a cap, unless it is said otherwise', () => {
    expect(aRule().mode).toBe('auto');
    expect(aRule().monthlyCap).toBeUndefined();
  });

  test.each([1, 5, 10] as const)('rounds to %i', roundTo => {
    expect(aRule({ roundTo }).roundTo).toBe(roundTo);
  });

  test.each([0, 2, -1, 0.5, 100])('does not round to %d', roundTo => {
    expect(() => aRule({ roundTo: roundTo as RoundTo })).toThrow(refusal('round-up.round-to'));
  });

  test('multiplies by a whole number from 1 to 10', () => {
    expect([1, 10].map(multiplier => aRule({ multiplier }).multiplier)).toEqual([1, 10]);
    for (const multiplier of [0, 11, -1, 1.5, Number.NaN]) {
      expect(() => aRule({ multiplier }), `${multiplier}`).toThrow(refusal('round-up.multiplier'));
    }
  });

  test('caps a month at more than nothing', () => {
    expect(aRule({ monthlyCap: decimal('0.01') }).monthlyCap?.toFixed()).toBe('0.01');
    for (const cap of ['0', '-1', 'NaN']) {
      expect(() => aRule({ monthlyCap: decimal(cap) }), cap).toThrow(refusal('round-up.monthly-cap'));
    }
  });

  test('sweeps what its basket takes: a threshold of the minimum or more', () => {
    expect(aRule({ threshold: decimal('10') }).threshold.toFixed()).toBe('10');
    expect(() => aRule({ threshold: decimal('9.99') })).toThrow(refusal('basket.below-minimum'));
  });

  test('is not for a closed portfolio or a basket that takes no investments', () => {
    expect(() => new RoundUpRule(closedPortfolio(), activeBasket(), planOf())).toThrow(refusal('portfolio.closed'));
    expect(() => new RoundUpRule(aPortfolio(), draftBasket(), planOf())).toThrow(refusal('basket.not-investable'));
  });

  everyTransition<RoundUpRule, RoundUpRuleStatus, 'be paused' | 'be resumed' | 'be cancelled'>({
    a: 'a round-up rule',
    reach: {
      active: () => aRule(),
      paused: () => ruleAfter(rule => rule.pause()),
      cancelled: () => ruleAfter(rule => rule.cancel(NOW)),
    },
    verbs: {
      'be paused': rule => rule.pause(),
      'be resumed': rule => rule.resume(),
      'be cancelled': rule => rule.cancel(NOW),
    },
    allowed: {
      active: { 'be paused': 'paused', 'be cancelled': 'cancelled' },
      paused: { 'be resumed': 'active', 'be cancelled': 'cancelled' },
      cancelled: {},
    },
    stateOf: rule => rule.status,
  });

  test('remembers when it was cancelled', () => {
    expect(ruleAfter(rule => rule.cancel(NOW)).cancelledAt).toEqual(NOW);
  });
});

// By hand: the next multiple less the purchase, times the multiplier.
describe('the round-up of a purchase', () => {
  test.each([
    [1, 1, '3.20', '0.8'],
    [1, 1, '3.01', '0.99'],
    [1, 1, '3.99', '0.01'],
    [1, 1, '0.01', '0.99'],
    [1, 1, '3.00000001', '0.99999999'],
    [1, 1, '9999999998.99999999', '0.00000001'],
    [5, 1, '3.20', '1.8'],
    [5, 1, '5.01', '4.99'],
    [10, 1, '3.20', '6.8'],
    [10, 1, '18', '2'],
    [1, 3, '3.20', '2.4'],
    [10, 10, '0.01', '99.9'],
  ] as const)('to %i, times %i, of %s is %s', (roundTo, multiplier, purchase, roundUp) => {
    expect(aRule({ roundTo, multiplier }).roundUpOf(decimal(purchase)).toFixed()).toBe(roundUp);
  });

  test.each([
    [1, '3.00'],
    [1, '1'],
    [5, '15.00'],
    [10, '100'],
  ] as const)('to %i of exactly %s is nothing', (roundTo, purchase) => {
    expect(aRule({ roundTo, multiplier: 10 }).roundUpOf(decimal(purchase)).toFixed()).toBe('0');
  });

  test.each(['0', '-3.20', 'NaN'])('of %s is refused', purchase => {
    expect(() => aRule().roundUpOf(decimal(purchase))).toThrow(refusal('round-up.purchase-not-positive'));
  });
});

test('erasing a round-up rule forgets the card, once purchases do not count any more', () => {
  const rule = ruleAfter(active => active.cancel(NOW));
  rule.erase();
  expect(rule.fundingSource).toBe('erased');
  for (const state of [aRule(), ruleAfter(active => active.pause())]) {
    expect(() => state.erase()).toThrow(refusal('round-up-rule.not-ended'));
    expect(state.fundingSource).toBe('card-1');
  }
});
