import { z } from 'zod';
import { PlainText, PositiveAmount } from '../shared/index.js';
import { POINTS_MAX, TIER_MAX } from './achievement.entity.js';
import { Criteria } from './criteria.js';
import { QUEST_KINDS } from './quest.entity.js';
import { XP_EVENT_MAX } from './xp-event.entity.js';

/** The natural key of a catalogue row. */
export const CatalogueCode = z
  .string()
  .max(60)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-"');

export const DraftQuest = z.strictObject({
  code: CatalogueCode,
  name: PlainText(80),
  description: PlainText(500),
  kind: z.enum(QUEST_KINDS),
  criteria: Criteria,
  target: PositiveAmount,
  xp: z.int().min(1).max(XP_EVENT_MAX),
  startsAt: z.date(),
  endsAt: z.date().optional(),
  prerequisiteCode: CatalogueCode.optional(),
});
export type DraftQuest = z.input<typeof DraftQuest>;

export const ListAchievement = z.strictObject({
  code: CatalogueCode,
  name: PlainText(80),
  description: PlainText(500),
  criteria: Criteria,
  /** Lowest first. */
  tiers: z
    .array(z.strictObject({ target: PositiveAmount, points: z.int().min(1).max(POINTS_MAX) }))
    .min(1)
    .max(TIER_MAX),
});
export type ListAchievement = z.input<typeof ListAchievement>;
