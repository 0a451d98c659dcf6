import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import type { Asset } from '../market/index.js';
import { AmountType, type Decimal, newId, ownedBy, StateError, Timestamped, ValidationError } from '../shared/index.js';
import type { BattlePass } from './battle-pass.entity.js';
import { type BattlePassTier, type TierReward, TRACKS, type Track } from './battle-pass-tier.entity.js';
import type { UserBattlePass } from './user-battle-pass.entity.js';

/** A tier's reward that a user took on one track, once, and what it gave. Never changed, never deleted. */
@Entity({ tableName: 'reward_claims', ...ownedBy() })
@Unique({ name: 'reward_claims_tier_track_unique', properties: ['user', 'tier', 'track'] })
@Unique({ name: 'reward_claims_transaction_unique', properties: ['user', 'transaction'] })
@Index({ name: 'reward_claims_user_battle_pass_index', properties: ['user', 'userBattlePass'] })
@Index({ name: 'reward_claims_tier_index', properties: ['tier'] })
@Index({ name: 'reward_claims_battle_pass_id_index', properties: ['battlePass'] })
@Index({ name: 'reward_claims_asset_id_index', properties: ['asset'] })
@Check({ name: 'reward_claims_amount_positive', expression: `amount > 0` })
@Check({ name: 'reward_claims_amount_has_asset', expression: `(amount is null) = (asset_id is null)` })
@Check({ name: 'reward_claims_amount_has_transaction', expression: `(amount is null) = (transaction_id is null)` })
@Check({ name: 'reward_claims_one_reward', expression: `num_nonnulls(amount, badge) = 1` })
export class RewardClaim extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The season, which both the user's pass and the tier are of. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly battlePass: Ref<BattlePass>;

  /** The user's part in the season. */
  @ManyToOne({
    joinColumns: ['user_id', 'user_battle_pass_id', 'battle_pass_id'],
    foreignKeyName: 'reward_claims_user_battle_pass_foreign',
    referencedColumnNames: ['user_id', 'id', 'battle_pass_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly userBattlePass: Ref<UserBattlePass>;

  /** The tier that was claimed; it is of the same season. */
  @ManyToOne({
    joinColumns: ['tier_id', 'battle_pass_id'],
    referencedColumnNames: ['id', 'battle_pass_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly tier: Ref<BattlePassTier>;

  /** Which of the tier's rewards. */
  @Enum({ items: () => TRACKS })
  readonly track: Track;

  /** Money that was given, above 0; absent for a badge. */
  @Property({ type: AmountType, nullable: true })
  readonly amount?: Decimal;

  /** What the money is of. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset?: Ref<Asset>;

  /** Name of the badge that was given; absent for money. */
  @Property({ length: 60, nullable: true })
  readonly badge?: string;

  /** The transaction that gave the money, in the same commit; absent for a badge. */
  @ManyToOne({
    joinColumns: ['user_id', 'transaction_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly transaction?: Ref<Transaction>;

  /** When it was claimed. */
  @Property()
  readonly claimedAt: Date;

  /**
   * Claims what a tier pays on a track. Needs the season of the user's pass loaded.
   * @param grant the posted reward of exactly the tier's money, in the same commit; none for a badge.
   * @throws {StateError} `reward.over`, `reward.tier-not-reached`, `reward.not-premium`, `reward.none`
   * @throws {ValidationError} `reward.other-season`, `reward.other-grant`
   */
  constructor(pass: UserBattlePass, tier: BattlePassTier, track: Track, now: Date, grant?: Transaction) {
    super();
    const reward = requireClaimable(pass, tier, track, now);
    requireGrant(reward, grant);
    this.user = pass.user;
    this.battlePass = pass.battlePass;
    this.userBattlePass = ref(pass);
    this.tier = ref(tier);
    this.track = track;
    if ('badge' in reward) this.badge = reward.badge;
    else {
      this.amount = reward.amount;
      this.asset = reward.asset;
    }
    this.transaction = grant && ref(grant);
    this.claimedAt = now;
  }
}

function requireClaimable(pass: UserBattlePass, tier: BattlePassTier, track: Track, now: Date): TierReward {
  const season = pass.battlePass.getEntity();
  if (tier.battlePass.id !== season.id)
    throw new ValidationError('reward.other-season', 'This tier is of another season.');
  if (!season.isClaimable(now))
    throw new StateError('reward.over', 'The rewards of this season cannot be claimed any more.');
  if (pass.xp < tier.xp)
    throw new StateError('reward.tier-not-reached', `Tier ${tier.number} takes ${tier.xp} XP.`, {
      needed: tier.xp,
      xp: pass.xp,
    });
  if (track === 'premium' && !pass.isPremium)
    throw new StateError('reward.not-premium', 'The premium track of this season is not yours.');
  const reward = tier.rewardOn(track);
  if (!reward) throw new StateError('reward.none', `Tier ${tier.number} pays nothing on the ${track} track.`);
  return reward;
}

function requireGrant(reward: TierReward, grant: Transaction | undefined): void {
  const isGranted =
    'badge' in reward
      ? !grant
      : grant?.type === 'reward' &&
        grant.status === 'posted' &&
        grant.asset.id === reward.asset.id &&
        grant.amount.eq(reward.amount);
  if (!isGranted)
    throw new ValidationError('reward.other-grant', 'A claim of money comes with the reward that pays exactly it.');
}
