import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  loadDotEnv,
  migratorTargetFromEnvironment,
  targetFromEnvironment,
} from '../../../src/index.js';

const URL = 'postgresql://ada:secret@db.example.com:5432/app';

function refusalOf(read: () => unknown): ConfigurationError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('the database to use', () => {
  test('is the embedded one in .nestegg/database unless something else is set', () => {
    const embedded = { kind: 'embedded', dataDir: resolve('.nestegg/database') };
    expect(targetFromEnvironment({})).toEqual(embedded);
    expect(targetFromEnvironment({ DATABASE_URL: '' })).toEqual(embedded);
    expect(targetFromEnvironment({ DATABASE_PROFILE: 'embedded' })).toEqual(embedded);
  });

  test('is the embedded one in NESTEGG_DATA_DIR when that is set', () => {
    expect(targetFromEnvironment({ NESTEGG_DATA_DIR: '/var/eggs' })).toEqual({
      kind: 'embedded',
      dataDir: '/var/eggs',
    });
  });

  test('is the server in DATABASE_URL when that is set', () => {
    const url = `${URL}?sslmode=verify-full`;
    expect(targetFromEnvironment({ DATABASE_URL: url, NESTEGG_DATA_DIR: '/var/eggs' })).toEqual({
      kind: 'server',
      url,
    });
  });

  test('is the server whose address is set in parts, with a password that needs no escapes', () => {
    const parts = { DATABASE_HOST: 'db.example.com', DATABASE_NAME: 'my app', DATABASE_USER: 'a@b' };
    expect(targetFromEnvironment({ ...parts, DATABASE_PORT: '6543', DATABASE_PASSWORD: 'p/w?#%:@' })).toEqual({
      kind: 'server',
      url: 'postgresql://a%40b:p%2Fw%3F%23%25%3A%40@db.example.com:6543/my%20app',
    });
    expect(targetFromEnvironment(parts)).toEqual({
      kind: 'server',
      url: 'postgresql://a%40b@db.example.com:5432/my%20app',
    });
    expect(targetFromEnvironment({ ...parts, DATABASE_HOST: '::1' })).toMatchObject({
      url: 'postgresql://a%40b@[::1]:5432/my%20app',
    });
    expect(targetFromEnvironment({ ...parts, DATABASE_HOST: '/run/postgresql' })).toMatchObject({
      url: 'postgresql://a%40b@%2Frun%2Fpostgresql:5432/my%20app',
    });
  });

  test('is spoken to as every setting says', () => {
    expect(
      targetFromEnvironment({
        DATABASE_URL: URL,
        DATABASE_PROFILE: 'server',
        DATABASE_APPLICATION_NAME: 'billing',
        DATABASE_TLS: 'verify-full',
        DATABASE_TLS_CA: 'rds',
        DATABASE_POOL_MAX: '20',
        DATABASE_POOL_IDLE_MS: '1000',
        DATABASE_POOL_LIFETIME_MS: '60000',
        DATABASE_CONNECT_TIMEOUT_MS: '2000',
        DATABASE_STATEMENT_TIMEOUT_MS: '3000',
        DATABASE_LOCK_TIMEOUT_MS: '500',
        DATABASE_TRANSACTION_IDLE_TIMEOUT_MS: '4000',
        DATABASE_ANSWER_TIMEOUT_MS: '3500',
        DATABASE_REPLICA_URLS: 'postgresql://one.example.com, postgresql://two.example.com',
      }),
    ).toEqual({
      kind: 'server',
      url: URL,
      profile: 'server',
      applicationName: 'billing',
      tls: { mode: 'verify-full', ca: 'rds' },
      pool: { max: 20, idleMs: 1_000, lifetimeMs: 60_000 },
      timeouts: { connectMs: 2_000, statementMs: 3_000, lockMs: 500, transactionIdleMs: 4_000, answerMs: 3_500 },
      replicas: ['postgresql://one.example.com', 'postgresql://two.example.com'],
    });
    const iam = { DATABASE_URL: 'postgresql://ada@db.example.com/app', DATABASE_AUTH: 'iam' };
    expect(targetFromEnvironment(iam)).toMatchObject({ auth: 'iam' });
  });

  test.each<[Record<string, string>, string]>([
    [
      { DATABASE_URL: 'mysql://ada:secret@db/app' },
      'DATABASE_URL must look like postgresql://user:password@host:5432/database.',
    ],
    [
      { DATABASE_URL: `${URL}?sslmode=prefer` },
      'DATABASE_URL has an sslmode that is not disable, require, verify-full.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_PROFILE: 'cloud' },
      'DATABASE_PROFILE is 5 letters; it must be one of embedded, server, serverless, proxy.',
    ],
    // The code's own profile for migrations is not for applications.
    [
      { DATABASE_URL: URL, DATABASE_PROFILE: 'migrator' },
      'DATABASE_PROFILE is 8 letters; it must be one of embedded, server, serverless, proxy.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_POOL_MAX: 'secret' },
      'DATABASE_POOL_MAX is 6 letters; it must be a whole number from 1 to 1000.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_POOL_MAX: '0' },
      'DATABASE_POOL_MAX is a number below 1; it must be a whole number from 1 to 1000.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_POOL_MAX: '2.5' },
      'DATABASE_POOL_MAX is a number, but not a whole one; it must be a whole number from 1 to 1000.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_POOL_MAX: '10 ' },
      'DATABASE_POOL_MAX is 3 characters; it must be a whole number from 1 to 1000.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_CONNECT_TIMEOUT_MS: '-1' },
      'DATABASE_CONNECT_TIMEOUT_MS is a number below 1; it must be a whole number from 1 to 600000.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_TLS: 'on' },
      'DATABASE_TLS is 2 letters; it must be one of disable, require, verify-full.',
    ],
    [
      { DATABASE_URL: `${URL}?connect_timeout=5`, DATABASE_CONNECT_TIMEOUT_MS: '3000' },
      'DATABASE_CONNECT_TIMEOUT_MS says something else than a parameter of the URL: leave one of them out.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_REPLICA_URLS: `${URL},secret` },
      'DATABASE_REPLICA_URLS must look like postgresql://user:password@host:5432/database.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_HOST: 'secret' },
      'DATABASE_HOST says again what DATABASE_URL says: leave one of them out.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_AUTH: 'iam' },
      'DATABASE_AUTH is iam, and there is a password too: leave one of them out.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_TLS: 'require', DATABASE_TLS_CA: 'rds' },
      'DATABASE_TLS_CA is for verifying the server, which the mode require does not do.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_PROFILE: 'embedded' },
      'DATABASE_URL is for a server, but DATABASE_PROFILE is embedded.',
    ],
    [
      { DATABASE_URL: URL, DATABASE_PROFILE: 'proxy', DATABASE_LOCK_TIMEOUT_MS: '5' },
      'DATABASE_LOCK_TIMEOUT_MS cannot be sent with the profile proxy: set it on the role (alter role … set …).',
    ],
    [
      { DATABASE_PROFILE: 'server' },
      'DATABASE_URL is missing, and so are DATABASE_HOST, DATABASE_NAME, DATABASE_USER.',
    ],
    // A deployment that forgot the address does not begin with an empty database of its own.
    [{ DATABASE_POOL_MAX: '5' }, 'DATABASE_URL is missing, and so are DATABASE_HOST, DATABASE_NAME, DATABASE_USER.'],
    [{ DATABASE_HOST: 'db', DATABASE_NAME: 'app' }, 'DATABASE_USER is missing.'],
    [
      { DATABASE_HOST: 'db:secret', DATABASE_NAME: 'app', DATABASE_USER: 'ada' },
      'DATABASE_HOST is 9 characters; it must be a name, an address or a directory.',
    ],
    [
      { DATABASE_HOST: 'db', DATABASE_PORT: 'secret', DATABASE_NAME: 'app', DATABASE_USER: 'ada' },
      'DATABASE_PORT is 6 letters; it must be a whole number from 1 to 65535.',
    ],
    [
      { DATABASE_HOST: 'db', DATABASE_PORT: '65536', DATABASE_NAME: 'app', DATABASE_USER: 'ada' },
      'DATABASE_PORT is 5 digits; it must be a whole number from 1 to 65535.',
    ],
  ])('is refused before anything connects, and without telling a secret: %o', (env, message) => {
    const error = refusalOf(() => targetFromEnvironment(env));
    expect(error).toMatchObject({ code: 'configuration.invalid', message });
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
  });

  test('is refused for all that is wrong at once, the address included', () => {
    const error = refusalOf(() =>
      targetFromEnvironment({ DATABASE_HOST: 'db', DATABASE_PORT: 'x', DATABASE_POOL_MAX: 'many', DATABASE_TLS: 'on' }),
    );
    expect(
      error.message,
    ).toBe(`DATABASE_NAME, DATABASE_USER, DATABASE_PORT, DATABASE_TLS, DATABASE_POOL_MAX cannot be used:
- DATABASE_NAME is missing.
- DATABASE_USER is missing.
- DATABASE_PORT is 1 letter; it must be a whole number from 1 to 65535.
- DATABASE_TLS is 2 letters; it must be one of disable, require, verify-full.
- DATABASE_POOL_MAX is 4 letters; it must be a whole number from 1 to 1000.`);
    expect(error.details).toEqual({
      setting: 'DATABASE_NAME, DATABASE_USER, DATABASE_PORT, DATABASE_TLS, DATABASE_POOL_MAX',
    });
  });
});

