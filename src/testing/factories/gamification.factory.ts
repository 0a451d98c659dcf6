import {
  Achievement,
  type AchievementDetails,
  type AchievementTier,
  BattlePass,
  type BattlePassDetails,
  type BattlePassTier,
  Quest,
  type QuestDetails,
  type QuestStart,
  RewardClaim,
  type TierDetails,
  type Track,
  UserAchievement,
  UserBattlePass,
  UserLevel,
  UserQuest,
  type XpCause,
  XpEvent,
  xpOfLevel,
} from '../../gamification/index.js';
import type { User } from '../../identity/index.js';
import type { Transaction } from '../../ledger/index.js';
import { userFactory } from './identity.factory.js';
import { transactionFactory } from './ledger.factory.js';
import { assetFactory } from './market.factory.js';
import { after, decimal, FACTORY_NOW, later, next } from './sequence.js';

export type QuestOverrides = Partial<QuestDetails>;

const draftQuest = (overrides: QuestOverrides = {}): Quest =>
  new Quest({
    code: `quest-${next('quest')}`,
    name: 'Save 50',
    description: 'Deposit 50 this week.',
    kind: 'weekly',
    criteria: { kind: 'deposit_total', assetCode: 'USD' },
    target: decimal(50),
    xp: 150,
    startsAt: new Date('2026-01-01T00:00:00Z'),
    ...overrides,
  });
const activeQuest = after(draftQuest, quest => quest.activate(FACTORY_NOW));

export const questFactory = {
  /** 50 deposited in a week. */
  draft: draftQuest,
  active: activeQuest,
  retired: after(activeQuest, quest => quest.retire(FACTORY_NOW)),
};

export interface UserQuestOverrides extends Partial<QuestStart> {
  user?: User;
  quest?: Quest;
}

const inProgress = ({
  user = userFactory.active(),
  quest = activeQuest(),
  now = FACTORY_NOW,
  days = { timeZone: 'UTC' },
  ...start
}: UserQuestOverrides = {}): UserQuest => new UserQuest(user, quest, { now, days, ...start });
const completed = (overrides: UserQuestOverrides = {}): UserQuest => {
  const userQuest = inProgress(overrides);
  userQuest.count(userQuest.target, overrides.now ?? FACTORY_NOW);
  return userQuest;
};

export const userQuestFactory = {
  inProgress,
  completed,
  completedBy: (user: User, overrides: Omit<UserQuestOverrides, 'user'> = {}): UserQuest =>
    completed({ ...overrides, user }),
  claimed: after(completed, userQuest => userQuest.claim(FACTORY_NOW)),
  /** Its period is over; the quest must have one. */
  expired: after(inProgress, userQuest => userQuest.expire(userQuest.endsAt ?? FACTORY_NOW)),
};

export interface AchievementOverrides extends Partial<AchievementDetails>, Partial<AchievementTier> {
  tier?: number;
}

const activeAchievement = ({
  tier = 1,
  target = decimal(100),
  points = 10,
  ...details
}: AchievementOverrides = {}): Achievement =>
  new Achievement(
    {
      code: `achievement-${next('achievement')}`,
      name: 'Saver',
      description: 'Deposit money.',
      criteria: { kind: 'deposit_total', assetCode: 'USD' },
      ...details,
    },
    tier,
    { target, points },
  );

export const achievementFactory = {
  /** 100 deposited. */
  active: activeAchievement,
  retired: after(activeAchievement, achievement => achievement.retire(FACTORY_NOW)),
};

export interface UserAchievementOverrides {
  user?: User;
  achievement?: Achievement;
}

const started = ({
  user = userFactory.active(),
  achievement = activeAchievement(),
}: UserAchievementOverrides = {}): UserAchievement => new UserAchievement(user, achievement);

export const userAchievementFactory = {
  started,
  unlocked: after(started, progress => progress.count(progress.target, FACTORY_NOW)),
};

export interface BattlePassOverrides extends Partial<BattlePassDetails> {
  /** A badge at 0 XP, and money on both tracks at 100 XP, unless told otherwise. */
  tiers?: readonly TierDetails[];
}

/** Seasons of 30 days, one after the other: the first is on at the factories' now, and none overlap. */
function draftSeason({ tiers, ...details }: BattlePassOverrides = {}): BattlePass {
  const season = details.season ?? next('season');
  const startsAt = details.startsAt ?? later(30 * (season - 1), new Date('2026-06-01T00:00:00Z'));
  const endsAt = details.endsAt ?? later(30, startsAt);
  const pass = new BattlePass({
    code: `season-${season}`,
    name: `Season ${season}`,
    claimUntil: later(14, endsAt),
    premiumPrice: decimal(10),
    currency: assetFactory.currency(),
    ...details,
    season,
    startsAt,
    endsAt,
  });
  const asset = pass.currency.unwrap();
  const usual: TierDetails[] = [
    { xp: 0, free: { badge: 'egg' } },
    { xp: 100, free: { amount: decimal('0.5'), asset }, premium: { amount: decimal(2), asset } },
  ];
  for (const tier of tiers ?? usual) pass.addTier(tier);
  return pass;
}
const momentIn = (pass: BattlePass): Date => (pass.isInWindow(FACTORY_NOW) ? FACTORY_NOW : later(1, pass.startsAt));
const activeSeason = after(draftSeason, pass => pass.activate(momentIn(pass)));

