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
export const Percentage = decimalInput(PERCENT).refine(
  value => value.gte(0) && value.lte(100),
  'must be from 0 to 100',
);

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

/** A calendar date, `YYYY-MM-DD`, that exists; PostgreSQL's calendar has no year 0. */
export const LocalDate = z.iso.date().refine(date => date >= '0001-01-01', 'must be of the year 1 or later');

/**
 * Checks an input at the door of a use case.
 * @throws {ValidationError} `input.invalid`: which fields, and what each must be; never what was sent.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input, { reportInput: false });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf).slice(0, PROBLEMS_MAX);
  throw new ValidationError('input.invalid', problems.map(({ field, message }) => `${field}: ${message}`).join('; '), {
    fields: problems.map(({ field }) => field).join(','),
  });
}

/** How many problems an error tells of: a sender of a thousand unknown fields does not decide how long it is. */
const PROBLEMS_MAX = 20;

const problemsOf = (issue: z.core.$ZodIssue): { field: string; message: string }[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map(key => ({ field: fieldAt([...issue.path, key]), message: 'is not a field of this input' }))
    : [{ field: fieldAt(issue.path), message: issue.message }];

/** Names a field. The sender chooses the names of unknown fields and of entries: what is not a plain name may be personal. */
const fieldAt = (path: readonly PropertyKey[]): string =>
  path.map(part => (/^[\w-]{1,40}$/.test(String(part)) ? String(part) : '?')).join('.') || 'input';
