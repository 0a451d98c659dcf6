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
import { RISK_LEVELS, type RiskLevel } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import {
  AmountType,
  Decimal,
  HUNDRED,
  newId,
  PercentType,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
  ZERO,
} from '../shared/index.js';

export const BASKET_STATUSES = ['draft', 'active', 'paused', 'retired'] as const;
export type BasketStatus = (typeof BASKET_STATUSES)[number];

const STATUS_AFTER: Transitions<BasketStatus> = {
  draft: ['active'],
  active: ['paused', 'retired'],
  paused: ['active'],
  retired: [],
};

export interface BasketDetails {
  slug: string;
  name: string;
  description: string;
  risk: RiskLevel;
  category: string;
  minimumInvestment: Decimal;
  /** Percent of an invested amount, taken out of it. */
  feeRate: Decimal;
  curator: string;
}

export interface Weighting {
  asset: Asset;
  /** Percent, greater than 0 and at most 100. */
  weight: Decimal;
  minWeight?: Decimal;
  maxWeight?: Decimal;
}

/**
 * A composition of assets by weight that many users invest in. Each published composition is a version of its own and stays;
 * the weights of an active basket's version sum to exactly 100, which the database checks at commit.
 */
@Entity({ tableName: 'baskets' })
@Check({ name: 'baskets_slug_shape', expression: `slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'` })
@Check({ name: 'baskets_minimum_investment_positive', expression: `minimum_investment > 0` })
@Check({ name: 'baskets_fee_rate_range', expression: `fee_rate >= 0 and fee_rate < 100` })
@Check({
  name: 'baskets_composition_version_range',
  expression: `composition_version >= 0 and (status = 'draft' or composition_version > 0)`,
})
@Check({ name: 'baskets_retired_at', expression: `(status = 'retired') = (retired_at is not null)` })
export class Basket extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** Short unique name in addresses, such as `four-giants`. */
  @Property({ length: 60 })
  @Unique({ name: 'baskets_slug_unique' })
  readonly slug: string;

  /** Name for people. */
  @Property({ length: 80 })
  name: string;

  /** What the basket is for, for people. */
  @Property({ length: 1000 })
  description: string;

  /** How much risk it carries. */
  @Enum({ items: () => RISK_LEVELS })
  risk: RiskLevel;

  /** What it is filed under. */
  @Property({ length: 40 })
  category: string;

  /** The smallest amount that may be invested at once. */
  @Property({ type: AmountType })
  minimumInvestment: Decimal;

  /** Percent of an invested amount, taken out of it; below 100. */
  @Property({ type: PercentType })
  feeRate: Decimal;

  /** Who composes it. */
  @Property({ length: 80 })
  curator: string;

  /** Whether it is on offer: `draft → active ↔ paused`, `active → retired`. Paused: no buying, redeeming goes on. */
  @Enum({ items: () => BASKET_STATUSES, accessor: 'status' })
  private _status: BasketStatus = 'draft';

  /** The version of the composition that counts; 0 before the first is published. */
  @Property({ type: 'integer', accessor: 'compositionVersion' })
  private _compositionVersion = 0;

  /** When it was taken off for good. */
  @Property({ nullable: true })
  retiredAt?: Date;

  /** Every asset of every version. */
  @OneToMany(
    () => BasketAsset,
    basketAsset => basketAsset.basket,
    { cascade: [Cascade.PERSIST] },
  )
  readonly assets = new Collection<BasketAsset>(this);

  /** The version of the composition, from 1. */
  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(details: BasketDetails) {
    super();
    if (!details.minimumInvestment.gt(0))
      throw new ValidationError('basket.minimum-not-positive', 'The minimum investment must be greater than 0.');
    if (!(details.feeRate.gte(0) && details.feeRate.lt(HUNDRED)))
      throw new ValidationError('basket.fee-rate-range', 'A fee rate is from 0 to below 100 percent.');
    this.slug = details.slug;
    this.name = details.name;
    this.description = details.description;
    this.risk = details.risk;
    this.category = details.category;
    this.minimumInvestment = details.minimumInvestment;
    this.feeRate = details.feeRate;
    this.curator = details.curator;
  }

  get status(): Opt<BasketStatus> {
    return this._status;
  }

  get compositionVersion(): Opt<number> {
    return this._compositionVersion;
  }

  /** The assets and weights that an investment buys now, in the order they were published. Needs `assets` loaded. */
  get composition(): Opt<BasketAsset[]> {
    return this.assets
      .getItems()
      .filter(item => item.version === this._compositionVersion)
      .sort((a, b) => a.position - b.position);
  }

  /**
   * Publishes a new version of the composition; older ones stay as they are.
   * @throws {ValidationError} `basket.weights-not-100`, `basket.weight-range`, `basket.asset-twice` or `basket.not-investable`.
   */
  publish(weightings: readonly Weighting[]): void {
    if (this._status === 'retired') throw new StateError('basket.retired', 'A retired basket gets no new composition.');
    const total = Decimal.sum(ZERO, ...weightings.map(({ weight }) => weight));
    if (!total.eq(HUNDRED))
      throw new ValidationError('basket.weights-not-100', `The weights of a basket sum to 100, not to ${total}.`, {
        total: total.toFixed(),
      });
    if (new Set(weightings.map(({ asset }) => asset.id)).size < weightings.length) {
      throw new ValidationError('basket.asset-twice', 'An asset stands once in a basket.');
    }
    const version = this._compositionVersion + 1;
    const items = weightings.map((weighting, index) => new BasketAsset(this, version, index + 1, weighting));
    this._compositionVersion = version;
    this.assets.add(items);
  }

  activate(): void {
    if (this._compositionVersion === 0)
      throw new StateError('basket.no-composition', 'Publish a composition before activating a basket.');
    this.become('active');
  }

  /** Stops buying; redeeming goes on. */
  pause(): void {
    this.become('paused');
  }

  retire(now: Date): void {
    this.become('retired');
    this.retiredAt = now;
  }

  /** @throws {StateError} `basket.not-investable` unless active. */
  requireInvestable(): void {
    if (this._status !== 'active')
      throw new StateError('basket.not-investable', `${this.name} is ${this._status} and takes no investments.`, {
        slug: this.slug,
      });
  }

  /** @throws {ValidationError} `basket.below-minimum`. */
  requireMinimum(amount: Decimal): void {
    if (!amount.gte(this.minimumInvestment)) {
      throw new ValidationError('basket.below-minimum', `${this.name} takes at least ${this.minimumInvestment}.`, {
        minimum: this.minimumInvestment.toFixed(),
      });
    }
  }

  private become(status: BasketStatus): void {
    this._status = transition('basket', STATUS_AFTER, this._status, status);
  }
}

