import type { z } from 'zod';
import type { ReadingEntityManager } from '../database/index.js';
import {
  type Clock,
  ConflictError,
  Decimal,
  newId,
  parseInput,
  systemClock,
  ValidationError,
} from '../shared/index.js';
import { Asset } from './asset.entity.js';
import { PriceMissingError, StalePriceError } from './errors.js';
import { findAsset } from './find-asset.js';
import { ImportPrices, PriceAt } from './price.input.js';

/** Rows per statement: its text stays below 16 KB, above which a database proxy pins the connection. */
const BATCH = 75;

/** The newest price of an asset at or before an instant. */
export interface LatestPrice {
  price: Decimal;
  asOf: Date;
  ageSeconds: number;
}

/** Observed prices: imported by jobs, asked for by everything that decides. */
export class PriceService {
  constructor(
    private readonly em: ReadingEntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Stores observed prices, inside `asWorker`. Before: their assets are listed. After: each is stored once; importing the same
   * ones again changes nothing, and a provisional price is replaced.
   * @returns how many were new or replaced.
   * @throws {ValidationError} `price.unknown-asset`; {@link ConflictError} `price.differs`, when a final price would change;
   * {@link NotAllowedError}
   */
  async import(input: ImportPrices): Promise<number> {
    const { quoteCode, source, ...observed } = parseInput(ImportPrices, input);
    const prices = lastWords(source, observed.prices);
    const ids = await this.idsOf([quoteCode, ...prices.map(({ code }) => code)]);
    const rows = prices.map(({ code, asOf, price, provisional }) => ({
      id: newId(),
      asset: ids.get(code),
      as_of: asOf.toISOString(),
      price: price.toFixed(),
      provisional,
    }));
    let stored = 0;
    for (let start = 0; start < rows.length; start += BATCH) {
      stored += await this.store(JSON.stringify(rows.slice(start, start + BATCH)), ids.get(quoteCode)!, source);
    }
    return stored;
  }

  /**
   * What one asset cost at an instant: the newest price at or before it, and how old that was then. Changes nothing.
   * @throws {NotFoundError} when either asset is unknown.
   * @throws {PriceMissingError} {@link StalePriceError} when it was older than the asset allows.
   */
  async at(input: PriceAt): Promise<LatestPrice> {
    const { assetCode, quoteCode, at = this.clock.now() } = parseInput(PriceAt, input);
    const asset = await findAsset(this.em, assetCode);
    const prices = await this.fresh([asset], await findAsset(this.em, quoteCode), at);
    return prices.get(asset.id)!;
  }

  /**
   * The newest prices at or before an instant, by asset id. An asset priced in itself costs 1.
   * @throws {PriceMissingError} when one has none: a missing price is never skipped.
   */
  async latest(assets: readonly Asset[], quote: Asset, at: Date): Promise<Map<string, LatestPrice>> {
    const rows = await this.em.execute<{ id: string; price: string | null; as_of_ms: string | null }[]>(
      `select a.id, p.price::text as price, (extract(epoch from p.as_of) * 1000)::bigint::text as as_of_ms
       from unnest(string_to_array(?, ',')::uuid[]) as a(id)
       left join lateral (
         select price, as_of from asset_prices
         where asset_id = a.id and quote_id = ? and as_of <= ?
         order by as_of desc, provisional, source limit 1
       ) p on true`,
      [assets.map(({ id }) => id).join(','), quote.id, at],
    );
    const found = new Map(rows.map(row => [row.id, row]));
    const result = new Map<string, LatestPrice>();
    for (const asset of assets) {
      const row = found.get(asset.id);
      if (asset.id === quote.id) result.set(asset.id, { price: new Decimal(1), asOf: at, ageSeconds: 0 });
      else if (!row?.price) throw new PriceMissingError(asset.code, quote.code);
      else {
        const asOf = new Date(Number(row.as_of_ms));
        result.set(asset.id, {
          price: new Decimal(row.price),
          asOf,
          ageSeconds: Math.floor((at.getTime() - asOf.getTime()) / 1000),
        });
      }
    }
    return result;
  }

  /**
   * As {@link latest}, for decisions: a price older than its asset allows stops them.
   * @throws {StalePriceError} {@link PriceMissingError}
   */
  async fresh(assets: readonly Asset[], quote: Asset, at: Date): Promise<Map<string, LatestPrice>> {
    const prices = await this.latest(assets, quote, at);
    for (const asset of assets) {
      const { ageSeconds } = prices.get(asset.id)!;
      if (ageSeconds > asset.priceMaxAgeSeconds)
        throw new StalePriceError(asset.code, ageSeconds, asset.priceMaxAgeSeconds);
    }
    return prices;
  }

  private async store(rows: string, quoteId: string, source: string): Promise<number> {
    const changed = await this.em.execute<{ id: string }[]>(
      `insert into asset_prices (id, asset_id, quote_id, source, as_of, price, provisional)
       select r.id, r.asset, ?, ?, r.as_of, r.price, r.provisional
       from jsonb_to_recordset(?::jsonb) as r(id uuid, asset uuid, as_of timestamptz, price numeric, provisional boolean)
       on conflict (asset_id, quote_id, source, as_of) do update
         set price = excluded.price, provisional = excluded.provisional, updated_at = now()
         where asset_prices.provisional and (asset_prices.price, asset_prices.provisional) is distinct from (excluded.price, excluded.provisional)
       returning id`,
      [quoteId, source, rows],
    );
    const [differing] = await this.em.execute<{ code: string }[]>(
      `select a.code
       from jsonb_to_recordset(?::jsonb) as r(asset uuid, as_of timestamptz, price numeric)
       join asset_prices p on p.asset_id = r.asset and p.quote_id = ? and p.source = ? and p.as_of = r.as_of and p.price <> r.price
       join assets a on a.id = p.asset_id limit 1`,
      [rows, quoteId, source],
    );
    if (differing) throw differs(source, differing.code);
    return changed.length;
  }

  private async idsOf(codes: readonly string[]): Promise<Map<string, string>> {
    const wanted = [...new Set(codes)];
    const assets = await this.em.find(Asset, { code: { $in: wanted } });
    const ids = new Map(assets.map(asset => [asset.code, asset.id]));
    const unknown = wanted.find(code => !ids.has(code));
    if (unknown)
      throw new ValidationError(
        'price.unknown-asset',
        `There is no asset ${unknown}; list it before importing its prices.`,
        { code: unknown },
      );
    return ids;
  }
}

type Observation = z.output<typeof ImportPrices>['prices'][number];

/** Each asset and instant once, as one statement needs it: a provisional price gives way to what is said after it, a final one stays. */
function lastWords(source: string, observations: readonly Observation[]): Observation[] {
  const words = new Map<string, Observation>();
  for (const observation of observations) {
    const key = `${observation.code} ${observation.asOf.toISOString()}`;
    const earlier = words.get(key);
    if (!earlier || earlier.provisional) words.set(key, observation);
    else if (!earlier.price.eq(observation.price)) throw differs(source, observation.code);
  }
  return [...words.values()];
}

const differs = (source: string, code: string) =>
  new ConflictError('price.differs', `${source} has reported another final price of ${code} for the same instant.`, {
    code,
  });
