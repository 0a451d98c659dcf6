import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Decimal } from '../../src/shared/index.js';
import * as kit from '../../src/testing/index.js';
import {
  achievementFactory,
  aiExpertFactory,
  aiTipFactory,
  assetFactory,
  assetPriceFactory,
  autoInvestRuleFactory,
  autoInvestRunFactory,
  basketAssetFactory,
  basketFactory,
  battlePassFactory,
  battlePassTierFactory,
  FACTORY_NOW,
  holdingMovementFactory,
  ledgerAccountFactory,
  ledgerEntryFactory,
  loanApplicationFactory,
  loanCollateralFactory,
  loanFactory,
  loanInstallmentFactory,
  loanPaymentFactory,
  notificationDeliveryFactory,
  notificationFactory,
  notificationPreferenceFactory,
  outboxEventFactory,
  portfolioFactory,
  portfolioHoldingFactory,
  portfolioSnapshotFactory,
  questFactory,
  resetFactories,
  rewardClaimFactory,
  roundUpFactory,
  roundUpRuleFactory,
  transactionFactory,
  transactionFeeFactory,
  userAchievementFactory,
  userAIInteractionFactory,
  userBattlePassFactory,
  userFactory,
  userLevelFactory,
  userPreferencesFactory,
  userProfileFactory,
  userQuestFactory,
  userWalletFactory,
  xpEventFactory,
} from '../../src/testing/index.js';
import { entitiesKnown } from '../shared/entities-known.js';

const dec = (text: string) => new Decimal(text);

beforeAll(entitiesKnown);
beforeEach(resetFactories);

type Factory<T> = Record<string, (...given: never[]) => T>;

/** Every maker of a factory beside what its name promises: none may be left out. */
function promises<T, F extends Factory<T>>(
  factory: F,
  look: (made: ReturnType<F[keyof F]>) => unknown,
  expected: Record<keyof F, unknown>,
): [string, () => unknown, unknown][] {
  expect(Object.keys(expected).sort()).toEqual(Object.keys(factory).sort());
  return Object.entries(factory).map(([name, make]) => [
    name,
    () => look((make as () => ReturnType<F[keyof F]>)()),
    expected[name],
  ]);
}

const status = ({ status }: { status: string }) => status;

