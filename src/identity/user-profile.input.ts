import { z } from 'zod';
import { Id, LocalDate, PlainText } from '../shared/index.js';

/** What is left out stays as it is; null empties a field. */
export const UpdateProfile = z.strictObject({
  userId: Id,
  givenName: PlainText(100).nullable().optional(),
  familyName: PlainText(100).nullable().optional(),
  displayName: PlainText(60).nullable().optional(),
  birthDate: LocalDate.nullable().optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code')
    .nullable()
    .optional(),
  avatarUrl: z
    .url({ protocol: /^https$/, error: 'must be an https address' })
    .max(500)
    .nullable()
    .optional(),
});
export type UpdateProfile = z.input<typeof UpdateProfile>;
