import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PgliteConnection, PgliteDriver } from '@mikro-orm/pglite';
import { EmbeddedDatabaseInUseError } from './errors.js';

/**
 * A claim on a data directory that the operating system gives up with the process, however that ends. PGlite itself takes
 * no lock, and a second process on the same directory would damage it. An exclusive SQLite transaction on a file beside
 * the directory is such a claim on every platform; nothing is ever written to the file.
 */
class DirectoryClaim {
  private readonly file: DatabaseSync;

  constructor(dataDir: string) {
    mkdirSync(dirname(dataDir), { recursive: true });
    this.file = new DatabaseSync(`${dataDir}.lock`);
    try {
      this.file.exec('pragma journal_mode = off; begin exclusive');
    } catch (cause) {
      this.file.close();
      throw new EmbeddedDatabaseInUseError(dataDir, { cause });
    }
  }

  release(): void {
    this.file.close();
  }
}

class ClaimingConnection extends PgliteConnection {
  private claim?: DirectoryClaim;

  override createKyselyDialect(overrides: Parameters<PgliteConnection['createKyselyDialect']>[0]) {
    const dataDir = this.config.get('dbName') as string;
    if (!dataDir.startsWith('memory:')) this.claim ??= new DirectoryClaim(dataDir);
    return super.createKyselyDialect(overrides);
  }

  override async close(force?: boolean): Promise<void> {
    await super.close(force);
    this.claim?.release();
    this.claim = undefined;
  }
}

/** PostgreSQL inside the process (PGlite), kept in a directory that one process at a time may open. */
export class EmbeddedDriver extends PgliteDriver {
  protected override readonly connection = new ClaimingConnection(this.config);
}

/**
 * Deletes an embedded database, so that it starts over empty.
 * @throws {EmbeddedDatabaseInUseError} while a process has it open; nothing is deleted then.
 */
export function resetEmbedded(dataDir: string): void {
  const claim = new DirectoryClaim(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  claim.release();
}
