import { MikroORM as AnyOrm, type IDatabaseDriver } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/sql';
import { AIExpert, AITip, UserAIInteraction } from './advice/index.js';
import { AutoInvestRule, AutoInvestRun, RoundUp, RoundUpRule } from './automation/index.js';
import { type DatabaseTarget, type OrmSettings, ormOptions } from './database/index.js';
import {
  Achievement,
  BattlePass,
  BattlePassTier,
  Quest,
  RewardClaim,
  UserAchievement,
  UserBattlePass,
  UserLevel,
  UserQuest,
  XpEvent,
} from './gamification/index.js';
import { User, UserPreferences, UserProfile, UserWallet } from './identity/index.js';
import { LedgerAccount, LedgerEntry, Transaction, TransactionFee } from './ledger/index.js';
import { Loan, LoanApplication, LoanCollateral, LoanInstallment, LoanPayment } from './lending/index.js';
import { Asset, AssetPrice } from './market/index.js';
import { Notification, NotificationDelivery, NotificationPreference } from './notifications/index.js';
import { OutboxEvent } from './outbox/index.js';
import {
  Basket,
  BasketAsset,
  HoldingMovement,
  Portfolio,
  PortfolioHolding,
  PortfolioSnapshot,
} from './portfolio/index.js';

/** Every entity of the application. */
export const ENTITIES = [
  User,
  UserWallet,
  UserProfile,
  UserPreferences,
  Asset,
  AssetPrice,
  LedgerAccount,
  LedgerEntry,
  Transaction,
  TransactionFee,
  Portfolio,
  PortfolioHolding,
  HoldingMovement,
  PortfolioSnapshot,
  Basket,
  BasketAsset,
  AutoInvestRule,
  AutoInvestRun,
  RoundUpRule,
  RoundUp,
  UserLevel,
  XpEvent,
  Quest,
  UserQuest,
  Achievement,
  UserAchievement,
  BattlePass,
  BattlePassTier,
  UserBattlePass,
  RewardClaim,
  AIExpert,
  AITip,
  UserAIInteraction,
  LoanApplication,
  Loan,
  LoanCollateral,
  LoanInstallment,
  LoanPayment,
  Notification,
  NotificationPreference,
  NotificationDelivery,
  OutboxEvent,
];

/** Prepares MikroORM for a database. Nothing connects before the first query. Close it with `orm.close()`. */
export async function openDatabase(target: DatabaseTarget, settings: OrmSettings = {}): Promise<MikroORM> {
  const options = (await ormOptions(target, ENTITIES, settings)) as never;
  // The constructor looks for no extensions; there is nothing to read that would take time.
  const orm = settings.metadata ? new AnyOrm<IDatabaseDriver>(options) : await AnyOrm.init<IDatabaseDriver>(options);
  return orm as unknown as MikroORM;
}
