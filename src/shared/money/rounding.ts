import { ValidationError } from '../errors.js';
import { AMOUNT, Decimal, HUNDRED, ZERO } from './decimal.js';

/** Rounds towards zero: what a user receives. */
export const roundDown = (value: Decimal, scale: number = AMOUNT.scale): Decimal =>
  value.toDecimalPlaces(scale, Decimal.ROUND_DOWN);

/** Rounds away from zero: what a user owes. */
export const roundUp = (value: Decimal, scale: number = AMOUNT.scale): Decimal =>
  value.toDecimalPlaces(scale, Decimal.ROUND_UP);

/** `rate` percent of `amount`, not rounded. */
export const percentOf = (amount: Decimal, rate: Decimal): Decimal => amount.mul(rate).div(HUNDRED);

/**
 * Splits an amount in proportion to weights, so that the parts sum to it exactly.
 *
 * Largest remainder method (Hamilton): every part is rounded down to `scale`, then the units of the last place that are
 * left go one each to the parts with the largest remainders; equal remainders are served in the order given.
 * Source: M. L. Balinski, H. P. Young, "Fair Representation", 1982, ch. 3.
 *
 * @param weights non-negative, at least one positive; they need not sum to 100.
 * @param scale decimals of each part, at least those that the amount itself has.
 * @throws {ValidationError} `split.no-weights`, `split.negative` or `split.too-precise`.
 */
export function splitByWeights(amount: Decimal, weights: readonly Decimal[], scale: number = AMOUNT.scale): Decimal[] {
  const total = Decimal.sum(ZERO, ...weights);
  if (!total.gt(0)) throw new ValidationError('split.no-weights', 'A split needs at least one positive weight.');
  if (!amount.gte(0) || weights.some(weight => weight.lt(0))) {
    throw new ValidationError('split.negative', 'A split needs an amount and weights that are not negative.');
  }
  if (amount.decimalPlaces() > scale) {
    throw new ValidationError(
      'split.too-precise',
      `An amount with ${amount.decimalPlaces()} decimals cannot be split into parts with ${scale}.`,
    );
  }
  const parts = weights.map((weight, index) => {
    const share = amount.mul(weight);
    const rounded = roundDown(share.div(total), scale);
    // Times the total, so that it is exact: a third has no decimals that end, and equal remainders have to be equal.
    return { index, rounded, remainder: share.minus(rounded.mul(total)) };
  });
  const unit = new Decimal(10).pow(-scale);
  const missing = amount
    .minus(Decimal.sum(ZERO, ...parts.map(part => part.rounded)))
    .div(unit)
    .toNumber();
  const result = parts.map(part => part.rounded);
  const neediest = [...parts].sort((a, b) => b.remainder.cmp(a.remainder) || a.index - b.index);
  for (const { index, rounded } of neediest.slice(0, missing)) result[index] = rounded.plus(unit);
  return result;
}
