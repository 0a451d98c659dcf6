import { z } from 'zod';
import { ValidationError } from './errors.js';
import { AMOUNT, type Decimal, type NumericScale, PERCENT, PRICE, parseDecimal } from './money/decimal.js';

/** A decimal in a string, checked against the column that will hold it. */
const decimalInput = (numeric: NumericScale) =>
  z.string().transform((text, context): Decimal => {
    try {
      return parseDecimal(text, numeric);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

const positive = (value: Decimal) => value.gt(0);

/** A positive amount of money or quantity of an asset, as text with at most 8 decimals. */
export const PositiveAmount = decimalInput(AMOUNT).refine(positive, 'must be greater than 0');
/** A positive unit price, as text with at most 12 decimals. */
export const PositivePrice = decimalInput(PRICE).refine(positive, 'must be greater than 0');
/** A percentage from 0 to 100, as text with at most 4 decimals. */
export const Percentage = decimalInput(PERCENT).refine(value => value.gte(0) && value.lte(100), 'must be from 0 to 100');

/** What names one wish of a caller for ever: the same key never takes effect twice. */
export const IdempotencyKey = z
  .string()
  .min(1)
  .max(120)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** Text for people: trimmed, neither NUL nor lone surrogates, which PostgreSQL refuses or alters. */
export const PlainText = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine(text => text.isWellFormed() && !text.includes('\0'), 'must not hold NUL or lone surrogates');

/** A calendar date, `YYYY-MM-DD`, that exists. */
export const LocalDate = z.iso.date();

/**
 * Checks an input at the door of a use case.
 * @throws {ValidationError} `input.invalid`: which fields, and what each must be; never what was sent.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input, { reportInput: false });
  if (result.success) return result.data;
  const problems = result.error.issues.map(issue => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new ValidationError('input.invalid', problems.join('; '), { fields: result.error.issues.map(i => i.path.join('.')).join(',') });
}
