import { Cascade, Collection, type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import {
  Check,
  Entity,
  Enum,
  Index,
  ManyToOne,
  OneToMany,
  PrimaryKey,
  Property,
  Unique,
} from '@mikro-orm/decorators/es';
import type { Asset } from '../market/index.js';
import {
  AMOUNT,
  AmountType,
  type Decimal,
  newId,
  requireFits,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';
import { BattlePassTier, type TierDetails } from './battle-pass-tier.entity.js';

export const BATTLE_PASS_STATUSES = ['draft', 'active', 'ended'] as const;
export type BattlePassStatus = (typeof BATTLE_PASS_STATUSES)[number];

const STATUS_AFTER: Transitions<BattlePassStatus> = { draft: ['active'], active: ['ended'], ended: [] };

export interface BattlePassDetails {
  code: string;
  name: string;
  /** 1 for the first season. */
  season: number;
  startsAt: Date;
  endsAt: Date;
  claimUntil: Date;
  premiumPrice: Decimal;
  currency: Asset;
}

/** A season: XP gained in it reaches tiers, and tiers pay rewards. Seasons do not overlap, and one is active at a time. */
@Entity({ tableName: 'battle_passes' })
@Unique({ name: 'battle_passes_one_active', properties: ['_status' as never], where: `status = 'active'` })
@Index({ name: 'battle_passes_currency_id_index', properties: ['currency'] })
@Check({ name: 'battle_passes_code_shape', expression: `code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'` })
@Check({ name: 'battle_passes_season_positive', expression: `season > 0` })
@Check({ name: 'battle_passes_ends_after_start', expression: `ends_at > starts_at` })
@Check({ name: 'battle_passes_claim_until_after_end', expression: `claim_until >= ends_at` })
@Check({
  name: 'battle_passes_no_overlap',
  expression: `exclude using gist (tstzrange(starts_at, ends_at) with &&)`,
})
@Check({ name: 'battle_passes_premium_price_positive', expression: `premium_price > 0` })
@Check({ name: 'battle_passes_activated_at', expression: `(status = 'draft') = (activated_at is null)` })
@Check({ name: 'battle_passes_ended_at', expression: `(status = 'ended') = (ended_at is not null)` })
export class BattlePass extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** Short unique name: lower-case words joined by `-`. */
  @Property({ length: 60 })
  @Unique({ name: 'battle_passes_code_unique' })
  readonly code: string;

  /** Title for people. */
  @Property({ length: 80 })
  name: string;

  /** Number of the season, 1 for the first. */
  @Property({ type: 'integer' })
  @Unique({ name: 'battle_passes_season_unique' })
  readonly season: number;

  /** When the season starts. */
  @Property()
  readonly startsAt: Date;

  /** When the season ends, this instant not included. */
  @Property()
  readonly endsAt: Date;

  /** Until when rewards can be claimed, at or after the end; this instant not included. */
  @Property()
  readonly claimUntil: Date;

  /** What the premium track costs, above 0, in `currency`. */
  @Property({ type: AmountType })
  readonly premiumPrice: Decimal;

  /** The currency of the premium price. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly currency: Ref<Asset>;

  /** Where the season is: `draft → active → ended`. */
  @Enum({ items: () => BATTLE_PASS_STATUSES, accessor: 'status' })
  private _status: BattlePassStatus = 'draft';

  /** When it left the draft state. */
  @Property({ nullable: true })
  activatedAt?: Date;

  /** When it was closed after its end. */
  @Property({ nullable: true })
  endedAt?: Date;

  /** The steps of the season, in no particular order. */
  @OneToMany(
    () => BattlePassTier,
    tier => tier.battlePass,
    { cascade: [Cascade.PERSIST] },
  )
  readonly tiers = new Collection<BattlePassTier>(this);

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(details: BattlePassDetails) {
    super();
    const { currency } = details;
    if (details.endsAt <= details.startsAt)
      throw new ValidationError('battle-pass.window', 'A season ends after it starts.');
    if (details.claimUntil < details.endsAt)
      throw new ValidationError('battle-pass.claim-until', 'Rewards can be claimed at least until the season ends.');
    if (!Number.isInteger(details.season) || details.season < 1)
      throw new ValidationError('battle-pass.season', 'Seasons are numbered from 1.');
    if (!details.premiumPrice.gt(0))
      throw new ValidationError('battle-pass.price-not-positive', 'The premium track costs more than 0.');
    if (currency.kind !== 'fiat' && currency.kind !== 'stablecoin')
      throw new ValidationError('battle-pass.not-a-currency', `A price is in a currency, not in ${currency.code}.`, {
        code: currency.code,
      });
    requireFits(details.premiumPrice, { ...AMOUNT, scale: currency.scale }, 'premium price');
    this.code = details.code;
    this.name = details.name;
    this.season = details.season;
    this.startsAt = details.startsAt;
    this.endsAt = details.endsAt;
    this.claimUntil = details.claimUntil;
    this.premiumPrice = details.premiumPrice;
    this.currency = ref(currency);
  }

  get status(): Opt<BattlePassStatus> {
    return this._status;
  }

  /**
   * Adds the next tier to a draft. Needs `tiers` loaded.
   * @throws {ValidationError} `battle-pass.xp-not-rising` unless it takes more XP than the tier before.
   */
  addTier(details: TierDetails): BattlePassTier {
    if (this._status !== 'draft')
      throw new StateError('battle-pass.not-draft', `The tiers of a season that is ${this._status} are fixed.`);
    const last = this.tiers
      .getItems()
      .reduce<BattlePassTier | undefined>((a, b) => (a && a.number > b.number ? a : b), undefined);
    if (last && details.xp <= last.xp)
      throw new ValidationError('battle-pass.xp-not-rising', `The next tier takes more than ${last.xp} XP.`);
    const tier = new BattlePassTier(this, (last?.number ?? 0) + 1, details);
    this.tiers.add(tier);
    return tier;
  }

  /** Starts the season; the one before has ended. Needs `tiers` loaded. */
  activate(now: Date): void {
    if (this.tiers.length === 0)
      throw new StateError('battle-pass.no-tiers', 'Add the tiers of a season before starting it.');
    if (!this.isInWindow(now))
      throw new StateError('battle-pass.outside-window', 'A season becomes active between its start and its end.');
    this.become('active');
    this.activatedAt = now;
  }

  /** Closes the season after its end; what was earned can be claimed until `claimUntil`. */
  end(now: Date): void {
    if (now < this.endsAt) throw new StateError('battle-pass.not-over', 'A season is closed when its end has come.');
    this.become('ended');
    this.endedAt = now;
  }

  /** Whether what happens at this instant counts for the season. */
  isRunning(now: Date): boolean {
    return this._status === 'active' && this.isInWindow(now);
  }

  isInWindow(instant: Date): boolean {
    return instant >= this.startsAt && instant < this.endsAt;
  }

  isClaimable(now: Date): boolean {
    return this._status !== 'draft' && now < this.claimUntil;
  }

  private become(status: BattlePassStatus): void {
    this._status = transition('battle-pass', STATUS_AFTER, this._status, status);
  }
}
