import { z } from 'zod';
import { parseInput } from '../shared/index.js';

/** RFC 5321 allows 254 characters for an address in a mail command. */
const EMAIL_MAX = 254;

/** An e-mail address in its normal form: NFKC, trimmed, lower case. Two spellings of one address become the same text. */
export const Email = z
  .string()
  .max(4 * EMAIL_MAX)
  .transform(text => text.normalize('NFKC').trim().toLowerCase())
  .pipe(z.email().max(EMAIL_MAX));

/** @throws {ValidationError} `input.invalid`, without the address. */
export const normalizeEmail = (text: string): string => parseInput(Email, text);
