import { z } from 'zod';
import { Id, PlainText, TimeZone } from '../shared/index.js';
import { Email } from './email.js';
import { RISK_LEVELS } from './user-preferences.entity.js';
import { CurrencyCode, LocaleTag } from './user-preferences.input.js';

/** A new account. The caller makes the id and acts as it, so that the first row is written under the user's own policy. */
export const RegisterUser = z.strictObject({
  userId: Id,
  email: Email,
  displayName: PlainText(60).optional(),
  timeZone: TimeZone,
  baseCurrency: CurrencyCode.default('USD'),
  locale: LocaleTag.default('en-US'),
  riskTolerance: z.enum(RISK_LEVELS).default('moderate'),
});
export type RegisterUser = z.input<typeof RegisterUser>;

export const UserAt = z.strictObject({ userId: Id });
export type UserAt = z.input<typeof UserAt>;

/** The address that the person has proved to be theirs, such as by a link sent to it. */
export const ProvenEmail = z.strictObject({ userId: Id, email: Email });
export type ProvenEmail = z.input<typeof ProvenEmail>;
