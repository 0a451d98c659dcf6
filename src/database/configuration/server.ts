import type { z } from 'zod';
import { iamToken, isSignerInstalled } from './iam.js';
import { type NameOf, type Problem, problemsOf, refuse } from './problems.js';
import { ANSWER_GRACE_MS, type Pool, PROFILES, type Profile, type ProfileName } from './profiles.js';
import type { ServerUrl } from './server-url.js';
import { ServerTarget } from './target.js';
import { CertificateFileError, defaultTlsMode, tlsOptions } from './tls.js';

/** One server to connect to, with nothing left to be decided. */
export interface Server {
  host: string;
  port: number;
  database: string;
  user: string;
  /** A function is asked anew for each connection. */
  password?: string | (() => Promise<string>);
  applicationName: string;
  tls: ReturnType<typeof tlsOptions>;
  profile: ProfileName;
  pool: Pool;
  timeouts: Profile['timeouts'];
}

/**
 * Decides everything that a target leaves open.
 * @throws {ConfigurationError} that names every setting which cannot be used or contradicts another.
 */
export function resolveServer(target: ServerTarget): Resolved {
  const problems: Problem[] = [];
  const resolved = decide(target, path => path, problems);
  refuse(problems);
  return resolved!;
}

/** What is wrong with a target. */
export function examine(target: object, nameOf: NameOf): Problem[] {
  const problems: Problem[] = [];
  decide(target, nameOf, problems);
  return problems;
}

interface Resolved {
  server: Server;
  replicas: Server[];
}

function decide(target: object, nameOf: NameOf, problems: Problem[]): Resolved | undefined {
  const parsed = ServerTarget.safeParse(target, { reportInput: true });
  if (!parsed.success) {
    problems.push(...parsed.error.issues.flatMap(issue => problemsOf(issue, nameOf)));
    return undefined;
  }
  const report: Report = (path, problem) => {
    const setting = nameOf(path);
    // What is wrong for the server is wrong for its replicas, and told once.
    if (!problems.some(known => known.setting === setting && known.problem === problem))
      problems.push({ setting, problem });
  };
  const { url, replicas = [] } = parsed.data;
  return {
    server: resolve(parsed.data, url, 'url', report),
    replicas: replicas.map(replica => resolve(parsed.data, { ...url, ...replica }, 'replicas', report)),
  };
}

type Parsed = z.output<typeof ServerTarget>;
type Report = (path: string, problem: string) => void;

function resolve(target: Parsed, url: ServerUrl, path: string, report: Report): Server {
  const { profile = 'server' } = target;
  const { host, port, user = '', database = '' } = url;
  if (!user) report(path, 'names no user');
  if (!database) report(path, 'names no database');
  return {
    ...{ host, port, database, user, profile },
    password: passwordOf(target, url, path, report),
    applicationName: agreed(target.applicationName, url.applicationName, 'applicationName', report) ?? 'nestegg',
    tls: tlsOf(target, url, report),
    pool: { ...PROFILES[profile].pool, ...given(target.pool) },
    timeouts: timeoutsOf(target, url, profile, report),
  };
}

function passwordOf({ password, auth }: Parsed, url: ServerUrl, path: string, report: Report): Server['password'] {
  if (password && url.password)
    report('password', `is a function, and ${path} has a password too: leave one of them out`);
  if (auth !== 'iam') return password ?? url.password;
  if (password || url.password) report('auth', 'is iam, and there is a password too: leave one of them out');
  if (!isSignerInstalled()) report('auth', 'is iam, which needs a package more: npm install @aws-sdk/rds-signer');
  return iamToken(url.host, url.port, url.user ?? '');
}

function tlsOf({ auth, tls }: Parsed, url: ServerUrl, report: Report): Server['tls'] {
  const asked = agreed(tls?.mode, url.sslmode, 'tls.mode', report);
  const ca = agreed(tls?.ca, url.sslrootcert, 'tls.ca', report);
  const mode = asked ?? (auth === 'iam' || ca ? 'verify-full' : defaultTlsMode(url.host));
  if (auth === 'iam' && mode === 'disable') report('tls.mode', 'is disable, but with iam the server wants TLS');
  if (ca && mode !== 'verify-full') report('tls.ca', `is for verifying the server, which the mode ${mode} does not do`);
  try {
    return tlsOptions(mode, url.host, ca);
  } catch (error) {
    if (!(error instanceof CertificateFileError)) throw error;
    report('tls.ca', error.message);
    return false;
  }
}

const SERVER_SIDE = ['statementMs', 'lockMs', 'transactionIdleMs'] as const;

function timeoutsOf(target: Parsed, url: ServerUrl, profile: ProfileName, report: Report): Server['timeouts'] {
  const { timeouts: defaults, sendsTimeouts } = PROFILES[profile];
  const asked = given(target.timeouts);
  const connectMs = agreed(asked.connectMs, url.connectTimeoutMs, 'timeouts.connectMs', report) ?? defaults.connectMs;
  const timeouts: Server['timeouts'] = { ...defaults, ...asked, connectMs };
  if (!sendsTimeouts)
    for (const name of SERVER_SIDE)
      if (asked[name] !== undefined)
        report(
          `timeouts.${name}`,
          `cannot be sent with the profile ${profile}: set it on the role (alter role … set …)`,
        );
  const { statementMs } = timeouts;
  if (statementMs === undefined) return timeouts;
  timeouts.lockMs ??= Math.ceil(statementMs / 2);
  timeouts.answerMs ??= statementMs && statementMs + ANSWER_GRACE_MS;
  if (timeouts.answerMs && (statementMs === 0 || timeouts.answerMs <= statementMs))
    report('timeouts.answerMs', 'is not longer than a statement may take: nobody would be there for its answer');
  return timeouts;
}

/** One value that may be set in two places, which then have to say the same. */
function agreed<T>(setting: T | undefined, inUrl: T | undefined, path: string, report: Report): T | undefined {
  if (setting !== undefined && inUrl !== undefined && setting !== inUrl)
    report(path, 'says something else than a parameter of the URL: leave one of them out');
  return setting ?? inUrl;
}

const given = <T extends object>(some: T | undefined): Partial<T> =>
  Object.fromEntries(Object.entries(some ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
