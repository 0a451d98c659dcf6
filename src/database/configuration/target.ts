import { z } from 'zod';
import { type Pool, PROFILES, type ProfileName, type Timeouts } from './profiles.js';
import { serverUrl } from './server-url.js';
import { TLS_MODES } from './tls.js';

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
