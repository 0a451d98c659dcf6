import {
  Achievement,
  AIExpert,
  AITip,
  Asset,
  AssetPrice,
  AutoInvestRule,
  AutoInvestRun,
  Basket,
  BasketAsset,
  BattlePass,
  BattlePassTier,
  Decimal,
  type EntityManager,
  HoldingMovement,
  LedgerAccount,
  LedgerEntry,
  type Leg,
  Loan,
  LoanApplication,
  LoanCollateral,
  LoanInstallment,
  LoanPayment,
  ledger,
  Notification,
  NotificationDelivery,
  NotificationPreference,
  newId,
  OutboxEvent,
  type Place,
  Portfolio,
  PortfolioHolding,
  PortfolioSnapshot,
  type Posted,
  type Posting,
  Quest,
  RewardClaim,
  RoundUp,
  RoundUpRule,
  Transaction,
  TransactionFee,
  User,
  UserAchievement,
  UserAIInteraction,
  UserBattlePass,
  UserLevel,
  UserPreferences,
  UserProfile,
  UserQuest,
  UserWallet,
  XpEvent,
} from '../../src/index.js';
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
  loanApplicationFactory,
  loanCollateralFactory,
  loanFactory,
  loanInstallmentFactory,
  loanPaymentFactory,
  notificationDeliveryFactory,
  notificationFactory,
  notificationPreferenceFactory,
  portfolioFactory,
  portfolioHoldingFactory,
  portfolioSnapshotFactory,
  questFactory,
  rewardClaimFactory,
  roundUpFactory,
  roundUpRuleFactory,
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

const NOW = FACTORY_NOW.toISOString();
const dec = (text: string) => new Decimal(text);

/** How one entity is made, read, changed and deleted. Amounts are plain text, instants ISO 8601. */
export interface RoundTrip<T extends object = object> {
  entity: new (...given: never[]) => T;
  which: string;
  make(em: EntityManager): T | Promise<T>;
  /** What is read then, word for word. */
  reads: Partial<Record<keyof T, unknown>>;
  /** One thing that happens to it, and what is read after. Absent for what never changes. */
  change?: { by(row: T): void; reads: Partial<Record<keyof T, unknown>> };
  /** What becomes of it when even the superuser deletes it: gone, unless rows of its own restrict it or the database refuses with a SQLSTATE. */
  whenDeleted?: string;
  /** Rows that another one of the case refers to under a stricter rule, so that they cannot go before it. */
  heldBy?: Partial<Record<keyof T, string>>;
  /** Another state of an entity that has a case already. */
  isVariant?: boolean;
}

const ALL: RoundTrip[] = [];

function add<T extends object>(
  entity: RoundTrip<T>['entity'],
  which: string,
  rest: Omit<RoundTrip<T>, 'entity' | 'which' | 'isVariant'>,
): void {
  const isVariant = ALL.some(known => known.entity === (entity as unknown));
  ALL.push({ entity, which, ...rest, isVariant } as unknown as RoundTrip);
}

interface Wish extends Partial<Posting> {
  from: Place['kind'];
  /** Where exactly, when the kind does not say it all. */
  fromPlace?: Place;
  to: Place;
  amount: Decimal;
  asset?: Asset;
  user?: User;
  more?: Leg[];
}

/** One posting of a user's book. */
async function post(em: EntityManager, wish: Wish): Promise<Posted> {
  const { from, fromPlace = { kind: from }, to, amount, more = [], ...others } = wish;
  const { asset = assetFactory.currency(), user = userFactory.active(), ...rest } = others;
  em.persist([user, asset]);
  return ledger.post(em, user.id, {
    type: 'deposit',
    assetId: asset.id,
    amount,
    occurredAt: FACTORY_NOW,
    idempotencyKey: newId(),
    request: { from, to, amount },
    legs: [{ from: fromPlace, to, assetId: asset.id, amount }, ...more],
    ...rest,
  });
}

const deposit = (em: EntityManager, amount = '100', wish: Partial<Wish> = {}): Promise<Posted> =>
  post(em, { from: 'external', to: { kind: 'cash' }, amount: dec(amount), ...wish });

