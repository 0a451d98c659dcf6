import { describe, expect, test } from 'vitest';
import { type DemoStatement, exitCode, renderStatement, statementJson } from '../../seeders/demo/statement.js';
import { Decimal } from '../../src/shared/index.js';

const of = (text: string) => new Decimal(text);

/** Four months, of which the last two made up for the first two. */
const SMALL: DemoStatement = {
  period: { from: '2000-11', to: '2001-02', occurrences: 4 },
  plan: {
    monthly: of('1000'),
    feeRate: of('0.5'),
    basket: 'Two giants',
    weights: [
      { code: 'AAPL', weight: of('60') },
      { code: 'IBM', weight: of('40') },
    ],
  },
  contributions: of('4000'),
  fees: of('20'),
  invested: of('3979.99'),
  cash: of('0.01'),
  assets: [
    {
      code: 'AAPL',
      units: of('1234.56789012'),
      costBasis: of('2388'),
      price: of('2.015'),
      value: of('2487.65429859'),
      gain: of('99.65429859'),
    },
    {
      code: 'IBM',
      units: of('15.5'),
      costBasis: of('1591.99'),
      price: of('99.5'),
      value: of('1542.25'),
      gain: of('-49.74'),
    },
  ],
  value: of('4029.91429859'),
  gain: of('29.91429859'),
  timeWeightedReturn: { total: of('0.0123456'), annual: null },
  moneyWeightedReturn: of('-0.00125'),
  history: [
    { date: '2000-11-01', contributions: of('1000'), value: of('995') },
    { date: '2000-12-01', contributions: of('2000'), value: of('1500.5') },
    { date: '2001-01-01', contributions: of('3000'), value: of('3200') },
    { date: '2001-02-01', contributions: of('4000'), value: of('4029.91429859') },
  ],
  invariants: [
    { name: 'balances equal the sum of their entries', checked: 1234, violations: 0 },
    { name: 'books close to zero', checked: 2, violations: 0 },
  ],
};

const render = (change: Partial<DemoStatement> = {}, width = 80) =>
  renderStatement({ ...SMALL, ...change }, { width, color: false });

/** The years that the bundled prices cover, growing to 58,466.59. */
const LONG_HISTORY: DemoStatement['history'] = Array.from({ length: 123 }, (_, i) => ({
  date: `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')}-01`,
  contributions: of('100').mul(i + 1),
  value: of('58466.59')
    .mul(i ** 2)
    .div(122 ** 2),
}));

