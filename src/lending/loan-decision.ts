import { z } from 'zod';
import type { User } from '../identity/index.js';
import { PlainText } from '../shared/index.js';

/** Why an application was decided as it was, as the applicant is told. */
export const DecisionReasons = z.array(PlainText(200)).max(10);
export type DecisionReasons = z.output<typeof DecisionReasons>;

export const DeciderName = PlainText(120);

/** Who decides on an application, and why. */
export interface LoanDecision {
  by: User;
  /** How the decider is called; it stays when their account is gone. */
  byName: string;
  reasons?: readonly string[];
}