const STATES: Record<string, [string, () => unknown, unknown][]> = {
  user: promises(userFactory, ({ status, kycStatus, emailVerifiedAt }) => [status, kycStatus, emailVerifiedAt], {
    active: ['active', 'none', undefined],
    suspended: ['suspended', 'none', undefined],
    closing: ['closing', 'none', undefined],
    closed: ['closed', 'none', undefined],
    erased: ['erased', 'none', undefined],
    emailVerified: ['active', 'none', FACTORY_NOW],
    kycPending: ['active', 'pending', undefined],
    kycVerified: ['active', 'verified', undefined],
    kycRejected: ['active', 'rejected', undefined],
    kycExpired: ['active', 'expired', undefined],
  }),
  'user profile': promises(userProfileFactory, ({ givenName }) => givenName, { empty: undefined, filled: 'Anna' }),
  'user preferences': promises(userPreferencesFactory, ({ aiEnabled }) => aiEnabled, { usual: false, withAi: true }),
  'user wallet': promises(userWalletFactory, ({ isPrimary }) => isPrimary, { secondary: false, primary: true }),
  asset: promises(assetFactory, ({ kind, status, scale }) => [kind, status, scale], {
    currency: ['fiat', 'active', 8],
    equity: ['equity', 'active', 8],
    token: ['crypto', 'active', 8],
    stablecoin: ['stablecoin', 'active', 8],
    halted: ['equity', 'halted', 8],
    retired: ['equity', 'retired', 8],
  }),
  'asset price': promises(assetPriceFactory, ({ provisional }) => provisional, { of: false, provisional: true }),
  'ledger account': promises(ledgerAccountFactory, ({ kind }) => kind, {
    cash: 'cash',
    holding: 'holding',
    reserved: 'reserved',
    collateral: 'collateral',
    external: 'external',
    market: 'market',
    fees: 'fees',
    rewards: 'rewards',
    debt: 'debt',
    interest: 'interest',
    rounding: 'rounding',
  }),
  transaction: promises(transactionFactory, ({ status, isReversible }) => [status, isReversible], {
    pending: ['pending', false],
    posted: ['posted', true],
    settled: ['posted', true],
    voided: ['voided', false],
    failed: ['failed', false],
    expired: ['expired', false],
    reversed: ['reversed', false],
    reversal: ['posted', false],
  }),
  'ledger entry': promises(ledgerEntryFactory, ({ amount }) => amount.toFixed(), { of: '100' }),
  'transaction fee': promises(transactionFeeFactory, ({ amount, entry }) => [amount.toFixed(), entry !== undefined], {
    charged: ['0.5', true],
    free: ['0', false],
  }),
  portfolio: promises(portfolioFactory, ({ status, goalAmount }) => [status, goalAmount?.toFixed()], {
    open: ['active', undefined],
    withGoal: ['active', '5000'],
    closed: ['closed', undefined],
  }),
  basket: promises(basketFactory, ({ status, composition }) => [status, composition.length], {
    draft: ['draft', 0],
    composed: ['draft', 2],
    active: ['active', 2],
    paused: ['paused', 2],
    retired: ['retired', 2],
  }),
  'basket asset': promises(basketAssetFactory, ({ weight }) => weight.toFixed(), { of: '60' }),
  'portfolio holding': promises(
    portfolioHoldingFactory,
    ({ costBasis, realisedGain }) => [costBasis.toFixed(), realisedGain.toFixed()],
    { empty: ['0', '0'], bought: ['100', '0'], sold: ['0', '10'] },
  ),
  'holding movement': promises(
    holdingMovementFactory,
    ({ quantity, cost, gain }) => [quantity.toFixed(), cost.toFixed(), gain.toFixed()],
    { purchase: ['1', '100', '0'], sale: ['-1', '-100', '10'], reversal: ['-1', '-100', '0'] },
  ),
  'auto-invest rule': promises(autoInvestRuleFactory, status, {
    active: 'active',
    paused: 'paused',
    cancelled: 'cancelled',
    completed: 'completed',
  }),
  'auto-invest run': promises(autoInvestRunFactory, status, {
    pending: 'pending',
    succeeded: 'succeeded',
    skipped: 'skipped',
    failed: 'failed',
  }),
  'round-up rule': promises(roundUpRuleFactory, status, { active: 'active', paused: 'paused', cancelled: 'cancelled' }),
  'round-up': promises(roundUpFactory, status, {
    pending: 'pending',
    ready: 'ready',
    swept: 'swept',
    cancelled: 'cancelled',
  }),
  quest: promises(questFactory, status, { draft: 'draft', active: 'active', retired: 'retired' }),
  achievement: promises(achievementFactory, status, { active: 'active', retired: 'retired' }),
  'user achievement': promises(userAchievementFactory, ({ isUnlocked }) => isUnlocked, {
    started: false,
    unlocked: true,
  }),
  'battle pass': promises(battlePassFactory, ({ status, tiers }) => [status, tiers.length], {
    draft: ['draft', 2],
    active: ['active', 2],
    ended: ['ended', 2],
  }),
  'battle pass tier': promises(battlePassTierFactory, ({ number }) => number, { of: 1 }),
  'user battle pass': promises(userBattlePassFactory, ({ isPremium }) => isPremium, { free: false, premium: true }),
  'reward claim': promises(rewardClaimFactory, ({ amount, badge }) => [amount?.toFixed(), badge], {
    badge: [undefined, 'egg'],
    money: ['0.5', undefined],
  }),
  'XP event': promises(xpEventFactory, ({ delta, takesBack }) => [delta, takesBack?.getEntity().delta], {
    gained: [40, undefined],
    takenBack: [-40, 40],
  }),
  'AI expert': promises(aiExpertFactory, status, { draft: 'draft', active: 'active', retired: 'retired' }),
  'AI tip': promises(aiTipFactory, status, {
    draft: 'draft',
    published: 'published',
    expired: 'expired',
    withdrawn: 'withdrawn',
  }),
  'AI interaction': promises(userAIInteractionFactory, ({ kind, status, rating }) => [kind, status, rating], {
    pending: ['question', 'pending', undefined],
    answered: ['question', 'completed', undefined],
    rated: ['question', 'completed', 5],
    failed: ['question', 'failed', undefined],
    refused: ['question', 'refused', undefined],
    tipViewed: ['tip_view', 'completed', undefined],
    tipDismissed: ['tip_dismiss', 'completed', undefined],
    tipActedOn: ['tip_act', 'completed', undefined],
  }),
  'loan application': promises(loanApplicationFactory, status, {
    draft: 'draft',
    submitted: 'submitted',
    underReview: 'under_review',
    approved: 'approved',
    rejected: 'rejected',
    withdrawn: 'withdrawn',
    expired: 'expired',
    converted: 'converted',
  }),
  loan: promises(loanFactory, ({ status, debt, installments }) => [status, debt.toFixed(), installments.length], {
    approved: ['approved', '0', 0],
    active: ['active', '1000', 12],
    cancelled: ['cancelled', '0', 0],
    repaid: ['repaid', '0', 12],
    liquidated: ['liquidated', '0', 12],
    defaulted: ['defaulted', '1000', 12],
    writtenOff: ['written_off', '1000', 12],
  }),
  'loan collateral': promises(loanCollateralFactory, ({ quantity, emptiedAt }) => [quantity.toFixed(), emptiedAt], {
    locked: ['200', undefined],
    emptied: ['0', FACTORY_NOW],
  }),
  'loan installment': promises(loanInstallmentFactory, ({ isPaid, lateFee }) => [isPaid, lateFee.toFixed()], {
    open: [false, '0'],
    late: [false, '5'],
    paid: [true, '0'],
  }),
  'loan payment': promises(loanPaymentFactory, ({ kind, principal }) => [kind, principal.toFixed()], {
    repayment: ['repayment', '100'],
    liquidation: ['liquidation', '100'],
  }),
  notification: promises(
    notificationFactory,
    ({ seenAt, readAt, archivedAt }) => [seenAt, readAt, archivedAt].map(at => at !== undefined),
    {
      unseen: [false, false, false],
      seen: [true, false, false],
      read: [true, true, false],
      archived: [false, false, true],
    },
  ),
  'notification preference': promises(
    notificationPreferenceFactory,
    ({ isEnabled, quietHours }) => [isEnabled, quietHours?.from],
    { usual: [true, undefined], enabled: [true, undefined], disabled: [false, undefined], quiet: [true, '22:00'] },
  ),
  'notification delivery': promises(notificationDeliveryFactory, status, {
    queued: 'queued',
    delayed: 'delayed',
    sent: 'sent',
    delivered: 'delivered',
    failed: 'failed',
    suppressed: 'suppressed',
  }),
  'outbox event': promises(outboxEventFactory, ({ dispatchedAt }) => dispatchedAt, {
    waiting: undefined,
    dispatched: FACTORY_NOW,
  }),
};