/** The account that a posting opened, all of its columns read. */
async function opened(em: EntityManager, posted: Posted): Promise<LedgerAccount> {
  const { id, user } = posted.entries[0]!.credit.unwrap();
  return em.findOneOrFail(LedgerAccount, { user: user.id, id }, { refresh: true });
}

// People

add(User, 'verified', {
  make: () => userFactory.kycVerified({ email: 'Ada@Example.com' }),
  reads: { email: 'ada@example.com', status: 'active', kycStatus: 'verified', kycVerifiedAt: NOW, erasedAt: undefined },
  change: { by: user => user.suspend(FACTORY_NOW), reads: { status: 'suspended', suspendedAt: NOW } },
});
add(User, 'erased', {
  make: () => userFactory.erased({ id: '019ec8f0-0000-7000-8000-000000000001' }),
  reads: { email: '019ec8f0-0000-7000-8000-000000000001@erased.invalid', status: 'erased', erasedAt: NOW },
});
add(UserProfile, 'filled', {
  make: () => userProfileFactory.filled(),
  reads: { givenName: 'Anna', birthDate: '1990-02-28', country: 'SE', avatarUrl: 'https://example.com/anna.png' },
  change: {
    by: profile => profile.erase(),
    reads: { givenName: undefined, birthDate: undefined, country: undefined, avatarUrl: undefined },
  },
});
add(UserPreferences, 'in Rome', {
  make: () => userPreferencesFactory.withAi({ timeZone: 'Europe/Rome', dayStartHour: 4 }),
  reads: { timeZone: 'Europe/Rome', dayStartHour: 4, aiEnabled: true, baseCurrency: 'USD', theme: 'system' },
  change: {
    by: preferences => preferences.moveToTimeZone('Asia/Tokyo', FACTORY_NOW),
    reads: {
      timeZone: 'Europe/Rome',
      nextTimeZone: 'Asia/Tokyo',
      nextTimeZoneFrom: '2026-06-15T22:00:00.000Z',
    } as object,
  },
});
add(UserWallet, 'primary', {
  make: () => userWalletFactory.primary({ address: '0x2260fac5e5542a773aa44fbcfedf7c193bc2c599' }),
  reads: { chain: 'ethereum', address: '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599', isPrimary: true },
  change: { by: wallet => wallet.stepDown(), reads: { isPrimary: false } },
});

// Market and books

