import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { openDatabase } from '../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../src/testing/index.js';

/** A suite's own migrated database on PostgreSQL, from `beforeAll` to `afterAll`. */
export interface SuiteDatabase {
  /** Signed in as a service is. */
  readonly orm: MikroORM;
  readonly fork: ForkedDatabase;
  /** Plain connections, for what the ORM cannot do: as a service, as the owner of the tables, as the superuser. */
  service(): Promise<pg.Client>;
  owner(): Promise<pg.Client>;
  superuser(): Promise<pg.Client>;
}

/** Call it at the top of a file or of a `describe`. */
export function useDatabase(): SuiteDatabase {
  let fork: ForkedDatabase;
  let orm: MikroORM;
  const clients = new Map<string, Promise<pg.Client>>();

  beforeAll(async () => {
    const server = inject('postgres');
    fork = await forkDatabase(server, server.template);
    orm = await openDatabase({ kind: 'server', url: fork.serviceUrl });
  });

  afterAll(async () => {
    for (const client of clients.values()) await (await client).end();
    await orm?.close(true);
    await fork?.drop();
  });

  const clientOf = (url: string): Promise<pg.Client> => {
    const client = clients.get(url) ?? new pg.Client({ connectionString: url }).connect();
    clients.set(url, client);
    return client;
  };

  return {
    get orm() {
      return orm;
    },
    get fork() {
      return fork;
    },
    service: () => clientOf(fork.serviceUrl),
    owner: () => clientOf(fork.ownerUrl),
    superuser: () => clientOf(fork.superuserUrl),
  };
}
