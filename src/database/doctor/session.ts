import { TLSSocket } from 'node:tls';
import { ROLES } from '../../shared/index.js';
import { type Check, isNear, MIGRATE, note, ok, one, problem, type Session } from './check.js';

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

async function tls({ client, settings: { host } }: Session): Promise<Check[]> {
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
  if (stream.authorized) return [ok('tls', `Encrypted with ${version}, and the server proved to be ${host}.`)];
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

async function roles({ client, settings: { user } }: Session): Promise<Check[]> {
  const names = Object.values(ROLES);
  // From 16 on, being a member and being allowed to act as the role are two things.
  const { rows } = await client.query<{ name: string; exists: boolean; granted: boolean | null }>(
    `select name, to_regrole(name) is not null as exists, pg_has_role(to_regrole(name),
       case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as granted
     from unnest($1::text[]) as name`,
    [names],
  );
  if (rows.some(({ exists }) => !exists)) return [problem('roles', 'The roles of Nestegg are not there.', MIGRATE)];
  const missing = rows.filter(({ granted }) => !granted).map(({ name }) => name);
  const checks = [
    missing.length === 0
      ? ok('roles', `${user} may act as ${names.join(', ')}.`)
      : problem(
          'roles',
          `${user} may not act as ${missing.join(', ')}.`,
          `As the owner or an administrator: grant ${missing.join(', ')} to ${user}.`,
        ),
  ];
  const login = await one<{ superuser: boolean; bypasses: boolean }>(
    client,
    'select rolsuper as superuser, rolbypassrls as bypasses from pg_roles where rolname = current_user',
  );
  if (login.superuser || login.bypasses)
    checks.push(
      problem(
        'roles',
        `${user} is ${login.superuser ? 'a superuser' : 'exempt from row-level security'}: no rule of the database holds it.`,
        OTHER_LOGIN,
      ),
    );
  return checks;
}

const OTHER_LOGIN = `Let the application sign in as somebody who has no rights but these: create role my_app login noinherit; grant ${Object.values(ROLES).join(', ')} to my_app.`;

async function books({ client, settings: { user } }: Session): Promise<Check[]> {
  const { owner, mine, writable } = await one<{ owner: string | null; mine: boolean; writable: string[] }>(
    client,
    `select max(pg_get_userbyid(relowner)) as owner, bool_or(pg_has_role(relowner, 'MEMBER')) as mine,
       coalesce(array_agg(relname::text order by relname)
         filter (where has_table_privilege(oid, 'insert, update, delete, truncate')), '{}') as writable
     from pg_class where oid in (to_regclass('ledger_accounts'), to_regclass('ledger_entries'),
       to_regclass('transactions'), to_regclass('transaction_fees'))`,
  );
  if (!owner) return [problem('books', 'There are no books yet.', MIGRATE)];
  if (mine) {
    const who = user === owner ? `${user} owns` : `${user} may become ${owner}, who owns`;
    return [problem('books', `${who} the books and may write anything.`, OTHER_LOGIN)];
  }
  if (writable.length > 0) return [problem('books', `${user} may write ${writable.join(', ')} directly.`, OTHER_LOGIN)];
  return [ok('books', `${user} writes the books through nestegg_post alone.`)];
}

interface Limits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** What the profile for a server itself sends; behind a pooler they belong to the role. */
const RECOMMENDED: Record<keyof Limits, string> = {
  statement_timeout: '10s',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '15s',
};

async function timeouts({ client, settings }: Session): Promise<Check[]> {
  const { user, query_timeout: answerMs = 0 } = settings;
  const { rows } = await client.query<{ name: keyof Limits; ms: number }>(
    'select name, setting::int as ms from pg_settings where name = any($1)',
    [Object.keys(RECOMMENDED)],
  );
  const checks = rows
    .filter(({ ms }) => ms === 0)
    .map(({ name }) => {
      const next = `As an administrator: alter role ${user} set ${name} = '${RECOMMENDED[name]}'.`;
      // A statement that waits for a lock is ended by its own limit.
      return name === 'lock_timeout'
        ? note('timeouts', 'Nobody stops waiting for a lock before the statement ends.', next)
        : problem('timeouts', `There is no ${name}: what hangs keeps its locks for ever.`, next);
    });
  const statementMs = rows.find(({ name }) => name === 'statement_timeout')?.ms ?? 0;
  if (answerMs > 0 && statementMs >= answerMs)
    checks.push(
      problem(
        'timeouts',
        `A statement may take ${statementMs} ms, but this side gives the connection up after ${answerMs} ms.`,
        'Raise DATABASE_ANSWER_TIMEOUT_MS, or lower the statement_timeout of the role.',
      ),
    );
  if (checks.length > 0) return checks;
  return [ok('timeouts', `${rows.map(({ name, ms }) => `${name} ${ms} ms`).join(', ')}.`)];
}

async function pool({ client, settings: { max } }: Session): Promise<Check[]> {
  const { limit, used } = await one<{ limit: number; used: number }>(
    client,
    `select least(
       (select sum(case name when 'max_connections' then setting::int else -setting::int end)::int from pg_settings
        where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')),
       (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
       (select nullif(datconnlimit, -1) from pg_database where datname = current_database())) as limit,
       (select count(*)::int from pg_stat_activity where coalesce(backend_type, 'client backend') = 'client backend') as used`,
  );
  const message = `A process opens up to ${max} connections; the server takes ${limit} of them, and has ${used} of all now.`;
  if (max <= limit) return [ok('pool', `${message} ${Math.floor(limit / max)} such processes fit.`)];
  return [problem('pool', message, 'Lower DATABASE_POOL_MAX, or raise max_connections or the limit of the login.')];
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
