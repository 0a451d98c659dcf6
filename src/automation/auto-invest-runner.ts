import { type FilterQuery, LockMode } from '@mikro-orm/core';
import { asWorker, DatabaseError, type EntityManager, translateError } from '../database/index.js';
import { ledger, type Transaction } from '../ledger/index.js';
import { StalePriceError } from '../market/index.js';
import { InvestmentService } from '../portfolio/index.js';
import { type Clock, NesteggError, systemClock } from '../shared/index.js';
import { AutoInvestRule } from './auto-invest-rule.entity.js';
import { AutoInvestRun } from './auto-invest-run.entity.js';
import { RulesPutOffError } from './errors.js';

/**
 * Runs all rules that are due, one transaction each: claim, run rows, investment and next run commit together. Any number
 * of workers may do this at once; a rule is claimed by one of them, the others pass it by. It waits for nobody: whoever is
 * busy with their own money is asked again after the others, and by the next pass if they still are.
 * @param em such as `orm.em`.
 * @returns the runs made, in the order they were.
 * @throws {RulesPutOffError} at the end, when some could not be run now: they stay due and hold up no others.
 */
export async function runDueAutoInvestRules(em: EntityManager, clock: Clock = systemClock): Promise<AutoInvestRun[]> {
  const runs: AutoInvestRun[] = [];
  const pass = new Pass();
  while (!pass.isOver) {
    let claimed: AutoInvestRule | undefined;
    try {
      const made = await asWorker(em, async inner => {
        claimed = await claim(inner, clock.now(), pass);
        return claimed ? deal(inner, clock, claimed) : [];
      });
      runs.push(...made);
    } catch (error) {
      if (!claimed) throw error;
      pass.putOff(claimed, error);
    }
  }
  if (pass.errors.length > 0) throw new RulesPutOffError(runs, pass.errors);
  return runs;
}

/** MikroORM's queries know a guarded property by its field or its column, not by its getter; of one word, the two are the same. */
const NEXT_RUN_AT = '_nextRunAt' as 'nextRunAt';

const due = (now: Date): FilterQuery<AutoInvestRule> => ({ status: 'active', [NEXT_RUN_AT]: { $lte: now } });

/**
 * Goes through all that is due, the longest due first, in rounds: those who were busy in one are asked again in the next,
 * as long as something else was done meanwhile.
 */
class Pass {
  readonly errors: unknown[] = [];
  isOver = false;
  /** What is left for the next pass, so that it is not tried again and again while others wait. */
  private readonly rules: string[] = [];
  private readonly stale: { basket: string; currency: string }[] = [];
  /** How far this round has come. */
  private last?: AutoInvestRule;
  private hasClaimed = false;
  private hasPassedBy = false;

  /** The next rule that is due, as it was a moment ago: nothing is locked. None at the end of a round. */
  async next(em: EntityManager, now: Date): Promise<AutoInvestRule | undefined> {
    const [rule] = await em.find(
      AutoInvestRule,
      { $and: [due(now), { id: { $nin: this.rules } }, ...this.notStale, this.notYetSeen] },
      { orderBy: { [NEXT_RUN_AT]: 'asc', id: 'asc' }, limit: 1, disableIdentityMap: true },
    );
    this.last = rule;
    if (!rule) this.endRound();
    return rule;
  }

  claim(): void {
    this.hasClaimed = true;
  }

  /** Leaves a rule for the next round, or the next pass. */
  passBy(): void {
    this.hasPassedBy = true;
  }

  /** A price that is too old for one rule is too old for all that buy its basket with the same currency, and for no others. */
  putOff(rule: AutoInvestRule, error: unknown): void {
    this.errors.push(error);
    if (error instanceof StalePriceError)
      this.stale.push({ basket: rule.basket.id, currency: rule.portfolio.getEntity().currency.id });
    else this.rules.push(rule.id);
    // When so many rules fail one by one, it is not the rules: no use in trying more.
    if (this.rules.length >= 100) this.isOver = true;
  }

  private get notStale(): FilterQuery<AutoInvestRule>[] {
    return this.stale.map(({ basket, currency }) => ({
      $or: [{ basket: { $ne: basket } }, { portfolio: { currency: { $ne: currency } } }],
    }));
  }

  private get notYetSeen(): FilterQuery<AutoInvestRule> {
    if (!this.last) return {};
    const { nextRunAt, id } = this.last;
    return {
      [NEXT_RUN_AT]: { $gte: nextRunAt },
      $or: [{ [NEXT_RUN_AT]: { $gt: nextRunAt } }, { id: { $gt: id } }],
    } as FilterQuery<AutoInvestRule>;
  }

  private endRound(): void {
    this.isOver = !(this.hasPassedBy && this.hasClaimed);
    this.hasPassedBy = false;
    this.hasClaimed = false;
  }
}

/**
 * Holds a user's book and then a due rule of theirs until the end of the transaction; nothing when the round is over, or when
 * somebody else was faster. It never holds a second book.
 */
async function claim(em: EntityManager, now: Date, pass: Pass): Promise<AutoInvestRule | undefined> {
  let seen = await pass.next(em, now);
  while (seen && !(await ledger.tryLockBook(em, seen.user.id))) {
    pass.passBy();
    seen = await pass.next(em, now);
  }
  if (!seen) return undefined;
  const rule = await em.findOne(
    AutoInvestRule,
    { $and: [{ user: seen.user.id, id: seen.id }, due(now)] },
    { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
  );
  if (rule) pass.claim();
  else pass.passBy();
  return rule ?? undefined;
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
    // Whoever puts it off asks for its currency.
    if (error instanceof StalePriceError) await rule.portfolio.load();
    const refusal = translateError(error);
    if (refusal instanceof NesteggError && !refusal.retryable && !(refusal instanceof DatabaseError)) return refusal;
    throw error;
  }
}