/** Their makers take more than overrides, so they have tests of their own below. */
const OF_THEIR_OWN = ['userQuestFactory', 'userLevelFactory', 'portfolioSnapshotFactory'];

describe.each(Object.entries(STATES))('the factory of a %s', (_, states) => {
  test.each(states)('makes one that is %s', (_name, state, expected) => expect(state()).toEqual(expected));
});

test('every factory of the kit is looked at here', () => {
  const factories = Object.keys(kit).filter(name => name.endsWith('Factory'));
  expect(factories).toHaveLength(Object.keys(STATES).length + OF_THEIR_OWN.length);
  expect(factories).toEqual(expect.arrayContaining(OF_THEIR_OWN));
});

describe('the factory of a user quest', () => {
  test.each([
    ['inProgress', userQuestFactory.inProgress, 'in_progress'],
    ['completed', userQuestFactory.completed, 'completed'],
    ['claimed', userQuestFactory.claimed, 'claimed'],
    ['expired', userQuestFactory.expired, 'expired'],
  ] as const)('makes one that is %s', (_, make, expected) => expect(make().status).toBe(expected));

  test('makes one that a user has completed', () => {
    const user = userFactory.active();
    const done = userQuestFactory.completedBy(user);
    expect(done.user.getEntity()).toBe(user);
    expect(done.status).toBe('completed');
  });

  test('makes one of a season, and one after another quest', () => {
    const season = battlePassFactory.active();
    const first = userQuestFactory.completed();
    const quest = questFactory.active({ kind: 'seasonal', prerequisite: first.quest.getEntity() });
    const user = first.user.getEntity();
    expect(userQuestFactory.inProgress({ user, quest, season, prerequisite: first }).periodKey).toBe(season.code);
  });
});

