import type { MikroORM } from '@mikro-orm/sql';
import { beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { MarketSeeder } from '../../seeders/MarketSeeder.js';
import { PortfolioSeeder } from '../../seeders/PortfolioSeeder.js';
import { openDatabase } from '../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../src/testing/index.js';
import { GIVEN, PRODUCTION_USE, README, USE_CASES } from './documents.js';
import { claimsIn, run } from './program.js';

let fork: ForkedDatabase;

/** A migrated, empty database, and an environment that names it and says nothing else. */
beforeEach(async () => {
  const server = inject('postgres');
  fork = await forkDatabase(server, server.template);
  for (const name of Object.keys(process.env)) if (name.startsWith('DATABASE_')) vi.stubEnv(name, '');
  vi.stubEnv('DATABASE_URL', fork.serviceUrl);
  return async () => {
    vi.unstubAllEnvs();
    await fork.drop();
  };
});

describe('the use cases', () => {
  /**
   * In US dollars. Prices of Apple and Microsoft: 200 and 400 on the 2nd, 300 and 400 from the 3rd on. The basket: 60 % and
   * 40 %, for 1 % of what is put in. Buying and selling directly: 0.5 % of the value traded.
   *
   * Ada's deposit      1000 arrive, 0.5 % of that are 5                                                        cash 995
   * Investment of 200  1 % is 2; of 198 go 118.8 into Apple (/ 200 = 0.594), 79.2 into Microsoft (/ 400 = 0.198)    795
   * Purchase           100.50 / 1.005 = 100 for 0.5 Apple, and 0.50                                                 694.50
   * Snapshot, 2nd      1.094 · 200 + 0.198 · 400 = 298 = 0 + 300.50 in + 0 − 2.50 fees
   * Sale of all        0.5 · 300 = 150 less 0.75; cost 100, gain 50                                                 843.75
   * Rebalance          178.20 + 79.20 = 257.40, of which 60 % is 154.44: sells 23.76 / 300 = 0.0792 Apple
   *                    and buys 23.76 / 400 = 0.0594 Microsoft; then 0.5148 and 0.2574 are there, 154.44 + 102.96
   * Redemption 57.40   34.44 / 300 = 0.1148 and 22.96 / 400 = 0.0574; 0.4 and 0.2 are left, 120 + 80 = 200          901.15
   * Snapshot, 3rd      in: 0.75 − 150 − 57.40 = −206.65; market: (0.594 + 0.5) · 100 = 109.40; fees 0.75;
   *                    298 − 206.65 + 109.40 − 0.75 = 200; return 407.40 / 298 · 200 / 200.75 − 1 = 0.36200…
   * Rule, 50           1 % is 0.50; 29.70 / 300 = 0.099 and 19.80 / 400 = 0.0495; worth 249.50 in all               851.15
   * Transfer to Ben    51.15                                                                                        800
   * Withdrawal         300 and 2                                                                                    498
   * Another            50 and 2 are held, 446, and given back                                                       498
   * Rule taken back    50                                                                                           548
   * Another deposit    2, while suspended                                                                           550
   * Redemption of all  200                                                                                          750
   * Dated back         100 at the 200 of the 2nd would have bought 0.5; it is quoted only
   *
   * Gains are of four sales: Apple directly, Apple by the rebalance, both by the redemption.
   * Ben: 100 + 51.15 + 5 − 1.15 = 155, the fee back 156.15, 0.85 as a reward 157; 155 and 2 leave nothing.
   * His transactions: failed, settled and expired deposit, transfer, adjustment, fee, its reversal, reward, withdrawal: 9.
   */
  test('come out as they say, line by line', async () => {
    expect(claimsIn(USE_CASES).length).toBeGreaterThan(100);
    expect(await run(USE_CASES)).toEqual(claimsIn(USE_CASES));
  }, 60_000);
});

describe('the example of the README', () => {
  let orm: MikroORM;
  beforeEach(async () => {
    orm = await openDatabase({ kind: 'server', url: fork.serviceUrl });
    return () => orm.close(true);
  });

  test('buys, in the seeded market', async () => {
    await orm.seeder.seed(MarketSeeder, PortfolioSeeder);
    const outcome = `
      bought.type; // => basket_investment
      bought.amount; // => 50
      await orm.close();`;
    expect((await run(README + outcome)).map(({ value }) => value)).toEqual(['basket_investment', '50']);
  }, 60_000);
});

describe('the examples for production', () => {
  test('settle a deposit whatever happens, and read from a replica, or from the writer where there is none', async () => {
    const outcome = `
      settled.transaction.status; // => posted
      everything.tables.transactions?.map(({ status }) => status); // => posted
      await orm.close();`;
    expect(PRODUCTION_USE).toHaveLength(2);
    const outcomes = await run([GIVEN, ...PRODUCTION_USE, outcome].join('\n'));
    expect(outcomes.map(({ value }) => value)).toEqual(['posted', 'posted']);
  }, 60_000);
});
