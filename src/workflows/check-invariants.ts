import { AUTOMATION_INVARIANTS } from '../automation/index.js';
import type { EntityManager } from '../database/index.js';
import { GAMIFICATION_INVARIANTS } from '../gamification/index.js';
import { LEDGER_INVARIANTS } from '../ledger/index.js';
import { LENDING_INVARIANTS } from '../lending/index.js';
import { NOTIFICATION_INVARIANTS } from '../notifications/index.js';
import { PORTFOLIO_INVARIANTS } from '../portfolio/index.js';

const INVARIANTS = [
  ...LEDGER_INVARIANTS,
  ...PORTFOLIO_INVARIANTS,
  ...AUTOMATION_INVARIANTS,
  ...LENDING_INVARIANTS,
  ...GAMIFICATION_INVARIANTS,
  ...NOTIFICATION_INVARIANTS,
];

export interface InvariantResult {
  name: string;
  /** Rows looked at. */
  checked: number;
  /** Rows that break it: 0 when all is well. */
  violations: number;
}

/**
 * Looks at everything that must always hold, over all users. Enter through `asReader` or `asWorker`: acting for one user
 * it sees only that user's rows. Reads whole tables: for tests, seeds and operators, not for requests.
 */
export async function checkInvariants(em: EntityManager): Promise<InvariantResult[]> {
  const results: InvariantResult[] = [];
  for (const { name, sql } of INVARIANTS) {
    const [row] = await em.execute<{ checked: string; violations: string }[]>(sql);
    results.push({ name, checked: Number(row!.checked), violations: Number(row!.violations) });
  }
  return results;
}
