import type { AbstractSqlConnection, SqlEntityManager } from '@mikro-orm/sql';
import pg from 'pg';
import { DatabaseClient } from './client.js';

/** When the connections of a pool were last dropped, on the clock of `performance.now()`. */
const droppedAt = new WeakMap<pg.Pool, number>();

/** The pool of a server; an embedded database has none. */
export async function poolOf(connection: AbstractSqlConnection): Promise<pg.Pool | undefined> {
  const native: unknown = await connection.getNativeClient();
  return native instanceof pg.Pool ? native : undefined;
}

/** A connection that was dropped while it was in use is closed when its work is done. */
export function closeDropped(pool: pg.Pool): void {
  pool.on('release', (_error, client) => {
    // A pool does not keep a client that is ending.
    if (client instanceof DatabaseClient && client.madeAt <= (droppedAt.get(pool) ?? 0)) void client.end();
  });
}

/**
 * Closes the connections to the writer: idle ones at once, those in use when their work is done. Whoever comes next connects
 * anew, and so follows a name that leads to another server now. Does nothing to an embedded database.
 * @param orm or anything with an EntityManager of it.
 */
export async function dropConnections(orm: { readonly em: SqlEntityManager }): Promise<void> {
  const pool = await poolOf(orm.em.getConnection('write'));
  if (!pool) return;
  droppedAt.set(pool, performance.now());
  // Taken out all at once; one that died meanwhile is gone by itself.
  const idle = await Promise.allSettled(Array.from({ length: pool.idleCount }, () => pool.connect()));
  for (const taken of idle) if (taken.status === 'fulfilled') taken.value.release(true);
}
