import { TLSSocket } from 'node:tls';
import { type Check, isNear, note, ok, one, problem, type Session } from './check.js';
import { pool, timeouts } from './limits.js';
import { books, roles } from './rights.js';

/** The oldest server that is promised to work. */
const OLDEST = 15;
const ROUND_TRIPS = 7;
/** Farther than the same region. */
const FAR_MS = 20;
/** Ids are made from the clock and schedules follow it: a second is more than any network explains. */
const SKEW_MS_MAX = 1_000;

type Look = (session: Session) => Promise<Check[]>;

/** What one connection can see, in the order in which it is told. */
export const SESSION_CHECKS: Record<string, Look> = { tls, server, roles, books, timeouts, pool, network, clock };

async function tls({ client, settings: { host, ssl } }: Session): Promise<Check[]> {
  const { stream } = (client as unknown as { connection: { stream: unknown } }).connection;
  if (!(stream instanceof TLSSocket))
    return isNear(host)
      ? [note('tls', 'Not encrypted, on the same machine.')]
      : [
          problem(
            'tls',
            'Not encrypted: whoever is in between can read and change it.',
            'Set DATABASE_TLS=verify-full.',
          ),
        ];
  const version = stream.getProtocol();
  if (ssl !== false && ssl.rejectUnauthorized)
    return [ok('tls', `Encrypted with ${version}, and the server proved to be ${host}.`)];
  const message = `Encrypted with ${version}, but nobody asked the server to prove who it is.`;
  const next = 'Set DATABASE_TLS=verify-full, and DATABASE_TLS_CA where its authority is not a public one.';
  return [isNear(host) ? note('tls', message, next) : problem('tls', message, next)];
}

async function server({ client, settings: { profile } }: Session): Promise<Check[]> {
  const row = await one<{ number: number; version: string; pid: number; writes: boolean; standby: boolean }>(
    client,
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
       pg_backend_pid() as pid, current_setting('transaction_read_only') = 'off' as writes, pg_is_in_recovery() as standby`,
  );
  const version = `PostgreSQL ${row.version.split(' ')[0]}`;
  const checks = [
    row.number >= OLDEST * 10_000
      ? ok('server', `${version}.`)
      : problem('server', `${version} is older than ${OLDEST}.`, `Upgrade it: nothing older than ${OLDEST} is tested.`),
  ];
  if (!row.writes)
    checks.push(
      row.standby
        ? problem(
            'server',
            'A standby, which takes no writes.',
            'Connect to the writer (Aurora: the cluster endpoint).',
          )
        : problem('server', 'It is set to take no writes.', 'Is it being maintained, or out of disk space?'),
    );
  // A pooler says a number of its own, for the server behind it changes.
  const isPooled = row.pid !== (client as unknown as { processID: number }).processID;
  if (isPooled && profile === 'server')
    checks.push(
      problem(
        'server',
        'A pooler is in between, and the profile is for a server itself.',
        'Set DATABASE_PROFILE=proxy, or serverless.',
      ),
    );
  return checks;
}

async function network({ client }: Session): Promise<Check[]> {
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i += 1) {
    const startedAt = performance.now();
    await client.query('select 1');
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const [fastest, median, slowest] = [times[0], times[ROUND_TRIPS >> 1], times.at(-1)].map(ms => ms!.toFixed(1));
  const message = `${median} ms is the middle of ${ROUND_TRIPS} round trips, from ${fastest} to ${slowest} ms.`;
  if (Number(median) <= FAR_MS) return [ok('round trip', message)];
  return [note('round trip', message, 'Every statement pays it: run the application nearer to the database.')];
}

async function clock({ client }: Session): Promise<Check[]> {
  const sentAt = Date.now();
  const { now } = await one<{ now: number }>(
    client,
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const receivedAt = Date.now();
  const aheadMs = Math.round(now - (sentAt + receivedAt) / 2);
  const uncertainMs = Math.ceil((receivedAt - sentAt) / 2);
  const where = aheadMs < 0 ? 'behind' : 'ahead of';
  const message = `The server is ${Math.abs(aheadMs)} ms ${where} this machine, give or take ${uncertainMs} ms.`;
  if (Math.abs(aheadMs) - uncertainMs <= SKEW_MS_MAX) return [ok('clock', message)];
  return [problem('clock', message, 'Set both clocks by NTP: ids and schedules follow them.')];
}
