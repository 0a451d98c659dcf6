import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Amortization,
  annuitySchedule,
  DAY_COUNTS,
  daysBetween,
  dueDate,
  interestBetween,
  levelPayment,
} from '../../src/lending/index.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { decimal, refusal } from '../shared/examples.js';

const terms = (details: Partial<Amortization> = {}): Amortization => ({
  principal: decimal('1000'),
  apr: decimal('12'),
  dayCount: '30/360',
  termMonths: 12,
  scale: 2,
  ...details,
});
const rows = (loan: Amortization, start: string) =>
  annuitySchedule(loan, start).map(({ number, dueOn, principal, interest }) => [
    number,
    dueOn,
    principal.toFixed(loan.scale),
    interest.toFixed(loan.scale),
  ]);

// By hand from the calendar and from the rules in 2006 ISDA Definitions, section 4.16 (d), (e), (f).
describe('the days between two dates', () => {
  test.each([
    ['2026-01-31', '2026-02-28', 28],
    ['2024-02-28', '2024-03-01', 2],
    ['2024-01-01', '2025-01-01', 366],
    ['2026-06-15', '2026-06-15', 0],
  ])('are the real ones from %s to %s: %i', (from, to, days) => {
    expect(daysBetween('actual/365', from, to)).toBe(days);
    expect(daysBetween('actual/360', from, to)).toBe(days);
  });

  test.each([
    ['a month', '2026-06-15', '2026-07-15', 30],
    ['a February', '2026-02-01', '2026-03-01', 30],
    ['a first day 31 that counts as 30', '2026-01-31', '2026-02-28', 28],
    ['a last day 31 after a 31', '2026-01-31', '2026-03-31', 60],
    ['a last day 31 after a 30', '2026-04-30', '2026-05-31', 30],
    ['a last day 31 after an earlier day', '2026-01-15', '2026-01-31', 16],
    ['a last day 31 after the end of February', '2026-02-28', '2026-03-31', 33],
    ['a year', '2024-02-29', '2025-02-28', 359],
  ])('are of months of 30 days for 30/360: %s', (_what, from, to, days) => {
    expect(daysBetween('30/360', from, to)).toBe(days);
  });
});

// By hand: 1000 × 12 % × days ÷ days of the year.
describe('simple interest', () => {
  test.each([
    ['actual/365', '2026-06-15', '2026-07-15', '9.8630136986'],
    ['actual/360', '2026-06-15', '2026-07-15', '10'],
    ['30/360', '2026-06-15', '2026-07-15', '10'],
    ['actual/365', '2026-01-01', '2027-01-01', '120'],
    ['actual/360', '2026-01-01', '2027-01-01', '121.6666666667'],
    ['30/360', '2026-01-01', '2027-01-01', '120'],
    ['actual/365', '2024-01-01', '2025-01-01', '120.3287671233'],
  ] as const)('of 1000 at 12 %% by %s from %s to %s is %s', (dayCount, from, to, interest) => {
    const exact = interestBetween(decimal('1000'), { apr: decimal('12'), dayCount }, from, to);
    expect(exact.toDecimalPlaces(10).toFixed()).toBe(interest);
  });

  test('of a rate of 0 or of no days is nothing', () => {
    const interest = { apr: decimal('12'), dayCount: 'actual/365' } as const;
    expect(interestBetween(decimal('1000'), { ...interest, apr: ZERO }, '2026-01-01', '2027-01-01').isZero()).toBe(
      true,
    );
    expect(interestBetween(decimal('1000'), interest, '2026-01-01', '2026-01-01').isZero()).toBe(true);
  });
});

describe('a due date', () => {
  test('is counted from the start, so a short month does not shift those after it', () => {
    expect([1, 2, 3, 12, 13].map(number => dueDate('2026-01-31', number))).toEqual([
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2027-01-31',
      '2027-02-28',
    ]);
  });
});

describe('the level payment', () => {
  test.each([
    // A = P × i ÷ (1 − (1 + i)⁻¹²), i = 0.01, by hand: 88.8488.
    ['1000 at 12 % over 12 months', terms(), '88.85'],
    // sapling.com/8703730/calculate-reducing-balance-interest-rate: 2 % a month, 6 months.
    ['1000 at 24 % over 6 months', terms({ apr: decimal('24'), termMonths: 6 }), '178.53'],
    // Wikipedia, "Mortgage calculator": 6.5 % a year, 30 years.
    [
      '200,000 at 6.5 % over 30 years',
      terms({ principal: decimal('200000'), apr: decimal('6.5'), termMonths: 360 }),
      '1264.14',
    ],
    ['100 at 0 % over 4 months', terms({ principal: decimal('100'), apr: ZERO, termMonths: 4 }), '25'],
    ['100 at 0 % over 3 months, rounded up', terms({ principal: decimal('100'), apr: ZERO, termMonths: 3 }), '33.34'],
    ['1000 over one month, not a cent too much', terms({ termMonths: 1 }), '1010'],
    ['1000 over one month, to 8 decimals', terms({ termMonths: 1, apr: decimal('7'), scale: 8 }), '1005.83333334'],
  ])('of %s', (_what, loan, payment) => {
    expect(levelPayment(loan, '2026-01-15').toFixed()).toBe(payment);
  });
});

