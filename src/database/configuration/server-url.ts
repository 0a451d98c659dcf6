import { z } from 'zod';
import { TLS_MODES, type TlsMode } from './tls.js';

/** The parts of a server's URL, decoded. */
export interface ServerUrl {
  host: string;
  port: number;
  database?: string;
  user?: string;
  password?: string;
  sslmode?: TlsMode;
  sslrootcert?: string;
  applicationName?: string;
  connectTimeoutMs?: number;
}

const PARAMETERS = ['sslmode', 'sslrootcert', 'application_name', 'connect_timeout'] as const;
type Parameter = (typeof PARAMETERS)[number];
const isParameter = (name: string): name is Parameter => PARAMETERS.some(known => known === name);

/** A parameter's name, unless it may be the end of a password with a question mark in it. */
const printable = (name: string): string => (/^[a-z_]{1,40}$/.test(name) ? ` ${name}` : '');

/**
 * `postgresql://user:password@host:5432/database`. The driver would ignore its parameters, so those of libpq that are known
 * are honoured here, and others refused: `sslmode` (`disable`, `require`, `verify-full`), `sslrootcert` (`system`, `rds` or
 * a file), `application_name`, and `connect_timeout` in seconds.
 */
export const serverUrl = z.string({ error: 'must be the URL of a server' }).transform((text, context): ServerUrl => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message, input: text });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !url.hostname) {
    refuse('must look like postgresql://user:password@host:5432/database');
    return z.NEVER;
  }
  try {
    return { ...address(url), ...parameters(url, refuse) };
  } catch {
    refuse('has a % that is no escape: in a user or password, write it as %25');
    return z.NEVER;
  }
});

/** @throws {URIError} for a `%` that escapes nothing. */
function address(url: URL): ServerUrl {
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent);
  return {
    // An address of version 6 stands in brackets in a URL, and nowhere else.
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 5432),
    ...(user && { user }),
    ...(password && { password }),
    ...(database && { database }),
  };
}

function parameters(url: URL, refuse: (message: string) => void): Partial<ServerUrl> {
  const given: Partial<Record<Parameter, string>> = {};
  for (const [name, value] of url.searchParams) {
    if (!isParameter(name))
      refuse(`has a parameter${printable(name)} that is not known; known are ${PARAMETERS.join(', ')}`);
    else if (name in given) refuse(`has the parameter ${name} twice`);
    else given[name] = value;
  }
  const { sslmode, sslrootcert, application_name: applicationName, connect_timeout: seconds } = given;
  const mode = TLS_MODES.find(known => known === sslmode);
  if (sslmode !== undefined && !mode) refuse(`has an sslmode that is not ${TLS_MODES.join(', ')}`);
  if (seconds !== undefined && !/^[1-9]\d{0,2}$/.test(seconds))
    refuse('has a connect_timeout that is not a whole number of seconds from 1 to 600');
  return {
    ...(mode && { sslmode: mode }),
    ...(sslrootcert && { sslrootcert }),
    ...(applicationName && { applicationName }),
    ...(seconds && { connectTimeoutMs: Number(seconds) * 1_000 }),
  };
}
