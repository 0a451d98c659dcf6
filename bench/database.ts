import { asUser, migrateUp, newId, openDatabase, User } from '../src/index.js';
import { type ForkedDatabase, forkDatabase, prepareTemplate, startTestServer } from '../src/testing/index.js';

export interface BenchDatabase extends ForkedDatabase {
  /** What the figures were measured on. */
  readonly description: string;
  /** A user with nothing but an account; returns the id. */
  registerSomebody(): Promise<string>;
  close(): Promise<void>;
}

/** A migrated database on a server that is started here, or on that of `TEST_DATABASE_URL`. */
export async function openBenchDatabase(): Promise<BenchDatabase> {
  const server = await startTestServer();
  try {
    const template = await prepareTemplate(server, { migrate });
    const fork = await forkDatabase(server, template);
    return {
      ...fork,
      description: `PostgreSQL ${server.version} (${server.startedHere ? 'started here, fsync off' : 'TEST_DATABASE_URL'}), Node ${process.version}`,
      registerSomebody: () => registerSomebody(fork.serviceUrl),
      close: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function migrate(url: string): Promise<void> {
  const orm = await openDatabase({ kind: 'server', url }, { quiet: true });
  await migrateUp(orm).finally(() => orm.close(true));
}

async function registerSomebody(url: string): Promise<string> {
  const orm = await openDatabase({ kind: 'server', url });
  const userId = newId();
  await asUser(orm.em, userId, async em => {
    em.persist(new User(`${userId}@example.com`, userId));
  }).finally(() => orm.close(true));
  return userId;
}
