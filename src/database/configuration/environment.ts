import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type NameOf, type Problem, refuse, shapeOf } from './problems.js';
import { examine } from './server.js';
import type { DatabaseTarget, ServerTarget } from './target.js';

const DEFAULT_DATA_DIR = '.nestegg/database';

/** Reads `.env` of the working directory, if there is one; what the environment sets already stays. */
export function loadDotEnv(file = '.env'): void {
  if (existsSync(file)) process.loadEnvFile(file);
}

/** The setting for each part of a target; `.env.example` says what they do. */
const SETTINGS = {
  url: 'DATABASE_URL',
  profile: 'DATABASE_PROFILE',
  auth: 'DATABASE_AUTH',
  applicationName: 'DATABASE_APPLICATION_NAME',
  'tls.mode': 'DATABASE_TLS',
  'tls.ca': 'DATABASE_TLS_CA',
  'pool.max': 'DATABASE_POOL_MAX',
  'pool.idleMs': 'DATABASE_POOL_IDLE_MS',
  'pool.lifetimeMs': 'DATABASE_POOL_LIFETIME_MS',
  'timeouts.connectMs': 'DATABASE_CONNECT_TIMEOUT_MS',
  'timeouts.statementMs': 'DATABASE_STATEMENT_TIMEOUT_MS',
  'timeouts.lockMs': 'DATABASE_LOCK_TIMEOUT_MS',
  'timeouts.transactionIdleMs': 'DATABASE_TRANSACTION_IDLE_TIMEOUT_MS',
  'timeouts.answerMs': 'DATABASE_ANSWER_TIMEOUT_MS',
  replicas: 'DATABASE_REPLICA_URLS',
} as const;

/** A URL in parts, for passwords that come from elsewhere. */
const PARTS = {
  host: 'DATABASE_HOST',
  port: 'DATABASE_PORT',
  name: 'DATABASE_NAME',
  user: 'DATABASE_USER',
  password: 'DATABASE_PASSWORD',
} as const;

const MIGRATOR = 'MIGRATOR_DATABASE_URL';

const SERVER_PROFILES = ['server', 'serverless', 'proxy'];

type Environment = NodeJS.ProcessEnv;

/**
 * The server of `DATABASE_URL`, or of `DATABASE_HOST`, `DATABASE_NAME` and so on; without them the embedded database in
 * `NESTEGG_DATA_DIR` (default `.nestegg/database`). A setting that is empty is not set.
 * @throws {ConfigurationError} that names every setting which cannot be used, what its value looks like (never the value)
 * and what is allowed.
 */
export function targetFromEnvironment(env: Environment = process.env): DatabaseTarget {
  const profile = env[SETTINGS.profile];
  const forServer = [...Object.values(SETTINGS), ...Object.values(PARTS)].filter(
    name => env[name] && name !== SETTINGS.profile,
  );
  if (profile === 'embedded' || (!profile && forServer.length === 0)) {
    refuse(forServer.map(setting => ({ setting, problem: 'is for a server, but DATABASE_PROFILE is embedded' })));
    return { kind: 'embedded', dataDir: resolve(env.NESTEGG_DATA_DIR || DEFAULT_DATA_DIR) };
  }
  const { url, problems } = addressOf(env);
  if (profile && !SERVER_PROFILES.includes(profile)) {
    const allowed = ['embedded', ...SERVER_PROFILES].join(', ');
    problems.push({ setting: SETTINGS.profile, problem: `${shapeOf(profile)}; it must be one of ${allowed}` });
  }
  return checked({ ...settingsOf(env), url }, nameOf, problems);
}

/**
 * Where to migrate and to inspect: the server of `MIGRATOR_DATABASE_URL`, which should be the database itself and its owner,
 * or else what the application uses. Never with the application's limits of time: an index takes as long as it takes.
 * @throws {ConfigurationError} as {@link targetFromEnvironment} does.
 */
export function migratorTargetFromEnvironment(env: Environment = process.env): DatabaseTarget {
  const url = env[MIGRATOR];
  const application = url ? settingsOf(env) : targetFromEnvironment(env);
  if (application.kind === 'embedded') return application;
  const { kind, tls, applicationName, timeouts } = application;
  // A login with a password of its own does not sign in as the application does.
  const hasPassword = url && URL.canParse(url) && new URL(url).password;
  return checked(
    {
      ...{ kind, url: url || application.url, profile: 'migrator', tls, applicationName },
      ...(!hasPassword && { auth: application.auth }),
      ...(timeouts?.connectMs !== undefined && { timeouts: { connectMs: timeouts.connectMs } }),
    },
    path => (url && path === 'url' ? MIGRATOR : nameOf(path)),
  );
}

const nameOf: NameOf = path => SETTINGS[path as keyof typeof SETTINGS] ?? path;

/** An address to examine the other settings with, so that all that is wrong is told at once. */
const ANYWHERE = 'postgresql://user@localhost/database';

function checked(target: { url?: string | undefined }, name: NameOf, problems: readonly Problem[] = []): ServerTarget {
  refuse([...problems, ...examine({ ...target, url: target.url ?? ANYWHERE }, name)]);
  return target as ServerTarget;
}

/** The settings that are set, but for the address, where a target has them. */
function settingsOf(env: Environment): ServerTarget {
  const target: Record<string, unknown> = { kind: 'server' };
  for (const [path, name] of Object.entries(SETTINGS)) {
    const text = env[name];
    // The profiles of the environment are fewer than those of the code.
    if (!text || path === 'url' || (path === 'profile' && !SERVER_PROFILES.includes(text))) continue;
    const [group = '', part] = path.split('.');
    target[group] = part ? { ...(target[group] as object), [part]: typed(path, text) } : typed(path, text);
  }
  return target as ServerTarget;
}

function typed(path: string, text: string): unknown {
  if (path === 'replicas') return text.split(/[\s,]+/).filter(Boolean);
  return /(max|Ms)$/.test(path) && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** The URL that is set, or one that is made of its parts. */
function addressOf(env: Environment): { url?: string; problems: Problem[] } {
  const parts = Object.values(PARTS).filter(name => env[name]);
  const url = env[SETTINGS.url];
  if (url)
    return {
      url,
      problems: parts.map(setting => ({
        setting,
        problem: `says again what ${SETTINGS.url} says: leave one of them out`,
      })),
    };
  const missing = [PARTS.host, PARTS.name, PARTS.user].filter(name => !env[name]);
  if (parts.length === 0)
    return { problems: [{ setting: SETTINGS.url, problem: `is missing, and so are ${missing.join(', ')}` }] };
  const problems = missing.map(setting => ({ setting: setting as string, problem: 'is missing' }));
  const [host = '', port = '5432', name = '', user = ''] = Object.values(PARTS).map(part => env[part] || undefined);
  if (host && !/^(\/.*|[\w.-]+|[\da-fA-F:]+)$/.test(host))
    problems.push({ setting: PARTS.host, problem: `${shapeOf(host)}; it must be a name, an address or a directory` });
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535)
    problems.push({ setting: PARTS.port, problem: `${shapeOf(port)}; it must be a whole number from 1 to 65535` });
  if (problems.length > 0) return { problems };
  const login = [user, env[PARTS.password]].filter(text => text !== undefined).map(encodeURIComponent);
  const at = host.includes(':') ? `[${host}]` : encodeURIComponent(host);
  return { url: `postgresql://${login.join(':')}@${at}:${port}/${encodeURIComponent(name)}`, problems };
}
