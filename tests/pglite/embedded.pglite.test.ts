import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { asWorker, EmbeddedDatabaseInUseError, migrateUp, openDatabase, resetEmbedded, User } from '../../src/index.js';

const home = mkdtempSync(join(tmpdir(), 'nestegg-embedded-'));
const running = new Set<ChildProcessByStdio<Writable, Readable, null>>();

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Another process that keeps an embedded database open. */
function startKeeper(dataDir: string) {
  const script = fileURLToPath(new URL('./keeper.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => (await answers.next()).value ?? '(it ended)';
  return {
    answer,
    /** Registers somebody; answers with the number of users. */
    register: (email: string): Promise<string> => {
      child.stdin.write(`${email}\n`);
      return answer();
    },
    async end() {
      child.stdin.end();
      await exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Who is registered in an embedded database, seen from this process. */
async function usersIn(dataDir: string): Promise<string[]> {
  const orm = await openDatabase({ kind: 'embedded', dataDir }, { quiet: true });
  try {
    await migrateUp(orm);
    const users = await asWorker(orm.em, em => em.find(User, {}, { orderBy: { id: 'asc' } }));
    return users.map(({ email }) => email);
  } finally {
    await orm.close(true);
  }
}

const SLOW = 120_000;

describe('an embedded database in a directory', () => {
  test(
    'is open in one process at a time; one that is killed leaves it whole',
    async () => {
      const dataDir = join(home, 'shared');
      const first = startKeeper(dataDir);
      expect(await first.answer()).toBe('0');
      expect(await first.register('ann@example.com')).toBe('1');

      // A second process is refused, and so is this one.
      expect(await startKeeper(dataDir).answer()).toBe('EmbeddedDatabaseInUseError');
      await expect(usersIn(dataDir)).rejects.toThrow(EmbeddedDatabaseInUseError);
      await expect(usersIn(dataDir)).rejects.toMatchObject({ code: 'database.in-use', details: { dataDir } });
      expect(() => resetEmbedded(dataDir)).toThrow(EmbeddedDatabaseInUseError);

      // The first has not noticed.
      expect(await first.register('bob@example.com')).toBe('2');

      await first.kill();
      expect(await usersIn(dataDir)).toEqual(['ann@example.com', 'bob@example.com']);

      const second = startKeeper(dataDir);
      expect(await second.answer()).toBe('2');
      expect(await second.register('cleo@example.com')).toBe('3');
      await second.end();
      expect(await usersIn(dataDir)).toEqual(['ann@example.com', 'bob@example.com', 'cleo@example.com']);
    },
    SLOW,
  );

  test(
    'starts over when nobody has it open, and only then',
    async ({ task }) => {
      const dataDir = join(home, 'over');
      const orm = await openDatabase({ kind: 'embedded', dataDir }, { quiet: true });
      const [row] = await orm.em.fork().execute<[{ server_version: string }]>('show server_version');
      task.file.meta.pglite = row.server_version;
      await orm.em.fork().execute('create table kept as select 1 as one');
      expect(() => resetEmbedded(dataDir)).toThrow(EmbeddedDatabaseInUseError);
      expect(await orm.em.fork().execute('select one from kept')).toEqual([{ one: 1 }]);
      await orm.close(true);

      resetEmbedded(dataDir);
      expect(existsSync(dataDir)).toBe(false);
      resetEmbedded(dataDir);
    },
    SLOW,
  );

  test('that was never there can be started over, in a folder that was not there either', () => {
    resetEmbedded(join(home, 'new', 'folder', 'database'));
    expect(readdirSync(join(home, 'new', 'folder'))).toEqual(['database.lock']);
  });
});
