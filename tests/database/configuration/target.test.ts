import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, connectionOptions, ENTITIES, ormOptions, type ServerTarget } from '../../../src/index.js';

const URL = 'postgresql://ada:secret@db.example.com/app';
const open = (more: Partial<ServerTarget> = {}) =>
  connectionOptions({ kind: 'server', url: URL, ...more }) as Record<string, unknown>;

function refusalOf(more: object): ConfigurationError {
  try {
    open(more);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('a server', () => {
  test('is opened with its URL alone, for a process that speaks to it directly', () => {
    expect(open()).toMatchObject({
      host: 'db.example.com',
      port: 5432,
      user: 'ada',
      dbName: 'app',
      pool: { min: 0, max: 10, idleTimeoutMillis: 10_000 },
      driverOptions: {
        host: 'db.example.com',
        port: 5432,
        user: 'ada',
        password: 'secret',
        database: 'app',
        application_name: 'nestegg',
        ssl: { rejectUnauthorized: true },
        connectionTimeoutMillis: 5_000,
        maxLifetimeSeconds: 900,
        allowExitOnIdle: false,
        keepAlive: true,
        statement_timeout: 10_000,
        lock_timeout: 5_000,
        idle_in_transaction_session_timeout: 15_000,
        query_timeout: 12_000,
      },
    });
  });

  test.each([
    ['proxy', 10, { connectionTimeoutMillis: 5_000, query_timeout: 12_000, allowExitOnIdle: false }],
    ['serverless', 1, { connectionTimeoutMillis: 3_000, query_timeout: 12_000, allowExitOnIdle: true }],
    ['migrator', 4, { connectionTimeoutMillis: 5_000, query_timeout: undefined, maxLifetimeSeconds: 0 }],
  ] as const)('behind %s sends nothing with the start of a connection but who it is', (profile, max, driver) => {
    const { pool, driverOptions } = open({ profile }) as { pool: object; driverOptions: object };
    expect(pool).toMatchObject({ max });
    expect(driverOptions).toMatchObject(driver);
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'options'])
      expect(driverOptions).not.toHaveProperty(name);
  });

  test('takes each value of a profile from whoever sets it', () => {
    expect(
      open({
        profile: 'serverless',
        applicationName: 'billing',
        pool: { max: 2, idleMs: 1, lifetimeMs: 60_000 },
        timeouts: { connectMs: 45_000, answerMs: 0 },
      }),
    ).toMatchObject({
      pool: { max: 2, idleTimeoutMillis: 1 },
      driverOptions: {
        application_name: 'billing',
        maxLifetimeSeconds: 60,
        connectionTimeoutMillis: 45_000,
        query_timeout: 0,
      },
    });
  });

  test('waits for a lock half as long as a statement may take, and for an answer two seconds longer', () => {
    expect(open({ timeouts: { statementMs: 60_000 } }).driverOptions).toMatchObject({
      statement_timeout: 60_000,
      lock_timeout: 30_000,
      query_timeout: 62_000,
    });
    expect(open({ timeouts: { statementMs: 0 } }).driverOptions).toMatchObject({
      statement_timeout: 0,
      lock_timeout: 0,
      query_timeout: 0,
    });
  });

  test('is told what its URL asks for', () => {
    const url = `${URL}?sslmode=require&application_name=billing&connect_timeout=7`;
    expect(open({ url }).driverOptions).toMatchObject({
      ssl: { rejectUnauthorized: false },
      application_name: 'billing',
      connectionTimeoutMillis: 7_000,
    });
  });

  test('is reached by what its URL means, escapes and addresses of version 6 included', () => {
    expect(open({ url: 'postgres://a%40b:p%2Fw%25@[::1]:6543/my%20app' }).driverOptions).toMatchObject({
      host: '::1',
      port: 6543,
      user: 'a@b',
      password: 'p/w%',
      database: 'my app',
    });
    expect(open({ url: 'postgres://ada@%2Frun%2Fpostgresql/app' }).driverOptions).toMatchObject({
      host: '/run/postgresql',
      ssl: false,
    });
  });

  test('has replicas that are asked for with the same login, unless their URL names another', () => {
    const replicas = ['postgresql://reader.example.com', 'postgresql://bob:other@reader.example.com:6543/copy'];
    const options = open({ url: `${URL}?sslmode=require`, replicas, pool: { max: 3 } });
    expect(options).toMatchObject({
      replicas: [
        {
          dbName: 'app',
          pool: { max: 3 },
          driverOptions: {
            host: 'reader.example.com',
            port: 5432,
            user: 'ada',
            password: 'secret',
            database: 'app',
            ssl: { rejectUnauthorized: false },
          },
        },
        { driverOptions: { port: 6543, user: 'bob', password: 'other', database: 'copy' } },
      ],
    });
    expect(open()).not.toHaveProperty('replicas');
  });

  test('is asked for everything where a read was not declared', async () => {
    const replicas = ['postgresql://reader.example.com'];
    const options = await ormOptions({ kind: 'server', url: URL, replicas }, ENTITIES);
    expect(options).toMatchObject({ preferReadReplicas: false, replicas: [{ dbName: 'app' }] });
  });

  test.each<[string, object, string]>([
    ['url', { url: 'db.example.com' }, 'url must look like postgresql://user:password@host:5432/database.'],
    [
      'url',
      { url: 'mysql://ada:secret@db.example.com/app' },
      'url must look like postgresql://user:password@host:5432/database.',
    ],
    ['url', { url: 'postgresql://ada:secret@db.example.com' }, 'url names no database.'],
    ['url', { url: 'postgresql://db.example.com/app' }, 'url names no user.'],
    [
      'url',
      { url: 'postgresql://ada:sec%ret@db.example.com/app' },
      'url has a % that is no escape: in a user or password, write it as %25.',
    ],
    ['url', { url: undefined }, 'url is missing; it must be the URL of a server.'],
    [
      'url',
      { url: `${URL}?statement_timeout=5` },
      'url has a parameter statement_timeout that is not known; known are sslmode, sslrootcert, application_name, connect_timeout.',
    ],
    [
      'url',
      { url: `${URL}?sec-ret` },
      'url has a parameter that is not known; known are sslmode, sslrootcert, application_name, connect_timeout.',
    ],
    ['url', { url: `${URL}?sslmode=prefer` }, 'url has an sslmode that is not disable, require, verify-full.'],
    ['url', { url: `${URL}?sslmode=disable&sslmode=require` }, 'url has the parameter sslmode twice.'],
    [
      'url',
      { url: `${URL}?connect_timeout=0` },
      'url has a connect_timeout that is not a whole number of seconds from 1 to 600.',
    ],
    ['profile', { profile: 'lambda' }, 'profile is 6 letters; it must be one of server, proxy, serverless, migrator.'],
    ['pool.max', { pool: { max: 0 } }, 'pool.max is a number below 1; it must be a whole number from 1 to 1000.'],
    [
      'pool.max',
      { pool: { max: 1.5 } },
      'pool.max is a number, but not a whole one; it must be a whole number from 1 to 1000.',
    ],
    ['pool.max', { pool: { max: 1001 } }, 'pool.max is a number above 1000; it must be a whole number from 1 to 1000.'],
    ['pool.max', { pool: { max: '10' } }, 'pool.max is 2 digits; it must be a whole number from 1 to 1000.'],
    ['pool.size', { pool: { size: 5 } }, 'pool.size is no setting.'],
    [
      'timeouts.connectMs',
      { timeouts: { connectMs: 0 } },
      'timeouts.connectMs is a number below 1; it must be a whole number from 1 to 600000.',
    ],
    [
      'timeouts.statementMs',
      { profile: 'proxy', timeouts: { statementMs: 5 } },
      'timeouts.statementMs cannot be sent with the profile proxy: set it on the role (alter role … set …).',
    ],
    [
      'timeouts.answerMs',
      { timeouts: { answerMs: 9_000 } },
      'timeouts.answerMs is not longer than a statement may take: nobody would be there for its answer.',
    ],
    [
      'password',
      { password: 'secret' },
      'password is 6 letters; it must be a function that promises the password; a password that is text belongs into the url.',
    ],
    [
      'password',
      { password: async () => 'secret' },
      'password is a function, and url has a password too: leave one of them out.',
    ],
    ['auth', { auth: 'iam' }, 'auth is iam, and there is a password too: leave one of them out.'],
    [
      'tls.mode',
      { url: 'postgresql://ada@db.example.com/app', auth: 'iam', tls: { mode: 'disable' } },
      'tls.mode is disable, but with iam the server wants TLS.',
    ],
    [
      'tls.mode',
      { url: `${URL}?sslmode=require`, tls: { mode: 'verify-full' } },
      'tls.mode says something else than a parameter of the URL: leave one of them out.',
    ],
    [
      'tls.ca',
      { tls: { mode: 'require', ca: 'rds' } },
      'tls.ca is for verifying the server, which the mode require does not do.',
    ],
    ['tls.ca', { tls: { ca: '/no/such/file.pem' } }, 'tls.ca names a file that cannot be read (ENOENT).'],
    ['tls.ca', { tls: { ca: 'package.json' } }, 'tls.ca names a file that holds no certificate in PEM.'],
    [
      'replicas',
      { replicas: ['reader.example.com'] },
      'replicas must look like postgresql://user:password@host:5432/database.',
    ],
  ])('is refused before anything connects, and without telling a secret: %s %o', (setting, more, message) => {
    const error = refusalOf(more);
    expect(error).toMatchObject({ code: 'configuration.invalid', details: { setting }, message });
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
  });

  test('is refused for all that is wrong at once', () => {
    expect(refusalOf({ url: 'x', pool: { max: 0 }, profile: 'x' })).toMatchObject({
      details: { setting: 'url, profile, pool.max' },
      message: `url, profile, pool.max cannot be used:
- url must look like postgresql://user:password@host:5432/database.
- profile is 1 letter; it must be one of server, proxy, serverless, migrator.
- pool.max is a number below 1; it must be a whole number from 1 to 1000.`,
    });
  });
});

