import { z } from 'zod';
import { ConfigurationError } from './errors.js';
import { iamToken, isSignerInstalled } from './iam.js';
import { ANSWER_GRACE_MS, type Pool, PROFILES, type Profile, type ProfileName, type Timeouts } from './profiles.js';
import { type ServerUrl, serverUrl } from './server-url.js';
import { CertificateFileError, defaultTlsMode, TLS_MODES, tlsOptions } from './tls.js';

const DAY_MS = 86_400_000;

const whole = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const oneOf = <const T extends string>(names: readonly T[]) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` });
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max, { error: `must be text of at most ${max} characters` });
const password = z.custom<() => Promise<string>>(value => typeof value === 'function', {
  error: 'must be a function that promises the password; a password that is text belongs into the url',
});

/** A server, and how to speak to it. Only the URL must be there; the profile decides what is left out. */
export const ServerTarget = z.strictObject({
  kind: z.literal('server'),
  /** `postgresql://user:password@host:5432/database`; parameters it may have: see {@link serverUrl}. */
  url: serverUrl,
  /** Where this runs and what stands between: {@link PROFILES}. Default `server`. */
  profile: oneOf(Object.keys(PROFILES) as ProfileName[]).optional(),
  /** Asked for the password of each new connection, so that it may change; instead of one in the URL. */
  password: password.optional(),
  /** `iam` signs in to Amazon RDS with AWS credentials, without a password. Default `password`. */
  auth: oneOf(['password', 'iam']).optional(),
  /** What the server's lists of sessions call this application. Default `nestegg`. */
  applicationName: text(63).optional(),
  tls: z
    .strictObject({
      /** Default: `disable` on this machine, `verify-full` for every other host and for `iam`. */
      mode: oneOf(TLS_MODES).optional(),
      /** `system`, `rds`, or the path of a PEM file. Default: `rds` for hosts of Amazon RDS, `system` for others. */
      ca: text(1_000).optional(),
    })
    .optional(),
  pool: z
    .strictObject({
      max: whole(1, 1_000).optional(),
      idleMs: whole(0, DAY_MS).optional(),
      lifetimeMs: whole(0, DAY_MS).optional(),
    } satisfies Record<keyof Pool, unknown>)
    .optional(),
  timeouts: z
    .strictObject({
      connectMs: whole(1, 600_000).optional(),
      statementMs: whole(0, DAY_MS).optional(),
      lockMs: whole(0, DAY_MS).optional(),
      transactionIdleMs: whole(0, DAY_MS).optional(),
      answerMs: whole(0, DAY_MS).optional(),
    } satisfies Record<keyof Timeouts, unknown>)
    .optional(),
  /** Read replicas. What a URL leaves out (user, password, database, parameters) is the server's. */
  replicas: z.array(serverUrl).max(15, { error: 'must be at most 15 URLs' }).optional(),
});
export type ServerTarget = z.input<typeof ServerTarget>;

/** Which database to open: a server, or one embedded in the process and kept in a directory (`memory://` keeps nothing). */
export type DatabaseTarget = ServerTarget | { kind: 'embedded'; dataDir: string };

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

/** What is wrong with which setting, named as whoever made it knows it. */
export interface Problem {
  setting: string;
  problem: string;
}

/** How the part of a target at this path (`pool.max`) is called by whoever set it. */
type NameOf = (path: string) => string;

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

/** @throws {ConfigurationError} when there are problems, with all of them. */
export function refuse(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (!first) return;
  if (others.length === 0) throw new ConfigurationError(first.setting, `${first.problem}.`);
  const settings = [...new Set(problems.map(({ setting }) => setting))].join(', ');
  const lines = problems.map(({ setting, problem }) => `- ${setting} ${problem}.`);
  throw new ConfigurationError(settings, `cannot be used:\n${lines.join('\n')}`);
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
  return {
    server: resolve(parsed.data, parsed.data.url, 'url', report),
    replicas: (parsed.data.replicas ?? []).map(url => resolve(parsed.data, url, 'replicas', report)),
  };
}

type Parsed = z.output<typeof ServerTarget>;
type Report = (path: string, problem: string) => void;

function resolve(target: Parsed, url: ServerUrl, path: string, report: Report): Server {
  const { url: writer, profile = 'server', auth = 'password' } = target;
  const user = url.user ?? writer.user ?? '';
  const database = url.database ?? writer.database ?? '';
  if (!user) report(path, 'names no user');
  if (!database) report(path, 'names no database');
  const { host, port } = url;
  return {
    ...{ host, port, database, user, profile },
    password: passwordOf(target, url, user, path, report),
    applicationName: agreed(target.applicationName, url.applicationName, 'applicationName', report) ?? 'nestegg',
    tls: tlsOf(target, url, auth, report),
    pool: { ...PROFILES[profile].pool, ...given(target.pool) },
    timeouts: timeoutsOf(target, url, profile, report),
  };
}

function passwordOf(target: Parsed, url: ServerUrl, user: string, path: string, report: Report): Server['password'] {
  const { password, auth } = target;
  const inUrl = url.password ?? target.url.password;
  if (password && inUrl) report('password', `is a function, and ${path} has a password too: leave one of them out`);
  if (auth !== 'iam') return password ?? inUrl;
  if (password || inUrl) report('auth', 'is iam, and there is a password too: leave one of them out');
  if (!isSignerInstalled()) report('auth', 'is iam, which needs a package more: npm install @aws-sdk/rds-signer');
  return iamToken(url.host, url.port, user);
}

function tlsOf(target: Parsed, url: ServerUrl, auth: string, report: Report): Server['tls'] {
  const asked = agreed(target.tls?.mode, url.sslmode ?? target.url.sslmode, 'tls.mode', report);
  const ca = agreed(target.tls?.ca, url.sslrootcert ?? target.url.sslrootcert, 'tls.ca', report);
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
  const inUrl = url.connectTimeoutMs ?? target.url.connectTimeoutMs;
  const connectMs = agreed(asked.connectMs, inUrl, 'timeouts.connectMs', report) ?? defaults.connectMs;
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

function problemsOf(issue: z.core.$ZodIssue, nameOf: NameOf): Problem[] {
  const path = issue.path.filter(part => typeof part === 'string').join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ setting: [path, key].filter(Boolean).join('.'), problem: 'is no setting' }));
  const setting = nameOf(path);
  if (issue.code === 'custom' && typeof issue.input === 'string' && path !== 'password')
    return [{ setting, problem: issue.message }];
  return [{ setting, problem: `${boundOf(issue) ?? shapeOf(issue.input)}; it ${issue.message}` }];
}

function boundOf(issue: z.core.$ZodIssue): string | undefined {
  if (typeof issue.input !== 'number') return undefined;
  if (issue.code === 'too_small') return `is a number below ${issue.minimum}`;
  if (issue.code === 'too_big') return `is a number above ${issue.maximum}`;
  return 'is a number, but not a whole one';
}

/** What a value looks like, without saying it: it may be a secret in the wrong place. */
export function shapeOf(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return `is a ${Array.isArray(value) ? 'list' : typeof value}`;
  const what = /^\p{L}+$/u.test(value) ? 'letter' : /^\d+$/.test(value) ? 'digit' : 'character';
  return `is ${value.length} ${what}${value.length === 1 ? '' : 's'}`;
}
