import { PgliteConnection, PgliteDriver } from '@mikro-orm/pglite';
import { DirectoryClaim } from './directory-claim.js';

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