test('a user level begins with the first and reaches any with the XP that it takes', () => {
  expect(userLevelFactory.starting().level).toBe(1);
  expect([1, 2, 4].map(level => userLevelFactory.reached(level).totalXp)).toEqual([0, 100, 600]);
  expect(userLevelFactory.reached(100).level).toBe(100);
});

test('a snapshot follows another: its value is where the next one starts', () => {
  const first = portfolioSnapshotFactory.first();
  expect([first.startValue, first.marketChange, first.value].map(String)).toEqual(['0', '2', '101.5']);
  const second = portfolioSnapshotFactory.following(first, { value: dec('103') });
  expect([second.startValue, second.marketChange].map(String)).toEqual(['101.5', '1.5']);
  expect(second.date).toBe('2026-06-16');
  expect(second.portfolio).toBe(first.portfolio);
});

describe('what is handed in', () => {
  test('wins over what is usual', () => {
    expect(userFactory.suspended({ email: 'Eve@Example.com' })).toMatchObject({ email: 'eve@example.com' });
    expect(assetFactory.currency({ code: 'USD', displayScale: 4 })).toMatchObject({ code: 'USD', displayScale: 4 });
    expect(assetFactory.stablecoin({ code: 'EURC' })).toMatchObject({ code: 'EURC', kind: 'stablecoin' });
    expect(userProfileFactory.filled({ country: 'IT' })).toMatchObject({ country: 'IT', givenName: 'Anna' });
    expect(basketFactory.retired({ slug: 'gold', name: 'Gold' })).toMatchObject({ slug: 'gold', name: 'Gold' });
    expect(transactionFactory.failed({ failureReason: 'No cover.' })).toMatchObject({ failureReason: 'No cover.' });
    expect(loanFactory.active({ apr: dec('7.5') }).apr.toFixed()).toBe('7.5');
    expect(loanApplicationFactory.rejected({ decision: { byName: 'Otto' } }).decidedByName).toBe('Otto');
    expect(questFactory.retired({ xp: 9 }).xp).toBe(9);
    expect(autoInvestRuleFactory.completed({ maxRuns: 3 }).runs).toBe(3);
    expect(battlePassFactory.active({ tiers: [{ xp: 5, free: { badge: 'b' } }] }).tiers).toHaveLength(1);
    expect(notificationFactory.read({ severity: 'critical' }).severity).toBe('critical');
    expect(outboxEventFactory.waiting({ type: 'loan.repaid' }).type).toBe('loan.repaid');
    const weights = [{ asset: assetFactory.equity({ code: 'ONLY' }), weight: dec('100') }];
    const [only] = basketFactory.active({ composition: weights }).composition;
    expect(only?.asset.getEntity().code).toBe('ONLY');
  });

  test('is what the rest is made around: all that belongs together is of one user', () => {
    const user = userFactory.active();
    const loan = loanFactory.active({ application: loanApplicationFactory.approved({ user }) });
    const payment = loanPaymentFactory.repayment({ loan });
    const collateral = loanCollateralFactory.locked({ loan });
    const portfolio = portfolioFactory.open({ user });
    const run = autoInvestRunFactory.succeeded({ rule: autoInvestRuleFactory.active({ portfolio }) });
    const holding = portfolioHoldingFactory.bought({ portfolio });
    const sale = holdingMovementFactory.sale({ holding });
    const owners = [
      loan.user,
      loan.disbursement?.getEntity().user,
      payment.user,
      payment.transaction.getEntity().user,
      collateral.user,
      collateral.account.getEntity().user,
      run.user,
      run.transaction?.getEntity().user,
      holding.user,
      holding.account.getEntity().user,
      sale.user,
      sale.transaction.getEntity().user,
    ];
    expect(new Set(owners.map(owner => owner?.getEntity()))).toEqual(new Set([user]));
  });
});

