import { beforeAll, describe, expect, test } from 'vitest';
import { RoundUp, RoundUpRule, type RoundUpStatus } from '../../src/automation/index.js';
import { Transaction } from '../../src/ledger/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { activeBasket, aPortfolio, at, decimal, NOW, refusal } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const LATER = at('2026-06-17T12:00:00Z');
const aRule = () =>
  new RoundUpRule(aPortfolio(), activeBasket(), {
    fundingSource: 'card-1',
    roundTo: 1,
    multiplier: 2,
    threshold: decimal('10'),
  });
/** Of a purchase of 3.20 rounded to 1 and doubled: 1.60. */
const aRoundUp = (allowance?: string) =>
  new RoundUp(aRule(), 'purchase-1', NOW, decimal('3.20'), allowance === undefined ? undefined : decimal(allowance));
const roundUpAfter = (...steps: ((roundUp: RoundUp) => void)[]) => {
  const roundUp = aRoundUp();
  for (const step of steps) step(roundUp);
  return roundUp;
};
const verbs = {
  'be ready': (roundUp: RoundUp) => roundUp.markReady(LATER),
  'be swept': (roundUp: RoundUp) => roundUp.sweep(new Transaction()),
  'be cancelled': (roundUp: RoundUp) => roundUp.cancel(LATER),
};

describe('a round-up', () => {
  test('keeps the purchase it comes from and the most it could have been', () => {
    const rule = aRule();
    const roundUp = new RoundUp(rule, 'purchase-1', NOW, decimal('3.20'));
    expect(roundUp.user).toBe(rule.user);
    expect(roundUp.rule.unwrap()).toBe(rule);
    expect(roundUp).toMatchObject({
      fundingSource: 'card-1',
      purchaseReference: 'purchase-1',
      purchasedAt: NOW,
      status: 'pending',
    });
    expect([roundUp.purchaseAmount, roundUp.amount, roundUp.amountMax].map(String)).toEqual(['3.2', '1.6', '2']);
  });

  test('of a purchase of nothing is refused', () => {
    expect(() => new RoundUp(aRule(), 'purchase-1', NOW, decimal('0'))).toThrow(
      refusal('round-up.purchase-not-positive'),
    );
  });

  test.each(['paused', 'cancelled'])('is not made by a rule that is %s', status => {
    const rule = aRule();
    if (status === 'paused') rule.pause();
    else rule.cancel(NOW);
    expect(() => new RoundUp(rule, 'purchase-1', NOW, decimal('3.20'))).toThrow(
      expect.objectContaining({ code: 'round-up.rule-not-active', message: `This round-up rule is ${status}.` }),
    );
  });

  everyTransition<RoundUp, RoundUpStatus, keyof typeof verbs>({
    a: 'a round-up',
    reach: {
      pending: () => roundUpAfter(),
      ready: () => roundUpAfter(verbs['be ready']),
      swept: () => roundUpAfter(verbs['be ready'], verbs['be swept']),
      cancelled: () => roundUpAfter(verbs['be cancelled']),
    },
    verbs,
    allowed: {
      pending: { 'be ready': 'ready', 'be cancelled': 'cancelled' },
      ready: { 'be swept': 'swept', 'be cancelled': 'cancelled' },
      swept: {},
      cancelled: {},
    },
    stateOf: roundUp => roundUp.status,
  });

  test('remembers each step: ready when, swept by what, cancelled when', () => {
    const transaction = new Transaction();
    const swept = roundUpAfter(verbs['be ready'], roundUp => roundUp.sweep(transaction));
    expect(swept.readyAt).toEqual(LATER);
    expect(swept.transaction?.unwrap()).toBe(transaction);
    expect(roundUpAfter(verbs['be cancelled']).cancelledAt).toEqual(LATER);
  });

  test('that is swept keeps its transaction when a second sweep is refused', () => {
    const transaction = new Transaction();
    const swept = roundUpAfter(verbs['be ready'], roundUp => roundUp.sweep(transaction));
    expect(() => swept.sweep(new Transaction())).toThrow('Cannot make a round up swept that is swept.');
    expect(swept.transaction?.unwrap()).toBe(transaction);
  });
});

describe("what is left of a month's cap", () => {
  test.each([
    ['leaves a smaller round-up whole', '50', '1.6'],
    ['leaves one of exactly its size whole', '1.6', '1.6'],
    ['cuts a larger one', '0.5', '0.5'],
    ['makes it nothing when all is used up', '0', '0'],
    ['makes it nothing, not less, when the cap was lowered', '-3', '0'],
  ])('%s', (_what, allowance, amount) => {
    expect(aRoundUp(allowance).amount.toFixed()).toBe(amount);
  });

  test('does not lower the most that the round-up could have been', () => {
    expect(aRoundUp('0.5').amountMax.toFixed()).toBe('2');
  });

  test('is no limit where there is no cap', () => {
    expect(aRoundUp().amount.toFixed()).toBe('1.6');
  });
});

describe('erasing a round-up', () => {
  test.each([
    ['swept', [verbs['be ready'], verbs['be swept']]],
    ['cancelled', [verbs['be cancelled']]],
  ])('that is %s forgets the card and the purchase, not what it came to', (_, steps) => {
    const roundUp = roundUpAfter(...steps);
    roundUp.erase();
    expect(roundUp).toMatchObject({ fundingSource: 'erased', purchaseReference: roundUp.id });
    expect(roundUp.amount.toFixed()).toBe('1.6');
  });

  test.each([
    ['pending', []],
    ['ready', [verbs['be ready']]],
  ])('that is %s is refused: the purchase is still to be found', (_, steps) => {
    const roundUp = roundUpAfter(...steps);
    expect(() => roundUp.erase()).toThrow(refusal('round-up.not-ended'));
    expect(roundUp).toMatchObject({ fundingSource: 'card-1', purchaseReference: 'purchase-1' });
  });
});
