import { beforeAll, describe, expect, test } from 'vitest';
import type { Basket, BasketStatus, Weighting } from '../../src/portfolio/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { activeBasket, decimal, draftBasket, NOW, refusal, share } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const weighted = (...weights: string[]): Weighting[] =>
  weights.map((weight, i) => ({ asset: share(`A${i + 1}`), weight: decimal(weight) }));
const compositionOf = (basket: Basket) =>
  basket.composition.map(item => [item.position, item.asset.unwrap().code, item.weight.toFixed()]);
const published = () => {
  const basket = draftBasket();
  basket.publish(weighted('60', '40'));
  return basket;
};
const paused = () => {
  const basket = activeBasket();
  basket.pause();
  return basket;
};
const retired = () => {
  const basket = activeBasket();
  basket.retire(NOW);
  return basket;
};

describe('a basket', () => {
  test('starts as a draft without a composition', () => {
    expect(draftBasket()).toMatchObject({ status: 'draft', compositionVersion: 0, composition: [] });
  });

  test('says what it is, what it costs and who made it', () => {
    expect(draftBasket()).toMatchObject({
      slug: 'green-energy',
      name: 'Green energy',
      description: 'Wind, sun and water.',
      risk: 'moderate',
      category: 'climate',
      curator: 'Nestegg',
    });
  });

  test.each(['0', '-1', 'NaN'])('with a minimum investment of %s is refused', minimum => {
    expect(() => draftBasket({ minimumInvestment: decimal(minimum) })).toThrow(refusal('basket.minimum-not-positive'));
  });

  test('charges from nothing to just below everything', () => {
    expect(draftBasket({ feeRate: decimal('0') }).feeRate.toFixed()).toBe('0');
    expect(draftBasket({ feeRate: decimal('99.9999') }).feeRate.toFixed()).toBe('99.9999');
    expect(() => draftBasket({ feeRate: decimal('100') })).toThrow(refusal('basket.fee-rate-range'));
    expect(() => draftBasket({ feeRate: decimal('-0.0001') })).toThrow(refusal('basket.fee-rate-range'));
  });

  everyTransition<Basket, BasketStatus, 'be activated' | 'be paused' | 'be retired'>({
    a: 'a basket',
    reach: { draft: published, active: activeBasket, paused, retired },
    verbs: {
      'be activated': basket => basket.activate(),
      'be paused': basket => basket.pause(),
      'be retired': basket => basket.retire(NOW),
    },
    allowed: {
      draft: { 'be activated': 'active' },
      active: { 'be paused': 'paused', 'be retired': 'retired' },
      paused: { 'be activated': 'active' },
      retired: {},
    },
    stateOf: basket => basket.status,
  });

  test('without a composition cannot be activated', () => {
    const basket = draftBasket();
    expect(() => basket.activate()).toThrow(refusal('basket.no-composition'));
    expect(basket.status).toBe('draft');
  });

  test('remembers when it was retired', () => {
    expect(retired().retiredAt).toEqual(NOW);
    expect(activeBasket().retiredAt).toBeUndefined();
  });

  test('takes investments while it is active', () => {
    expect(() => activeBasket().requireInvestable()).not.toThrow();
  });

  test.each([
    ['draft', published],
    ['paused', paused],
    ['retired', retired],
  ])('that is %s takes no investments', (status, reach) => {
    expect(() => reach().requireInvestable()).toThrow(
      expect.objectContaining({
        code: 'basket.not-investable',
        message: `Green energy is ${status} and takes no investments.`,
        details: { slug: 'green-energy' },
      }),
    );
  });

  test('takes its minimum and more, not less', () => {
    const basket = activeBasket({ minimumInvestment: decimal('10') });
    expect(() => basket.requireMinimum(decimal('10'))).not.toThrow();
    expect(() => basket.requireMinimum(decimal('9999999999'))).not.toThrow();
    expect(() => basket.requireMinimum(decimal('9.99999999'))).toThrow(
      expect.objectContaining({
        code: 'basket.below-minimum',
        message: 'Green energy takes at least 10.',
        details: { minimum: '10' },
      }),
    );
  });
});