describe('who a server must prove to be', () => {
  const sslOf = (url: string, more: Partial<ServerTarget> = {}) =>
    (open({ url, ...more }).driverOptions as { ssl: { ca?: string[] } }).ssl;

  test.each([
    ['localhost', false],
    ['127.0.0.1', false],
    ['[::1]', false],
    ['db.example.com', { rejectUnauthorized: true }],
    ['192.0.2.1', { rejectUnauthorized: true, host: '192.0.2.1' }],
  ])('is left open only on the same machine: %s', (host, ssl) => {
    expect(sslOf(`postgresql://ada@${host}/app`)).toEqual(ssl);
  });

  test('is asked of the same machine too by a setting or with iam, and of no other host by none', () => {
    expect(sslOf('postgresql://ada@localhost/app', { tls: { mode: 'verify-full' } })).toEqual({
      rejectUnauthorized: true,
    });
    expect(sslOf('postgresql://ada@localhost/app', { auth: 'iam' })).toEqual({ rejectUnauthorized: true });
    expect(sslOf('postgresql://ada@db.example.com/app?sslmode=disable')).toBe(false);
  });

  test('is known to Amazon RDS by its own authorities', () => {
    const rds = sslOf('postgresql://ada@x.eu-west-1.rds.amazonaws.com/app');
    expect(rds.ca!.length).toBeGreaterThan(100);
    expect(rds.ca!.every(certificate => certificate.startsWith('-----BEGIN CERTIFICATE-----'))).toBe(true);
    expect(sslOf('postgresql://ada@db.example.com/app?sslrootcert=rds')).toEqual(rds);
    expect(sslOf('postgresql://ada@x.eu-west-1.rds.amazonaws.com/app?sslrootcert=system')).toEqual({
      rejectUnauthorized: true,
    });
    expect(sslOf('postgresql://ada@x.rds.amazonaws.com.evil.example/app')).toEqual({ rejectUnauthorized: true });
  });
});
