import type pg from 'pg';
import type { ProfileName } from '../configuration/profiles.js';
import type { Destination } from './advice.js';

/** One thing that was looked at. */
export interface Check {
  /** What was looked at, such as `tls`. */
  name: string;
  /** `note`: nothing is wrong, or nobody here can see it. */
  verdict: 'ok' | 'note' | 'problem';
  /** In plain words. May name hosts, databases and logins; never a password, a token or data. */
  message: string;
  /** What to do about it. */
  next?: string;
}

/** How one server is connected to: what `pg` is told, and how many connections the pool may have. */
export interface ConnectionSettings extends Destination {
  profile: ProfileName;
  ssl: false | { rejectUnauthorized: boolean };
  query_timeout?: number;
  max: number;
}

/** A connection as the application makes it, and how it was made. */
export interface Session {
  client: pg.Client;
  settings: ConnectionSettings;
}

export const MIGRATE = 'Run the migrations as the owner: npx mikro-orm migration:up.';

export const ok = (name: string, message: string): Check => ({ name, verdict: 'ok', message });
export const note = (name: string, message: string, next?: string): Check => ({
  ...{ name, verdict: 'note', message },
  ...(next && { next }),
});
export const problem = (name: string, message: string, next: string): Check => ({
  ...{ name, verdict: 'problem', message, next },
});

/** The first row of an answer. */
export const one = async <T extends object>(client: pg.Client, sql: string): Promise<T> =>
  (await client.query<T>(sql)).rows[0]!;

/** On this machine: nothing that is said leaves it. */
export const isNear = (host: string): boolean => /^(localhost$|127\.|::1$|\/)/.test(host);
