import { z } from 'zod';
import { PlainText, PositivePrice } from '../shared/index.js';
import { AssetCode } from './asset.input.js';

/** Prices that one source observed. */
export const ImportPrices = z.strictObject({
  quoteCode: AssetCode,
  source: PlainText(40),
  prices: z
    .array(
      z.strictObject({
        code: AssetCode,
        asOf: z.date(),
        price: PositivePrice,
        /** May still be replaced by a final one. */
        provisional: z.boolean().default(false),
      }),
    )
    .max(100_000),
});
export type ImportPrices = z.input<typeof ImportPrices>;

/** An asset, what it is priced in, and when; now when no instant is named. */
export const PriceAt = z.strictObject({ assetCode: AssetCode, quoteCode: AssetCode, at: z.date().optional() });
export type PriceAt = z.input<typeof PriceAt>;
