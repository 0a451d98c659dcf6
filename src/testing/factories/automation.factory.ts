import {
  type AutoInvestPlan,
  AutoInvestRule,
  AutoInvestRun,
  RoundUp,
  type RoundUpPlan,
  RoundUpRule,
} from '../../automation/index.js';
import type { Transaction } from '../../ledger/index.js';
import type { Basket, Portfolio } from '../../portfolio/index.js';
import type { Decimal } from '../../shared/index.js';
import { transactionFactory } from './ledger.factory.js';
import { basketFactory, portfolioFactory } from './portfolio.factory.js';
import { after, decimal, FACTORY_NOW, next } from './sequence.js';

export interface AutoInvestRuleOverrides extends Partial<AutoInvestPlan> {
  portfolio?: Portfolio;
  basket?: Basket;
  now?: Date;
}

const activeRule = ({
  portfolio = portfolioFactory.open(),
  basket = basketFactory.active(),
  now = FACTORY_NOW,
  ...plan
}: AutoInvestRuleOverrides = {}): AutoInvestRule =>
  new AutoInvestRule(
    portfolio,
    basket,
    {
      amount: decimal(25),
      frequency: 'weekly',
      anchorDate: '2026-06-16',
      localTime: '09:00',
      timeZone: 'UTC',
      ...plan,
    },
    now,
  );

export const autoInvestRuleFactory = {
  /** 25 every Tuesday at nine. */
  active: activeRule,
  paused: after(activeRule, rule => rule.pause('On holiday')),
  cancelled: after(activeRule, rule => rule.cancel(FACTORY_NOW)),
  /** Has made all of its runs: one, unless told otherwise. */
  completed: (overrides: AutoInvestRuleOverrides = {}): AutoInvestRule => {
    const rule = activeRule({ maxRuns: 1, ...overrides });
    while (rule.nextRunAt) rule.advance(rule.nextRunAt, true);
    return rule;
  },
};

export interface AutoInvestRunOverrides {
  rule?: AutoInvestRule;
  scheduledFor?: Date;
}

const pendingRun = ({
  rule = activeRule(),
  scheduledFor = rule.nextRunAt ?? FACTORY_NOW,
}: AutoInvestRunOverrides = {}): AutoInvestRun => new AutoInvestRun(rule, scheduledFor);

export const autoInvestRunFactory = {
  pending: pendingRun,
  succeeded: ({ transaction, ...overrides }: AutoInvestRunOverrides & { transaction?: Transaction } = {}) => {
    const run = pendingRun(overrides);
    run.succeed(transaction ?? transactionFactory.posted({ user: run.user, type: 'auto_invest' }), run.scheduledFor);
    return run;
  },
  skipped: after(pendingRun, run => run.skip('missed', run.scheduledFor)),
  failed: after(pendingRun, run => run.fail('ledger.insufficient-funds', run.scheduledFor)),
};

export interface RoundUpRuleOverrides extends Partial<RoundUpPlan> {
  portfolio?: Portfolio;
  basket?: Basket;
}

const activeRoundUps = ({
  portfolio = portfolioFactory.open(),
  basket = basketFactory.active(),
  ...plan
}: RoundUpRuleOverrides = {}): RoundUpRule =>
  new RoundUpRule(portfolio, basket, {
    fundingSource: `card-${next('card')}`,
    roundTo: 1,
    multiplier: 2,
    threshold: decimal(10),
    monthlyCap: decimal(50),
    ...plan,
  });

export const roundUpRuleFactory = {
  /** Up to the next whole number, twice; invested from 10 on. */
  active: activeRoundUps,
  paused: after(activeRoundUps, rule => rule.pause()),
  cancelled: after(activeRoundUps, rule => rule.cancel(FACTORY_NOW)),
};

export interface RoundUpOverrides {
  rule?: RoundUpRule;
  purchaseReference?: string;
  purchasedAt?: Date;
  purchaseAmount?: Decimal;
  allowance?: Decimal;
}

const pendingRoundUp = ({
  rule = activeRoundUps(),
  purchaseReference = `purchase-${next('purchase')}`,
  purchasedAt = FACTORY_NOW,
  purchaseAmount = decimal('3.40'),
  allowance,
}: RoundUpOverrides = {}): RoundUp => new RoundUp(rule, purchaseReference, purchasedAt, purchaseAmount, allowance);
const ready = after(pendingRoundUp, roundUp => roundUp.markReady(FACTORY_NOW));

export const roundUpFactory = {
  /** A purchase of 3.40 that adds 1.20. */
  pending: pendingRoundUp,
  ready,
  swept: ({ transaction, ...overrides }: RoundUpOverrides & { transaction?: Transaction } = {}): RoundUp => {
    const roundUp = ready(overrides);
    roundUp.sweep(transaction ?? transactionFactory.posted({ user: roundUp.user, type: 'round_up' }));
    return roundUp;
  },
  cancelled: after(pendingRoundUp, roundUp => roundUp.cancel(FACTORY_NOW)),
};
