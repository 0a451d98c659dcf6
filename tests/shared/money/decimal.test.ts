import { describe, expect, test } from 'vitest';
import { AMOUNT, Decimal, PERCENT, PRICE, parseDecimal, requireFits, TOTAL } from '../../../src/shared/index.js';
import { refusal } from '../examples.js';

const amount = (text: string) => parseDecimal(text, AMOUNT);

describe('reading a decimal', () => {
  test.each([
    ['0', '0'],
    ['0.00', '0'],
    ['12', '12'],
    ['1.50', '1.5'],
    ['-0.5', '-0.5'],
    ['0.00000001', '0.00000001'],
    ['9999999999.99999999', '9999999999.99999999'],
    ['-9999999999.99999999', '-9999999999.99999999'],
    [`0.${'0'.repeat(78)}`, '0'],
  ])('%s is an amount', (text, value) => {
    expect(amount(text).toFixed()).toBe(value);
  });

  test.each([
    ['a decimal comma', '1,5'],
    ['a grouping comma', '1,000'],
    ['a grouping underscore', '1_000'],
    ['a hexadecimal number', '0x10'],
    ['a binary number', '0b11'],
    ['spaces around it', ' 1.5 '],
    ['a line end', '1.5\n'],
    ['Arabic digits', '١٢٣'],
    ['full-width digits', '１２'],
    ['an exponent', '1e3'],
    ['a negative exponent', '1e-9'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['minus Infinity', '-Infinity'],
    ['minus zero', '-0'],
    ['minus zero with decimals', '-0.00'],
    ['nothing before the point', '.5'],
    ['nothing after the point', '5.'],
    ['a plus sign', '+1'],
    ['a leading zero', '007'],
    ['two points', '1.2.3'],
    ['two signs', '--1'],
    ['a typographic minus', '−1'],
    ['a currency sign', '$5'],
    ['nothing', ''],
    ['a NUL', '1\0'],
    ['a text of 81 characters', `0.${'0'.repeat(79)}`],
  ])('%s is not an amount', (_what, text) => {
    expect(() => amount(text)).toThrow(refusal('decimal.malformed'));
  });

  test.each([
    ['a number', 5],
    ['a big integer', 5n],
    ['null', null],
    ['undefined', undefined],
    ['an object that prints as 5', { toString: () => '5' }],
    ['a list of one text', ['5']],
  ])('%s is not an amount, though JavaScript would read it as one', (_what, value) => {
    expect(() => amount(value as never)).toThrow(refusal('decimal.malformed'));
  });

  test('a ninth decimal is refused and not rounded away', () => {
    expect(() => amount('0.000000001')).toThrow(refusal('decimal.too-precise'));
    expect(() => amount('1.123456789')).toThrow('value has more than 8 decimals; round it first.');
  });

  test('ten thousand million is more than an amount can be, in either direction', () => {
    expect(() => amount('10000000000')).toThrow(refusal('decimal.out-of-range'));
    expect(() => amount('-10000000000')).toThrow('value must be smaller than 10000000000 in size.');
  });

  test('an error names the value it is about and does not repeat it', () => {
    expect(() => parseDecimal('12,34', AMOUNT, 'amount')).toThrow(
      'amount must be a plain decimal in a string, such as "12.5".',
    );
  });

  // The largest values of numeric(28,12), numeric(7,4) and numeric(38,8).
  test.each([
    ['a price', PRICE, '9999999999999999.999999999999', '10000000000000000', '0.0000000000001'],
    ['a percentage', PERCENT, '999.9999', '1000', '0.00001'],
    ['a total over users', TOTAL, `${'9'.repeat(30)}.99999999`, `1${'0'.repeat(30)}`, '0.000000001'],
  ] as const)('%s has its own room', (_what, scale, largest, tooLarge, tooPrecise) => {
    expect(parseDecimal(largest, scale).toFixed()).toBe(largest);
    expect(() => parseDecimal(tooLarge, scale)).toThrow(refusal('decimal.out-of-range'));
    expect(() => parseDecimal(tooPrecise, scale)).toThrow(refusal('decimal.too-precise'));
  });
});

describe('fitting a column', () => {
  test('a value that fits comes back as it is', () => {
    const value = new Decimal('12.5');
    expect(requireFits(value, AMOUNT)).toBe(value);
  });

  test.each([
    ['not a number', Number.NaN, 'decimal.malformed'],
    ['without end', Number.POSITIVE_INFINITY, 'decimal.malformed'],
    ['a third', new Decimal(1).div(3), 'decimal.too-precise'],
    ['too large', '10000000000', 'decimal.out-of-range'],
  ])('a value that is %s is refused', (_what, value, code) => {
    expect(() => requireFits(new Decimal(value), AMOUNT)).toThrow(refusal(code));
  });
});

describe('exactness', () => {
  // As JavaScript numbers the two amounts are one and the same.
  test('two large amounts that differ by 0.00000001 differ', () => {
    const [less, more] = [amount('90071993.00000001'), amount('90071993.00000002')];
    expect(Number('90071993.00000001')).toBe(Number('90071993.00000002'));
    expect(less.eq(more)).toBe(false);
    expect(more.minus(less).toFixed()).toBe('0.00000001');
  });

  test('ten cents and twenty cents are thirty cents', () => {
    expect(amount('0.1').plus(amount('0.2')).toFixed()).toBe('0.3');
  });

  // 9999999999.99999999 × 9999999999999999.999999999999, by Python's decimal with 100 digits.
  test('the largest amount at the highest price is worth exactly that', () => {
    const worth = amount('9999999999.99999999').mul(parseDecimal('9999999999999999.999999999999', PRICE));
    expect(worth.toFixed()).toBe('99999999999999999899999999.99000000000000000001');
  });

  test('a decimal in JSON is text without an exponent', () => {
    expect(JSON.stringify([new Decimal('0.00000001'), new Decimal('9999999999.99999999')])).toBe(
      '["0.00000001","9999999999.99999999"]',
    );
  });
});
