import { describe, expect, test } from 'vitest';
import { AITip, type AITipStatus, DraftTip, PublishTip, type TipPrices } from '../../src/advice/index.js';
import { newId, parseInput } from '../../src/shared/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, draftBasket, NOW, refusal, share } from '../shared/examples.js';
import { activeExpert, draftExpert, draftTip, evidence, LATER, OVER, publishedTip, tipDetails } from './examples.js';

const verbs = {
  'be published': (tip: AITip) => tip.publish(evidence(), NOW),
  expire: (tip: AITip) => tip.expire(OVER),
  'be withdrawn': (tip: AITip) => tip.withdraw('The dividend was cut.', LATER),
};
const reached = (...steps: (keyof typeof verbs)[]): AITip => {
  const tip = draftTip();
  for (const step of steps) verbs[step](tip);
  return tip;
};

describe('a tip', () => {
  test('is a draft of an expert, with its disclaimer', () => {
    const expert = activeExpert();
    const tip = new AITip(expert, tipDetails());
    expect(tip.expert.unwrap()).toBe(expert);
    expect(tip).toMatchObject({
      status: 'draft',
      title: 'A steady payer',
      confidence: 70,
      risk: 'moderate',
      dedupeKey: 'dividend:ACME:2026-06',
      disclaimer: 'This is no advice made for you.',
      disclaimerVersion: 'd2',
      facts: undefined,
      prices: undefined,
      publishedAt: undefined,
      expiresAt: undefined,
    });
  });

  test('is about one asset or one basket', () => {
    const [asset, basket] = [share(), draftBasket()];
    const [aboutAsset, aboutBasket] = [draftTip({ target: { asset } }), draftTip({ target: { basket } })];
    expect([aboutAsset.asset?.unwrap(), aboutAsset.basket]).toEqual([asset, undefined]);
    expect([aboutBasket.asset, aboutBasket.basket?.unwrap()]).toEqual([undefined, basket]);
  });

  test('is given by an active expert', () => {
    expect(() => new AITip(draftExpert(), tipDetails())).toThrow(refusal('expert.not-active'));
  });

  test('is sure from 0 to 100, in whole numbers', () => {
    expect([0, 100].map(confidence => draftTip({ confidence }).confidence)).toEqual([0, 100]);
    for (const confidence of [-1, 101, 0.5, Number.NaN])
      expect(() => draftTip({ confidence }), `${confidence}`).toThrow(refusal('tip.confidence-range'));
  });

  test.each(['', '  ', '\n'])('without a disclaimer is refused: %j', disclaimer => {
    expect(() => draftTip({ disclaimer })).toThrow(refusal('tip.no-disclaimer'));
  });

  everyTransition<AITip, AITipStatus, keyof typeof verbs>({
    a: 'a tip',
    reach: {
      draft: () => reached(),
      published: () => reached('be published'),
      expired: () => reached('be published', 'expire'),
      withdrawn: () => reached('be published', 'be withdrawn'),
    },
    verbs,
    allowed: {
      draft: { 'be published': 'published' },
      published: { expire: 'expired', 'be withdrawn': 'withdrawn' },
      expired: {},
      withdrawn: {},
    },
    stateOf: tip => tip.status,
  });

  test('remembers each step: published when, expired when, withdrawn when and why', () => {
    expect(reached('be published', 'expire')).toMatchObject({ publishedAt: NOW, expiresAt: OVER, expiredAt: OVER });
    expect(reached('be published', 'be withdrawn')).toMatchObject({
      withdrawnAt: LATER,
      withdrawalReason: 'The dividend was cut.',
      expiredAt: undefined,
    });
  });

  test('is withdrawn with a reason', () => {
    const tip = publishedTip();
    expect(() => tip.withdraw(' ', LATER)).toThrow(refusal('input.invalid'));
    expect(tip.status).toBe('published');
  });
});

describe('a draft', () => {
  test('is written anew, until it is published', () => {
    const tip = draftTip();
    tip.rewrite('Still steady', 'And rising.');
    expect(tip).toMatchObject({ title: 'Still steady', body: 'And rising.' });
    expect(() => publishedTip().rewrite('Still steady', 'And rising.')).toThrow(refusal('tip.not-draft'));
  });
});

