import { z } from 'zod';
import { Id, TimeZone } from '../shared/index.js';
import { RISK_LEVELS, THEMES } from './user-preferences.entity.js';

export const CurrencyCode = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code');

export const LocaleTag = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a BCP 47 language tag');

/** What is left out stays as it is. */
export const UpdatePreferences = z.strictObject({
  userId: Id,
  baseCurrency: CurrencyCode.optional(),
  locale: LocaleTag.optional(),
  /** Counts from the next local day. */
  timeZone: TimeZone.optional(),
  dayStartHour: z.int().min(0).max(23).optional(),
  riskTolerance: z.enum(RISK_LEVELS).optional(),
  aiEnabled: z.boolean().optional(),
  theme: z.enum(THEMES).optional(),
});
export type UpdatePreferences = z.input<typeof UpdatePreferences>;
