import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.js';

const database = useDatabase();
const COMMAND = join(import.meta.dirname, '../../../src/nestegg.js');
// Away from the checkout, where a .env may be.
const folder = mkdtempSync(join(tmpdir(), 'nestegg-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command as a shell would, with these settings and no others. */
function nestegg(
  args: string[],
  settings: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const { PATH, HOME } = process.env;
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [COMMAND, ...args],
      { cwd: folder, env: { PATH, HOME, ...settings }, maxBuffer: 1e8 },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

describe('npx nestegg doctor', () => {
  test('ends with 0 when all is well, the books included', async () => {
    const { serviceUrl, ownerUrl } = database.fork;
    const settings = { DATABASE_URL: serviceUrl, MIGRATOR_DATABASE_URL: ownerUrl };
    const { code, out, err } = await nestegg(['doctor', '--invariants'], settings);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ok {7}reach +127\.0\.0\.1:\d+ let nestegg_service into /m);
    expect(out).toMatch(/^ok {7}migrations +All have run, and the database is exactly what the code expects\.$/m);
    expect(out).toMatch(/^ok {7}invariants +All \d+ hold\.$/m);
    expect(out).not.toContain('PROBLEM');
    expect(out).not.toContain(new URL(serviceUrl).password);
  }, 120_000);

  test('ends with 1 when something was found, and says what to do', async () => {
    const { code, out } = await nestegg(['doctor'], { DATABASE_URL: database.fork.ownerUrl });
    expect(code).toBe(1);
    expect(out).toMatch(
      /^PROBLEM {2}books +nestegg_owner owns the books and may write anything\.\n {21}-> Let the application/m,
    );
  }, 120_000);

  test('ends with 2 when there is no connection, and tells programs in JSON', async () => {
    const { code, out, err } = await nestegg(['doctor', '--json'], {
      DATABASE_URL: 'postgresql://ada:hidden-word@127.0.0.1:1/app',
    });
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toEqual({
      reachable: false,
      checks: [
        {
          name: 'reach',
          verdict: 'problem',
          message: 'Nothing listens at 127.0.0.1:1.',
          next: 'Is the server running, is this its port, and does its listen_addresses include this address?',
        },
      ],
    });
  }, 120_000);

  test('ends with 2 where there is no embedded database yet, and makes none', async () => {
    const { code, out } = await nestegg(['doctor']);
    expect(code).toBe(2);
    expect(out).toContain(`There is no embedded database in ${join(folder, '.nestegg/database')} yet.`);
    expect((await nestegg(['doctor'])).code).toBe(2);
  }, 120_000);

  test('ends with 64 for a wrong setting or a wrong option, and names it', async () => {
    const wrong = await nestegg(['doctor'], {
      DATABASE_URL: database.fork.serviceUrl,
      DATABASE_POOL_MAX: 'hidden-word',
    });
    expect(wrong).toEqual({
      code: 64,
      out: '',
      err: 'DATABASE_POOL_MAX is 11 characters; it must be a whole number from 1 to 1000.\n',
    });
    const option = await nestegg(['doctor', '--fast']);
    expect(option).toMatchObject({ code: 64, out: '', err: expect.stringContaining("Unknown option '--fast'") });
    expect(option.err).toContain('npx nestegg doctor');
  }, 120_000);
});

describe('npx nestegg gate', () => {
  test('looks as the owner of MIGRATOR_DATABASE_URL, or says that there is no connection', async () => {
    const settings = { DATABASE_URL: database.fork.serviceUrl, MIGRATOR_DATABASE_URL: database.fork.ownerUrl };
    expect(await nestegg(['gate'], settings)).toEqual({
      code: 0,
      out: 'The database is exactly what the code expects.\n',
      err: '',
    });
    expect(await nestegg(['gate'], { MIGRATOR_DATABASE_URL: 'postgresql://ada:hidden-word@127.0.0.1:1/app' })).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(/^Nothing listens at the address of the database.*\n$/),
    });
  }, 120_000);
});
