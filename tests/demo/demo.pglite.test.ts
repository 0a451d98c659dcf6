import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AutoInvestRun, asWorker, openDatabase, User } from '../../src/index.js';

const DEMO = fileURLToPath(new URL('../../seeders/demo/demo.ts', import.meta.url));
const SLOW = 120_000;

/** Where the demo is started: its database is in `.nestegg/demo` below. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nestegg-demo-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the demo as its user does. */
const demo = (...argv: string[]): Promise<Outcome> =>
  new Promise(resolve => {
    const command = ['--import', import.meta.resolve('tsx'), DEMO, ...argv];
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

describe('the demo', () => {
  test(
    'tells the same each time it is run',
    async ({ task }) => {
      const first = await demo('--json', '--to', '2000-06');
      expect(first.code).toBe(0);
      expect(first.stderr).toContain('Replaying: 6 of 6 (2000-06)');
      const statement = JSON.parse(first.stdout);
      expect(statement).toMatchObject({
        period: { from: '2000-01', to: '2000-06', occurrences: 6 },
        contributions: '600',
        fees: '3',
        invested: '597',
        cash: '0',
      });
      expect(statement.history.map(({ date }: { date: string }) => date)).toEqual(
        [1, 2, 3, 4, 5, 6].map(month => `2000-0${month}-01`),
      );
      expect(statement.invariants.filter(({ violations }: { violations: number }) => violations > 0)).toEqual([]);

      const second = await demo('--json', '--to', '2000-06');
      expect([second.code, second.stdout]).toEqual([0, first.stdout]);

      // What it told of is there, once; and while somebody looks at it, the demo does not start over.
      const orm = await openDatabase({ kind: 'embedded', dataDir: join(folder, '.nestegg/demo') }, { quiet: true });
      const [row] = await orm.em.fork().execute<[{ server_version: string }]>('show server_version');
      task.file.meta.pglite = row.server_version;
      const count = () => asWorker(orm.em, async em => [await em.count(User), await em.count(AutoInvestRun)]);
      expect(await count()).toEqual([1, 6]);
      const third = await demo('--json', '--to', '2000-06');
      expect([third.code, third.stdout]).toEqual([2, '']);
      expect(third.stderr).toContain('Another process has the embedded database');
      expect(await count()).toEqual([1, 6]);
      await orm.close(true);
    },
    SLOW,
  );

  test.each([
    ['a line of the price file is wrong', ['--prices', 'mine.csv'], 'mine.csv, line 3: "much" is not a price;'],
    ['there is no such price file', ['--prices', 'yours.csv'], 'yours.csv: there is no such file;'],
    ['there is no such option', ['--jsn'], 'There is no option --jsn;'],
    ['there are no prices so early', ['--from', '1999-12'], 'There is no price of AAPL for 1999-12;'],
    ['the fee is everything', ['--fee', '100'], '--fee takes a percentage from 0 to less than 100'],
  ])('stops before it makes a database when %s', async (_, argv, message) => {
    writeFileSync(join(folder, 'mine.csv'), 'symbol,date,price\nAAPL,2000-01-01,25.94\nAAPL,2000-02-01,much\n');
    const { code, stdout, stderr } = await demo('--json', ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    // One line for people, no stack.
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, '.nestegg'))).toBe(false);
  });

  test('says how it is used', async () => {
    const { code, stdout, stderr } = await demo('--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Usage: npm run demo -- [options]');
    expect(existsSync(join(folder, '.nestegg'))).toBe(false);
  });
});
