import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '@mikro-orm/core';
import { type Migration, MigrationRunner } from '@mikro-orm/migrations';

/** How long a statement of a migration may wait for a lock. Everybody who comes after it waits as long. */
const LOCK_TIMEOUT = '1s';
const ATTEMPTS = 20;
/** The longest pause between attempts, in milliseconds; each is drawn anew ("full jitter"). */
const PAUSE_MS = 1_000;

const isLockTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === '55P03';

/**
 * Runs a file so that it never stands in the way of others for long: it gives up waiting for a lock after a second,
 * undoes what it did, lets those behind it pass, and tries again.
 */
export class PatientMigrationRunner extends MigrationRunner {
  override async run(
    migration: Migration,
    method: 'up' | 'down',
    afterRun?: (tx?: Transaction) => Promise<void>,
  ): Promise<void> {
    if (!migration.isTransactional()) return super.run(migration, method, afterRun);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.runOnce(migration, method, afterRun);
      } catch (error) {
        if (!isLockTimeout(error) || attempt === ATTEMPTS) throw error;
        await sleep(Math.random() * PAUSE_MS);
      }
    }
  }

  private async runOnce(...args: Parameters<MigrationRunner['run']>): Promise<void> {
    await this.driver.getConnection().transactional(async transaction => {
      await this.driver.execute(`set local lock_timeout = '${LOCK_TIMEOUT}'`, [], 'run', transaction);
      this.setMasterMigration(transaction);
      try {
        await super.run(...args);
      } finally {
        this.unsetMasterMigration();
      }
    });
  }
}
