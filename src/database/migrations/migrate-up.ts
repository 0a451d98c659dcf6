import type { MikroORM } from '@mikro-orm/sql';

/** Applies what is pending and returns the names of the files that ran, in order. */
export async function migrateUp(orm: MikroORM): Promise<string[]> {
  const done = await orm.migrator.up();
  return done.map(migration => migration.name);
}
