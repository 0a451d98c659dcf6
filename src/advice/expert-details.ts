import { z } from 'zod';
import { PlainText } from '../shared/index.js';

/** What makes a version of an expert that version. */
export const ExpertDetails = z.strictObject({
  name: PlainText(80),
  persona: PlainText(2000),
  speciality: PlainText(80),
  modelId: PlainText(100),
  promptVersion: PlainText(40),
  disclaimerVersion: PlainText(40),
});
export type ExpertDetails = z.output<typeof ExpertDetails>;
