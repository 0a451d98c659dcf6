import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { MikroORM as AnyOrm, MigrateOptions, MigrationInfo, Transaction } from '@mikro-orm/core';
import { type Migration, MigrationStorage, Migrator } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/sql';
import { EmbeddedDriver } from '../embedded/embedded.js';
import { PatientMigrationRunner } from './migration-runner.js';

/**
 * MikroORM's migrator, but one runner at a time: others wait, then find nothing left to do. It also records what each file
 * said when it ran, so that an edit afterwards is noticed.
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

  /** Executed files that say something else now, or are gone, in order. Those that ran before this was recorded are not known. */
  async edited(): Promise<string[]> {
    await this.init();
    const texts = new Map((await this.discoverMigrations()).map(({ name, path }) => [name, path]));
    const storage = this.getStorage() as HashingStorage;
    const edited: string[] = [];
    for (const { name, hash } of await storage.hashes()) {
      const path = texts.get(name);
      if (!texts.has(name) || (path && hash !== null && hash !== (await hashOfFile(path)))) edited.push(name);
    }
    return edited;
  }

  protected override createRunner(): PatientMigrationRunner {
    return new PatientMigrationRunner(this.driver, this.options, this.config);
  }

  protected override createStorage(): MigrationStorage {
    return new HashingStorage(this.driver, this.options, async name => {
      const found = (await this.discoverMigrations()).find(migration => migration.name === name);
      return found?.path && hashOfFile(found.path);
    });
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
      // Asked for again and again, not waited for: a statement that waits keeps a snapshot, and an index that is built
      // concurrently by the runner ahead would wait for that snapshot to end, for ever.
      const ask = `select pg_try_advisory_xact_lock(hashtext('nestegg.migrations')) as mine`;
      while (!(await connection.execute<{ mine: boolean }>(ask, [], 'get', lock)).mine)
        await sleep(50 + 200 * Math.random());
      return super.runMigrations(method, options);
    });
  }
}

/** The log of executed files, with the hash of what each said, written in the transaction of the file. */
class HashingStorage extends MigrationStorage {
  private ready = false;

  constructor(
    driver: ConstructorParameters<typeof MigrationStorage>[0],
    options: ConstructorParameters<typeof MigrationStorage>[1],
    private readonly hashOf: (name: string) => Promise<string | undefined>,
  ) {
    super(driver, options);
  }

  override async ensureTable(): Promise<void> {
    await super.ensureTable();
    if (this.ready) return;
    const { tableName, schemaName = 'public' } = this.getTableName();
    const found = await this.driver.execute<object[]>(
      `select from information_schema.columns where table_schema = ? and table_name = ? and column_name = 'up_sha256'`,
      [schemaName, tableName],
    );
    if (found.length === 0)
      await this.driver.execute(`alter table ${this.table} add column if not exists up_sha256 varchar(64)`);
    this.ready = true;
  }

  override async logMigration(params: { name: string }, tx?: Transaction): Promise<void> {
    await super.logMigration(params, tx);
    const name = this.getMigrationName(params.name);
    await this.driver.execute(
      `update ${this.table} set up_sha256 = ? where name = ?`,
      [(await this.hashOf(name)) ?? null, name],
      'run',
      tx,
    );
  }

  async hashes(): Promise<{ name: string; hash: string | null }[]> {
    await this.ensureTable();
    return this.driver.execute(`select name, up_sha256 as hash from ${this.table} order by id`);
  }

  private get table(): string {
    const { tableName, schemaName } = this.getTableName();
    return `"${schemaName ?? 'public'}"."${tableName}"`;
  }
}

/** SHA-256 in hex of the statements that a file's `up` adds: layout, comments and the compiler do not matter. */
async function hashOfFile(path: string): Promise<string> {
  const classes = Object.values(
    (await import(pathToFileURL(path).href)) as Record<string, new (...args: unknown[]) => Migration>,
  );
  const Class = classes[0];
  if (!Class) throw new TypeError(`${basename(path)} exports no migration.`);
  // What it asks of the database directly depends on the rows there, and is not asked here.
  const migration = new Class({ execute: async () => [] }, {});
  await migration.up();
  return createHash('sha256').update(migration.getQueries().map(String).join('\n')).digest('hex');
}
