import { randomBytes } from 'node:crypto';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { withClient } from './sql.js';

/** A PostgreSQL server on which tests make databases of their own. */
export interface TestServer {
  /** Connects as a role that may create databases and roles. */
  readonly url: string;
  /** Every database of this run is named `nestegg_test_<runId>_…`. */
  readonly runId: string;
  readonly version: string;
  readonly startedHere: boolean;
  /** Drops the databases of this run, and stops the server if this run started it. */
  stop(): Promise<void>;
}

/**
 * The server named by `TEST_DATABASE_URL`; without it, one that is started here and leaves nothing behind.
 * @param binaries a folder with `initdb` and `postgres`: a server of that version is started, whatever else is set.
 */
export async function startTestServer({ binaries }: { binaries?: string } = {}): Promise<TestServer> {
  const given = binaries ? undefined : process.env.TEST_DATABASE_URL;
  const own = given ? undefined : await startEmbeddedPostgres({ binaries });
  const url = given ?? own!.url;
  const runId = randomBytes(4).toString('hex');
  const version = await withClient(url, async client => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]!.server_version.split(' ')[0]!;
  });
  return { url, runId, version, startedHere: !given, stop: () => own?.stop() ?? dropDatabases(url, runId) };
}

async function dropDatabases(url: string, runId: string): Promise<void> {
  await withClient(url, async client => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [`nestegg_test_${runId}_`],
    );
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  });
}
