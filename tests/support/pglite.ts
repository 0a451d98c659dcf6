import type { MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll } from 'vitest';
import { migrateUp, openDatabase } from '../../src/index.js';

declare module 'vitest' {
  interface TaskMeta {
    /** What the suite's PGlite calls its version. */
    pglite?: string;
  }
}

/** A suite's own migrated database inside this process, from `beforeAll` to `afterAll`. */
export function usePglite(): { readonly orm: MikroORM } {
  let orm: MikroORM;

  // biome-ignore lint/correctness/noEmptyPattern: the runner wants to see that no fixture is asked for.
  beforeAll(async ({}, suite) => {
    orm = await openDatabase({ kind: 'embedded', dataDir: 'memory://' });
    await migrateUp(orm);
    const [row] = await orm.em.fork().execute<[{ server_version: string }]>('show server_version');
    suite.file.meta.pglite = row.server_version;
  });

  afterAll(() => orm?.close(true));

  return {
    get orm() {
      return orm;
    },
  };
}
