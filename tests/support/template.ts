import { migrateUp, openDatabase } from '../../src/index.js';
import { prepareTemplate, type ServerAddress } from '../../src/testing/index.js';

/** A migrated database that the suites on a server are given copies of; returns its name. */
export const migratedTemplate = (server: ServerAddress): Promise<string> =>
  prepareTemplate(server, {
    async migrate(url) {
      const orm = await openDatabase({ kind: 'server', url }, { quiet: true });
      await migrateUp(orm).finally(() => orm.close(true));
    },
  });
