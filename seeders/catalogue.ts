import { Asset, AssetService, type EntityManager, type ListAsset } from '../src/index.js';
import { bundledTokens } from './demo/prices.js';

const MONTH_SECONDS = 31 * 86_400;

/** Shares with monthly prices: a price counts until the next one. */
const EQUITIES: ListAsset[] = [
  { code: 'AAPL', name: 'Apple Inc.', kind: 'equity', priceMaxAgeSeconds: MONTH_SECONDS },
  { code: 'AMZN', name: 'Amazon.com, Inc.', kind: 'equity', priceMaxAgeSeconds: MONTH_SECONDS },
  { code: 'GOOG', name: 'Alphabet Inc.', kind: 'equity', priceMaxAgeSeconds: MONTH_SECONDS },
  {
    code: 'IBM',
    name: 'International Business Machines Corporation',
    kind: 'equity',
    priceMaxAgeSeconds: MONTH_SECONDS,
  },
  { code: 'MSFT', name: 'Microsoft Corporation', kind: 'equity', priceMaxAgeSeconds: MONTH_SECONDS },
];

const US_DOLLAR: ListAsset = { code: 'USD', name: 'US dollar', kind: 'fiat', displayScale: 2 };

/** Tokens of the list that promise to be worth a unit of a currency. */
const STABLECOINS = new Set(['USDC', 'USDT', 'DAI', 'PYUSD', 'GUSD', 'LUSD', 'USDP', 'EURC', 'FRAX', 'TUSD']);

/** Ethereum's tokens with their true contracts and decimals. A symbol that is taken gets the start of its contract added. */
function tokens(taken: Set<string>): ListAsset[] {
  return bundledTokens().map(({ symbol, name, address, decimals }) => {
    const code = taken.has(symbol) ? `${symbol}-${address.slice(2, 8)}` : symbol;
    taken.add(code);
    return {
      code,
      name,
      kind: STABLECOINS.has(symbol) ? 'stablecoin' : 'crypto',
      contract: { chain: 'ethereum', address, decimals },
    };
  });
}

/** Lists the assets of the development world that are not listed yet. Enter through `asWorker`. */
export async function listCatalogue(em: EntityManager, extraEquities: readonly string[] = []): Promise<void> {
  const known = new Set(EQUITIES.map(({ code }) => code));
  const extra = extraEquities
    .filter(code => !known.has(code))
    .map((code): ListAsset => ({ code, name: code, kind: 'equity', priceMaxAgeSeconds: MONTH_SECONDS }));
  const wanted = [US_DOLLAR, ...EQUITIES, ...extra];
  const all = [...wanted, ...tokens(new Set(wanted.map(({ code }) => code)))];
  const listed = new Set((await em.find(Asset, {}, { fields: ['code'] })).map(({ code }) => code));
  const assets = new AssetService(em);
  for (const asset of all) if (!listed.has(asset.code)) assets.list(asset);
  await em.flush();
}
