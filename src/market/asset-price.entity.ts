import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { type Decimal, newId, PriceType, Timestamped, ValidationError } from '../shared/index.js';
import type { Asset } from './asset.entity.js';

/** What one unit of an asset cost in a quote currency at an instant, and who said so. */
@Entity({ tableName: 'asset_prices' })
@Unique({ name: 'asset_prices_observation_unique', properties: ['asset', 'quote', 'source', 'asOf'] })
@Index({ name: 'asset_prices_latest_index', properties: ['asset', 'quote', 'asOf'] })
@Index({ name: 'asset_prices_quote_id_index', properties: ['quote'] })
@Check({ name: 'asset_prices_price_positive', expression: `price > 0` })
@Check({ name: 'asset_prices_not_of_itself', expression: `asset_id <> quote_id` })
@Check({
  name: 'asset_prices_as_of_range',
  expression: `as_of >= '1900-01-01 00:00:00+00'::timestamptz and as_of < '2200-01-01 00:00:00+00'::timestamptz`,
})
export class AssetPrice extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** What was priced. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset: Ref<Asset>;

  /** The currency of the price. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly quote: Ref<Asset>;

  /** The instant that the price was observed for. */
  @Property()
  readonly asOf: Date;

  /** Price of one unit. */
  @Property({ type: PriceType })
  readonly price: Decimal;

  /** Who observed it. */
  @Property({ length: 40 })
  readonly source: string;

  /** Whether a final price may still replace it. */
  @Property()
  readonly provisional: Opt<boolean>;

  constructor(asset: Asset, quote: Asset, asOf: Date, price: Decimal, source: string, provisional = false) {
    super();
    if (!price.gt(0))
      throw new ValidationError('price.not-positive', `The price of ${asset.code} must be greater than 0.`, {
        code: asset.code,
      });
    this.asset = ref(asset);
    this.quote = ref(quote);
    this.asOf = asOf;
    this.price = price;
    this.source = source;
    this.provisional = provisional;
  }
}
