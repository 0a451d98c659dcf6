import { Asset, type AssetDetails, AssetPrice } from '../../market/index.js';
import type { Decimal } from '../../shared/index.js';
import { after, decimal, evmAddress, FACTORY_NOW, next } from './sequence.js';

export type AssetOverrides = Partial<AssetDetails>;

const listed = (kind: AssetDetails['kind'], prefix: string, overrides: AssetOverrides): Asset => {
  const code = overrides.code ?? `${prefix}${next(prefix)}`;
  return new Asset({ kind, name: `${code} of the factory`, ...overrides, code });
};

const equity = (overrides: AssetOverrides = {}): Asset => listed('equity', 'SHARE', overrides);

export const assetFactory = {
  /** A fiat currency that people are shown with two decimals. */
  currency: (overrides: AssetOverrides = {}): Asset => listed('fiat', 'CUR', overrides),
  equity,
  token: (overrides: AssetOverrides = {}): Asset =>
    listed('crypto', 'TOK', {
      contract: { chain: 'ethereum', address: evmAddress(0x10000 + next('contract')), decimals: 18 },
      ...overrides,
    }),
  stablecoin: (overrides: AssetOverrides = {}): Asset => assetFactory.token({ kind: 'stablecoin', ...overrides }),
  halted: after(equity, asset => asset.halt()),
  retired: after(equity, asset => asset.retire()),
};

export interface AssetPriceOverrides {
  asOf?: Date;
  price?: Decimal;
  source?: string;
  provisional?: boolean;
}

export const assetPriceFactory = {
  of: (
    asset: Asset = assetFactory.equity(),
    quote: Asset = assetFactory.currency(),
    { asOf = FACTORY_NOW, price = decimal('10.5'), source = 'factory', provisional }: AssetPriceOverrides = {},
  ): AssetPrice => new AssetPrice(asset, quote, asOf, price, source, provisional),

  /** One that a final price may still replace. */
  provisional: (asset?: Asset, quote?: Asset, overrides: AssetPriceOverrides = {}): AssetPrice =>
    assetPriceFactory.of(asset, quote, { provisional: true, ...overrides }),
};
