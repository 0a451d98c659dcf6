import { fileURLToPath } from 'node:url';
import type { MetadataStorage } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SeedManager } from '@mikro-orm/seeder';
import type { Options } from '@mikro-orm/sql';
import { isDecimalType, NotFoundError } from '../shared/index.js';
import { DatabaseClient } from './client.js';
import { ColumnComments } from './column-comments.js';
import { DocumentedMetadataProvider } from './documented-metadata.js';
import { EmbeddedDriver } from './embedded.js';
import { MetadataCache } from './metadata-cache.js';
import { SingleRunnerMigrator } from './migrator.js';
import { closeDropped } from './pool.js';
import { PROFILES } from './profiles.js';
import { resolveServer, type Server } from './server.js';
import { ContextGuard } from './session.js';
import type { DatabaseTarget } from './target.js';

const folder = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface OrmSettings {
  /** No lines about migrations as they run. */
  quiet?: boolean;
}

/** Everything MikroORM needs to know, for a database and the application's entities. */
export function ormOptions(
  target: DatabaseTarget,
  entities: Options['entities'],
  { quiet = false }: OrmSettings = {},
): Options {
  return {
    entities,
    entitiesTs: entities,
    ...connectionOptions(target),
    subscribers: [new ContextGuard()],
    extensions: [ColumnComments, SingleRunnerMigrator, SeedManager],
    metadataProvider: DocumentedMetadataProvider,
    metadataCache: { adapter: MetadataCache, options: { cacheDir: folder('node_modules/.cache/nestegg-metadata') } },
    discovery: { afterDiscovered: refuseNaN },
    // A database that is missing is an error of the set-up, not something to create on the way.
    ensureDatabase: false,
    // What is absent is undefined, as the types say, never null.
    forceUndefined: true,
    // MikroORM's own error would carry what was asked for.
    findOneOrFailHandler: entityName => new NotFoundError(entityName.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase()),
    // A batched update of several versioned entities does not check their versions, and loses updates.
    useBatchUpdates: false,
    preferReadReplicas: false,
    // Functions, triggers and grants are written by hand, in migrations.
    schemaGenerator: { ignoreTriggers: true, ignoreRoutines: true },
    migrations: {
      path: folder('migrations'),
      pathTs: folder('migrations'),
      glob: '!(*.d).{js,ts}',
      allOrNothing: false,
      snapshotName: '.snapshot',
      snapshotOnMigrate: false,
      safe: true,
      silent: quiet,
    },
    seeder: { path: folder('seeders'), pathTs: folder('seeders'), defaultSeeder: 'DatabaseSeeder' },
  };
}

function connectionOptions(target: DatabaseTarget): Options {
  if (target.kind === 'embedded') return { driver: EmbeddedDriver, dbName: target.dataDir } as Options;
  const { server, replicas } = resolveServer(target);
  return {
    driver: PostgreSqlDriver,
    ...serverOptions(server),
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

/** PostgreSQL takes NaN for a number greater than all others, so `amount > 0` alone lets it in. */
function refuseNaN(storage: MetadataStorage): void {
  for (const meta of storage) {
    for (const { customType, fieldNames } of meta.props) {
      if (!isDecimalType(customType)) continue;
      const [column] = fieldNames;
      meta.checks.push({ name: `${meta.tableName}_${column}_not_nan`, expression: `${column} <> 'NaN'` });
    }
  }
}