describe('the database to migrate', () => {
  const OWNER = 'postgresql://owner:other@writer.example.com/app';

  test('is the application’s, without its limits of time', () => {
    expect(
      migratorTargetFromEnvironment({
        DATABASE_URL: URL,
        DATABASE_PROFILE: 'server',
        DATABASE_STATEMENT_TIMEOUT_MS: '100',
        DATABASE_CONNECT_TIMEOUT_MS: '2000',
        DATABASE_REPLICA_URLS: 'postgresql://one.example.com',
        DATABASE_TLS: 'require',
      }),
    ).toEqual({
      kind: 'server',
      url: URL,
      profile: 'migrator',
      tls: { mode: 'require' },
      timeouts: { connectMs: 2_000 },
    });
    expect(migratorTargetFromEnvironment({})).toEqual({ kind: 'embedded', dataDir: resolve('.nestegg/database') });
  });

  test('is another one, or with another login, when MIGRATOR_DATABASE_URL says so', () => {
    const both = { DATABASE_URL: URL, MIGRATOR_DATABASE_URL: OWNER };
    expect(migratorTargetFromEnvironment(both)).toEqual({ kind: 'server', url: OWNER, profile: 'migrator' });
    expect(targetFromEnvironment(both)).toEqual({ kind: 'server', url: URL });
  });

  test('needs no login of the application', () => {
    expect(migratorTargetFromEnvironment({ MIGRATOR_DATABASE_URL: OWNER })).toMatchObject({ url: OWNER });
  });

  test('is signed in to with AWS credentials as the application is, unless it has a password', () => {
    const application = { DATABASE_URL: 'postgresql://ada@db.example.com/app', DATABASE_AUTH: 'iam' };
    const withoutPassword = 'postgresql://owner@writer.example.com/app';
    expect(migratorTargetFromEnvironment(application)).toMatchObject({ auth: 'iam' });
    expect(migratorTargetFromEnvironment({ ...application, MIGRATOR_DATABASE_URL: withoutPassword })).toMatchObject({
      auth: 'iam',
    });
    expect(migratorTargetFromEnvironment({ ...application, MIGRATOR_DATABASE_URL: OWNER })).not.toHaveProperty('auth');
  });

  test('is refused under its own name', () => {
    expect(refusalOf(() => migratorTargetFromEnvironment({ MIGRATOR_DATABASE_URL: 'secret' })).message).toBe(
      'MIGRATOR_DATABASE_URL must look like postgresql://user:password@host:5432/database.',
    );
  });
});

