import { z } from 'zod';
import { RISK_LEVELS } from '../identity/index.js';
import { AssetCode } from '../market/index.js';
import { Percentage, PlainText, PositiveAmount } from '../shared/index.js';

export const BasketSlug = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-"');

const Composition = z
  .array(
    z.strictObject({
      assetCode: AssetCode,
      weight: Percentage,
      minWeight: Percentage.optional(),
      maxWeight: Percentage.optional(),
    }),
  )
  .min(1)
  .max(50);

export const DraftBasket = z.strictObject({
  slug: BasketSlug,
  name: PlainText(80),
  description: PlainText(1000),
  risk: z.enum(RISK_LEVELS),
  category: PlainText(40),
  minimumInvestment: PositiveAmount,
  feeRate: Percentage,
  curator: PlainText(80),
});
export type DraftBasket = z.input<typeof DraftBasket>;

export const PublishComposition = z.strictObject({ slug: BasketSlug, composition: Composition });
export type PublishComposition = z.input<typeof PublishComposition>;
