import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Signer } from '@aws-sdk/rds-signer';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Check, diagnose, openDatabase, type ServerTarget } from '../../../src/index.js';
import { startEmbeddedPostgres } from '../../../src/testing/embedded-postgres.js';
import { hasOpenssl, serveTls, TestAuthority } from './certificates.js';

const MISSING = hasOpenssl ? '' : ' (skipped: openssl is not installed)';

describe.skipIf(!hasOpenssl)(`a server with certificates of an authority of its own${MISSING}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nestegg-tls-'));
  let server: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  let superuser: pg.Client;
  let ours: TestAuthority;
  let theirs: TestAuthority;
  const opened: MikroORM[] = [];

  beforeAll(async () => {
    server = await startEmbeddedPostgres();
    superuser = await new pg.Client({ connectionString: server.url }).connect();
    ours = new TestAuthority(folder, 'ours');
    theirs = new TestAuthority(folder, 'theirs');
  }, 60_000);

  afterEach(async () => {
    for (const orm of opened.splice(0)) await orm.close(true);
  });

  afterAll(async () => {
    await superuser?.end();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Signs in at this host; what the server says of the connection. */
  async function connect(host: string, more: Partial<ServerTarget> = {}): Promise<object> {
    const url = new URL(server.url);
    url.hostname = host;
    const orm = await openDatabase({ kind: 'server', url: url.href, ...more });
    opened.push(orm);
    const [session] = await orm.em
      .fork()
      .execute<[object]>('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
    return session;
  }

  /** What the doctor says of the first thing that is wrong, or else of TLS. */
  async function doctorOn(host: string, more: Partial<ServerTarget> = {}): Promise<Check | undefined> {
    const url = new URL(server.url);
    url.hostname = host;
    const orm = await openDatabase({ kind: 'server', url: url.href, ...more });
    opened.push(orm);
    const { reachable, checks } = await diagnose(orm);
    return checks.find(({ name }) => name === (reachable ? 'tls' : 'reach'));
  }

  const PLAIN = { ssl: false, version: null };
  const ENCRYPTED = { ssl: true, version: 'TLSv1.3' };
  const verified = (authority: TestAuthority) => ({ tls: { mode: 'verify-full', ca: authority.certificate } }) as const;

  test('that does not speak TLS is not spoken to in the clear by whoever wants TLS', async () => {
    const refusal = { message: expect.stringContaining('The server does not support SSL connections') };
    await expect(connect('localhost', verified(ours))).rejects.toMatchObject(refusal);
    await expect(connect('localhost', { tls: { mode: 'require' } })).rejects.toMatchObject(refusal);
    expect(await connect('localhost')).toEqual(PLAIN);
  });

  describe('for localhost', () => {
    beforeAll(() => serveTls(superuser, ours.certify('DNS:localhost')));

    test('is spoken to when it is the one that was asked for', async () => {
      expect(await connect('localhost', verified(ours))).toEqual(ENCRYPTED);
      const url = new URL(server.url);
      url.hostname = 'localhost';
      url.search = `sslmode=verify-full&sslrootcert=${encodeURIComponent(ours.certificate)}`;
      expect(await connect('localhost', { url: url.href })).toEqual(ENCRYPTED);
    });

    test('is refused under another name, an address without a name included', async () => {
      await expect(connect('127.0.0.1', verified(ours))).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });

    test('is refused when another authority is trusted, or only those that everybody trusts', async () => {
      await expect(connect('localhost', verified(theirs))).rejects.toThrow(/certificate/);
      await expect(connect('localhost', { tls: { mode: 'verify-full' } })).rejects.toThrow(/certificate/);
      await expect(connect('localhost', { tls: { mode: 'verify-full', ca: 'rds' } })).rejects.toThrow(/certificate/);
    });

    test('is what the doctor tells of, whatever the matter is', async () => {
      expect(await doctorOn('localhost', verified(ours))).toEqual({
        name: 'tls',
        verdict: 'ok',
        message: 'Encrypted with TLSv1.3, and the server proved to be localhost.',
      });
      expect(await doctorOn('localhost', { tls: { mode: 'require' } })).toMatchObject({
        verdict: 'note',
        message: 'Encrypted with TLSv1.3, but nobody asked the server to prove who it is.',
      });
      expect(await doctorOn('127.0.0.1', verified(ours))).toMatchObject({
        verdict: 'problem',
        message: 'The server has a certificate, but not for the name 127.0.0.1.',
      });
      expect(await doctorOn('localhost', verified(theirs))).toMatchObject({
        verdict: 'problem',
        message: 'The server speaks TLS, with a certificate of an authority that is not trusted here.',
      });
    });

    test('is not asked who it is by whoever only wants to be encrypted', async () => {
      expect(await connect('127.0.0.1', { tls: { mode: 'require' } })).toEqual(ENCRYPTED);
    });

    test('refuses whoever comes in the clear where it wants TLS, and nobody tries again without', async () => {
      const rule = 'hostssl all all 127.0.0.1/32 password';
      await superuser.query(`copy (select '${rule}') to program 'mv pg_hba.conf kept; cat > pg_hba.conf'`);
      await superuser.query('select pg_reload_conf()');
      try {
        await expect(connect('localhost')).rejects.toMatchObject({ code: '28000' });
        expect(await doctorOn('localhost')).toMatchObject({
          message: 'The server does not let postgres in without TLS.',
          next: 'Set DATABASE_TLS=verify-full.',
        });
        expect(await connect('localhost', verified(ours))).toEqual(ENCRYPTED);
      } finally {
        await superuser.query(`copy (select 1) to program 'cat > /dev/null; mv kept pg_hba.conf'`);
        await superuser.query('select pg_reload_conf()');
      }
      expect(await connect('localhost')).toEqual(PLAIN);
    });
  });

  describe('for an address', () => {
    beforeAll(() => serveTls(superuser, ours.certify('IP:127.0.0.1')));

    test('is spoken to under that address alone', async () => {
      expect(await connect('127.0.0.1', verified(ours))).toEqual(ENCRYPTED);
      await expect(connect('localhost', verified(ours))).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    });
  });

  describe('that takes tokens of AWS for passwords', () => {
    beforeAll(async () => {
      await serveTls(superuser, ours.certify('DNS:localhost'));
      vi.stubEnv('AWS_REGION', 'eu-west-1');
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAFAKEFAKEFAKEFAKE');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not a secret');
      await superuser.query('create role ada login');
      return () => vi.unstubAllEnvs();
    });
    afterEach(() => vi.useRealTimers());

    /** The role's password becomes the token of this moment, and no other. */
    async function acceptTokenOf(moment: Date): Promise<void> {
      vi.setSystemTime(moment);
      const address = { hostname: 'localhost', port: Number(new URL(server.url).port), username: 'ada' };
      const token = await new Signer(address).getAuthToken();
      await superuser.query(`alter role ada password ${superuser.escapeLiteral(token)}`);
    }

    test('is signed in to with a token of its own by each connection', async () => {
      const url = new URL(server.url);
      url.host = `localhost:${url.port}`;
      url.username = 'ada';
      url.password = '';
      const tls = { ca: ours.certificate };
      const orm = await openDatabase({ kind: 'server', url: url.href, auth: 'iam', tls, pool: { max: 2 } });
      opened.push(orm);
      const ask = () => orm.em.fork().execute('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      vi.useFakeTimers({ toFake: ['Date'] });
      const now = Date.now();

      await acceptTokenOf(new Date(now));
      expect(await ask()).toEqual([{ ssl: true }]);
      // Too late for the first token: a second connection only gets in with one of its own.
      await acceptTokenOf(new Date(now + 16 * 60_000));
      expect(await Promise.all([ask(), ask()])).toEqual([[{ ssl: true }], [{ ssl: true }]]);
      const { rows } = await superuser.query(`select count(*)::int as n from pg_stat_activity where usename = 'ada'`);
      expect(rows).toEqual([{ n: 2 }]);
    });

    test('says what is missing when no token can be signed, and keeps the rest to itself', async () => {
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
      for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nowhere');
      vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
      const url = new URL(server.url);
      url.host = `localhost:${url.port}`;
      url.username = 'ada';
      url.password = '';
      const orm = await openDatabase({ kind: 'server', url: url.href, auth: 'iam', tls: { ca: ours.certificate } });
      opened.push(orm);
      await expect(orm.em.fork().execute('select 1')).rejects.toThrow(
        /DATABASE_AUTH is iam, but no token could be signed \(CredentialsProviderError\): are AWS_REGION and credentials of AWS there\?/,
      );
    });
  });
});
