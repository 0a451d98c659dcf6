import type { EntityManager } from '@mikro-orm/core';
import { Seeder } from '@mikro-orm/seeder';
import { MarketSeeder } from './MarketSeeder.js';
import { PeopleSeeder } from './PeopleSeeder.js';
import { PortfolioSeeder } from './PortfolioSeeder.js';

/** A small world to develop against. Run twice it changes nothing. */
export class DatabaseSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await this.call(em, [MarketSeeder, PortfolioSeeder, PeopleSeeder]);
  }
}
