import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { Asset } from '../market/index.js';
import { AMOUNT, AmountType, type Decimal, newId, requireFits, Timestamped, ValidationError } from '../shared/index.js';
import type { BattlePass } from './battle-pass.entity.js';
import { XP_MAX } from './level-curve.js';

export const TRACKS = ['free', 'premium'] as const;
export type Track = (typeof TRACKS)[number];

/** What a tier pays on one track: money, or a badge by its name. */
export type Reward = { amount: Decimal; asset: Asset } | { badge: string };

/** A reward as a tier keeps it. */
export type TierReward = { amount: Decimal; asset: Ref<Asset> } | { badge: string };

export interface TierDetails {
  /** XP gained in the season that reaches it. */
  xp: number;
  free?: Reward;
  premium?: Reward;
}

/** One step of a season: the XP that reaches it, and what it pays on the free and on the premium track. */
@Entity({ tableName: 'battle_pass_tiers' })
@Unique({ name: 'battle_pass_tiers_number_unique', properties: ['battlePass', 'number'] })
@Unique({ name: 'battle_pass_tiers_xp_unique', properties: ['battlePass', 'xp'] })
@Unique({ name: 'battle_pass_tiers_id_battle_pass_unique', properties: ['id', 'battlePass'] })
@Index({ name: 'battle_pass_tiers_free_asset_id_index', properties: ['freeAsset'] })
@Index({ name: 'battle_pass_tiers_premium_asset_id_index', properties: ['premiumAsset'] })
@Check({ name: 'battle_pass_tiers_number_range', expression: `number >= 1 and number <= 1000` })
@Check({ name: 'battle_pass_tiers_xp_range', expression: `xp >= 0 and xp <= ${XP_MAX}` })
@Check({ name: 'battle_pass_tiers_free_amount_positive', expression: `free_amount > 0` })
@Check({
  name: 'battle_pass_tiers_free_amount_has_asset',
  expression: `(free_amount is null) = (free_asset_id is null)`,
})
@Check({ name: 'battle_pass_tiers_premium_amount_positive', expression: `premium_amount > 0` })
@Check({
  name: 'battle_pass_tiers_premium_amount_has_asset',
  expression: `(premium_amount is null) = (premium_asset_id is null)`,
})
@Check({
  name: 'battle_pass_tiers_one_reward_per_track',
  expression: `num_nonnulls(free_amount, free_badge) <= 1 and num_nonnulls(premium_amount, premium_badge) <= 1`,
})
@Check({
  name: 'battle_pass_tiers_some_reward',
  expression: `num_nonnulls(free_amount, free_badge, premium_amount, premium_badge) >= 1`,
})
export class BattlePassTier extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The season. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly battlePass: Ref<BattlePass>;

  /** 1 for the first tier of the season, at most 1000. */
  @Property({ type: 'smallint' })
  readonly number: number;

  /** XP gained in the season that reaches it, 0 or more; it rises with the number. */
  @Property({ type: 'integer' })
  readonly xp: number;

  /** Money that the free track pays, above 0; absent when it pays none. */
  @Property({ type: AmountType, nullable: true })
  readonly freeAmount?: Decimal;

  /** What the free track's money is of. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly freeAsset?: Ref<Asset>;

  /** Name of the badge that the free track gives; absent when it gives none. */
  @Property({ length: 60, nullable: true })
  readonly freeBadge?: string;

  /** Money that the premium track pays, above 0; absent when it pays none. */
  @Property({ type: AmountType, nullable: true })
  readonly premiumAmount?: Decimal;

  /** What the premium track's money is of. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly premiumAsset?: Ref<Asset>;

  /** Name of the badge that the premium track gives; absent when it gives none. */
  @Property({ length: 60, nullable: true })
  readonly premiumBadge?: string;

  constructor(battlePass: BattlePass, number: number, { xp, free, premium }: TierDetails) {
    super();
    if (!Number.isInteger(xp) || xp < 0 || xp > XP_MAX)
      throw new ValidationError('battle-pass.tier-xp', `A tier takes whole XP from 0 to ${XP_MAX}.`);
    if (!free && !premium)
      throw new ValidationError('battle-pass.no-reward', 'A tier pays something on at least one track.');
    this.battlePass = ref(battlePass);
    this.number = number;
    this.xp = xp;
    [this.freeAmount, this.freeAsset, this.freeBadge] = columnsOf(free);
    [this.premiumAmount, this.premiumAsset, this.premiumBadge] = columnsOf(premium);
  }

  /** What it pays on a track; nothing when it pays nothing there. */
  rewardOn(track: Track): TierReward | undefined {
    return track === 'free'
      ? rewardOf(this.freeAmount, this.freeAsset, this.freeBadge)
      : rewardOf(this.premiumAmount, this.premiumAsset, this.premiumBadge);
  }
}

function columnsOf(reward: Reward | undefined): [Decimal | undefined, Ref<Asset> | undefined, string | undefined] {
  if (!reward) return [undefined, undefined, undefined];
  if ('badge' in reward) {
    if (reward.badge === '') throw new ValidationError('battle-pass.badge', 'A badge has a name.');
    return [undefined, undefined, reward.badge];
  }
  if (!reward.amount.gt(0))
    throw new ValidationError('battle-pass.reward-not-positive', 'A reward of money is greater than 0.');
  requireFits(reward.amount, { ...AMOUNT, scale: reward.asset.scale }, 'reward');
  return [reward.amount, ref(reward.asset), undefined];
}

function rewardOf(amount?: Decimal, asset?: Ref<Asset>, badge?: string): TierReward | undefined {
  if (amount && asset) return { amount, asset };
  return badge === undefined ? undefined : { badge };
}
