import { existsSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundledPrices, readPrices } from '../../../seeders/demo/prices.js';
import { monthly, monthsToReplay, Replay } from '../../../seeders/demo/replay.js';
import { Decimal, type EntityManager, inspectDatabase, migrateUp, openDatabase } from '../../../src/index.js';
import {
  type ForkedDatabase,
  forkDatabase,
  prepareTemplate,
  startTestServer,
  type TestServer,
} from '../../../src/testing/index.js';
import { catalogueOf } from './catalogue.js';

/** The oldest version that is promised to work, where Debian puts it. */
const BINARIES = '/usr/lib/postgresql/15/bin';

describe.skipIf(!existsSync(BINARIES))('on PostgreSQL 15, where it is installed', () => {
  let server: TestServer;
  let database: ForkedDatabase;
  let orm: MikroORM;

  beforeAll(async () => {
    server = await startTestServer({ binaries: BINARIES });
    const migrate = async (url: string) => {
      const migrating = await openDatabase({ kind: 'server', url }, { quiet: true });
      await migrateUp(migrating).finally(() => migrating.close());
    };
    database = await forkDatabase(server, await prepareTemplate(server, { migrate }));
    orm = await openDatabase({ kind: 'server', url: database.ownerUrl }, { quiet: true });
  }, 60_000);

  afterAll(async () => {
    await orm?.close();
    await server?.stop();
  });

  test('the migrations make exactly what the entities say, and make it again after going down', async () => {
    expect(server.version).toMatch(/^15\./);
    const owner = await new pg.Client({ connectionString: database.ownerUrl }).connect();
    const first = await catalogueOf(owner);
    await orm.migrator.down({ to: 0 });
    await migrateUp(orm);
    expect(await catalogueOf(owner)).toEqual(first);
    await owner.end();
    expect(await inspectDatabase(orm)).toEqual({ pending: [], edited: [], drift: [], routines: [], rights: [] });
  }, 60_000);

  test('the services do there what they do anywhere', async () => {
    const service = await openDatabase({ kind: 'server', url: database.serviceUrl }, { quiet: true });
    const prices = monthly(await readPrices(bundledPrices()));
    const plan = { monthly: new Decimal(100), fee: new Decimal('0.5') };
    const months = monthsToReplay(prices, '2000-01', '2000-03');
    const statement = await new Replay(service.em as EntityManager, plan, months, prices).run(() => undefined);
    await service.close();
    expect(statement.value.toFixed()).toBe('325.43489102');
    expect(statement.assets.map(({ code, units }) => [code, units.toFixed()])).toEqual([
      ['AAPL', '3.07148789'],
      ['AMZN', '0.8942055'],
      ['IBM', '0.75194725'],
      ['MSFT', '1.88470583'],
    ]);
    expect(statement.invariants.filter(({ violations }) => violations > 0)).toEqual([]);
  }, 60_000);
});
