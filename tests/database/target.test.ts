import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigurationError, loadDotEnv, parseServerUrl, targetFromEnvironment } from '../../src/index.js';

describe('the database to use', () => {
  test('is the embedded one in .nestegg/database unless something else is set', () => {
    expect(targetFromEnvironment({})).toEqual({ kind: 'embedded', dataDir: resolve('.nestegg/database') });
    expect(targetFromEnvironment({ DATABASE_URL: '' })).toEqual({
      kind: 'embedded',
      dataDir: resolve('.nestegg/database'),
    });
  });

  test('is the embedded one in NESTEGG_DATA_DIR when that is set', () => {
    expect(targetFromEnvironment({ NESTEGG_DATA_DIR: '/var/eggs' })).toEqual({
      kind: 'embedded',
      dataDir: '/var/eggs',
    });
  });

  test('is the server in DATABASE_URL when that is set', () => {
    const url = 'postgresql://ada:secret@db.example.com:5432/app?sslmode=verify-full';
    expect(targetFromEnvironment({ DATABASE_URL: url, NESTEGG_DATA_DIR: '/var/eggs' })).toEqual({
      kind: 'server',
      url,
    });
  });

  test.each([
    'db.example.com',
    'mysql://ada:secret@db.example.com/app',
    'postgresql://ada:secret@db.example.com',
    'postgresql://ada:secret@db.example.com/app?statement_timeout=5',
    'postgresql://ada:secret@db.example.com/app?sslmode=prefer',
  ])('is refused before anything connects, and without telling it: %s', url => {
    let error: unknown;
    try {
      targetFromEnvironment({ DATABASE_URL: url });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ code: 'configuration.invalid', details: { setting: 'DATABASE_URL' } });
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
  });

  test.each([
    ['', undefined],
    ['?sslmode=disable', undefined],
    ['?sslmode=require', { rejectUnauthorized: false }],
    ['?sslmode=verify-full', true],
  ])('is spoken to over TLS as its URL asks: "%s"', (query, ssl) => {
    expect(parseServerUrl(`postgres://ada@db.example.com/app${query}`)).toEqual({
      clientUrl: 'postgres://ada@db.example.com/app',
      ssl,
      applicationName: 'nestegg',
    });
  });

  test('is told who connects', () => {
    expect(parseServerUrl('postgres://db.example.com/app?application_name=billing').applicationName).toBe('billing');
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
