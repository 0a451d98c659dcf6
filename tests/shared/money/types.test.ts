import { describe, expect, test } from 'vitest';
import { AmountType, Decimal, isDecimalType, PercentType, PriceType, TotalType } from '../../../src/shared/index.js';
import { decimal, refusal } from '../examples.js';

const amount = new AmountType();

describe('an amount on its way to the database', () => {
  test.each([
    ['5', '5.00000000'],
    ['5.00000000', '5.00000000'],
    ['0', '0.00000000'],
    ['-0', '0.00000000'],
    ['-0.5', '-0.50000000'],
    ['0.00000001', '0.00000001'],
    ['9999999999.99999999', '9999999999.99999999'],
  ])('%s is written as %s', (value, text) => {
    expect(amount.convertToDatabaseValue(decimal(value))).toBe(text);
  });

  // The ORM compares what it has loaded with what it would write, as these texts.
  test('5 against a stored 5.00000000 is no change', () => {
    const stored = amount.convertToJSValue('5.00000000');
    expect(amount.convertToDatabaseValue(stored)).toBe(amount.convertToDatabaseValue(decimal('5')));
    expect(amount.compareAsType()).toBe('string');
  });

  test('0.00000001 more on a large amount is a change', () => {
    const stored = amount.convertToJSValue('90071993.00000001')!;
    const changed = stored.plus('0.00000001');
    expect(amount.convertToDatabaseValue(stored)).toBe('90071993.00000001');
    expect(amount.convertToDatabaseValue(changed)).toBe('90071993.00000002');
  });

  test.each([
    ['a ninth decimal', decimal('0.123456789'), 'decimal.too-precise'],
    ['a third', new Decimal(1).div(3), 'decimal.too-precise'],
    ['not a number', decimal('NaN'), 'decimal.malformed'],
    ['without end', decimal('-Infinity'), 'decimal.malformed'],
    ['larger than its column', decimal('10000000000'), 'decimal.out-of-range'],
  ])('a value that is %s never leaves, rounded or otherwise', (_what, value, code) => {
    expect(() => amount.convertToDatabaseValue(value)).toThrow(refusal(code));
  });

  test('text is taken in the plain form only', () => {
    expect(amount.convertToDatabaseValue('5.5')).toBe('5.50000000');
    for (const text of ['0x10', '1_000', ' 5 ', '1,5', '1e3', 'NaN', '']) {
      expect(() => amount.convertToDatabaseValue(text), text).toThrow(refusal('decimal.malformed'));
    }
  });

  test('no amount stays none, both ways', () => {
    expect(amount.convertToDatabaseValue(null)).toBeNull();
    expect(amount.convertToJSValue(null)).toBeNull();
    expect(amount.toJSON(null)).toBeNull();
  });
});

test('an amount comes back from the database to its last digit', () => {
  const loaded = amount.convertToJSValue('9999999999.99999999')!;
  expect(Decimal.isDecimal(loaded)).toBe(true);
  expect(loaded.toFixed()).toBe('9999999999.99999999');
});

test('in JSON an amount is text without padding or exponent', () => {
  expect(amount.toJSON(decimal('5.00000000'))).toBe('5');
  expect(amount.toJSON(decimal('0.00000001'))).toBe('0.00000001');
});

// numeric(precision, scale) as the design fixes them: amounts, unit prices, percentages, totals over users.
test.each([
  ['an amount', amount, 'numeric(18,8)', '1.00000000'],
  ['a price', new PriceType(), 'numeric(28,12)', '1.000000000000'],
  ['a percentage', new PercentType(), 'numeric(7,4)', '1.0000'],
  ['a total over users', new TotalType(), 'numeric(38,8)', '1.00000000'],
])('%s has a column type of its own', (_what, type, column, one) => {
  expect(type.getColumnType()).toBe(column);
  expect(type.convertToDatabaseValue(decimal('1'))).toBe(one);
  expect(isDecimalType(type)).toBe(true);
});

test('a column of another type is not taken for a decimal', () => {
  expect(isDecimalType(undefined)).toBe(false);
  expect(isDecimalType({ numeric: { precision: 18, scale: 8 } })).toBe(false);
});
