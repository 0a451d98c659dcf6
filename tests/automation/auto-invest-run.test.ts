import { beforeAll, describe, expect, test } from 'vitest';
import { AutoInvestRule, AutoInvestRun, type AutoInvestRunStatus } from '../../src/automation/index.js';
import { Transaction } from '../../src/ledger/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { everyTransition } from '../shared/every-transition.js';
import { activeBasket, aPortfolio, at, decimal, NOW } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const LATER = at('2026-06-16T12:00:00Z');
const aRule = () =>
  new AutoInvestRule(
    aPortfolio(),
    activeBasket(),
    { amount: decimal('25'), frequency: 'daily', anchorDate: '2026-06-15', localTime: '12:00', timeZone: 'UTC' },
    NOW,
  );
const ran = (step: (run: AutoInvestRun) => void = () => {}) => {
  const run = new AutoInvestRun(aRule(), NOW);
  step(run);
  return run;
};
const verbs = {
  succeed: (run: AutoInvestRun) => run.succeed(new Transaction(), LATER),
  'be skipped': (run: AutoInvestRun) => run.skip('missed', LATER),
  fail: (run: AutoInvestRun) => run.fail('ledger.insufficient-funds', LATER),
};

describe('a run', () => {
  everyTransition<AutoInvestRun, AutoInvestRunStatus, keyof typeof verbs>({
    a: 'a run',
    reach: {
      pending: () => ran(),
      succeeded: () => ran(verbs.succeed),
      skipped: () => ran(verbs['be skipped']),
      failed: () => ran(verbs.fail),
    },
    verbs,
    allowed: {
      pending: { succeed: 'succeeded', 'be skipped': 'skipped', fail: 'failed' },
      succeeded: {},
      skipped: {},
      failed: {},
    },
    stateOf: run => run.status,
  });

  test('is one occurrence of a rule of the same owner', () => {
    const rule = aRule();
    const run = new AutoInvestRun(rule, NOW);
    expect(run.user).toBe(rule.user);
    expect(run.rule.unwrap()).toBe(rule);
    expect(run).toMatchObject({ scheduledFor: NOW, status: 'pending', finishedAt: undefined });
  });

  test('that succeeded names its transaction, and no reason', () => {
    const transaction = new Transaction();
    const run = ran(pending => pending.succeed(transaction, LATER));
    expect(run.transaction?.unwrap()).toBe(transaction);
    expect(run).toMatchObject({ finishedAt: LATER, reason: undefined });
  });

  test('that came to nothing names the reason, and no transaction', () => {
    expect(ran(verbs['be skipped'])).toMatchObject({ reason: 'missed', finishedAt: LATER, transaction: undefined });
    expect(ran(verbs.fail)).toMatchObject({ reason: 'ledger.insufficient-funds', finishedAt: LATER });
  });

  test('that is finished keeps its reason and its moment', () => {
    const run = ran(verbs['be skipped']);
    expect(() => run.fail('too late', at('2027-01-01T00:00:00Z'))).toThrow(
      'Cannot make an auto invest run failed that is skipped.',
    );
    expect(run).toMatchObject({ reason: 'missed', finishedAt: LATER });
  });
});
