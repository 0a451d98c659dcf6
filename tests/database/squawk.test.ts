import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Migration } from '@mikro-orm/migrations';
import { afterAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const FILES = readdirSync('migrations').filter(file => /^Migration\d+_.*\.ts$/.test(file));
const folder = mkdtempSync(join(tmpdir(), 'nestegg-squawk-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** What squawk finds in some SQL, under the project's own settings. */
async function findings(sql: string): Promise<string[]> {
  const file = join(folder, 'migration.sql');
  writeFileSync(file, sql);
  const { stdout } = await run('node_modules/.bin/squawk', [
    '--config',
    '.squawk.toml',
    '--reporter',
    'json',
    file,
  ]).catch((error: { stdout: string }) => error);
  const found = JSON.parse(stdout) as { rule_name: string; line: number }[];
  return found.map(({ rule_name, line }) => `${rule_name} at line ${line}`);
}

async function sqlOf(file: string): Promise<string> {
  const exported = await import(pathToFileURL(join('migrations', file)).href);
  const [Class] = Object.values(exported) as (new (...args: unknown[]) => Migration)[];
  const migration = new Class!({}, {});
  await migration.up();
  return migration.getQueries().join('\n');
}

describe('squawk', () => {
  test('looks at every migration', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(3);
  });

  test.each(FILES)('finds nothing dangerous in %s', async file => {
    expect(await findings(await sqlOf(file))).toEqual([]);
  });

  test('would find a column that cannot be added to a table with rows', async () => {
    expect(await findings('alter table users add column nickname text not null;')).toEqual([
      'adding-required-field at line 0',
    ]);
  });
});
