import { z } from 'zod';
import { CHAINS, PlainText } from '../shared/index.js';
import { ASSET_KINDS } from './asset.entity.js';

export const AssetCode = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'must be 1 to 32 letters, digits, ".", "_" or "-"');

/** An asset for the catalogue. Tokens say which chain and contract they are; currencies and shares do not. */
export const ListAsset = z.strictObject({
  code: AssetCode,
  name: PlainText(120),
  kind: z.enum(ASSET_KINDS),
  contract: z
    .strictObject({ chain: z.enum(CHAINS), address: z.string().max(64).optional(), decimals: z.int().min(0).max(36) })
    .optional(),
  displayScale: z.int().min(0).max(18).optional(),
  priceMaxAgeSeconds: z.int().min(1).max(31_622_400).optional(),
});
export type ListAsset = z.input<typeof ListAsset>;

export const AssetAt = z.strictObject({ code: AssetCode });
export type AssetAt = z.input<typeof AssetAt>;