add(Asset, 'a token', {
  make: () => assetFactory.token({ code: 'WETH', name: 'Wrapped Ether' }),
  reads: { code: 'WETH', kind: 'crypto', chain: 'ethereum', decimals: 18, displayScale: 8, status: 'active', scale: 8 },
  change: { by: asset => asset.halt(), reads: { status: 'halted' } },
});
add(Asset, 'a currency', {
  make: () => assetFactory.currency({ code: 'XTS', priceMaxAgeSeconds: 60 }),
  reads: { code: 'XTS', kind: 'fiat', chain: undefined, decimals: undefined, displayScale: 2, priceMaxAgeSeconds: 60 },
});
add(AssetPrice, 'to the last decimal', {
  make: () => assetPriceFactory.of(undefined, undefined, { price: dec('9007199254740993.000000000001') }),
  reads: { price: '9007199254740993.000000000001', asOf: NOW, source: 'factory', provisional: false },
});
add(LedgerAccount, 'of cash', {
  make: async em => opened(em, await deposit(em, '9007199254.00000001')),
  reads: {
    kind: 'cash',
    balance: '9007199254.00000001',
    entryCount: 1,
    portfolioId: undefined,
    basketId: undefined,
  },
  whenDeleted: 'NE005',
});
add(Transaction, 'posted', {
  make: async em => (await deposit(em, '12.5', { external: { source: 'bank', reference: 'payment-1' } })).transaction,
  reads: {
    type: 'deposit',
    status: 'posted',
    amount: '12.5',
    occurredAt: NOW,
    postedAt: NOW,
    closedAt: undefined,
    externalSource: 'bank',
    externalReference: 'payment-1',
    isReversible: true,
  },
  whenDeleted: 'NE005',
});
add(Transaction, 'that reverses another', {
  make: async em => {
    const { transaction } = await deposit(em, '7');
    const [user, asset] = [transaction.user.unwrap(), transaction.asset.unwrap()];
    const back = { from: 'cash' as const, to: { kind: 'external' as const }, amount: dec('7'), user, asset };
    return (await post(em, { ...back, type: 'reversal', reversesId: transaction.id })).transaction;
  },
  reads: { type: 'reversal', amount: '7', isReversible: false },
});
add(LedgerEntry, 'of a deposit', {
  make: async em => {
    const posted = await deposit(em, '0.00000001');
    for (const account of [posted.entries[0]!.debit, posted.entries[0]!.credit]) await em.refresh(account.unwrap());
    return posted.entries[0]!;
  },
  reads: {
    position: 1,
    amount: '0.00000001',
    debitBalance: '-0.00000001',
    creditBalance: '0.00000001',
    debitNumber: 1,
    creditNumber: 1,
  },
  whenDeleted: 'NE005',
});
add(Transaction, 'that may expire', {
  make: async em => {
    const pending = { status: 'pending', expiresAt: new Date('2026-06-22T12:00:00.000Z') } as const;
    return (await deposit(em, '3', pending)).transaction;
  },
  reads: { status: 'pending', expiresAt: '2026-06-22T12:00:00.000Z', postedAt: undefined, isReversible: false },
});
add(TransactionFee, 'of half a percent', {
  make: async em => {
    const [asset, user] = [assetFactory.currency(), userFactory.active()];
    const fee = { kind: 'platform', rate: dec('0.5') } as const;
    const amount = dec('0.5');
    const taken: Leg = { from: { kind: 'cash' }, to: { kind: 'fees' }, assetId: asset.id, amount, fee };
    return (await deposit(em, '100', { asset, user, more: [taken] })).fees[0]!;
  },
  reads: { kind: 'platform', amount: '0.5', rate: '0.5' },
  whenDeleted: 'NE005',
});
add(OutboxEvent, 'waiting', {
  make: async em => {
    const payload = { amount: '1.50', parts: [1, { deep: null }], said: '“so”' };
    const { transaction } = await deposit(em, '1.5', { events: [{ type: 'deposit.settled', payload }] });
    return em.findOneOrFail(OutboxEvent, { user: transaction.user.id }, { populate: ['user'] });
  },
  reads: {
    type: 'deposit.settled',
    payload: { amount: '1.50', parts: [1, { deep: null }], said: '“so”' },
    occurredAt: NOW,
    dispatchedAt: undefined,
  },
});

// Portfolios

