import { z } from 'zod';
import { ExpertDetails } from './expert-details.js';

export const ExpertSlug = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-"');

export const DraftExpert = ExpertDetails.extend({ slug: ExpertSlug });
export type DraftExpert = z.input<typeof DraftExpert>;

/** What is different in the next version of an expert. */
export const EditExpert = ExpertDetails.partial().extend({ slug: ExpertSlug });
export type EditExpert = z.input<typeof EditExpert>;
