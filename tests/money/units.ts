/*
 * Arithmetic of the model's own: amounts are whole hundred-millionths, prices whole billionths of a thousandth, percentages
 * whole ten-thousandths, all of them bigints. It shares no line, and so no mistake, with what it is compared to.
 */

/** Hundred-millionths. */
export type Units = bigint;

const SCALE = 8;
const PRICE_ONE = 10n ** 12n;
const HUNDRED_PERCENT = 1_000_000n;

/** The largest amount that a column holds. */
export const LARGEST: Units = 10n ** 18n - 1n;

/** What a plain decimal with at most so many decimals is in its smallest parts. */
function parse(text: string, decimals: number): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const parts = BigInt(whole + fraction.padEnd(decimals, '0'));
  return text.startsWith('-') ? -parts : parts;
}

export const units = (text: string): Units => parse(text, SCALE);
export const priceOf = (text: string): bigint => parse(text, 12);
export const percent = (text: string): bigint => parse(text, 4);

function plain(parts: bigint, decimals: number): string {
  const digits = String(parts < 0n ? -parts : parts).padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return (parts < 0n ? '-' : '') + digits.slice(0, -decimals) + (fraction && `.${fraction}`);
}

/** Without trailing zeros: `100`, `1.5`, `-0.00000001`. */
export const textOf = (amount: Units): string => plain(amount, SCALE);
export const priceText = (price: bigint): string => plain(price, 12);
export const percentText = (parts: bigint): string => plain(parts, 4);

/** The smallest amount of something with so many decimals. */
export const smallest = (scale: number): Units => 10n ** BigInt(SCALE - scale);

/** A fraction of amounts, rounded towards zero. Neither part is negative. */
export const down = (numerator: bigint, denominator: bigint, scale: number): Units =>
  (numerator / (denominator * smallest(scale))) * smallest(scale);

const up = (numerator: bigint, denominator: bigint, scale: number): Units => {
  const floor = down(numerator, denominator, scale);
  return floor * denominator === numerator ? floor : floor + smallest(scale);
};

export const fits = (amount: Units, scale: number): boolean => amount % smallest(scale) === 0n;

export const percentUp = (amount: Units, rate: bigint, scale: number): Units =>
  up(amount * rate, HUNDRED_PERCENT, scale);

/** What some of an asset is worth, and the other way round how much of it an amount is. */
export const worthDown = (quantity: Units, price: bigint, scale: number): Units =>
  down(quantity * price, PRICE_ONE, scale);
export const worthUp = (quantity: Units, price: bigint, scale: number): Units => up(quantity * price, PRICE_ONE, scale);
export const quantityDown = (amount: Units, price: bigint, scale: number): Units =>
  down(amount * PRICE_ONE, price, scale);
export const quantityUp = (amount: Units, price: bigint, scale: number): Units => up(amount * PRICE_ONE, price, scale);

/** Whether a quantity at its price is worth less than 99 % of an amount. */
export const losesMoreThanOnePercent = (quantity: Units, price: bigint, amount: Units): boolean =>
  quantity * price * 100n < amount * PRICE_ONE * 99n;

/** Whether a part is so many percent of a whole, at least and at most. */
export const isWithin = (part: Units, whole: Units, least: bigint, most: bigint): boolean =>
  part * HUNDRED_PERCENT >= least * whole && part * HUNDRED_PERCENT <= most * whole;

export const sum = (amounts: readonly Units[]): Units => amounts.reduce((total, amount) => total + amount, 0n);

/** Largest remainder: all parts rounded down, what is left goes one smallest unit each to those that lost most, the first of equals first. */
export function split(amount: Units, weights: readonly bigint[], scale: number): Units[] {
  const whole = sum(weights);
  const step = smallest(scale);
  const parts = weights.map(weight => down(amount * weight, whole, scale));
  const lost = weights.map((weight, index) => amount * weight - parts[index]! * whole);
  const order = weights
    .map((_, index) => index)
    .sort((a, b) => (lost[b]! > lost[a]! ? 1 : lost[b]! < lost[a]! ? -1 : a - b));
  const left = (amount - sum(parts)) / step;
  for (const index of order.slice(0, Number(left))) parts[index]! += step;
  return parts;
}
