import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { openDatabase } from '../../src/index.js';
import { type ForkedDatabase, forkDatabase, type ServerAddress } from '../../src/testing/index.js';
import { pinningReason } from './pinning.js';
import { WireProxy } from './wire-proxy.js';

/** A suite's own migrated database on PostgreSQL, from `beforeAll` to `afterAll`. */
export interface SuiteDatabase {
  /** Signed in as a service is, by way of a proxy that hears what it says. */
  readonly orm: MikroORM;
  readonly fork: ForkedDatabase;
  /** What the ORM has said that pins a session: nothing, when the suite ends. */
  readonly pinned: Set<string>;
  /** Plain connections, for what the ORM cannot do: as a service, as the owner of the tables, as the superuser. */
  service(): Promise<pg.Client>;
  owner(): Promise<pg.Client>;
  superuser(): Promise<pg.Client>;
}

type MigratedServer = ServerAddress & { template: string };

/**
 * Call it at the top of a file or of a `describe`. Whatever the suite is about, it fails when the ORM has sent anything that
 * pins a session behind RDS Proxy or breaks behind PgBouncer.
 * @param wanted `on`: another server than the one that all suites share. `direct`: the ORM goes straight to the server, as
 * seeds do, and nobody hears what it says.
 */
export function useDatabase(wanted: { on?: () => MigratedServer; direct?: boolean } = {}): SuiteDatabase {
  const { on, direct } = wanted;
  let fork: ForkedDatabase;
  let proxy: WireProxy;
  let orm: MikroORM;
  const pinned = new Set<string>();
  const clients = new Map<string, Promise<pg.Client>>();

  beforeAll(async () => {
    const server = on?.() ?? inject('postgres');
    fork = await forkDatabase(server, server.template);
    proxy = await WireProxy.listen(fork.serviceUrl, message => {
      const reason = pinningReason(message);
      if (reason) pinned.add(reason);
    });
    orm = await openDatabase(
      direct
        ? { kind: 'server', url: fork.serviceUrl, profile: 'migrator' }
        : { kind: 'server', url: proxy.through(fork.serviceUrl), profile: 'proxy' },
    );
  });

  afterAll(async () => {
    await Promise.allSettled([...clients.values()].map(async client => (await client).end()));
    await orm?.close(true);
    await proxy?.close();
    // A server of the suite's own may be down by now, and takes its databases along.
    if (!on) await fork?.drop();
    expect([...pinned], 'what pins a session behind a proxy').toEqual([]);
  });

  const clientOf = (url: string): Promise<pg.Client> => {
    const known = clients.get(url);
    if (known) return known;
    // A suite may end its server: whoever asks next gets a new connection.
    const client = new pg.Client({ connectionString: url }).on('error', () => clients.delete(url));
    const connecting = client.connect();
    clients.set(url, connecting);
    connecting.catch(() => clients.delete(url));
    return connecting;
  };

  return {
    get orm() {
      return orm;
    },
    get fork() {
      return fork;
    },
    pinned,
    service: () => clientOf(fork.serviceUrl),
    owner: () => clientOf(fork.ownerUrl),
    superuser: () => clientOf(fork.superuserUrl),
  };
}
