import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '../database/index.js';
import { User, UserPreferences } from '../identity/index.js';
import { ledger } from '../ledger/index.js';
import { Basket, Portfolio } from '../portfolio/index.js';
import { type Clock, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import { AutoInvestRuleAt, CreateAutoInvestRule, PauseAutoInvestRule } from './auto-invest.input.js';
import { AutoInvestRule } from './auto-invest-rule.entity.js';

/** A user's standing orders to invest. */
export class AutoInvestService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Starts a rule; its first run is the first occurrence from now on.
   * @throws {NotFoundError} portfolio or basket; {@link StateError} also `user.not-active`; {@link ValidationError} `basket.below-minimum`, `auto-invest.never-runs`
   */
  async create(input: CreateAutoInvestRule): Promise<AutoInvestRule> {
    const { userId, portfolioId, basketSlug, timeZone, ...plan } = parseInput(CreateAutoInvestRule, input);
    await ledger.lockBook(this.em, userId);
    const now = this.clock.now();
    const portfolio = await this.em.findOne(Portfolio, { user: userId, id: portfolioId }, { refresh: true });
    if (!portfolio) throw new NotFoundError('portfolio');
    (await this.em.findOneOrFail(User, { id: userId }, { refresh: true })).requireActive();
    const basket = await this.em.findOne(Basket, { slug: basketSlug });
    if (!basket) throw new NotFoundError('basket');
    const zone = timeZone ?? (await this.em.findOneOrFail(UserPreferences, { user: userId })).timeZoneAt(now);
    const rule = new AutoInvestRule(portfolio, basket, { ...plan, timeZone: zone }, now);
    this.em.persist(rule);
    await this.em.flush();
    return rule;
  }

  pause(input: PauseAutoInvestRule): Promise<AutoInvestRule> {
    const { reason, ...at } = parseInput(PauseAutoInvestRule, input);
    return this.change(at, rule => rule.pause(reason));
  }

  /** Goes on with the next occurrence; those that passed meanwhile are not made up for. */
  resume(input: AutoInvestRuleAt): Promise<AutoInvestRule> {
    return this.change(parseInput(AutoInvestRuleAt, input), rule => rule.resume(this.clock.now()));
  }

  cancel(input: AutoInvestRuleAt): Promise<AutoInvestRule> {
    return this.change(parseInput(AutoInvestRuleAt, input), rule => rule.cancel(this.clock.now()));
  }

  private async change(
    { userId, ruleId }: AutoInvestRuleAt,
    verb: (rule: AutoInvestRule) => void,
  ): Promise<AutoInvestRule> {
    await ledger.lockBook(this.em, userId);
    const rule = await this.em.findOne(
      AutoInvestRule,
      { user: userId, id: ruleId },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    if (!rule) throw new NotFoundError('auto-invest-rule');
    verb(rule);
    await this.em.flush();
    return rule;
  }
}
