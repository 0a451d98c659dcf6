import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { EmbeddedDatabaseInUseError } from '../errors.js';

/**
 * A claim on a data directory that the operating system gives up with the process, however that ends. PGlite itself takes
 * no lock, and a second process on the same directory would damage it. An exclusive SQLite transaction on a file beside
 * the directory is such a claim on every platform; nothing is ever written to the file.
 */
export class DirectoryClaim {
  private readonly file: DatabaseSync;

  constructor(dataDir: string) {
    mkdirSync(dirname(dataDir), { recursive: true });
    this.file = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(`${dataDir}.lock`);
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

/**
 * Deletes an embedded database, so that it starts over empty.
 * @throws {EmbeddedDatabaseInUseError} while a process has it open; nothing is deleted then.
 */
export function resetEmbedded(dataDir: string): void {
  const claim = new DirectoryClaim(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  claim.release();
}