add(Portfolio, 'with a goal', {
  make: () => portfolioFactory.withGoal({ name: 'A boat', isDefault: true }),
  reads: { name: 'A boat', goalAmount: '5000', goalDate: '2028-06-15', isDefault: true, status: 'active' },
  change: { by: portfolio => portfolio.rename('A bigger boat'), reads: { name: 'A bigger boat', isDefault: true } },
});
/** A holding through a basket, empty still, and the transaction that brought the account its first 2 units. */
async function holdingOf(
  em: EntityManager,
): Promise<{ holding: PortfolioHolding; transaction: Transaction; leg: Wish }> {
  const [portfolio, basket] = [portfolioFactory.open(), basketFactory.active()];
  const asset = basketAssetFactory.of({ basket }).asset.unwrap();
  const place = { kind: 'holding' as const, portfolioId: portfolio.id, basketId: basket.id };
  em.persist([portfolio, basket]);
  const leg = { from: 'market' as const, to: place, amount: dec('2'), asset, user: portfolio.user.unwrap() };
  const posted = await post(em, { ...leg, type: 'buy' });
  const holding = portfolioHoldingFactory.empty({ portfolio, asset, basket, account: await opened(em, posted) });
  return { holding, transaction: posted.transaction, leg };
}
add(PortfolioHolding, 'bought through a basket', {
  make: async em => {
    const { holding, transaction } = await holdingOf(em);
    const cost = dec('90071993.00000001');
    em.persist(holdingMovementFactory.purchase({ holding, transaction, quantity: dec('2'), cost }));
    return holding;
  },
  reads: { costBasis: '90071993.00000001', realisedGain: '0' },
  // The same amount to a JavaScript number, and yet another one.
  change: {
    by: holding => void holding.recordPurchase(new Transaction(), dec('1'), dec('0.00000001')),
    reads: { costBasis: '90071993.00000002', realisedGain: '0' },
  },
  whenDeleted: 'restricted',
});
add(HoldingMovement, 'of a purchase', {
  make: async em => {
    const { holding, transaction } = await holdingOf(em);
    const [quantity, cost] = [dec('2'), dec('90071993.00000001')];
    return holdingMovementFactory.purchase({ holding, transaction, quantity, cost });
  },
  reads: { quantity: '2', cost: '90071993.00000001', gain: '0' },
});
add(HoldingMovement, 'of a sale', {
  make: async em => {
    const { holding, transaction: bought, leg } = await holdingOf(em);
    em.persist(holdingMovementFactory.purchase({ holding, transaction: bought, quantity: dec('2'), cost: dec('3') }));
    const [held, quantity, proceeds] = [dec('2'), dec('0.00000001'), dec('9007199254.00000001')];
    const sold = { ...leg, type: 'sell' as const, amount: quantity };
    const { transaction } = await post(em, { ...sold, fromPlace: leg.to, to: { kind: 'market' } });
    return holdingMovementFactory.sale({ holding, transaction, held, quantity, proceeds });
  },
  // 0.00000001 / 2 of a cost of 3 is 0.000000015, rounded down.
  reads: { quantity: '-0.00000001', cost: '-0.00000001', gain: '9007199254' },
});
add(HoldingMovement, 'of a reversal', {
  make: async em => {
    const { holding, transaction: bought, leg } = await holdingOf(em);
    const movement = holdingMovementFactory.purchase({
      holding,
      transaction: bought,
      quantity: dec('2'),
      cost: dec('3'),
    });
    em.persist(movement);
    const back = { ...leg, type: 'reversal' as const, reversesId: bought.id };
    const { transaction } = await post(em, { ...back, fromPlace: leg.to, to: { kind: 'market' } });
    return holdingMovementFactory.reversal({ holding, movement, transaction });
  },
  reads: { quantity: '-2', cost: '-3', gain: '0' },
});
add(PortfolioSnapshot, 'reckoned anew, with a fee given back', {
  make: () => {
    const snapshot = portfolioSnapshotFactory.first({ fees: dec('-0.25') });
    snapshot.restatedAt = FACTORY_NOW;
    return snapshot;
  },
  reads: { fees: '-0.25', marketChange: '1.25', value: '101.5', restatedAt: NOW },
});
add(PortfolioSnapshot, 'the first', {
  make: () => portfolioSnapshotFactory.first({ fees: dec('0.25') }),
  reads: {
    date: '2026-06-15',
    takenAt: NOW,
    startValue: '0',
    netDeposits: '100',
    fees: '0.25',
    marketChange: '1.75',
    value: '101.5',
    oldestPriceAgeSeconds: 60,
  },
});
add(Basket, 'active', {
  make: () => basketFactory.active({ slug: 'sun-and-wind' }),
  reads: {
    slug: 'sun-and-wind',
    status: 'active',
    compositionVersion: 1,
    minimumInvestment: '10',
    feeRate: '0.5',
    assets: 2,
  },
  change: { by: basket => basket.pause(), reads: { status: 'paused' } },
  whenDeleted: 'restricted',
});
add(BasketAsset, 'the first of a composition', {
  make: () => basketAssetFactory.of(),
  reads: { version: 1, position: 1, weight: '60', minWeight: '50', maxWeight: '70' },
  // At commit the weights of its basket would not sum to 100 any more.
  whenDeleted: '23514',
});

// Standing orders

