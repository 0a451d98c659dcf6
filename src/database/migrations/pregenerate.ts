import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/core';
import { FileCacheAdapter } from '@mikro-orm/core/fs-utils';
import type { Options } from '@mikro-orm/sql';
import { ormOptions } from '../options.js';

/**
 * What MikroORM reads from the sources of the entities, as JSON for `openDatabase`'s `metadata`: made when the application is
 * built, from the same commit that runs.
 */
export async function pregenerateMetadata(entities: Options['entities']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nestegg-metadata-'));
  try {
    const options = await ormOptions({ kind: 'server', url: 'postgresql://nobody@localhost/none' }, entities);
    const combined = join(folder, 'combined.json');
    // In a folder of its own: what is found in a cache is not written again.
    const metadataCache = { enabled: true, adapter: FileCacheAdapter, options: { cacheDir: folder, combined } };
    const orm = await MikroORM.init({ ...options, metadataCache } as never);
    await orm.close();
    return readFileSync(combined, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
