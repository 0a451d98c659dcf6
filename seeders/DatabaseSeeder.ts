import type { EntityManager } from '@mikro-orm/core';
import { Seeder } from '@mikro-orm/seeder';
import { AutomationSeeder } from './AutomationSeeder.js';
import { IdentitySeeder } from './IdentitySeeder.js';
import { LedgerSeeder } from './LedgerSeeder.js';
import { MarketSeeder } from './MarketSeeder.js';
import { PortfolioSeeder } from './PortfolioSeeder.js';

/** A believable world to develop against, on 31 March 2010. The same every time; run twice it changes nothing. */
export class DatabaseSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await this.call(em, [MarketSeeder, PortfolioSeeder, IdentitySeeder, AutomationSeeder, LedgerSeeder]);
  }
}