add(AutoInvestRule, 'active', {
  make: () => autoInvestRuleFactory.active({ maxRuns: 5, endDate: '2027-06-15' }),
  reads: {
    amount: '25',
    frequency: 'weekly',
    anchorDate: '2026-06-16',
    localTime: '09:00',
    timeZone: 'UTC',
    nextRunAt: '2026-06-16T09:00:00.000Z',
    endDate: '2027-06-15',
    maxRuns: 5,
    runs: 0,
    catchUp: 'one',
    status: 'active',
  },
  change: {
    by: rule => rule.pause('On holiday'),
    reads: { status: 'paused', pauseReason: 'On holiday', nextRunAt: undefined },
  },
});
add(AutoInvestRun, 'pending', {
  make: () => autoInvestRunFactory.pending(),
  reads: { scheduledFor: '2026-06-16T09:00:00.000Z', status: 'pending', transaction: undefined },
  change: {
    by: run => run.fail('ledger.insufficient-funds', FACTORY_NOW),
    reads: { status: 'failed', reason: 'ledger.insufficient-funds', finishedAt: NOW },
  },
});
add(AutoInvestRun, 'succeeded', {
  make: async em => {
    const rule = autoInvestRuleFactory.active();
    const { transaction } = await deposit(em, '25', { user: rule.user.unwrap(), type: 'auto_invest' });
    return autoInvestRunFactory.succeeded({ rule, transaction });
  },
  reads: { status: 'succeeded', finishedAt: '2026-06-16T09:00:00.000Z', reason: undefined },
});
add(RoundUpRule, 'active', {
  make: () => roundUpRuleFactory.active({ fundingSource: 'card-of-ada' }),
  reads: {
    fundingSource: 'card-of-ada',
    roundTo: 1,
    multiplier: 2,
    threshold: '10',
    monthlyCap: '50',
    mode: 'auto',
    status: 'active',
  },
  change: { by: rule => rule.cancel(FACTORY_NOW), reads: { status: 'cancelled', cancelledAt: NOW } },
});
add(RoundUp, 'ready', {
  make: () => roundUpFactory.ready({ purchaseReference: 'coffee' }),
  reads: {
    purchaseReference: 'coffee',
    purchasedAt: NOW,
    purchaseAmount: '3.4',
    amount: '1.2',
    amountMax: '2',
    status: 'ready',
    readyAt: NOW,
  },
  change: { by: roundUp => roundUp.cancel(FACTORY_NOW), reads: { status: 'cancelled', cancelledAt: NOW } },
});
add(RoundUp, 'swept', {
  make: async em => {
    const rule = roundUpRuleFactory.active();
    const { transaction } = await deposit(em, '1.2', { user: rule.user.unwrap(), type: 'round_up' });
    return roundUpFactory.swept({ rule, transaction });
  },
  reads: { status: 'swept', amount: '1.2' },
});

// Play. A season is over when it is stored, because only one may run at a time.

const seasonOver = (): BattlePass => battlePassFactory.active();
const over = <T extends { battlePass: { unwrap(): BattlePass } }>(row: T): T => {
  const season = row.battlePass.unwrap();
  season.end(season.endsAt);
  return row;
};

