import { z } from 'zod';
import { AssetCode } from '../market/index.js';
import { PlainText, PositiveAmount } from '../shared/index.js';
import { XP_MAX } from './level-curve.js';
import { CatalogueCode } from './quest.input.js';

const Reward = z.union([
  z.strictObject({ amount: PositiveAmount, assetCode: AssetCode }),
  z.strictObject({ badge: PlainText(60) }),
]);

export const DraftBattlePass = z.strictObject({
  code: CatalogueCode,
  name: PlainText(80),
  season: z.int().min(1),
  startsAt: z.date(),
  endsAt: z.date(),
  claimUntil: z.date(),
  premiumPrice: PositiveAmount,
  currencyCode: AssetCode,
  /** The first tier first; each takes more XP than the one before. */
  tiers: z
    .array(z.strictObject({ xp: z.int().min(0).max(XP_MAX), free: Reward.optional(), premium: Reward.optional() }))
    .min(1)
    .max(1000),
});
export type DraftBattlePass = z.input<typeof DraftBattlePass>;