describe('a printed statement', () => {
  test('tells the plan, the outcome, the way there and whether the books are sound', () => {
    expect(render()).toBe(`Two giants: 1,000.00 USD a month, November 2000 to February 2001
════════════════════════════════════════════════════════════════
4 contributions, fee 0.5 %, into AAPL 60 %, IBM 40 %. Amounts are in USD.

Contributions   4,000.00
Fees               20.00
Invested        3,979.99
Cash left           0.01
Value           4,029.91
Gain              +29.91

Asset            Units   Cost basis   Price      Value     Gain
───────────────────────────────────────────────────────────────
AAPL    1,234.56789012     2,388.00    2.02   2,487.65   +99.65
IBM        15.50000000     1,591.99   99.50   1,542.25   -49.74
───────────────────────────────────────────────────────────────
Total                      3,979.99           4,029.90   +49.91

Time-weighted return            1.23 %
Time-weighted return a year        n/a
Money-weighted return a year   -0.12 %

      ─── value   ╌╌╌ contributions
4,200 ┤
3,900 ┤                                                  ╭─────────────────
3,600 ┤                                                  │
3,300 ┤                                 ╭────────────────╯
3,000 ┤                                 │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
2,700 ┤                                 │
2,400 ┤                                 │
2,100 ┤                ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│
1,800 ┤                ╎                │
1,500 ┤                ╭────────────────╯
1,200 ┤                │
  900 ┤────────────────╯
  600 ┤
  300 ┤
    0 ┤
      └┬─────────────────────────────────┬─────────────────────────────────
       2000                              2001

Invariant                                 checked   violations
balances equal the sum of their entries     1,234            0  ok
books close to zero                             2            0  ok

The books are sound: 2 invariants checked, none broken.
`);
  });

  test('fits 80 columns over ten years, with every year under its first month', () => {
    const lines = render({ history: LONG_HISTORY }).split('\n');
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
    const axis = lines.findIndex(line => line.includes('└'));
    expect(lines.slice(axis, axis + 2)).toEqual([
      '       └┬──────┬──────┬─────┬──────┬──────┬─────┬──────┬──────┬─────┬──────┬─',
      '        2000   2001   2002  2003   2004   2005  2006   2007   2008  2009   2010',
    ]);
  });

  test('labels every second year, or fifth, when there is no room for all', () => {
    const years = (width: number) =>
      render({ history: LONG_HISTORY }, width)
        .split('\n')
        .find(line => /^ +2\d\d\d( +2\d\d\d)+$/.test(line))
        ?.trim()
        .split(/ +/);
    expect(years(120)).toHaveLength(11);
    expect(years(45)).toEqual(['2000', '2002', '2004', '2006', '2008', '2010']);
    expect(years(28)).toEqual(['2000', '2005', '2010']);
  });

  test('draws a month, a year and nothing at all', () => {
    expect(render({ history: LONG_HISTORY.slice(0, 1) })).toContain('\n  0 ┤');
    expect(render({ history: LONG_HISTORY.slice(0, 12) })).toContain('2000\n');
    expect(render({ history: [] })).not.toContain('┤');
  });

  test('rounds half to even, only what is shown', () => {
    const shown = (gain: string) => /Gain +(\S+)\n/.exec(render({ gain: of(gain) }))?.[1];
    expect(shown('0.125')).toBe('+0.12');
    expect(shown('0.135')).toBe('+0.14');
    expect(shown('-0.125')).toBe('-0.12');
    expect(shown('-0.004')).toBe('0.00');
    expect(shown('1234567.891')).toBe('+1,234,567.89');
    expect(shown('-1234567.891')).toBe('-1,234,567.89');
    expect(shown('90071992547409.93')).toBe('+90,071,992,547,409.93');
  });

  test('sums the exact rows, not the rounded ones', () => {
    const asset = { units: of('1'), costBasis: of('0.004'), price: of('0.0012345'), value: of('0.004'), gain: of('0') };
    const text = render({ assets: ['A', 'B', 'C'].map(code => ({ code, ...asset })) });
    expect(text).toMatch(/\nA +1\.00000000 +0\.00 +0\.001234 +0\.00 +0\.00\n/);
    expect(text).toMatch(/\nTotal +0\.01 +0\.01 +0\.00\n/);
  });

  test('has no return where there is none', () => {
    expect(render({ moneyWeightedReturn: null })).toContain('Money-weighted return a year      n/a\n');
    expect(render({ moneyWeightedReturn: of('0') })).toContain('Money-weighted return a year   0.00 %\n');
  });

  test('names one month once', () => {
    const text = render({ period: { from: '2008-05', to: '2008-05', occurrences: 1 } });
    expect(text).toMatch(/^Two giants: 1,000\.00 USD a month, May 2008\n═+\n1 contribution, /);
  });

  test('says which invariant is broken', () => {
    const text = render({
      invariants: [
        { name: 'books close to zero', checked: 2, violations: 1 },
        { name: 'weights sum to 100', checked: 1, violations: 0 },
      ],
    });
    expect(text).toMatch(/\nbooks close to zero +2 +1 {2}BROKEN\n/);
    expect(text).toMatch(/\nweights sum to 100 +1 +0 {2}ok\n/);
    expect(text.endsWith('\n\nThe books are BROKEN: 1 of 2 invariants violated.\n')).toBe(true);
  });

  test('does not call books sound that nobody checked', () => {
    expect(render({ invariants: [] }).endsWith('\n\nNo invariant was checked.\n')).toBe(true);
  });

  test('has colors when they are wanted, over the same text', () => {
    const colored = renderStatement(SMALL, { width: 80, color: true });
    const esc = String.fromCharCode(27);
    expect(colored).toContain(`${esc}[32mok${esc}[39m`);
    expect(colored.replaceAll(new RegExp(`${esc}\\[\\d+m`, 'g'), '')).toBe(render());
    expect(render()).not.toContain(esc);
  });
});

