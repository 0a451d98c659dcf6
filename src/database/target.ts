import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from './errors.js';

/** Which database to open: a server, or one embedded in the process and kept in a directory (`memory://` keeps nothing). */
export type DatabaseTarget = { kind: 'server'; url: string } | { kind: 'embedded'; dataDir: string };

export const DEFAULT_DATA_DIR = '.nestegg/database';

/** Reads `.env` of the working directory, if there is one; what the environment sets already stays. */
export function loadDotEnv(file = '.env'): void {
  if (existsSync(file)) process.loadEnvFile(file);
}

/**
 * The server in `DATABASE_URL`, or else the embedded database in `NESTEGG_DATA_DIR` (default `.nestegg/database`).
 * @throws {ConfigurationError} when `DATABASE_URL` is not a PostgreSQL URL or has parameters that would be ignored.
 */
export function targetFromEnvironment(env: NodeJS.ProcessEnv = process.env): DatabaseTarget {
  if (!env.DATABASE_URL) return { kind: 'embedded', dataDir: resolve(env.NESTEGG_DATA_DIR || DEFAULT_DATA_DIR) };
  parseServerUrl(env.DATABASE_URL);
  return { kind: 'server', url: env.DATABASE_URL };
}

export interface ServerOptions {
  clientUrl: string;
  ssl?: boolean | { rejectUnauthorized: false };
  applicationName: string;
}

/** What a server URL asks for. The driver ignores its parameters, so those known are honoured here and others refused. */
export function parseServerUrl(text: string): ServerOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.pathname.length < 2) {
    throw new ConfigurationError('DATABASE_URL', 'must look like postgresql://user:password@host:5432/database.');
  }
  const { sslmode, application_name: applicationName = 'nestegg', ...unknown } = Object.fromEntries(url.searchParams);
  const [stranger] = Object.keys(unknown);
  if (stranger)
    throw new ConfigurationError(
      'DATABASE_URL',
      `has the parameter ${stranger}; only sslmode and application_name are known.`,
    );
  url.search = '';
  return { clientUrl: url.href, ssl: sslOf(sslmode), applicationName };
}

function sslOf(mode: string | undefined): ServerOptions['ssl'] {
  switch (mode) {
    case undefined:
    case 'disable':
      return undefined;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-full':
      return true;
    default:
      throw new ConfigurationError('DATABASE_URL', 'has an sslmode that is not disable, require or verify-full.');
  }
}
