import { z } from 'zod';
import { Id, PlainText } from '../shared/index.js';
import { ExpertSlug } from './ai-expert.input.js';
import { PROMPT_MAX } from './user-ai-interaction.entity.js';

/** A question to an expert, or what a person does with a tip. */
export const StartInteraction = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('question'),
    userId: Id,
    expertSlug: ExpertSlug,
    prompt: PlainText(PROMPT_MAX),
    tipId: Id.optional(),
  }),
  z.strictObject({ kind: z.enum(['tip_view', 'tip_act', 'tip_dismiss']), userId: Id, tipId: Id }),
]);
export type StartInteraction = z.input<typeof StartInteraction>;

export const RateInteraction = z.strictObject({ userId: Id, interactionId: Id, rating: z.int().min(1).max(5) });
export type RateInteraction = z.input<typeof RateInteraction>;
