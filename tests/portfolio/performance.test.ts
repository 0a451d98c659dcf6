import { describe, expect, test } from 'vitest';
import { annualised, type CashFlow, moneyWeightedReturn, timeWeightedReturn } from '../../src/portfolio/index.js';
import { decimal } from '../shared/examples.js';

const period = (startValue: string, netDeposits: string, marketChange: string, value: string) => ({
  startValue: decimal(startValue),
  netDeposits: decimal(netDeposits),
  marketChange: decimal(marketChange),
  value: decimal(value),
});

const flows = (...lines: [date: string, amount: string][]): CashFlow[] =>
  lines.map(([date, amount]) => ({ date, amount: decimal(amount) }));

const moneyWeighted = (...lines: [date: string, amount: string][]) => moneyWeightedReturn(flows(...lines))?.toFixed();

describe('the time-weighted return', () => {
  /*
   * 100 paid in with a fee of 0.50, the market +10 %, then −10 % and 100 more paid in with a fee of 0.50:
   *   0 + 100 − 0.50                 =  99.5      × 99.5 / 100
   *   99.5 + 9.95                    = 109.45     × 109.45 / 99.5
   *   109.45 − 10.945 + 100 − 0.50   = 198.005    × 98.505 / 109.45 × 198.005 / 198.505
   * 0.995 · 1.1 · 0.9 · 0.997481171758898… − 1 = −0.017431171758897…
   */
  test('counts what the market did and what fees took, and nothing of what was paid in', () => {
    const months = [
      period('0', '100', '0', '99.5'),
      period('99.5', '0', '9.95', '109.45'),
      period('109.45', '100', '-10.945', '198.005'),
    ];
    expect(timeWeightedReturn(months).toFixed()).toBe('-0.017431171759');
  });

  test('of a portfolio that doubles and halves is nothing, however much was in it when', () => {
    const months = [
      period('0', '1', '0', '1'),
      period('1', '1000000', '1', '1000002'),
      period('1000002', '0', '-500001', '500001'),
    ];
    expect(timeWeightedReturn(months).toFixed()).toBe('0');
  });

  test('goes on after everything was taken out', () => {
    const months = [
      period('0', '100', '0', '100'),
      period('100', '-110', '10', '0'),
      period('0', '0', '0', '0'),
      period('0', '50', '0', '50'),
      period('50', '0', '5', '55'),
    ];
    expect(timeWeightedReturn(months).toFixed()).toBe('0.21');
  });

  test('of a total loss is −1, and of no time at all 0', () => {
    expect(timeWeightedReturn([period('0', '100', '0', '100'), period('100', '0', '-100', '0')]).toFixed()).toBe('-1');
    expect(timeWeightedReturn([]).toFixed()).toBe('0');
  });
});

describe('a return per year', () => {
  test('compounds to the return over the whole time', () => {
    expect(annualised(decimal('0.1'), 365)?.toFixed()).toBe('0.1');
    expect(annualised(decimal('0.21'), 730)?.toFixed()).toBe('0.1');
    expect(annualised(decimal('0.1'), 73)?.toFixed()).toBe('0.61051');
    expect(annualised(decimal('-0.19'), 730)?.toFixed()).toBe('-0.1');
    expect(annualised(decimal('0'), 1)?.toFixed()).toBe('0');
  });

  test('is not there for less than a day, nor after a total loss', () => {
    expect(annualised(decimal('0.1'), 0)).toBeUndefined();
    expect(annualised(decimal('-1'), 365)).toBeUndefined();
  });
});

describe('the money-weighted return', () => {
  /** Microsoft, "XIRR function": these flows, and 0.373362535 as their result, "accurate within 0.000001 percent". */
  const documented = flows(
    ['2008-01-01', '-10000'],
    ['2008-03-01', '2750'],
    ['2008-10-30', '4250'],
    ['2009-02-15', '3250'],
    ['2009-04-01', '2750'],
  );

  test('is the one that the documentation of XIRR shows', () => {
    const rate = moneyWeightedReturn(documented)!;
    expect(rate.minus('0.373362535').abs().lte('1e-8')).toBe(true);
    // The root itself: 0.37336253351883151…, by halving intervals with 50 digits.
    expect(rate.toFixed()).toBe('0.373362533519');
  });

  test('does not depend on the order in which the flows are given', () => {
    const rate = moneyWeightedReturn(documented)!;
    expect(moneyWeightedReturn(documented.toReversed())!.eq(rate)).toBe(true);
    expect(moneyWeightedReturn([2, 4, 0, 3, 1].map(i => documented[i]!))!.eq(rate)).toBe(true);
  });

  test.each([
    ['10 % in a year', '2025-01-01', '2026-01-01', '110', '0.1'],
    ['nothing in a year', '2025-01-01', '2026-01-01', '100', '0'],
    ['a loss of half in a year', '2025-01-01', '2026-01-01', '50', '-0.5'],
    ['21 % in two years', '2025-01-01', '2027-01-01', '121', '0.1'],
    ['10 % in a fifth of a year', '2025-01-01', '2025-03-15', '110', '0.61051'],
    ['9,999 times the money in a year', '2025-01-01', '2026-01-01', '999900', '9998'],
    ['a loss of 99.9 % in a year', '2025-01-01', '2026-01-01', '0.1', '-0.999'],
  ])('of %s is exact', (_, from, to, end, rate) => {
    expect(moneyWeighted([from, '-100'], [to, end])).toBe(rate);
  });

  test('counts days, so that a leap year is one day longer', () => {
    // 1.1^(365/366) − 1
    expect(moneyWeighted(['2024-01-01', '-100'], ['2025-01-01', '110'])).toBe('0.099713585934');
  });

  test('weighs money by the time it was there', () => {
    // The root of −100 − 150·v^182 − 150·v^183 + 440·v^365, v = (1 + r)^(−1/365): 0.16372179586120465…
    expect(
      moneyWeighted(['2025-01-01', '-100'], ['2025-07-02', '-150'], ['2025-07-03', '-150'], ['2026-01-01', '440']),
    ).toBe('0.163721795861');
  });

  test.each([
    ['nothing at all', []],
    ['a single flow', [['2026-01-01', '-100']]],
    [
      'money that only went in',
      [
        ['2026-01-01', '-100'],
        ['2026-06-01', '-50'],
      ],
    ],
    [
      'money that only came out',
      [
        ['2026-01-01', '100'],
        ['2026-06-01', '50'],
      ],
    ],
    [
      'everything lost',
      [
        ['2026-01-01', '-100'],
        ['2026-06-01', '0'],
      ],
    ],
    [
      'one day',
      [
        ['2026-01-01', '-100'],
        ['2026-01-01', '110'],
      ],
    ],
  ] as [string, [string, string][]][])('of %s is not there', (_, lines) => {
    expect(moneyWeighted(...lines)).toBeUndefined();
  });
});
