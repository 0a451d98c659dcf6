import { z } from 'zod';
import { Id, PlainText, TimeZone } from '../shared/index.js';
import { Email } from './email.js';
import { RISK_LEVELS } from './user-preferences.entity.js';

/** A new account. The caller makes the id and acts as it, so that the first row is written under the user's own policy. */
export const RegisterUser = z.strictObject({
  userId: Id,
  email: Email,
  displayName: PlainText(60).optional(),
  timeZone: TimeZone,
  baseCurrency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')
    .default('USD'),
  locale: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a BCP 47 language tag')
    .default('en-US'),
  riskTolerance: z.enum(RISK_LEVELS).default('moderate'),
});
export type RegisterUser = z.input<typeof RegisterUser>;
