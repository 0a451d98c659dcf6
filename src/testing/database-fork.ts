import { createHmac, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { withClient } from './sql.js';
import type { TestServer } from './test-server.js';

/** What another process needs to know of a server to make databases on it. */
export type ServerAddress = Pick<TestServer, 'url' | 'runId'>;

/** A database of one suite's own. */
export interface ForkedDatabase {
  readonly name: string;
  /** As an application signs in: it owns nothing, and has a role's rights only after `set role`. */
  readonly serviceUrl: string;
  /** As the role that migrates and owns the tables. */
  readonly ownerUrl: string;
  /** As the role that the server was named with. */
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

const OWNER = 'nestegg_owner';
const SERVICE = 'nestegg_service';

/** The roles that the first migration makes and that a service takes on. */
const TAKEN_ON = 'nestegg_app, nestegg_worker, nestegg_readonly';

/**
 * Migrates one database that all the forks of a run are copied from, and returns its name. Roles belong to the whole
 * server, so runs that share a server prepare one after the other.
 */
export async function prepareTemplate(
  server: ServerAddress,
  { migrate }: { migrate: (ownerUrl: string) => Promise<unknown> },
): Promise<string> {
  const template = `nestegg_test_${server.runId}_template`;
  await withClient(server.url, async admin => {
    await admin.query(`select pg_advisory_lock(hashtext('nestegg_test'))`);
    await makeLogin(admin, server, OWNER, 'createrole createdb');
    await makeLogin(admin, server, SERVICE, 'noinherit');
    await admin.query(`create database ${template} owner ${OWNER}`);
    await migrate(urlOf(server, template, OWNER));
    await admin.query(`grant ${TAKEN_ON} to ${SERVICE}`);
    // A database can be copied only while nobody is connected to it.
    await admin.query(`alter database ${template} with allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [template]);
  });
  return template;
}

/** A copy of the template, for one suite. */
export async function forkDatabase(server: ServerAddress, template: string): Promise<ForkedDatabase> {
  const name = `nestegg_test_${server.runId}_${randomBytes(6).toString('hex')}`;
  await withClient(server.url, admin => admin.query(`create database ${name} template ${template} owner ${OWNER}`));
  return {
    name,
    serviceUrl: urlOf(server, name, SERVICE),
    ownerUrl: urlOf(server, name, OWNER),
    superuserUrl: urlOf(server, name),
    async drop() {
      await withClient(server.url, admin => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

async function makeLogin(admin: pg.Client, server: ServerAddress, role: string, rights: string): Promise<void> {
  await admin.query(`do $$ begin create role ${role}; exception when duplicate_object then null; end $$`);
  await admin.query(`alter role ${role} login ${rights} password ${admin.escapeLiteral(passwordOf(server, role))}`);
  // An administrator who is no superuser makes databases for the owner only as a member of it.
  await admin.query(
    `do $$ begin if not (select rolsuper from pg_roles where rolname = current_user) then grant ${role} to current_user; end if; end $$`,
  );
}

function urlOf(server: ServerAddress, database: string, role?: string): string {
  const url = new URL(server.url);
  url.pathname = database;
  if (role) {
    url.username = role;
    url.password = passwordOf(server, role);
  }
  return url.href;
}

/** Follows from the server's own password: runs that share a server agree on it, and nobody else can guess it. */
function passwordOf(server: ServerAddress, role: string): string {
  return createHmac('sha256', new URL(server.url).password).update(role).digest('hex');
}
