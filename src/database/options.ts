import { GeneratedCacheAdapter, MetadataProvider } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { Options } from '@mikro-orm/sql';
import { NotFoundError } from '../shared/index.js';
import { PROFILES } from './configuration/profiles.js';
import { resolveServer, type Server } from './configuration/server.js';
import type { DatabaseTarget, ServerTarget } from './configuration/target.js';
import { DatabaseClient } from './connection/client.js';
import { closeDropped } from './connection/pool.js';
import { ConfigurationError } from './errors.js';
import { ContextGuard } from './session.js';

export interface OrmSettings {
  /** No lines about migrations as they run. */
  quiet?: boolean;
  /**
   * What {@link pregenerateMetadata} has made, parsed. With it nothing reads the sources of the entities and
   * nothing that migrates, seeds or embeds a database is loaded: for production, and for functions that start often.
   */
  metadata?: Record<string, unknown>;
}

/** What holds wherever the application runs. */
export const COMMON: Options = {
  subscribers: [new ContextGuard()],
  // A database that is missing is an error of the set-up, not something to create on the way.
  ensureDatabase: false,
  // What is absent is undefined, as the types say, never null.
  forceUndefined: true,
  // MikroORM's own error would carry what was asked for.
  findOneOrFailHandler: entityName => new NotFoundError(entityName.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase()),
  // A batched update of several versioned entities does not check their versions, and loses updates.
  useBatchUpdates: false,
  preferReadReplicas: false,
};

/**
 * Everything MikroORM needs to know, for a database and the application's entities.
 * @throws {ConfigurationError}
 */
export async function ormOptions(
  target: DatabaseTarget,
  entities: Options['entities'],
  settings: OrmSettings = {},
): Promise<Options> {
  if (!settings.metadata) return (await import('./migrations/tooling.js')).toolOptions(target, entities, settings);
  if (target.kind === 'embedded')
    throw new ConfigurationError('metadata', 'is for servers; the embedded database is for development.');
  return {
    ...COMMON,
    entities,
    ...connectionOptions(target),
    metadataProvider: MetadataProvider,
    metadataCache: { enabled: true, adapter: GeneratedCacheAdapter, options: { data: settings.metadata } },
  } as Options;
}

export function connectionOptions(target: ServerTarget): Options {
  const { server, replicas } = resolveServer(target);
  return {
    driver: PostgreSqlDriver,
    ...serverOptions(server),
    batchSize: PROFILES[server.profile].batchSize,
    ...(replicas.length > 0 && { replicas: replicas.map(serverOptions) }),
  } as Options;
}

/** How MikroORM is told of one server; what it has no option for goes to `pg` as it is. */
function serverOptions({ host, port, user, database, password, pool, timeouts, ...server }: Server) {
  const { sendsTimeouts, exitsWhileIdle } = PROFILES[server.profile];
  return {
    ...{ host, port, user, dbName: database },
    pool: { min: 0, max: pool.max, idleTimeoutMillis: pool.idleMs },
    driverOptions: {
      Client: DatabaseClient,
      onPoolCreated: closeDropped,
      ...{ host, port, user, database },
      ...(password && { password }),
      ssl: server.tls,
      application_name: server.applicationName,
      connectionTimeoutMillis: timeouts.connectMs,
      query_timeout: timeouts.answerMs,
      keepAlive: true,
      maxLifetimeSeconds: pool.lifetimeMs / 1_000,
      allowExitOnIdle: exitsWhileIdle,
      ...(sendsTimeouts && {
        statement_timeout: timeouts.statementMs,
        lock_timeout: timeouts.lockMs,
        idle_in_transaction_session_timeout: timeouts.transactionIdleMs,
      }),
      // For whoever looks at the pool later; pg does not know it.
      profile: server.profile,
    },
  };
}