describe('publishing', () => {
  test('freezes facts and prices: what is changed outside stays outside', () => {
    const [fact, price] = [{ ...evidence().facts[0]! }, { ...evidence().prices[0]! }];
    const [facts, prices] = [[fact], [price]];
    const tip = draftTip();
    tip.publish(evidence({ facts, prices }), NOW);
    fact.statement = 'No dividend was paid.';
    prices.push({ ...price, assetCode: 'OTHER' });
    expect(tip.facts).toEqual(evidence().facts);
    expect(tip.prices).toEqual(evidence().prices);
    expect([tip.facts, tip.facts?.[0], tip.prices, tip.prices?.[0]].every(Object.isFrozen)).toBe(true);
    expect(() => tip.publish(evidence(), LATER)).toThrow('Cannot make a tip published that is published.');
  });

  test('is for a time to come', () => {
    for (const expiresAt of [NOW, at('2026-06-15T11:59:59Z'), new Date(Number.NaN)])
      expect(() => draftTip().publish(evidence({ expiresAt }), NOW)).toThrow(refusal('tip.expires-before'));
  });

  const price = evidence().prices[0]!;
  test.each<[string, object]>([
    ['no facts', { facts: [] }],
    ['a fact without a source', { facts: [{ statement: 'A dividend was paid.', asOf: '2026-03-01T00:00:00Z' }] }],
    ['a fact as of a day', { facts: [{ statement: 'A dividend was paid.', source: 'x', asOf: '2026-03-01' }] }],
    ['no prices', { prices: [] }],
    ['a price of 0', { prices: [{ ...price, price: '0' }] }],
    ['a price that is a number', { prices: [{ ...price, price: 10.5 }] }],
    ['a price of more than 12 decimals', { prices: [{ ...price, price: '0.0000000000001' }] }],
    ['51 prices', { prices: Array<TipPrices[number]>(51).fill(price) }],
  ])('with %s is refused and leaves a draft', (_what, wrong) => {
    const tip = draftTip();
    expect(() => tip.publish(evidence(wrong), NOW)).toThrow(refusal('input.invalid'));
    expect(tip).toMatchObject({ status: 'draft', facts: undefined, publishedAt: undefined });
  });
});

describe('a published tip', () => {
  test('counts until its time is over', () => {
    publishedTip().requireCurrent(at('2026-07-15T11:59:59.999Z'));
    expect(() => publishedTip().requireCurrent(OVER)).toThrow(refusal('tip.not-current'));
    for (const tip of [reached(), reached('be published', 'be withdrawn'), reached('be published', 'expire')])
      expect(() => tip.requireCurrent(LATER)).toThrow(refusal('tip.not-current'));
  });

  test('does not expire before its time', () => {
    const tip = publishedTip();
    expect(() => tip.expire(at('2026-07-15T11:59:59.999Z'))).toThrow(refusal('tip.not-over'));
    expect(tip).toMatchObject({ status: 'published', expiredAt: undefined });
  });
});

test('a tip comes in about a basket or an asset, and is published with what it rests on', () => {
  const { target: _, ...rest } = tipDetails();
  const draft = { expertSlug: 'old-penny', ...rest };
  expect(parseInput(DraftTip, { ...draft, target: { assetCode: 'ACME' } }).target).toEqual({ assetCode: 'ACME' });
  expect(parseInput(DraftTip, { ...draft, target: { basketSlug: 'green-energy' } }).target).toEqual({
    basketSlug: 'green-energy',
  });
  for (const target of [{}, { assetCode: 'ACME', basketSlug: 'green-energy' }, undefined])
    expect(() => parseInput(DraftTip, { ...draft, target })).toThrow(refusal('input.invalid'));
  expect(parseInput(PublishTip, { tipId: newId(), ...evidence() }).expiresAt).toEqual(OVER);
  expect(() => parseInput(PublishTip, { tipId: newId(), ...evidence(), status: 'draft' })).toThrow(
    refusal('input.invalid'),
  );
});
