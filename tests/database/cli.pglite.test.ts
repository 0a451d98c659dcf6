import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nestegg-cli-'));
const env = { ...process.env, NESTEGG_DATA_DIR: join(folder, 'database'), DATABASE_URL: '' };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await run('node_modules/.bin/mikro-orm', args, { env });
  return stripVTControlCharacters(stdout);
}
const gate = () => run(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'gate'], { env });

describe('on the embedded database, the command line', () => {
  test('migrates up and down, checks, lists and tells what it is configured for', async () => {
    await expect(gate()).rejects.toMatchObject({ code: 1 });
    expect(await cli('migration:up')).toContain("Applied 'Migration20261122200100_rights_checked'");
    expect(await cli('migration:up')).toBe('Successfully migrated up to the latest version\n');
    expect((await gate()).stdout).toBe('The database is exactly what the code expects.\n');
    expect(await cli('migration:list')).toMatch(
      /Migration20261122090000_roles_and_acting[\s\S]*Migration20261122090100_tables/,
    );
    expect(await cli('migration:check')).toContain('No changes required');
    expect(await cli('migration:down')).toContain("Reverted 'Migration20261122200100_rights_checked'");
    expect(await cli('migration:up')).toContain("Applied 'Migration20261122200100_rights_checked'");
    expect(await cli('debug')).toContain('database connection successful');
  }, 120_000);

  test('prints the JSON Schema of what callers send', async () => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'schemas'], {
      env,
      maxBuffer: 1e8,
    });
    const schemas = JSON.parse(stdout);
    expect(schemas.OpenDeposit).toMatchObject({
      type: 'object',
      required: ['userId', 'assetCode', 'amount', 'source', 'reference', 'idempotencyKey'],
      properties: { amount: { type: 'string' } },
      additionalProperties: false,
    });
  }, 60_000);

  test('says what it can do when it is asked for nothing it knows', async () => {
    await expect(run(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'dance'], { env })).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringContaining('npx nestegg gate'),
    });
  }, 60_000);
});