describe("the ledger's rows agree with each other", () => {
  test('an entry moves the amount of its transaction between two accounts of one book and asset', () => {
    const transaction = transactionFactory.posted({ amount: dec('12.5') });
    const entry = ledgerEntryFactory.of({ transaction });
    const [debit, credit] = [entry.debit.getEntity(), entry.credit.getEntity()];
    expect(new Set([entry.user, debit.user, credit.user])).toEqual(new Set([transaction.user]));
    expect(new Set([entry.asset, debit.asset, credit.asset])).toEqual(new Set([transaction.asset]));
    expect([entry.amount, entry.debitBalance, entry.creditBalance].map(String)).toEqual(['12.5', '-12.5', '12.5']);
    expect([debit.balance, credit.balance].map(String)).toEqual(['-12.5', '12.5']);
  });

  test('an entry is the latest of its accounts', () => {
    const cash = ledgerAccountFactory.cash({ entryCount: 7 });
    const entry = ledgerEntryFactory.of({ credit: cash });
    expect([entry.debitNumber, entry.creditNumber]).toEqual([1, 7]);
    expect(entry.debit.getEntity().entryCount).toBe(1);
    expect(ledgerAccountFactory.cash().entryCount).toBe(0);
    expect(ledgerEntryFactory.of({ debitNumber: 3 }).debitNumber).toBe(3);
  });

  test('a fee is the second entry of the account that paid it', () => {
    const entry = transactionFeeFactory.charged().entry!.getEntity();
    expect([entry.position, entry.debitNumber, entry.creditNumber]).toEqual([2, 2, 1]);
  });

  test('a fee is taken by an entry of its amount', () => {
    const fee = transactionFeeFactory.charged({ transaction: transactionFactory.posted({ amount: dec('200') }) });
    const entry = fee.entry?.getEntity();
    expect([fee.amount, entry?.amount].map(String)).toEqual(['1', '1']);
    expect(entry?.transaction).toBe(fee.transaction);
  });

  test('a reversal is of the same user, asset and amount as what it takes back', () => {
    const deposit = transactionFactory.reversed({ amount: dec('7') });
    const reversal = transactionFactory.reversal({ reverses: deposit });
    expect(reversal).toMatchObject({ type: 'reversal', user: deposit.user, asset: deposit.asset });
    expect(reversal.amount.toFixed()).toBe('7');
    expect(reversal.reverses?.getEntity()).toBe(deposit);
  });
});

describe('the movements of a holding agree with it', () => {
  test('a sale takes part of what was bought, at its average cost', () => {
    const holding = portfolioHoldingFactory.empty();
    holdingMovementFactory.purchase({ holding, quantity: dec('4'), cost: dec('100') });
    const sale = holdingMovementFactory.sale({ holding, held: dec('4'), quantity: dec('1'), proceeds: dec('30') });
    expect([sale.quantity, sale.cost, sale.gain].map(String)).toEqual(['-1', '-25', '5']);
    expect([holding.costBasis, holding.realisedGain].map(String)).toEqual(['75', '5']);
    expect(sale.transaction.getEntity()).toMatchObject({ type: 'sell', status: 'posted' });
    expect(sale.holding.getEntity()).toBe(holding);
  });

  test('a reversal is of the transaction that it takes back, and leaves the holding as it was', () => {
    const holding = portfolioHoldingFactory.bought();
    const sale = holdingMovementFactory.sale({ holding });
    const reversal = holdingMovementFactory.reversal({ holding, movement: sale });
    expect(reversal.transaction.getEntity().reverses?.getEntity()).toBe(sale.transaction.getEntity());
    expect([reversal.quantity, reversal.cost, reversal.gain].map(String)).toEqual(['1', '100', '-10']);
    expect([holding.costBasis, holding.realisedGain].map(String)).toEqual(['100', '0']);
  });
});