export const battlePassFactory = {
  draft: draftSeason,
  active: activeSeason,
  ended: after(activeSeason, pass => pass.end(pass.endsAt)),
};

export const battlePassTierFactory = {
  /** One tier of a season; `number` from 1. */
  of: ({ battlePass = draftSeason(), number = 1 }: { battlePass?: BattlePass; number?: number } = {}): BattlePassTier =>
    battlePass.tiers.getItems().find(tier => tier.number === number)!,
};

export interface UserBattlePassOverrides {
  user?: User;
  battlePass?: BattlePass;
  xp?: number;
  /** What pays for the premium track. */
  payment?: Transaction;
}

const free = ({
  user = userFactory.active(),
  battlePass = activeSeason(),
  xp = 0,
}: UserBattlePassOverrides = {}): UserBattlePass => {
  const pass = new UserBattlePass(user, battlePass, momentIn(battlePass));
  pass.gain(xp, momentIn(battlePass));
  return pass;
};

export const userBattlePassFactory = {
  free,
  premium: ({ payment, ...overrides }: UserBattlePassOverrides = {}): UserBattlePass => {
    const pass = free(overrides);
    const season = pass.battlePass.unwrap();
    const { currency: asset, premiumPrice: amount } = season;
    pass.goPremium(
      payment ?? transactionFactory.posted({ type: 'fee', user: pass.user, asset, amount }),
      momentIn(season),
    );
    return pass;
  },
};

export interface RewardClaimOverrides {
  pass?: UserBattlePass;
  tier?: BattlePassTier;
  track?: Track;
  /** The reward that was posted; only for money. */
  grant?: Transaction;
}

const tierOf = (pass: UserBattlePass, number: number): BattlePassTier =>
  battlePassTierFactory.of({ battlePass: pass.battlePass.unwrap(), number });

const claimOf = (pass: UserBattlePass, tier: BattlePassTier, track: Track, grant?: Transaction): RewardClaim =>
  new RewardClaim(pass, tier, track, momentIn(pass.battlePass.unwrap()), grant);

export const rewardClaimFactory = {
  badge: ({
    pass = free(),
    tier = tierOf(pass, 1),
    track = 'free',
  }: Omit<RewardClaimOverrides, 'grant'> = {}): RewardClaim => claimOf(pass, tier, track),

  money: ({
    pass = free({ xp: 100 }),
    tier = tierOf(pass, 2),
    track = 'free',
    grant,
  }: RewardClaimOverrides = {}): RewardClaim => {
    const reward = tier.rewardOn(track);
    const money = reward && 'amount' in reward ? reward : undefined;
    return claimOf(
      pass,
      tier,
      track,
      grant ?? transactionFactory.posted({ type: 'reward', user: pass.user, ...money }),
    );
  },
};

export interface XpEventOverrides extends Partial<XpCause> {
  user?: User;
  xp?: number;
}

const causeOf = (overrides: Partial<XpCause>): XpCause => ({
  sourceType: 'adjustment',
  sourceId: `cause-${next('cause')}`,
  reason: 'deposit.settled',
  localDate: '2026-06-15',
  occurredAt: FACTORY_NOW,
  ...overrides,
});

const gained = ({ user = userFactory.active(), xp = 40, ...cause }: XpEventOverrides = {}): XpEvent =>
  new UserLevel(user).gain(xp, causeOf(cause), 0);

export const xpEventFactory = {
  gained,
  /** Takes back a gain. */
  takenBack: ({ gain = gained() }: { gain?: XpEvent } = {}): XpEvent =>
    new XpEvent(gain.user, 0 - gain.delta, causeOf({ reason: gain.reason, localDate: gain.localDate }), gain),
};

/** The most that one gain may give. */
const STEP = 100_000;

const starting = ({ user = userFactory.active() }: { user?: User } = {}): UserLevel => new UserLevel(user);

export const userLevelFactory = {
  starting,
  /** With just the XP that the level takes. */
  reached: (level: number, overrides: { user?: User } = {}): UserLevel => {
    const userLevel = starting(overrides);
    for (let left = xpOfLevel(level); left > 0; left -= STEP) userLevel.gain(Math.min(left, STEP), causeOf({}), 0);
    return userLevel;
  },
};
