import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountForServer, freePort, handOver } from '../../src/testing/embedded-postgres.js';
import { KeptProcess } from '../../src/testing/kept-process.js';
import { withClient } from '../../src/testing/sql.js';

/** Where Debian puts it, which is not on everybody's path. */
const PROGRAM = ['pgbouncer', '/usr/sbin/pgbouncer'].find(path => spawnSync(path, ['--version']).status === 0);

export const hasPgBouncer = PROGRAM !== undefined;

/** PgBouncer in transaction mode in front of a server. */
export interface PgBouncer {
  /** The same URL, but by way of it. */
  through(url: string): string;
  /** Says something on its console, such as `pause` or `reconnect`. */
  say(command: string): Promise<void>;
  end(): Promise<void>;
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts it on a free port.
 * @param logins URLs of the server whose users it lets in; the users' passwords are those in the URLs.
 * @param settings of its own, beside or instead of the usual ones.
 */
export async function startPgBouncer(
  logins: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const home = mkdtempSync(join(tmpdir(), 'nestegg-pgbouncer-'));
  const port = await freePort();
  const { hostname, port: serverPort } = new URL(logins[0]!);
  const users = new Map(logins.map(login => [new URL(login).username, new URL(login).password]));
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: `${port}`,
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(home, 'users.txt'),
    admin_users: 'console',
    pool_mode: 'transaction',
    max_client_conn: '500',
    default_pool_size: '10',
    // Servers go and come back within a test.
    server_login_retry: '0.2',
    ...settings,
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}`);
  const database = `* = host=${hostname} port=${serverPort || 5432}`;
  writeFileSync(join(home, 'pgbouncer.ini'), ['[databases]', database, '[pgbouncer]', ...lines, ''].join('\n'));
  writeFileSync(own.auth_file, [...users, ['console', '']].map(([user, secret]) => `"${user}" "${secret}"\n`).join(''));
  const account = accountForServer();
  handOver(home, account);
  const command = [PROGRAM!, join(home, 'pgbouncer.ini')];
  const pooler = await KeptProcess.start({ command, home, last: 'KILL', ready: 'process up', account });
  return {
    through(url) {
      const detour = new URL(url);
      detour.host = `127.0.0.1:${port}`;
      return detour.href;
    },
    say: command =>
      withClient(`postgresql://console@127.0.0.1:${port}/pgbouncer`, async console => {
        await console.query(command);
      }),
    end: () => pooler.end('KILL'),
    startAgain: () => pooler.startAgain(),
    stop: () => pooler.stop(),
  };
}
