import { describe, expect, test } from 'vitest';
import { PostingBody } from '../../src/ledger/posting-body.js';
import { requestHash } from '../../src/ledger/request-hash.js';
import { Decimal } from '../../src/shared/index.js';

const dec = (text: string) => new Decimal(text);

describe('the hash of a request', () => {
  test('is the SHA-256 of its canonical JSON', () => {
    const request = {
      useCase: 'open-deposit',
      reference: 'R-1 “é”',
      amount: dec('5.00000000'),
      at: new Date('2026-11-22T13:00:00+01:00'),
      parts: [{ weight: dec('0.00000001'), code: 'EUR' }, null, true, 3],
      note: undefined,
    };
    // printf '%s' '{"amount":"5","at":"2026-11-22T12:00:00.000Z","parts":[{"code":"EUR","weight":"0.00000001"},null,true,3],"reference":"R-1 “é”","useCase":"open-deposit"}' | sha256sum
    expect(requestHash(request)).toBe('c4662ca3bc33223218ee2329e5246b0358ec369297020b22b9db44ce4af7d63c');
  });

  test('of nothing and of a mere text is that of their JSON', () => {
    // printf '{}' | sha256sum
    expect(requestHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
    // printf '"salary"' | sha256sum
    expect(requestHash('salary')).toBe('6795f54dbe47557f090c2abef6c2ed45ec794b332333b546d5479651bc3b7974');
  });

  test.each([
    ['the order of its keys', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['zeros after a decimal', { amount: dec('5') }, { amount: dec('5.00000000') }],
    ['how a decimal was reckoned', { amount: dec('0.3') }, { amount: dec('0.1').plus('0.2') }],
    ['a key that says nothing', { a: 1 }, { a: 1, b: undefined }],
    [
      'the zone a date was written in',
      { at: new Date('2026-11-22T12:00:00Z') },
      { at: new Date('2026-11-22T07:00:00-05:00') },
    ],
  ])('does not depend on %s', (_what, one, other) => {
    expect(requestHash(one)).toBe(requestHash(other));
  });

  test.each([
    ['an amount', { amount: dec('5') }, { amount: dec('5.00000001') }],
    ['a large amount, in its last place', { amount: dec('90071993.00000001') }, { amount: dec('90071993.00000002') }],
    ['the order of a list', { legs: [1, 2] }, { legs: [2, 1] }],
    ['what a value is called', { a: 1 }, { b: 1 }],
    ['nothing being said and null', {}, { a: null }],
    [
      'a moment, by a millisecond',
      { at: new Date('2026-11-22T12:00:00Z') },
      { at: new Date('2026-11-22T12:00:00.001Z') },
    ],
    ['where a value stands', { a: { b: 1 } }, { a: {}, b: 1 }],
  ])('tells apart %s', (_what, one, other) => {
    expect(requestHash(one)).not.toBe(requestHash(other));
  });
});

describe('the legs of a posting', () => {
  const leg = { from: { kind: 'external' }, to: { kind: 'cash' }, assetId: 'usd', amount: dec('1') } as const;

  test('name each account once, and the entries refer to it by number', () => {
    const { accounts, entries } = new PostingBody({
      legs: [
        leg,
        { ...leg, from: { kind: 'cash' }, to: { kind: 'fees' } },
        { ...leg, assetId: 'eur' },
        { ...leg, to: { kind: 'holding', portfolioId: 'p' } },
        { ...leg, to: { kind: 'holding', portfolioId: 'p', basketId: 'b' } },
        { ...leg, from: { kind: 'holding', portfolioId: 'p' } },
      ],
    });
    expect(accounts.map(({ kind, asset, portfolio, basket }) => [kind, asset, portfolio, basket])).toEqual([
      ['external', 'usd', undefined, undefined],
      ['cash', 'usd', undefined, undefined],
      ['fees', 'usd', undefined, undefined],
      ['external', 'eur', undefined, undefined],
      ['cash', 'eur', undefined, undefined],
      ['holding', 'usd', 'p', undefined],
      ['holding', 'usd', 'p', 'b'],
    ]);
    expect(entries.map(({ debit, credit }) => [debit, credit])).toEqual([
      [1, 2],
      [2, 3],
      [4, 5],
      [1, 6],
      [1, 7],
      [6, 2],
    ]);
  });

  test('travel as text with all their decimals', () => {
    const { entries, fees } = new PostingBody({
      legs: [{ ...leg, amount: dec('1e-8'), fee: { kind: 'platform', rate: dec('0.25') } }],
    });
    expect(entries[0]).toMatchObject({ amount: '0.00000001' });
    expect(fees[0]).toMatchObject({ kind: 'platform', amount: '0.00000001', rate: '0.2500', entry: 1 });
  });
});
