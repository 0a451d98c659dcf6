import { FileCacheAdapter } from '@mikro-orm/core/fs-utils';

/**
 * What MikroORM has read from the sources of the entities. Processes that start together write it together: one that meets a
 * file half written reads the source instead.
 */
export class MetadataCache extends FileCacheAdapter {
  override get(name: string, origin?: string): ReturnType<FileCacheAdapter['get']> {
    try {
      return super.get(name, origin);
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
}
