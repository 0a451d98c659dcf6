import { type Opt, PrimaryKeyProp } from '@mikro-orm/core';
import { Check, Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import {
  AMOUNT,
  CHAINS,
  type Chain,
  canonicalAddress,
  newId,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';

export const ASSET_KINDS = ['fiat', 'stablecoin', 'crypto', 'equity'] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

export const ASSET_STATUSES = ['active', 'halted', 'retired'] as const;
export type AssetStatus = (typeof ASSET_STATUSES)[number];

const STATUS_AFTER: Transitions<AssetStatus> = {
  active: ['halted', 'retired'],
  halted: ['active', 'retired'],
  retired: [],
};

/** Where an asset lives on a chain. A chain's own coin has no contract. */
export interface AssetContract {
  chain: Chain;
  address?: string;
  /** Decimals of the contract, 0 to 36. */
  decimals: number;
}

export interface AssetDetails {
  code: string;
  name: string;
  kind: AssetKind;
  contract?: AssetContract;
  /** Decimals that people are shown, 0 to 18. */
  displayScale?: number;
  /** How old a price may be when a decision rests on it, in seconds. */
  priceMaxAgeSeconds?: number;
}

/** Something that can be owned and priced: a currency, a token, a share. */
@Entity({ tableName: 'assets' })
@Unique({ name: 'assets_chain_contract_address_unique', properties: ['chain', 'contractAddress'] })
@Check({ name: 'assets_code_shape', expression: `code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'` })
@Check({ name: 'assets_contract_has_chain', expression: `chain is not null or contract_address is null` })
@Check({ name: 'assets_decimals_range', expression: `decimals >= 0 and decimals <= 36` })
@Check({ name: 'assets_chain_has_decimals', expression: `(chain is null) = (decimals is null)` })
@Check({ name: 'assets_display_scale_range', expression: `display_scale >= 0 and display_scale <= 18` })
@Check({ name: 'assets_price_max_age_positive', expression: `price_max_age_seconds > 0` })
export class Asset extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** Short unique name, such as `USD` or `AAPL`. */
  @Property({ length: 32 })
  @Unique({ name: 'assets_code_unique' })
  readonly code: string;

  /** Full name for people. */
  @Property({ length: 120 })
  name: string;

  /** What it is: a currency, a token that follows one, another token, a share. */
  @Enum({ items: () => ASSET_KINDS })
  readonly kind: AssetKind;

  /** The network that a token lives on; absent for what lives on none. */
  @Enum({ items: () => CHAINS, nullable: true })
  readonly chain?: Chain;

  /** The token's contract in canonical form; absent for a chain's own coin. */
  @Property({ length: 64, nullable: true })
  readonly contractAddress?: string;

  /** Decimals of the token on its chain, 0 to 36. */
  @Property({ type: 'smallint', nullable: true })
  readonly decimals?: number;

  /** Decimals that people are shown, 0 to 18. */
  @Property({ type: 'smallint' })
  displayScale: number;

  /** How old a price may be when a decision rests on it, in seconds. */
  @Property({ type: 'integer' })
  priceMaxAgeSeconds: number;

  /** Whether it trades: `active ↔ halted`, both `→ retired`. Halted: no buying, selling goes on. */
  @Enum({ items: () => ASSET_STATUSES, accessor: 'status' })
  private _status: AssetStatus = 'active';

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor({
    code,
    name,
    kind,
    contract,
    displayScale = kind === 'fiat' ? 2 : 8,
    priceMaxAgeSeconds = 86_400,
  }: AssetDetails) {
    super();
    if (!contract && (kind === 'crypto' || kind === 'stablecoin')) {
      throw new ValidationError('asset.no-chain', `${code} is a ${kind}: say which chain it lives on.`, { code });
    }
    this.code = code;
    this.name = name;
    this.kind = kind;
    this.chain = contract?.chain;
    this.contractAddress = contract?.address && canonicalAddress(contract.chain, contract.address);
    this.decimals = contract?.decimals;
    this.displayScale = displayScale;
    this.priceMaxAgeSeconds = priceMaxAgeSeconds;
  }

  get status(): Opt<AssetStatus> {
    return this._status;
  }

  /** Decimals that a quantity of this asset has in the books: its own on-chain ones, at most 8; 8 when it lives on no chain. */
  get scale(): Opt<number> {
    return Math.min(this.decimals ?? AMOUNT.scale, AMOUNT.scale);
  }

  /** @throws {StateError} `asset.not-buyable`: a halted asset may be sold, not bought. */
  requireBuyable(): void {
    if (this._status !== 'active')
      throw new StateError('asset.not-buyable', `${this.code} is ${this._status} and cannot be bought.`, {
        code: this.code,
      });
  }

  /** No more buying; selling goes on. */
  halt(): void {
    this.become('halted');
  }

  resume(): void {
    this.become('active');
  }

  retire(): void {
    this.become('retired');
  }

  private become(status: AssetStatus): void {
    this._status = transition('asset', STATUS_AFTER, this._status, status);
  }
}