add(UserLevel, 'the third', {
  make: () => userLevelFactory.reached(3),
  reads: { totalXp: 300, level: 3, highestRewardedLevel: 1 },
  change: { by: level => level.rewardLevels(), reads: { level: 3, highestRewardedLevel: 3 } },
});
add(XpEvent, 'taken back', {
  make: async em => {
    const gain = xpEventFactory.gained({ xp: 30, sourceId: 'deposit-1' });
    // The gain first: of two rows of one table in a flush MikroORM stores the reference afterwards, by an update.
    await em.persist(gain).flush();
    return xpEventFactory.takenBack({ gain });
  },
  reads: { delta: -30, sourceType: 'adjustment', reason: 'deposit.settled', localDate: '2026-06-15', occurredAt: NOW },
});
add(Quest, 'active, after another one', {
  make: () => questFactory.active({ code: 'save-50', prerequisite: questFactory.active() }),
  reads: {
    code: 'save-50',
    kind: 'weekly',
    criteria: { kind: 'deposit_total', assetCode: 'USD' },
    target: '50',
    xp: 150,
    startsAt: '2026-01-01T00:00:00.000Z',
    endsAt: undefined,
    status: 'active',
    activatedAt: NOW,
  },
  change: { by: quest => quest.retire(FACTORY_NOW), reads: { status: 'retired', retiredAt: NOW } },
});
add(UserQuest, 'in progress', {
  make: () => userQuestFactory.inProgress(),
  reads: {
    periodKey: '2026-W25',
    startsAt: '2026-06-15T00:00:00.000Z',
    endsAt: '2026-06-22T00:00:00.000Z',
    target: '50',
    counted: '0',
    progress: '0',
    status: 'in_progress',
  },
  change: {
    by: quest => quest.count(dec('50.5'), FACTORY_NOW),
    reads: { counted: '50.5', progress: '50', status: 'completed', completedAt: NOW },
  },
});
add(Achievement, 'active', {
  make: () => achievementFactory.active({ code: 'saver', tier: 2 }),
  reads: {
    code: 'saver',
    tier: 2,
    criteria: { kind: 'deposit_total', assetCode: 'USD' },
    target: '100',
    points: 10,
    status: 'active',
  },
  change: { by: achievement => achievement.retire(FACTORY_NOW), reads: { status: 'retired', retiredAt: NOW } },
});
add(UserAchievement, 'started', {
  make: () => userAchievementFactory.started(),
  reads: { target: '100', counted: '0', unlockedAt: undefined, isUnlocked: false },
  change: {
    by: progress => progress.count(dec('100'), FACTORY_NOW),
    reads: { counted: '100', unlockedAt: NOW, isUnlocked: true },
  },
});
add(BattlePass, 'a draft', {
  make: () => battlePassFactory.draft({ code: 'summer', name: 'Summer', startsAt: new Date('2026-01-01T00:00:00Z') }),
  reads: {
    code: 'summer',
    startsAt: '2026-01-01T00:00:00.000Z',
    endsAt: '2026-01-31T00:00:00.000Z',
    claimUntil: '2026-02-14T00:00:00.000Z',
    premiumPrice: '10',
    status: 'draft',
    tiers: 2,
  },
  change: {
    by: season => season.activate(season.startsAt),
    reads: { status: 'active', activatedAt: '2026-01-01T00:00:00.000Z' },
  },
  whenDeleted: 'restricted',
});
add(BattlePassTier, 'that pays on both tracks', {
  make: () => battlePassTierFactory.of({ number: 2 }),
  reads: { number: 2, xp: 100, freeAmount: '0.5', freeBadge: undefined, premiumAmount: '2', premiumBadge: undefined },
});
add(UserBattlePass, 'premium', {
  make: async em => {
    const [user, battlePass] = [userFactory.active(), seasonOver()];
    const { currency, premiumPrice: amount } = battlePass;
    const paid = { from: 'external' as const, to: { kind: 'fees' as const }, amount, user, asset: currency.unwrap() };
    const { transaction: payment } = await post(em, { ...paid, type: 'fee' });
    return over(userBattlePassFactory.premium({ user, battlePass, xp: 120, payment }));
  },
  reads: { xp: 120, isPremium: true },
  change: { by: pass => pass.takeBack(20), reads: { xp: 100, isPremium: true } },
});
add(UserBattlePass, 'free', {
  make: () => over(userBattlePassFactory.free({ xp: 5 })),
  reads: { xp: 5, premiumSince: undefined, premiumTransaction: undefined },
});
add(RewardClaim, 'of money', {
  make: async em => {
    const pass = userBattlePassFactory.free({ xp: 100 });
    const asset = pass.battlePass.unwrap().currency.unwrap();
    const paid = { from: 'rewards' as const, to: { kind: 'cash' as const }, amount: dec('0.5'), asset };
    const { transaction: grant } = await post(em, { ...paid, type: 'reward', user: pass.user.unwrap() });
    return over(rewardClaimFactory.money({ pass, grant }));
  },
  reads: { track: 'free', amount: '0.5', badge: undefined },
});
add(RewardClaim, 'of a badge', {
  make: () => over(rewardClaimFactory.badge()),
  reads: { track: 'free', amount: undefined, asset: undefined, badge: 'egg', transaction: undefined },
});