describe('two that are made', () => {
  test('differ in everything that is unique', () => {
    const uniques: (() => unknown)[] = [
      () => userFactory.active().email,
      () => userFactory.active().id,
      () => userWalletFactory.primary().address,
      () => assetFactory.currency().code,
      () => assetFactory.equity().code,
      () => assetFactory.token().contractAddress,
      () => assetFactory.stablecoin().contractAddress,
      () => transactionFactory.posted().idempotencyKey,
      () => transactionFactory.settled().closingKey,
      () => portfolioFactory.open().name,
      () => basketFactory.draft().slug,
      () => roundUpRuleFactory.active().fundingSource,
      () => roundUpFactory.pending().purchaseReference,
      () => questFactory.draft().code,
      () => achievementFactory.active().code,
      () => battlePassFactory.draft().code,
      () => xpEventFactory.gained().sourceId,
      () => aiExpertFactory.draft().slug,
      () => aiTipFactory.draft().dedupeKey,
      () => userAIInteractionFactory.answered().providerRequestId,
      () => notificationFactory.unseen().dedupeKey,
    ];
    for (const unique of uniques) expect(unique(), String(unique)).not.toEqual(unique());
  });

  test('are seasons that do not overlap, each of which can be played', () => {
    const [first, second, third] = [1, 2, 3].map(() => battlePassFactory.active());
    expect(second!.startsAt).toEqual(first!.endsAt);
    expect(third!.startsAt).toEqual(second!.endsAt);
    expect(userBattlePassFactory.premium({ battlePass: third, xp: 100 })).toMatchObject({ isPremium: true, xp: 100 });
  });

  test('are the same as the first two, once the factories are reset', () => {
    const make = () => [userFactory.active().email, assetFactory.equity().code, questFactory.active().code];
    const first = make();
    make();
    resetFactories();
    expect(make()).toEqual(first);
    expect(first).toEqual(['person-1@example.com', 'SHARE1', 'quest-1']);
  });
});

test('what stands alone can be made in a process where MikroORM knows no entity, and the rest says what it lacks', async () => {
  const script = `
    import * as kit from '${new URL('../../src/testing/index.ts', import.meta.url)}';
    const made = {};
    for (const [factory, makers] of Object.entries(kit).filter(([name]) => name.endsWith('Factory')))
      for (const [state, make] of Object.entries(makers).filter(([, { length }]) => length === 0)) {
        try { make(); made[factory + '.' + state] = true; } catch ({ message }) { made[factory + '.' + state] = message; }
      }
    console.log(JSON.stringify(made));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', '--input-type=module', '--eval', script],
  ]);
  const entries = Object.entries(JSON.parse(stdout) as Record<string, true | string>);
  const lacking = entries.filter(([, outcome]) => outcome !== true);
  expect(lacking.filter(([, message]) => !/was not discovered|getEntity/.test(`${message}`))).toEqual([]);
  const hasChildrenOrLooksAcross =
    /^(autoInvest|roundUp|basketAsset|holdingMovementFactory\.reversal|basketFactory\.(?!draft)|battlePass|userBattlePass|rewardClaim|loan(Collateral|Installment|Payment)|loanFactory\.(?!approved|cancelled)|userAchievementFactory\.unlocked|userQuestFactory\.(completed|claimed))/;
  expect(lacking.filter(([name]) => !hasChildrenOrLooksAcross.test(name))).toEqual([]);
  expect(entries.length - lacking.length).toBeGreaterThan(80);
});