describe('a schedule', () => {
  // The first two rows and the payment of 178.53 as in sapling.com/8703730/calculate-reducing-balance-interest-rate;
  // the others by the same steps: interest 2 % of what is left, rounded up.
  test('pays interest on what is left, and the rest back', () => {
    expect(rows(terms({ apr: decimal('24'), termMonths: 6 }), '2026-01-15')).toEqual([
      [1, '2026-02-15', '158.53', '20.00'],
      [2, '2026-03-15', '161.70', '16.83'],
      [3, '2026-04-15', '164.93', '13.60'],
      [4, '2026-05-15', '168.23', '10.30'],
      [5, '2026-06-15', '171.59', '6.94'],
      [6, '2026-07-15', '175.02', '3.51'],
    ]);
  });

  // Worked out with Python's decimal module: the payment by the sum of discount factors, interest by the days of each period.
  test.each([
    [
      'actual/365',
      [
        [1, '2026-02-28', '330.58', '9.21'],
        [2, '2026-03-31', '332.96', '6.83'],
        [3, '2026-04-30', '336.46', '3.32'],
      ],
    ],
    [
      'actual/360',
      [
        [1, '2026-02-28', '330.54', '9.34'],
        [2, '2026-03-31', '332.96', '6.92'],
        [3, '2026-04-30', '336.50', '3.37'],
      ],
    ],
    [
      '30/360',
      [
        [1, '2026-02-28', '330.69', '9.34'],
        [2, '2026-03-31', '332.66', '7.37'],
        [3, '2026-04-30', '336.65', '3.37'],
      ],
    ],
  ] as const)('by %s asks for more interest in a longer period', (dayCount, expected) => {
    expect(rows(terms({ dayCount, termMonths: 3 }), '2026-01-31')).toEqual(expected);
  });

  test('without interest has the rounding in its last instalment', () => {
    expect(rows(terms({ principal: decimal('100'), apr: ZERO, termMonths: 3 }), '2026-01-15')).toEqual([
      [1, '2026-02-15', '33.34', '0.00'],
      [2, '2026-03-15', '33.34', '0.00'],
      [3, '2026-04-15', '33.32', '0.00'],
    ]);
  });

  test('goes down to 8 decimals', () => {
    expect(rows(terms({ principal: decimal('1'), termMonths: 3, scale: 8 }), '2026-01-15')).toEqual([
      [1, '2026-02-15', '0.33002212', '0.01000000'],
      [2, '2026-03-15', '0.33332234', '0.00669978'],
      [3, '2026-04-15', '0.33665554', '0.00336656'],
    ]);
  });

  test('repays the loan to the last digit, in every instalment something, month after month', () => {
    const loans = fc.record({
      principal: fc.integer({ min: 10_000, max: 99_999_999 }).map(cents => new Decimal(cents).div(100)),
      apr: fc.integer({ min: 0, max: 1_000_000 }).map(rate => new Decimal(rate).div(10_000)),
      dayCount: fc.constantFrom(...DAY_COUNTS),
      termMonths: fc.integer({ min: 1, max: 24 }),
      scale: fc.constantFrom(2, 4, 8),
    });
    const starts = fc.integer({ min: 0, max: 1460 }).map(days => dueOnDay(days));
    fc.assert(
      fc.property(loans, starts, (loan, start) => {
        const schedule = annuitySchedule(loan, start);
        expect(schedule).toHaveLength(loan.termMonths);
        expect(Decimal.sum(ZERO, ...schedule.map(({ principal }) => principal)).toFixed()).toBe(
          loan.principal.toFixed(),
        );
        for (const [index, { number, dueOn, principal, interest }] of schedule.entries()) {
          expect(number).toBe(index + 1);
          expect(dueOn > (schedule[index - 1]?.dueOn ?? start)).toBe(true);
          expect(principal.gt(0) && interest.gte(0)).toBe(true);
          expect(Math.max(principal.decimalPlaces(), interest.decimalPlaces())).toBeLessThanOrEqual(loan.scale);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('of %d months is refused', termMonths => {
    expect(() => annuitySchedule(terms({ termMonths }), '2026-01-15')).toThrow(refusal('loan.term'));
  });

  test('of an amount finer than its currency is refused', () => {
    expect(() => annuitySchedule(terms({ principal: decimal('1000.001') }), '2026-01-15')).toThrow(
      refusal('loan.too-precise'),
    );
  });

  test('of a few cents over many months is refused, as some instalments would repay nothing', () => {
    expect(() => annuitySchedule(terms({ principal: decimal('0.05'), apr: ZERO }), '2026-01-15')).toThrow(
      'A loan of 0.05 cannot be spread over 12 instalments; choose a shorter term.',
    );
    expect(rows(terms({ principal: decimal('0.05'), apr: ZERO, termMonths: 5 }), '2026-01-15')).toHaveLength(5);
  });
});

const dueOnDay = (days: number): string =>
  new Date(Date.UTC(2024, 0, 1) + days * 86_400_000).toISOString().slice(0, 10);
