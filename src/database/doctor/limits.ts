import { type Check, note, ok, one, problem, type Session } from './check.js';

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

/** Whether the server ends what hangs, and does so before this side gives up on it. */
export async function timeouts({ client, settings }: Session): Promise<Check[]> {
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

/** Whether the pool of a process fits into what the server takes of this login. */
export async function pool({ client, settings: { max } }: Session): Promise<Check[]> {
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
