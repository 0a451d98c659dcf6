import { z } from 'zod';
import { type Asset, AssetCode } from '../market/index.js';
import { type Decimal, Percentage, PositiveAmount, percentOf, roundUp } from '../shared/index.js';
import { FEE_KINDS, type FeeKind } from './transaction-fee.entity.js';

const Terms = z.strictObject({
  kind: z.enum(FEE_KINDS),
  /** The first instant at which these terms count; always, when absent. */
  validFrom: z.date().optional(),
  /** The first instant at which they count no longer. */
  validUntil: z.date().optional(),
});

/**
 * What a kind of transaction costs, as the operator has set it: never part of what a user sends. Each line is a percentage
 * of the amount, for one asset or all, or a fixed amount of one asset.
 *
 * Prices that change are not overwritten: the old lines get a `validUntil`, the new ones a `validFrom`. What was asked for
 * under the old terms is settled under them.
 */
export const CashFeeSchedule = z
  .array(
    z.union([
      Terms.extend({ rate: Percentage, assetCode: AssetCode.optional() }),
      Terms.extend({ fixed: PositiveAmount, assetCode: AssetCode }),
    ]),
  )
  .max(200);
export type CashFeeSchedule = z.input<typeof CashFeeSchedule>;

export interface ReckonedFee {
  kind: FeeKind;
  /** Rounded up to the asset's decimals, greater than 0. */
  amount: Decimal;
  /** Percent, when it is a percentage. */
  rate?: Decimal;
}

/**
 * The fees on an amount by the terms of an instant, in the order of the schedule. Rounded up, as all that a user owes; what
 * comes to nothing is left out.
 */
export function feesOn(
  schedule: z.output<typeof CashFeeSchedule>,
  asset: Pick<Asset, 'code' | 'scale'>,
  amount: Decimal,
  at: Date,
): ReckonedFee[] {
  return schedule
    .filter(({ assetCode = asset.code }) => assetCode === asset.code)
    .filter(({ validFrom, validUntil }) => !(validFrom && at < validFrom) && !(validUntil && at >= validUntil))
    .map(terms =>
      'rate' in terms
        ? { kind: terms.kind, amount: roundUp(percentOf(amount, terms.rate), asset.scale), rate: terms.rate }
        : { kind: terms.kind, amount: roundUp(terms.fixed, asset.scale) },
    )
    .filter(fee => fee.amount.gt(0));
}
