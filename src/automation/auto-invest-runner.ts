import { LockMode } from '@mikro-orm/core';
import { asWorker, DatabaseError, type EntityManager, translateError } from '../database/index.js';
import type { Transaction } from '../ledger/index.js';
import { StalePriceError } from '../market/index.js';
import { InvestmentService } from '../portfolio/index.js';
import { type Clock, NesteggError, systemClock } from '../shared/index.js';
import { AutoInvestRule } from './auto-invest-rule.entity.js';
import { AutoInvestRun } from './auto-invest-run.entity.js';
import { RulesPutOffError } from './errors.js';

/**
 * Runs all rules that are due, one transaction each: claim, run rows, investment and next run commit together. Any number
 * of workers may do this at once; a rule is claimed by one of them, the others pass it by.
 * @param em such as `orm.em`.
 * @returns the runs made, in the order they were.
 * @throws {RulesPutOffError} at the end, when some could not be run now: they stay due and hold up no others.
 */
export async function runDueAutoInvestRules(em: EntityManager, clock: Clock = systemClock): Promise<AutoInvestRun[]> {
  const runs: AutoInvestRun[] = [];
  const putOff = new PutOff();
  while (!putOff.isFull) {
    let claimed: AutoInvestRule | undefined;
    try {
      const made = await asWorker(em, async inner => {
        claimed = await claim(inner, clock.now(), putOff);
        return claimed ? deal(inner, clock, claimed) : [];
      });
      runs.push(...made);
    } catch (error) {
      if (!claimed) throw error;
      putOff.add(claimed, error);
    }
    if (!claimed) break;
  }
  if (putOff.errors.length > 0) throw new RulesPutOffError(runs, putOff.errors);
  return runs;
}

/** What a pass leaves for the next one, so that it is not tried again and again while others wait. */
class PutOff {
  readonly rules: string[] = [];
  readonly baskets: string[] = [];
  readonly errors: unknown[] = [];

  /** When so many rules fail one by one, it is not the rules: no use in trying more. */
  get isFull(): boolean {
    return this.rules.length >= 100;
  }

  /** A price that is too old for one rule is too old for all rules of its basket. */
  add(rule: AutoInvestRule, error: unknown): void {
    this.errors.push(error);
    if (error instanceof StalePriceError) this.baskets.push(rule.basket.id);
    else this.rules.push(rule.id);
  }
}

/** MikroORM's queries know a guarded property by its field or its column, not by its getter; of one word, the two are the same. */
const NEXT_RUN_AT = '_nextRunAt' as 'nextRunAt';

/** Holds one due rule until the end of the transaction; nothing when no rule is due or all are claimed. */
async function claim(em: EntityManager, now: Date, putOff: PutOff): Promise<AutoInvestRule | undefined> {
  const [rule] = await em.find(
    AutoInvestRule,
    {
      status: 'active',
      [NEXT_RUN_AT]: { $lte: now },
      ...(putOff.rules.length > 0 && { id: { $nin: putOff.rules } }),
      ...(putOff.baskets.length > 0 && { basket: { $nin: putOff.baskets } }),
    },
    { orderBy: { [NEXT_RUN_AT]: 'asc' }, limit: 1, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
  );
  return rule;
}

/** Deals with the occurrences of a claimed rule. */
async function deal(em: EntityManager, clock: Clock, rule: AutoInvestRule): Promise<AutoInvestRun[]> {
  const now = clock.now();
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
    if (refusal instanceof NesteggError && !refusal.retryable && !(refusal instanceof DatabaseError)) return refusal;
    throw error;
  }
}