/** One asset of one version of a basket's composition. Never changed: a new composition is a new version. */
@Entity({ tableName: 'basket_assets' })
@Unique({ name: 'basket_assets_version_asset_unique', properties: ['basket', 'version', 'asset'] })
@Index({ name: 'basket_assets_asset_id_index', properties: ['asset'] })
@Check({ name: 'basket_assets_version_positive', expression: `version > 0` })
@Check({ name: 'basket_assets_weight_range', expression: `weight > 0 and weight <= 100` })
@Check({ name: 'basket_assets_weight_band', expression: `min_weight <= weight and weight <= max_weight` })
@Check({ name: 'basket_assets_band_range', expression: `min_weight >= 0 and max_weight <= 100` })
export class BasketAsset extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The basket composed. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly basket: Ref<Basket>;

  /** The version of the composition, from 1. */
  @Property({ type: 'integer' })
  readonly version: number;

  /** Order of publication, from 1; equal remainders of a split are served in this order. */
  @Property({ type: 'smallint' })
  readonly position: number;

  /** What is bought. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset: Ref<Asset>;

  /** Percent of an investment that goes into it. */
  @Property({ type: PercentType })
  readonly weight: Decimal;

  /** The lowest percentage before a rebalance. */
  @Property({ type: PercentType })
  readonly minWeight: Decimal;

  /** The highest percentage before a rebalance. */
  @Property({ type: PercentType })
  readonly maxWeight: Decimal;

  constructor(
    basket: Basket,
    version: number,
    position: number,
    { asset, weight, minWeight = ZERO, maxWeight = HUNDRED }: Weighting,
  ) {
    super();
    if (!(weight.gt(0) && weight.lte(HUNDRED)))
      throw new ValidationError('basket.weight-range', `The weight of ${asset.code} must be above 0 and at most 100.`);
    if (minWeight.lt(0) || minWeight.gt(weight) || weight.gt(maxWeight) || maxWeight.gt(HUNDRED)) {
      throw new ValidationError(
        'basket.weight-band',
        `The weight of ${asset.code} must lie within its own band, and the band within 0 to 100.`,
      );
    }
    this.basket = ref(basket);
    this.version = version;
    this.position = position;
    this.asset = ref(asset);
    this.weight = weight;
    this.minWeight = minWeight;
    this.maxWeight = maxWeight;
  }
}