describe('a composition', () => {
  test('is what an investment buys, in the order in which it was published', () => {
    const basket = draftBasket();
    basket.publish(weighted('20', '50', '30'));
    expect(compositionOf(basket)).toEqual([
      [1, 'A1', '20'],
      [2, 'A2', '50'],
      [3, 'A3', '30'],
    ]);
  });

  test('may be one asset alone', () => {
    const basket = draftBasket();
    basket.publish(weighted('100'));
    expect(compositionOf(basket)).toEqual([[1, 'A1', '100']]);
  });

  test('of thirds needs the last digit somewhere', () => {
    const basket = draftBasket();
    basket.publish(weighted('33.3333', '33.3333', '33.3334'));
    expect(basket.composition).toHaveLength(3);
  });

  test.each([
    ['99.9999', ['50', '49.9999']],
    ['100.0001', ['50', '50.0001']],
    ['0', []],
    ['200', ['100', '100']],
  ])('whose weights sum to %s is refused', (total, weights) => {
    const basket = draftBasket();
    expect(() => basket.publish(weighted(...weights))).toThrow(
      expect.objectContaining({
        code: 'basket.weights-not-100',
        message: `The weights of a basket sum to 100, not to ${total}.`,
      }),
    );
    expect(basket).toMatchObject({ compositionVersion: 0, composition: [] });
  });

  test('does not name an asset twice', () => {
    const acme = share();
    const basket = draftBasket();
    expect(() =>
      basket.publish([
        { asset: acme, weight: decimal('50') },
        { asset: acme, weight: decimal('50') },
      ]),
    ).toThrow(refusal('basket.asset-twice'));
    expect(basket.compositionVersion).toBe(0);
  });

  test.each([
    ['nothing', ['100', '0']],
    ['less than nothing', ['100.5', '-0.5']],
  ])('gives no asset %s', (_what, weights) => {
    const basket = draftBasket();
    expect(() => basket.publish(weighted(...weights))).toThrow(refusal('basket.weight-range'));
    expect(basket).toMatchObject({ compositionVersion: 0, composition: [] });
  });

  test('that replaces another is a new version; the old one stays', () => {
    const basket = published();
    basket.publish(weighted('10', '20', '70'));
    expect(basket.compositionVersion).toBe(2);
    expect(compositionOf(basket)).toEqual([
      [1, 'A1', '10'],
      [2, 'A2', '20'],
      [3, 'A3', '70'],
    ]);
    expect(basket.assets.getItems().map(item => [item.version, item.weight.toFixed()])).toEqual([
      [1, '60'],
      [1, '40'],
      [2, '10'],
      [2, '20'],
      [2, '70'],
    ]);
  });

  test('that is refused leaves the one before in force', () => {
    const basket = activeBasket();
    expect(() => basket.publish(weighted('60', '41'))).toThrow(refusal('basket.weights-not-100'));
    expect(compositionOf(basket)).toEqual([
      [1, 'WIND', '60'],
      [2, 'SUN', '40'],
    ]);
  });

  test.each([
    ['a draft', published],
    ['an active basket', activeBasket],
    ['a paused basket', paused],
  ])('can be renewed in %s', (_what, reach) => {
    const basket = reach();
    basket.publish(weighted('100'));
    expect(basket.compositionVersion).toBe(2);
  });

  test('cannot be renewed in a retired basket', () => {
    const basket = retired();
    expect(() => basket.publish(weighted('100'))).toThrow(refusal('basket.retired'));
    expect(basket.compositionVersion).toBe(1);
  });
});

describe('the band of a weight', () => {
  const publishBand = (weight: string, minWeight?: string, maxWeight?: string) => {
    const basket = draftBasket();
    const [first, second] = [weight, decimal('100').minus(weight).toFixed()];
    basket.publish([
      {
        asset: share('A1'),
        weight: decimal(first),
        ...(minWeight && { minWeight: decimal(minWeight) }),
        ...(maxWeight && { maxWeight: decimal(maxWeight) }),
      },
      { asset: share('A2'), weight: decimal(second) },
    ]);
    const [item] = basket.composition;
    return [item?.minWeight.toFixed(), item?.maxWeight.toFixed()];
  };

  test('is everything unless it is said otherwise', () => {
    expect(publishBand('60')).toEqual(['0', '100']);
  });

  test('holds the weight, its ends included', () => {
    expect(publishBand('60', '55', '65')).toEqual(['55', '65']);
    expect(publishBand('60', '60', '60')).toEqual(['60', '60']);
  });

  test.each([
    ['starts above the weight', '60', '60.0001', '65'],
    ['ends below the weight', '60', '55', '59.9999'],
    ['starts below 0', '60', '-0.0001', '65'],
    ['ends above 100', '60', '55', '100.0001'],
  ])('that %s is refused', (_what, weight, minWeight, maxWeight) => {
    expect(() => publishBand(weight, minWeight, maxWeight)).toThrow(refusal('basket.weight-band'));
  });
});
