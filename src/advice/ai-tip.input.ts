import { z } from 'zod';
import { RISK_LEVELS } from '../identity/index.js';
import { AssetCode } from '../market/index.js';
import { BasketSlug } from '../portfolio/index.js';
import { Id, PlainText } from '../shared/index.js';
import { ExpertSlug } from './ai-expert.input.js';
import { TipFacts, TipPrices } from './tip-evidence.js';

export const DraftTip = z.strictObject({
  expertSlug: ExpertSlug,
  title: PlainText(120),
  body: PlainText(4000),
  target: z.union([z.strictObject({ basketSlug: BasketSlug }), z.strictObject({ assetCode: AssetCode })]),
  confidence: z.int().min(0).max(100),
  risk: z.enum(RISK_LEVELS),
  dedupeKey: PlainText(120),
  disclaimer: PlainText(1000),
});
export type DraftTip = z.input<typeof DraftTip>;

export const PublishTip = z.strictObject({ tipId: Id, facts: TipFacts, prices: TipPrices, expiresAt: z.date() });
export type PublishTip = z.input<typeof PublishTip>;

export const WithdrawTip = z.strictObject({ tipId: Id, reason: PlainText(200) });
export type WithdrawTip = z.input<typeof WithdrawTip>;
