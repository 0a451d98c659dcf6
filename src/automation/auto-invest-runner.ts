import { LockMode } from '@mikro-orm/core';
import { asWorker, type EntityManager, translateError } from '../database/index.js';
import type { Transaction } from '../ledger/index.js';
import { InvestmentService } from '../portfolio/index.js';
import { type Clock, NesteggError, systemClock } from '../shared/index.js';
import { AutoInvestRule } from './auto-invest-rule.entity.js';
import { AutoInvestRun } from './auto-invest-run.entity.js';

/**
 * Runs all rules that are due, one transaction each: claim, run rows, investment and next run commit together. Any number
 * of workers may do this at once; a rule is claimed by one of them, the others pass it by.
 * @param em such as `orm.em`.
 * @returns the runs made, in the order they were.
 */
export async function runDueAutoInvestRules(em: EntityManager, clock: Clock = systemClock): Promise<AutoInvestRun[]> {
  const runs: AutoInvestRun[] = [];
  for (;;) {
    const made = await asWorker(em, inner => runNextRule(inner, clock));
    if (!made) return runs;
    runs.push(...made);
  }
}

/** MikroORM's queries know a guarded property by its field or its column, not by its getter; of one word, the two are the same. */
const NEXT_RUN_AT = '_nextRunAt' as 'nextRunAt';

/** Claims one due rule and deals with its occurrences; nothing when no rule is due or all are claimed. */
async function runNextRule(em: EntityManager, clock: Clock): Promise<AutoInvestRun[] | undefined> {
  const now = clock.now();
  const [rule] = await em.find(
    AutoInvestRule,
    { status: 'active', [NEXT_RUN_AT]: { $lte: now } },
    { orderBy: { [NEXT_RUN_AT]: 'asc' }, limit: 1, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
  );
  if (!rule) return undefined;
  const { run: due, missed } = rule.due(now);
  const runs = missed.map(at => new AutoInvestRun(rule, at));
  for (const run of runs) run.skip('missed', now);
  let succeeded = false;
  if (due) {
    const run = new AutoInvestRun(rule, due);
    runs.push(run);
    const outcome = await invest(em, clock, rule, due);
    if (outcome instanceof NesteggError) run.fail(outcome.code, now);
    else run.succeed(outcome, now);
    succeeded = run.status === 'succeeded';
  }
  rule.advance(now, succeeded);
  em.persist(runs);
  return runs;
}

/** Invests behind a savepoint: a refusal undoes the investment, not the claim. What may succeed later is not a refusal. */
async function invest(
  em: EntityManager,
  clock: Clock,
  rule: AutoInvestRule,
  due: Date,
): Promise<Transaction | NesteggError> {
  const { slug } = await rule.basket.loadOrFail();
  const input = {
    userId: rule.user.id,
    portfolioId: rule.portfolio.id,
    basketSlug: slug,
    amount: rule.amount.toFixed(),
    idempotencyKey: `auto-invest:${rule.id}:${due.toISOString()}`,
  };
  try {
    return await em.transactional(inner => new InvestmentService(inner, clock).invest(input, 'auto_invest'));
  } catch (error) {
    const refusal = translateError(error);
    if (refusal instanceof NesteggError && !refusal.retryable) return refusal;
    throw error;
  }
}
