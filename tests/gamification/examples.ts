import { ref } from '@mikro-orm/core';
import {
  Achievement,
  BattlePass,
  type BattlePassDetails,
  Quest,
  type QuestDetails,
  type TierDetails,
  UserBattlePass,
  type XpCause,
} from '../../src/gamification/index.js';
import type { User } from '../../src/identity/index.js';
import { Transaction, type TransactionType } from '../../src/ledger/index.js';
import type { Asset } from '../../src/market/index.js';
import { at, aUser, decimal, NOW, usd } from '../shared/examples.js';

/** One dollar for all of a suite, so that amounts of it are of one asset. */
export const DOLLAR: Asset = usd();

/** A settled deposit of a Monday in June, unless told otherwise. */
export const deposit = (details: Partial<XpCause> = {}): XpCause => ({
  sourceType: 'transaction',
  sourceId: 'transaction-1',
  reason: 'deposit.settled',
  localDate: '2026-06-15',
  occurredAt: NOW,
  ...details,
});

export const questOf = (details: Partial<QuestDetails> = {}): Quest =>
  new Quest({
    code: 'save-50',
    name: 'Save 50 dollars',
    description: 'Deposit 50 dollars this week.',
    kind: 'weekly',
    criteria: { kind: 'deposit_total', assetCode: 'USD' },
    target: decimal('50'),
    xp: 150,
    startsAt: at('2026-01-01T00:00:00Z'),
    ...details,
  });

export function activeQuest(details: Partial<QuestDetails> = {}): Quest {
  const quest = questOf(details);
  quest.activate(NOW);
  return quest;
}

export const saver = (target = '100'): Achievement =>
  new Achievement(
    {
      code: 'saver',
      name: 'Saver',
      description: 'Deposit money.',
      criteria: { kind: 'deposit_total', assetCode: 'USD' },
    },
    1,
    { target: decimal(target), points: 10 },
  );

/** June 2026, premium for 10 dollars, rewards until the middle of July. */
export const draftSeason = (details: Partial<BattlePassDetails> = {}): BattlePass =>
  new BattlePass({
    code: 'season-1',
    name: 'Summer',
    season: 1,
    startsAt: at('2026-06-01T00:00:00Z'),
    endsAt: at('2026-07-01T00:00:00Z'),
    claimUntil: at('2026-07-15T00:00:00Z'),
    premiumPrice: decimal('10'),
    currency: DOLLAR,
    ...details,
  });

/** Tier 1 at 0 XP: a badge for all. Tier 2 at 100 XP: half a dollar for all, two dollars for premium. */
export const TIERS: readonly TierDetails[] = [
  { xp: 0, free: { badge: 'egg' } },
  { xp: 100, free: { amount: decimal('0.5'), asset: DOLLAR }, premium: { amount: decimal('2'), asset: DOLLAR } },
];

export function runningSeason(details: Partial<BattlePassDetails> = {}): BattlePass {
  const season = draftSeason(details);
  for (const tier of TIERS) season.addTier(tier);
  season.activate(NOW);
  return season;
}

export const tierOf = (season: BattlePass, number: number) => season.tiers.getItems()[number - 1]!;

/** A user's part in a running season, with some XP. */
export function passWith(xp: number, season = runningSeason(), user: User = aUser()): UserBattlePass {
  const pass = new UserBattlePass(user, season, NOW);
  pass.gain(xp, NOW);
  return pass;
}

export function premiumPassWith(xp: number): UserBattlePass {
  const pass = passWith(xp);
  pass.goPremium(posted('fee', '10'), NOW);
  return pass;
}

/** A transaction as the books show it; only they make one. */
export const transactionOf = (details: Partial<Transaction>): Transaction => Object.assign(new Transaction(), details);

export const posted = (type: TransactionType, amount: string, asset = DOLLAR): Transaction =>
  transactionOf({ type, status: 'posted', amount: decimal(amount), asset: ref(asset) });
