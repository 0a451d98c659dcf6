import type { MikroORM as AnyOrm, MigrateOptions, MigrationInfo } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/sql';
import { EmbeddedDriver } from './embedded.js';

/**
 * MikroORM's migrator, but one runner at a time: others wait, then find nothing left to do.
 * The lock lives in a transaction of its own, so it ends with its connection and covers files that run outside of one.
 */
export class SingleRunnerMigrator extends Migrator {
  // MikroORM registers its own over every extension that is not called this.
  static {
    Object.defineProperty(SingleRunnerMigrator, 'name', { value: 'Migrator' });
  }

  static override register(orm: AnyOrm): void {
    orm.config.registerExtension('@mikro-orm/migrator', () => new SingleRunnerMigrator((orm as MikroORM).em));
  }

  protected override async runMigrations(
    method: 'up' | 'down',
    options?: string | string[] | MigrateOptions,
  ): Promise<MigrationInfo[]> {
    // The embedded database has one connection and one process: a second transaction would wait for itself.
    if (this.driver instanceof EmbeddedDriver) return super.runMigrations(method, options);
    const connection = this.driver.getConnection();
    return connection.transactional(async lock => {
      await connection.execute('set local idle_in_transaction_session_timeout = 0', [], 'run', lock);
      await connection.execute(`select pg_advisory_xact_lock(hashtext('nestegg.migrations'))`, [], 'run', lock);
      return super.runMigrations(method, options);
    });
  }
}

/** Applies what is pending and returns the names of the files that ran, in order. */
export async function migrateUp(orm: MikroORM): Promise<string[]> {
  const done = await orm.migrator.up();
  return done.map(migration => migration.name);
}