describe('a statement in JSON', () => {
  test('has decimals as plain strings', () => {
    expect(statementJson(SMALL)).toBe(`{
  "period": {
    "from": "2000-11",
    "to": "2001-02",
    "occurrences": 4
  },
  "plan": {
    "monthly": "1000",
    "feeRate": "0.5",
    "basket": "Two giants",
    "weights": [
      {
        "code": "AAPL",
        "weight": "60"
      },
      {
        "code": "IBM",
        "weight": "40"
      }
    ]
  },
  "contributions": "4000",
  "fees": "20",
  "invested": "3979.99",
  "cash": "0.01",
  "assets": [
    {
      "code": "AAPL",
      "units": "1234.56789012",
      "costBasis": "2388",
      "price": "2.015",
      "value": "2487.65429859",
      "gain": "99.65429859"
    },
    {
      "code": "IBM",
      "units": "15.5",
      "costBasis": "1591.99",
      "price": "99.5",
      "value": "1542.25",
      "gain": "-49.74"
    }
  ],
  "value": "4029.91429859",
  "gain": "29.91429859",
  "timeWeightedReturn": {
    "total": "0.0123456",
    "annual": null
  },
  "moneyWeightedReturn": "-0.00125",
  "history": [
    {
      "date": "2000-11-01",
      "contributions": "1000",
      "value": "995"
    },
    {
      "date": "2000-12-01",
      "contributions": "2000",
      "value": "1500.5"
    },
    {
      "date": "2001-01-01",
      "contributions": "3000",
      "value": "3200"
    },
    {
      "date": "2001-02-01",
      "contributions": "4000",
      "value": "4029.91429859"
    }
  ],
  "invariants": [
    {
      "name": "balances equal the sum of their entries",
      "checked": 1234,
      "violations": 0
    },
    {
      "name": "books close to zero",
      "checked": 2,
      "violations": 0
    }
  ]
}
`);
  });

  test('has its keys in the same order whatever order they came in', () => {
    const reversed = Object.fromEntries(Object.entries(SMALL).reverse()) as unknown as DemoStatement;
    const plan = Object.fromEntries(Object.entries(SMALL.plan).reverse()) as unknown as DemoStatement['plan'];
    expect(statementJson({ ...reversed, plan })).toBe(statementJson(SMALL));
  });

  test('keeps tiny, huge and missing values as they are', () => {
    const json = JSON.parse(
      statementJson({ ...SMALL, gain: of('-0'), value: of('90071992547409.93000001'), moneyWeightedReturn: null }),
    );
    expect(json).toMatchObject({ gain: '0', value: '90071992547409.93000001', moneyWeightedReturn: null });
    expect(JSON.parse(statementJson({ ...SMALL, fees: of('1e-12') })).fees).toBe('0.000000000001');
  });
});

describe('the demo ends', () => {
  const kept = { name: 'every book closes to zero', checked: 5, violations: 0 };

  test.each([
    ['well when every invariant holds', [kept, kept], 0],
    ['badly when one is broken', [kept, { ...kept, violations: 1 }], 1],
    ['badly when none was looked at', [], 1],
  ])('%s', (_, invariants, code) => {
    expect(exitCode({ invariants })).toBe(code);
  });
});