describe('.env.example', () => {
  const documented = [...readFileSync('.env.example', 'utf8').matchAll(/^# ([A-Z_]+)=(.*)$/gm)];

  test('documents every setting that the code reads', () => {
    const read = new Set(
      readFileSync('src/database/configuration/environment.ts', 'utf8').match(
        /\b(MIGRATOR_)?DATABASE_[A-Z_]+|NESTEGG_DATA_DIR/g,
      ),
    );
    expect(new Set(documented.map(([, name]) => name))).toEqual(new Set([...read, 'TEST_DATABASE_URL']));
  });

  test('shows values that can be used as they are', () => {
    const shown = Object.fromEntries(documented.map(([, name, value]) => [name, value]));
    const { DATABASE_HOST, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD, ...settings } = shown;
    expect(targetFromEnvironment(settings)).toMatchObject({ kind: 'server', profile: 'server', auth: 'password' });
    expect(migratorTargetFromEnvironment(settings)).toMatchObject({ kind: 'server' });
    const parts = { DATABASE_HOST, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_PASSWORD };
    expect(targetFromEnvironment(parts)).toEqual({ kind: 'server', url: settings.DATABASE_URL });
  });
});

describe('a .env file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nestegg-env-'));
  const file = join(folder, '.env');

  afterEach(() => {
    delete process.env.NESTEGG_TEST_SETTING;
    rmSync(folder, { recursive: true, force: true });
  });

  test('is read, but what the environment sets already stays; none is no error', () => {
    loadDotEnv(file);
    expect(process.env.NESTEGG_TEST_SETTING).toBeUndefined();
    writeFileSync(file, 'NESTEGG_TEST_SETTING=from the file\n');
    loadDotEnv(file);
    expect(process.env.NESTEGG_TEST_SETTING).toBe('from the file');
    process.env.NESTEGG_TEST_SETTING = 'from outside';
    loadDotEnv(file);
    expect(process.env.NESTEGG_TEST_SETTING).toBe('from outside');
  });
});
