import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
async function findings(sql: string, isTransactional = true): Promise<string[]> {
  const file = join(folder, 'migration.sql');
  const settings = join(folder, 'squawk.toml');
  writeFileSync(file, sql);
  writeFileSync(
    settings,
    readFileSync('.squawk.toml', 'utf8').replace(
      /^assume_in_transaction = true$/m,
      `assume_in_transaction = ${isTransactional}`,
    ),
  );
  const { stdout } = await run('node_modules/.bin/squawk', ['--config', settings, '--reporter', 'json', file]).catch(
    (error: { stdout: string }) => error,
  );
  const found = JSON.parse(stdout) as { rule_name: string; line: number }[];
  return found.map(({ rule_name, line }) => `${rule_name} at line ${line}`);
}

async function read(file: string): Promise<[sql: string, isTransactional: boolean]> {
  const exported = await import(pathToFileURL(join('migrations', file)).href);
  const [Class] = Object.values(exported) as (new (...args: unknown[]) => Migration)[];
  const migration = new Class!({}, {});
  await migration.up();
  return [migration.getQueries().join('\n'), migration.isTransactional()];
}

describe('squawk', () => {
  test('looks at every migration', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(3);
  });

  test.each(FILES)('finds nothing dangerous in %s', async file => {
    expect(await findings(...(await read(file)))).toEqual([]);
  });

  test('would find an index that is built while everybody waits', async () => {
    expect(await findings('create index if not exists a on users (email);', false)).toEqual([
      'require-concurrent-index-creation at line 0',
    ]);
  });

  test('would find a column that cannot be added to a table with rows', async () => {
    expect(await findings('alter table users add column nickname text not null;')).toEqual([
      'adding-required-field at line 0',
    ]);
  });
});
