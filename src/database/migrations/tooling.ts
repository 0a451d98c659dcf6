import { fileURLToPath } from 'node:url';
import type { MetadataStorage } from '@mikro-orm/core';
import { SeedManager } from '@mikro-orm/seeder';
import type { Options } from '@mikro-orm/sql';
import { isDecimalType } from '../../shared/index.js';
import type { DatabaseTarget } from '../configuration/target.js';
import { EmbeddedDriver } from '../embedded/embedded.js';
import { COMMON, connectionOptions, type OrmSettings } from '../options.js';
import { ColumnComments } from './column-comments.js';
import { DocumentedMetadataProvider } from './documented-metadata.js';
import { MetadataCache } from './metadata-cache.js';
import { SingleRunnerMigrator } from './migrator.js';

const folder = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** For the command line, development and tests: reads the entities' sources, migrates and seeds, and can be embedded. */
export function toolOptions(
  target: DatabaseTarget,
  entities: Options['entities'],
  { quiet = false }: OrmSettings = {},
): Options {
  return {
    ...COMMON,
    entities,
    entitiesTs: entities,
    ...(target.kind === 'embedded' ? { driver: EmbeddedDriver, dbName: target.dataDir } : connectionOptions(target)),
    extensions: [ColumnComments, SingleRunnerMigrator, SeedManager],
    metadataProvider: DocumentedMetadataProvider,
    metadataCache: { adapter: MetadataCache, options: { cacheDir: folder('node_modules/.cache/nestegg-metadata') } },
    discovery: { afterDiscovered: refuseNaN },
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
  } as Options;
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