// Advice

add(AIExpert, 'active', {
  make: () => aiExpertFactory.active({ slug: 'old-penny', version: 3 }),
  reads: { slug: 'old-penny', version: 3, modelId: 'model-7', status: 'active', activatedAt: NOW },
  change: { by: expert => expert.retire(FACTORY_NOW), reads: { status: 'retired', retiredAt: NOW, version: 3 } },
});
add(AITip, 'published', {
  make: () => aiTipFactory.published({ dedupeKey: 'dividend-2026' }),
  reads: {
    title: 'A steady payer',
    confidence: 70,
    dedupeKey: 'dividend-2026',
    disclaimerVersion: 'd2',
    status: 'published',
    facts: [{ statement: 'A dividend was paid.', source: 'Annual report 2025', asOf: '2026-06-15T11:59:00Z' }],
    prices: [{ assetCode: 'SHARE', quoteCode: 'USD', price: '10.5', source: 'factory', asOf: '2026-06-15T11:59:00Z' }],
    publishedAt: NOW,
    expiresAt: '2026-07-15T12:00:00.000Z',
    basket: undefined,
  },
  change: {
    by: tip => tip.withdraw('The dividend was cut.', FACTORY_NOW),
    reads: { status: 'withdrawn', withdrawalReason: 'The dividend was cut.', withdrawnAt: NOW },
  },
});
add(AITip, 'about a basket', {
  make: () => aiTipFactory.draft({ target: { basket: basketFactory.active() } }),
  reads: { status: 'draft', asset: undefined, facts: undefined, prices: undefined },
});
add(UserAIInteraction, 'a tip that was viewed', {
  make: () => userAIInteractionFactory.tipViewed(),
  reads: { kind: 'tip_view', status: 'completed', startedAt: NOW, finishedAt: NOW, prompt: undefined, cost: undefined },
  change: { by: view => view.rate(4, FACTORY_NOW), reads: { rating: 4, ratedAt: NOW } },
  heldBy: { expert: 'the tip' },
});
add(UserAIInteraction, 'a question that was answered', {
  make: () => userAIInteractionFactory.answered(),
  reads: {
    kind: 'question',
    prompt: 'Is it too late to start saving?',
    response: 'It never is.',
    inputTokens: 120,
    outputTokens: 80,
    cost: '0.00125',
    tip: undefined,
  },
});
add(UserAIInteraction, 'a tip that was acted on', {
  make: async em => {
    const user = userFactory.active();
    const { transaction } = await deposit(em, '10', { user, type: 'basket_investment' });
    return userAIInteractionFactory.tipActedOn({ preferences: userPreferencesFactory.withAi({ user }), transaction });
  },
  reads: { kind: 'tip_act', status: 'completed' },
});

// Lending

add(LoanApplication, 'approved', {
  make: () =>
    loanApplicationFactory.approved({
      collateral: [{ holdingId: '019ec8f0-0000-7000-8000-000000000002', assetCode: 'SHARE', quantity: '200' }],
    }),
  reads: {
    scale: 2,
    requestedAmount: '1000',
    termMonths: 12,
    purpose: 'home',
    collateralOffered: [{ holdingId: '019ec8f0-0000-7000-8000-000000000002', assetCode: 'SHARE', quantity: '200' }],
    status: 'approved',
    decidedAt: NOW,
    decidedByName: 'Lena Lender',
    reasons: ['The collateral is enough.'],
    approvedAmount: '1000',
    offerExpiresAt: '2026-07-15T12:00:00.000Z',
  },
  change: { by: application => application.expire(FACTORY_NOW), reads: { status: 'expired', expiredAt: NOW } },
});

/** A loan of 1000 that is paid out in the books too. */
async function paidOut(em: EntityManager): Promise<Loan> {
  const application = loanApplicationFactory.approved();
  const [user, asset] = [application.user.unwrap(), application.currency.unwrap()];
  const { transaction } = await deposit(em, '1000', { user, asset, from: 'debt', type: 'loan_disbursement' });
  return loanFactory.active({ application, disbursement: transaction });
}

