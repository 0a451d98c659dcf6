import type pg from 'pg';
import { adviceOn } from './advice.js';
import { type Check, type ConnectionSettings, ok, one, problem } from './check.js';

/** Behind by more, a replica shows people a past that they remember differently. */
const LAG_MS_MAX = 10_000;

/** Whether each replica can be reached, is one, and how far it is behind the writer. */
export async function replicaChecks(
  replicas: readonly ConnectionSettings[],
  connect: (settings: ConnectionSettings) => Promise<pg.Client>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const settings of replicas) {
    const name = `replica ${settings.host}:${settings.port}`;
    try {
      const client = await connect(settings);
      checks.push(await lagOf(client, name).finally(() => client.end().catch(() => undefined)));
    } catch (error) {
      const { message, next } = adviceOn(error, settings);
      checks.push(problem(name, message, next));
    }
  }
  return checks;
}

async function lagOf(client: pg.Client, name: string): Promise<Check> {
  // While nothing is written on the writer, the newest that was replayed grows old without being behind.
  const { standby, lag } = await one<{ standby: boolean; lag: number | null }>(
    client,
    `select pg_is_in_recovery() as standby, case
       when not pg_is_in_recovery() then null
       when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
       else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 * 1000
     end as lag`,
  );
  if (!standby)
    return problem(name, 'This is not a replica: it takes writes.', 'Take it out of DATABASE_REPLICA_URLS.');
  if (lag === null) return ok(name, 'A replica that does not tell how far it is behind.');
  const behind = `A replica, ${Math.round(lag)} ms behind the writer.`;
  return lag > LAG_MS_MAX
    ? problem(name, behind, 'Is it too small, or does a long query on it hold it up?')
    : ok(name, behind);
}
