import { Decimal as DecimalJs } from 'decimal.js';
import { ValidationError } from '../errors.js';

/**
 * The only number type that money, quantities, prices and rates have in Nestegg.
 * 60 significant digits hold the product of the widest two column values exactly; nothing prints in exponent form.
 */
export const Decimal = DecimalJs.clone({
  precision: 60,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -60,
  toExpPos: 60,
});
export type Decimal = DecimalJs;

export const ZERO = new Decimal(0);
export const HUNDRED = new Decimal(100);

/** How many digits a column holds in all (`precision`) and after the point (`scale`), as PostgreSQL's `numeric(p, s)`. */
export interface NumericScale {
  readonly precision: number;
  readonly scale: number;
}

/** Amounts of money and quantities of any asset: up to 9,999,999,999.99999999. */
export const AMOUNT: NumericScale = { precision: 18, scale: 8 };
/** The price of one unit of an asset. */
export const PRICE: NumericScale = { precision: 28, scale: 12 };
/** Percentages: weights, fee rates, interest. 12.5 % is `12.5`, not `0.125`. */
export const PERCENT: NumericScale = { precision: 7, scale: 4 };
/** What a provider charges for a request, far below a cent. */
export const COST: NumericScale = { precision: 12, scale: 6 };
/** Totals over many users. */
export const TOTAL: NumericScale = { precision: 38, scale: 8 };

const PLAIN_DECIMAL = /^(?!-[0.]+$)-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Reads a decimal from its text. Only the plain form is taken: `12`, `-0.5`, `1.50`; no spaces, signs `+`, exponents,
 * grouping, other scripts, `-0`, `NaN` or `Infinity`.
 * @param what names the value in the error.
 * @throws {ValidationError} `decimal.malformed`, `decimal.too-precise` or `decimal.out-of-range`; nothing is ever rounded.
 */
export function parseDecimal(text: string, { precision, scale }: NumericScale, what = 'value'): Decimal {
  if (typeof text !== 'string' || text.length > 80 || !PLAIN_DECIMAL.test(text)) {
    throw new ValidationError('decimal.malformed', `${what} must be a plain decimal in a string, such as "12.5".`, {
      what,
    });
  }
  return requireFits(new Decimal(text), { precision, scale }, what);
}

/**
 * Returns the value unchanged when a `numeric(precision, scale)` column can hold it exactly.
 * @throws {ValidationError} `decimal.malformed` (NaN, infinite), `decimal.too-precise` or `decimal.out-of-range`.
 */
export function requireFits(value: Decimal, { precision, scale }: NumericScale, what = 'value'): Decimal {
  if (!value.isFinite()) throw new ValidationError('decimal.malformed', `${what} must be a finite number.`, { what });
  if (value.decimalPlaces() > scale) {
    throw new ValidationError('decimal.too-precise', `${what} has more than ${scale} decimals; round it first.`, {
      what,
      scale,
    });
  }
  const limit = new Decimal(10).pow(precision - scale);
  if (value.abs().gte(limit)) {
    throw new ValidationError('decimal.out-of-range', `${what} must be smaller than ${limit} in size.`, { what });
  }
  return value;
}
