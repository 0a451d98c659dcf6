import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { PlainText, PositivePrice } from '../shared/index.js';

const Instant = z.iso.datetime();

/** What a tip rests on: statements, each with who says so and as of when. */
export const TipFacts = z
  .array(z.strictObject({ statement: PlainText(300), source: PlainText(200), asOf: Instant }).readonly())
  .min(1)
  .max(20)
  .readonly();
export type TipFacts = z.output<typeof TipFacts>;

/** What the assets of a tip cost when it was published: decimals as text, with the instant and source of each price. */
export const TipPrices = z
  .array(
    z
      .strictObject({
        assetCode: AssetCode,
        quoteCode: AssetCode,
        price: PositivePrice.transform(price => price.toFixed()),
        source: PlainText(40),
        asOf: Instant,
      })
      .readonly(),
  )
  .min(1)
  .max(50)
  .readonly();
export type TipPrices = z.output<typeof TipPrices>;
