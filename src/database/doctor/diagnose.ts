import { existsSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/sql';
import type pg from 'pg';
import { DatabaseClient } from '../connection/client.js';
import { translateConnectionError } from '../fault.js';
import { adviceOn } from './advice.js';
import { type Check, type ConnectionSettings, ok, one, problem, type Session } from './check.js';
import { migrationChecks } from './migrations.js';
import { replicaChecks } from './replicas.js';
import { SESSION_CHECKS } from './session.js';

export interface Diagnosis {
  /** Whether there is a database that can be connected to. */
  reachable: boolean;
  checks: Check[];
}

export interface DiagnoseOptions {
  /** Signed in as the owner of the tables, who alone sees migrations and drift; not needed where the application is that. */
  owner?: MikroORM;
  /** Looks at all that must always hold: `() => asReader(orm.em, checkInvariants)`. Reads whole tables. */
  invariants?: () => Promise<{ name: string; checked: number; violations: number }[]>;
}

/**
 * Tries the connection of an application out: can the database be reached, is it the right one, and is it set up as the
 * application expects? Uses connections of its own, so that an exhausted pool is not in the way, and changes nothing.
 * What it tells may name hosts, databases and logins, and nothing secret.
 */
export async function diagnose(orm: MikroORM, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const settings = settingsOf(orm);
  return settings ? diagnoseServer(orm, settings, options) : diagnoseEmbedded(orm, options);
}

function settingsOf(orm: MikroORM): ConnectionSettings | undefined {
  const options = orm.config.get('driverOptions') as Partial<ConnectionSettings> | undefined;
  return options?.profile && ({ ...options, max: orm.config.get('pool')?.max ?? 0 } as ConnectionSettings);
}

const replicasOf = (orm: MikroORM): ConnectionSettings[] =>
  (orm.config.get('replicas') ?? []).map(({ driverOptions }) => driverOptions as unknown as ConnectionSettings);

async function diagnoseServer(
  orm: MikroORM,
  settings: ConnectionSettings,
  { owner, invariants }: DiagnoseOptions,
): Promise<Diagnosis> {
  const startedAt = performance.now();
  let client: pg.Client;
  try {
    client = await connect(settings);
  } catch (error) {
    const { message, next } = adviceOn(error, settings);
    return { reachable: false, checks: [problem('reach', message, next)] };
  }
  const ms = Math.round(performance.now() - startedAt);
  const { host, port, user, database, profile } = settings;
  const checks = [ok('reach', `${host}:${port} let ${user} into ${database} in ${ms} ms (profile ${profile}).`)];
  const session: Session = { client, settings };
  try {
    for (const [name, look] of Object.entries(SESSION_CHECKS))
      checks.push(...(await guarded(name, () => look(session))));
    checks.push(...(await replicaChecks(replicasOf(orm), connect)));
    checks.push(
      ...(await guarded('migrations', async () =>
        migrationChecks(owner ?? ((await isOwner(client)) ? orm : undefined)),
      )),
    );
  } finally {
    await client.end().catch(() => undefined);
  }
  checks.push(...(await invariantChecks(invariants)));
  return { reachable: true, checks };
}

async function diagnoseEmbedded(orm: MikroORM, { invariants }: DiagnoseOptions): Promise<Diagnosis> {
  const folder = orm.config.get('dbName') as string;
  if (!folder.startsWith('memory:') && !existsSync(folder)) {
    const next = 'Make it: npx mikro-orm migration:up. To use a server instead, set DATABASE_URL.';
    return { reachable: false, checks: [problem('reach', `There is no embedded database in ${folder} yet.`, next)] };
  }
  const ask = `select current_setting('server_version') as version`;
  const { version } = await orm.em.getConnection().execute<{ version: string }>(ask, [], 'get');
  const checks = [ok('reach', `PostgreSQL ${version} runs inside the process, with its data in ${folder}.`)];
  checks.push(...(await guarded('migrations', () => migrationChecks(orm))), ...(await invariantChecks(invariants)));
  return { reachable: true, checks };
}

async function connect(settings: ConnectionSettings): Promise<pg.Client> {
  const client = new DatabaseClient(settings as pg.ClientConfig);
  // What breaks later is told by the question that was being asked.
  client.on('error', () => undefined);
  return client.connect();
}

const isOwner = async (client: pg.Client): Promise<boolean> =>
  (
    await one<{ mine: boolean }>(
      client,
      `select exists (select from pg_class where oid = to_regclass('users') and pg_has_role(relowner, 'USAGE')) as mine`,
    )
  ).mine;

/** One check that fails does not keep the others from being made. */
async function guarded(name: string, look: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await look();
  } catch (error) {
    const { code, message } = translateConnectionError(error);
    return [problem(name, `This could not be looked at (${code}).`, message)];
  }
}

async function invariantChecks(invariants: DiagnoseOptions['invariants']): Promise<Check[]> {
  if (!invariants) return [];
  return guarded('invariants', async () => {
    const results = await invariants();
    const broken = results.filter(({ violations }) => violations > 0);
    if (broken.length === 0) return [ok('invariants', `All ${results.length} hold.`)];
    const next = 'Stop what writes, and find out before anything else: money may be wrong.';
    return broken.map(({ name, checked, violations }) =>
      problem('invariants', `${violations} of ${checked} break: ${name}.`, next),
    );
  });
}
