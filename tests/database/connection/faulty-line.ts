import type { MikroORM } from '@mikro-orm/sql';
import type pg from 'pg';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { asUser, type EntityManager, newId, openDatabase, type ServerTarget, User } from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';
import { WireProxy } from '../../support/wire-proxy.js';

/** A suite's database at the end of a line that fails as the test wishes, and somebody who writes notes there. */
export function useFaultyLine() {
  const database = useDatabase();
  const opened: MikroORM[] = [];
  let proxy: WireProxy;
  let ann: User;

  beforeAll(async () => {
    ann = new User('ann@example.com');
    await asUser(database.orm.em, ann.id, async em => {
      em.persist(ann);
    });
  });
  beforeEach(async () => {
    proxy = await WireProxy.listen(database.fork.serviceUrl);
  });
  afterEach(async () => {
    proxy.clear();
    await Promise.all(opened.splice(0).map(orm => orm.close(true)));
    await proxy.close();
  });

  /** An ORM of its own, signed in as a service by way of the line. */
  const open = async (more: Partial<ServerTarget> = {}): Promise<MikroORM> => {
    const url = proxy.through(database.fork.serviceUrl);
    const orm = await openDatabase({ kind: 'server', url, ...more } as ServerTarget);
    opened.push(orm);
    return orm;
  };

  const write = (em: EntityManager, type = 'note.written'): Promise<unknown> =>
    em.execute(`insert into outbox_events (user_id, id, type, payload, occurred_at) values (?, ?, ?, '{}', now())`, [
      ann.id,
      newId(),
      type,
    ]);

  const superuser = async (sql: string, values: unknown[] = []): Promise<pg.QueryResultRow[]> =>
    (await (await database.superuser()).query(sql, values)).rows;

  return {
    database,
    open,
    write,
    superuser,
    get proxy() {
      return proxy;
    },
    get annId() {
      return ann.id;
    },
    /** As Ann, in one transaction. */
    asAnn: <T>(orm: MikroORM, work: (em: EntityManager) => Promise<T>): Promise<T> => asUser(orm.em, ann.id, work),
    notes: async (): Promise<number> => (await superuser('select count(*)::int as n from outbox_events'))[0]!.n,
    pool: async (orm: MikroORM) => (await orm.em.getConnection().getNativeClient()) as pg.Pool,
  };
}

/** The number of the server's process that serves this transaction. */
export async function pidOf(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
  return row!.pid;
}

export async function thrownBy(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