add(Loan, 'active', {
  make: paidOut,
  reads: {
    principal: '1000',
    scale: 2,
    apr: '12',
    termMonths: 12,
    dayCount: '30/360',
    ltvMax: '50',
    liquidationThreshold: '80',
    liquidationBonus: '5',
    status: 'active',
    outstandingPrincipal: '1000',
    outstandingInterest: '0',
    debt: '1000',
    interestFrom: '2026-06-15',
    interestThrough: '2026-06-15',
    approvedAt: NOW,
    disbursedAt: NOW,
    installments: 12,
  },
  change: {
    by: loan => loan.accrueInterest('2026-07-15'),
    reads: { outstandingInterest: '10', debt: '1010', interestSince: '10', interestThrough: '2026-07-15' },
  },
  whenDeleted: 'restricted',
});
add(LoanInstallment, 'open', {
  make: async em => loanInstallmentFactory.open({ loan: await paidOut(em) }),
  reads: { number: 1, dueOn: '2026-07-15', principal: '78.85', interest: '10', paidPrincipal: '0', isPaid: false },
  change: {
    by: installment => installment.takePrincipal(dec('78.85'), FACTORY_NOW),
    reads: { paidPrincipal: '78.85', paidAt: NOW, isPaid: true },
  },
});
add(LoanPayment, 'a repayment', {
  make: async em => {
    const loan = await paidOut(em);
    const [user, asset] = [loan.user.unwrap(), loan.currency.unwrap()];
    const paid = { from: 'cash' as const, to: { kind: 'debt' as const }, amount: dec('100'), user, asset };
    const { transaction } = await post(em, { ...paid, type: 'loan_repayment' });
    return loanPaymentFactory.repayment({ loan, transaction });
  },
  reads: {
    kind: 'repayment',
    receivedAt: NOW,
    amount: '100',
    fees: '0',
    interest: '0',
    principal: '100',
    surplus: '0',
  },
});
add(LoanCollateral, 'locked', {
  make: async em => {
    const [loan, asset] = [await paidOut(em), assetFactory.equity()];
    const lock = { from: 'market' as const, to: { kind: 'collateral' as const }, amount: dec('200'), asset };
    const account = await opened(em, await post(em, { ...lock, type: 'collateral_lock', user: loan.user.unwrap() }));
    return loanCollateralFactory.locked({ loan, account });
  },
  reads: { quantity: '200', costBasis: '1900', emptiedAt: undefined },
  change: {
    by: collateral => collateral.remove(dec('200'), FACTORY_NOW),
    reads: { quantity: '0', costBasis: '0', emptiedAt: NOW },
  },
});

// Notifications

add(Notification, 'unseen', {
  make: () => notificationFactory.unseen({ dedupeKey: 'deposit:1' }),
  reads: {
    category: 'money',
    severity: 'info',
    title: 'Your deposit has arrived',
    data: { amount: '100.00', retries: 0, isFirst: true },
    dedupeKey: 'deposit:1',
    occurredAt: NOW,
    expiresAt: '2026-09-13T12:00:00.000Z',
    readAt: undefined,
  },
  change: { by: notification => notification.read(FACTORY_NOW), reads: { seenAt: NOW, readAt: NOW } },
});
add(NotificationPreference, 'quiet at night', {
  make: () => notificationPreferenceFactory.quiet(),
  reads: {
    category: 'money',
    channel: 'email',
    isEnabled: true,
    quietHours: { from: '22:00', until: '07:00' },
    digest: 'none',
  },
  change: { by: preference => preference.keepQuiet(undefined), reads: { quietHours: undefined } },
});
add(NotificationDelivery, 'queued', {
  make: () => notificationDeliveryFactory.queued(),
  reads: { channel: 'email', status: 'queued', attempts: 0, nextAttemptAt: NOW },
  change: {
    by: delivery => delivery.claim(60_000, FACTORY_NOW),
    reads: { attempts: 1, nextAttemptAt: '2026-06-15T12:01:00.000Z' },
  },
});

export const ROUND_TRIPS: readonly RoundTrip[] = ALL;
