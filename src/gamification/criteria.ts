import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { AMOUNT, Decimal, parseInput, requireFits, StateError, ValidationError } from '../shared/index.js';

/** Steps that a person takes once. */
export const MILESTONES = [
  'email_verified',
  'kyc_verified',
  'wallet_linked',
  'goal_set',
  'auto_invest_started',
  'round_ups_started',
] as const;
export type Milestone = (typeof MILESTONES)[number];

/**
 * What a quest or an achievement measures. Nothing here grows with the number of trades or with borrowing, and buying and
 * selling in circles moves none of it.
 */
export const Criteria = z.discriminatedUnion('kind', [
  /** Money deposited and settled, summed, in one currency. */
  z.strictObject({ kind: z.literal('deposit_total'), assetCode: AssetCode }),
  /** Round-ups swept into a basket, summed, in one currency. */
  z.strictObject({ kind: z.literal('round_up_total'), assetCode: AssetCode }),
  /** The most that was ever invested at once, at cost, in one currency. */
  z.strictObject({ kind: z.literal('net_invested'), assetCode: AssetCode }),
  /** The longest streak, in local days. */
  z.strictObject({ kind: z.literal('streak_days') }),
  /** The highest level. */
  z.strictObject({ kind: z.literal('level_reached') }),
  /** Quests claimed. */
  z.strictObject({ kind: z.literal('quests_claimed') }),
  /** One step, taken or not: the target is 1. */
  z.strictObject({ kind: z.literal('milestone'), milestone: z.enum(MILESTONES) }),
]);
export type Criteria = z.infer<typeof Criteria>;
export type CriteriaKind = Criteria['kind'];

/** How what happens is counted: each event adds to a sum, or the highest value counts. Both are the same in any order. */
const COUNTED_AS: Record<CriteriaKind, 'sum' | 'peak'> = {
  deposit_total: 'sum',
  round_up_total: 'sum',
  net_invested: 'peak',
  streak_days: 'peak',
  level_reached: 'peak',
  quests_claimed: 'sum',
  milestone: 'sum',
};
export const CRITERIA_KINDS = Object.keys(COUNTED_AS) as CriteriaKind[];

const IN_MONEY: readonly CriteriaKind[] = ['deposit_total', 'round_up_total', 'net_invested'];

/** The database's own list of what may be measured, as a CHECK over a column `criteria`. */
export const CRITERIA_CHECK = `coalesce(criteria ->> 'kind', '') in (${CRITERIA_KINDS.map(kind => `'${kind}'`).join(', ')})`;

/** @throws {ValidationError} `input.invalid` for criteria of another shape, `criteria.target` for a target that they cannot have. */
export function requireCriteria(criteria: Criteria, target: Decimal): Criteria {
  const { kind } = criteria;
  const parsed = parseInput(Criteria, criteria);
  if (!target.gt(0)) throw new ValidationError('criteria.target', 'A target must be greater than 0.');
  requireFits(target, AMOUNT, 'target');
  if (!IN_MONEY.includes(kind) && !target.isInteger())
    throw new ValidationError('criteria.target', `A target of ${kind} is a whole number.`, { kind });
  if (kind === 'milestone' && !target.eq(1))
    throw new ValidationError('criteria.target', 'A milestone is reached once: its target is 1.', { kind });
  return parsed;
}

/** What has been counted once a value has been added, whichever way these criteria count. */
export function countOn({ kind }: Criteria, counted: Decimal, value: Decimal): Decimal {
  requireCounted(value);
  return COUNTED_AS[kind] === 'sum' ? counted.plus(value) : Decimal.max(counted, value);
}

/**
 * What remains counted once a value that was added is taken out again.
 * @throws {StateError} `criteria.peak`: a peak that was reached stays reached.
 */
export function countOff({ kind }: Criteria, counted: Decimal, value: Decimal): Decimal {
  requireCounted(value);
  if (COUNTED_AS[kind] === 'peak')
    throw new StateError('criteria.peak', `Nothing is taken out of ${kind}: the highest value counts.`, { kind });
  if (value.gt(counted))
    throw new ValidationError('criteria.more-than-counted', 'No more can be taken out than was counted.');
  return counted.minus(value);
}

function requireCounted(value: Decimal): void {
  if (!value.gt(0)) throw new ValidationError('criteria.value-not-positive', 'What counts is greater than 0.');
}
