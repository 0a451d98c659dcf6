import type { EntityManager } from '@mikro-orm/core';
import { Seeder } from '@mikro-orm/seeder';
import { AdviceSeeder } from './AdviceSeeder.js';
import { AutomationSeeder } from './AutomationSeeder.js';
import { GamificationSeeder } from './GamificationSeeder.js';
import { IdentitySeeder } from './IdentitySeeder.js';
import { LedgerSeeder } from './LedgerSeeder.js';
import { LendingSeeder } from './LendingSeeder.js';
import { MarketSeeder } from './MarketSeeder.js';
import { NotificationsSeeder } from './NotificationsSeeder.js';
import { PortfolioSeeder } from './PortfolioSeeder.js';
import { RoundUpSeeder } from './RoundUpSeeder.js';
import { StandingSeeder } from './StandingSeeder.js';

/**
 * A believable world to develop against: fifty people who look back on twelve months, on 31 March 2010. The same every
 * time; run twice it changes nothing, and interrupted it is continued. The order is the order in which things happened.
 */
export class DatabaseSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await this.call(em, [
      MarketSeeder,
      PortfolioSeeder,
      IdentitySeeder,
      AutomationSeeder,
      LedgerSeeder,
      LendingSeeder,
      RoundUpSeeder,
      GamificationSeeder,
      AdviceSeeder,
      NotificationsSeeder,
      StandingSeeder,
    ]);
  }
}
