import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  IdempotencyKey,
  LocalDate,
  type NesteggError,
  Percentage,
  PlainText,
  PositiveAmount,
  PositivePrice,
  parseInput,
  ValidationError,
} from '../../src/shared/index.js';
import { refusal } from './examples.js';

const refuse = (schema: z.ZodType, input: unknown): void =>
  expect(() => parseInput(schema, input)).toThrow(refusal('input.invalid'));

describe('a positive amount', () => {
  test.each([
    ['0.00000001', '0.00000001'],
    ['12.50', '12.5'],
    ['9999999999.99999999', '9999999999.99999999'],
  ])('%s is one', (text, value) => {
    expect(parseInput(PositiveAmount, text).toFixed()).toBe(value);
  });

  test.each([
    ['zero', '0'],
    ['zero with decimals', '0.00'],
    ['minus zero', '-0'],
    ['less than zero', '-1'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['1e10', '1e10'],
    ['10000000000', '10000000000'],
    ['a ninth decimal', '0.000000001'],
    ['a decimal comma', '1,5'],
    ['a JavaScript number', 12.5],
    ['a JavaScript NaN', Number.NaN],
    ['an operator object', { $gt: '0' }],
    ['a list', ['1']],
    ['nothing', undefined],
    ['null', null],
  ])('%s is refused', (_what, value) => {
    refuse(PositiveAmount, value);
  });
});

test('a price has 12 decimals, an amount 8', () => {
  expect(parseInput(PositivePrice, '0.000000000001').toFixed()).toBe('0.000000000001');
  refuse(PositivePrice, '0.0000000000001');
  refuse(PositivePrice, '0');
});

test('a percentage is from 0 to 100 with at most 4 decimals', () => {
  expect(parseInput(Percentage, '0').toFixed()).toBe('0');
  expect(parseInput(Percentage, '33.3333').toFixed()).toBe('33.3333');
  expect(parseInput(Percentage, '100').toFixed()).toBe('100');
  for (const text of ['-0.0001', '-0', '100.0001', '33.33333', '12.5%', '12,5']) refuse(Percentage, text);
});

describe('an idempotency key', () => {
  test.each([['k'], ['deposit:2026-06-15#1'], ['0198c0de-0000-7000-8000-000000000001'], ['~'.repeat(120)]])(
    '%s is one',
    key => {
      expect(parseInput(IdempotencyKey, key)).toBe(key);
    },
  );

  test.each([
    ['nothing', ''],
    ['121 characters', 'k'.repeat(121)],
    ['a space', 'my key'],
    ['a line end', 'key\n'],
    ['a NUL', 'key\0'],
    ['a DEL', 'key\x7f'],
    ['a letter beyond ASCII', 'clé'],
    ['a number', 7],
  ])('%s is refused', (_what, key) => {
    refuse(IdempotencyKey, key);
  });
});

describe('text for people', () => {
  const Name = PlainText(5);

  test.each([
    ['letters of any script', 'Zoë', 'Zoë'],
    ['a pair of surrogates, one character', 'Jo 🌱', 'Jo 🌱'],
    ['spaces around it, which go', '  Anna\n', 'Anna'],
    ['markup, which is only text', '<b/>', '<b/>'],
  ])('%s is taken', (_what, sent, kept) => {
    expect(parseInput(Name, sent)).toBe(kept);
  });

  test.each([
    ['nothing', ''],
    ['spaces alone', ' \t\n '],
    ['one character too many', 'abcdef'],
    ['a NUL', 'a\0b'],
    ['a high surrogate alone', 'a\ud83c'],
    ['a low surrogate alone', '\udf31a'],
    ['a pair the wrong way round', '\udf31\ud83c'],
    ['a number', 5],
  ])('%s is refused', (_what, text) => {
    refuse(Name, text);
  });
});

describe('a local date', () => {
  test.each([['2026-02-28'], ['2028-02-29'], ['0001-01-01'], ['9999-12-31']])('%s is one', date => {
    expect(parseInput(LocalDate, date)).toBe(date);
  });

  test.each([
    ['30 February', '2026-02-30'],
    ['29 February of a common year', '2026-02-29'],
    ['29 February 2100', '2100-02-29'],
    ['31 April', '2026-04-31'],
    ['a thirteenth month', '2026-13-01'],
    ['month 0', '2026-00-10'],
    ['the year 0, which PostgreSQL does not know', '0000-01-01'],
    ['the year 99999', '99999-01-01'],
    ['infinity', 'infinity'],
    ['one digit for a month', '2026-2-3'],
    ['another order', '28/02/2026'],
    ['a local time', '2026-02-28T10:00'],
    ['an instant', '2026-02-28T10:00:00Z'],
    ['a space', '2026-02-28 '],
    ['Arabic digits', '٢٠٢٦-٠٢-٢٨'],
    ['a Date', new Date('2026-02-28')],
  ])('%s is refused', (_what, date) => {
    refuse(LocalDate, date);
  });
});

describe('an input at the door', () => {
  const Register = z.strictObject({
    email: z.email(),
    amount: PositiveAmount,
    plan: z.enum(['monthly', 'weekly']).optional(),
    tags: z.array(z.string().max(3)).optional(),
    limits: z.record(z.string(), PositiveAmount).optional(),
  });
  const good = { email: 'anna@example.com', amount: '12.50' };

  function refusalOf(input: unknown): NesteggError {
    try {
      parseInput(Register, input);
    } catch (error) {
      expect(error).toBeInstanceOf(ValidationError);
      return error as NesteggError;
    }
    throw new Error('was not refused');
  }

  test('comes out as the schema says', () => {
    const { email, amount } = parseInput(Register, good);
    expect([email, amount.toFixed()]).toEqual(['anna@example.com', '12.5']);
  });

  test('that is wrong is refused once, with every field that is', () => {
    const error = refusalOf({ email: 'anna', amount: '0', tags: ['a', 'long'] });
    expect(error.message).toBe(
      'email: Invalid email address; amount: must be greater than 0; tags.1: Too big: expected string to have <=3 characters',
    );
    expect(error).toMatchObject({
      code: 'input.invalid',
      retryable: false,
      details: { fields: 'email,amount,tags.1' },
    });
  });

  test.each([
    ['an e-mail address', { ...good, email: 'SECRET anna@example.com' }],
    ['an amount', { ...good, amount: '4242SECRET' }],
    ['a choice', { ...good, plan: 'SECRET' }],
    ['an item of a list', { ...good, tags: ['SECRET'] }],
    ['another type', { ...good, email: { SECRET: 'SECRET' } }],
    ['a whole input', 'SECRET'],
    ['the name of an unknown field', { ...good, 'SECRET@example.com': 1 }],
    ['the name of an entry', { ...good, limits: { 'SECRET@example.com': '0' } }],
  ])('is refused without repeating what was sent: %s', (_what, input) => {
    const error = refusalOf(input);
    expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain('SECRET');
  });

  test('with a field that nobody asked for is refused, and says which when it is a name', () => {
    expect(refusalOf({ ...good, isAdmin: true })).toMatchObject({
      message: 'isAdmin: is not a field of this input',
      details: { fields: 'isAdmin' },
    });
    expect(refusalOf({ ...good, 'a\nlog line': true })).toMatchObject({ message: '?: is not a field of this input' });
  });

  test('that is wrong in a thousand places is refused with the first twenty', () => {
    const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, 0]));
    expect(String(refusalOf({ ...good, ...unknown }).details.fields).split(',')).toHaveLength(20);
  });

  test('cannot reach a prototype', () => {
    const error = refusalOf(
      JSON.parse('{ "email": "anna@example.com", "amount": "1", "__proto__": { "isAdmin": true } }'),
    );
    expect(error.code).toBe('input.invalid');
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    refusalOf(JSON.parse('{ "email": "anna@example.com", "amount": "1", "constructor": { "prototype": {} } }'));
  });

  test.each([
    ['null', null],
    ['a list', []],
    ['text', 'x'],
    ['a number', 1],
    ['nothing', undefined],
  ])('must be an object, not %s', (_what, input) => {
    expect(refusalOf(input).message).toMatch(/^input: Invalid input: expected object/);
  });
});
