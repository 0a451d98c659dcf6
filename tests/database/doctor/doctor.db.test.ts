import { randomBytes } from 'node:crypto';
import { createServer, connect as dial, type Socket } from 'node:net';
import type { MikroORM } from '@mikro-orm/sql';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import {
  asReader,
  type Check,
  checkInvariants,
  type DiagnoseOptions,
  type Diagnosis,
  diagnose,
  openDatabase,
  type ServerTarget,
} from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';

const database = useDatabase();
const opened: (() => unknown)[] = [];
let superuser: pg.Client;

beforeAll(async () => {
  superuser = await database.superuser();
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function open(url: string, more: Partial<ServerTarget> = {}): Promise<MikroORM> {
  const orm = await openDatabase({ kind: 'server', url, ...more }, { quiet: true });
  opened.push(() => orm.close(true));
  return orm;
}

const changed = (change: (url: URL) => unknown, base = database.fork.serviceUrl): string => {
  const url = new URL(base);
  change(url);
  return url.href;
};

async function diagnosed(url: string, more: Partial<ServerTarget> = {}, options?: DiagnoseOptions): Promise<Diagnosis> {
  const diagnosis = await diagnose(await open(url, more), options);
  const { password } = new URL(url);
  if (password) expect(JSON.stringify(diagnosis)).not.toContain(password);
  return diagnosis;
}

const named = ({ checks }: Diagnosis, name: string): Check[] => checks.filter(check => check.name === name);
const problems = ({ checks }: Diagnosis): string[] =>
  checks.filter(({ verdict }) => verdict === 'problem').map(({ name, message }) => `${name}: ${message}`);

/** Answers every connection in its own way. */
async function impostor(answer: (client: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    sockets.add(client.on('error', () => undefined));
    answer(client);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

describe('the doctor', () => {
  test('finds nothing wrong with a service on a server of its own, and says what it looked at', async () => {
    const owner = await open(database.fork.ownerUrl);
    const invariants = () => asReader(database.orm.em, checkInvariants);
    const diagnosis = await diagnosed(database.fork.serviceUrl, {}, { owner, invariants });
    const { host } = new URL(database.fork.serviceUrl);
    const like = (pattern: string) => expect.stringMatching(pattern);
    expect(diagnosis).toEqual({
      reachable: true,
      checks: [
        {
          name: 'reach',
          verdict: 'ok',
          message: like(`^${host} let nestegg_service into ${database.fork.name} in \\d+ ms \\(profile server\\)\\.$`),
        },
        { name: 'tls', verdict: 'note', message: 'Not encrypted, on the same machine.' },
        { name: 'server', verdict: 'ok', message: `PostgreSQL ${inject('postgres').version}.` },
        {
          name: 'roles',
          verdict: 'ok',
          message: 'nestegg_service may act as nestegg_app, nestegg_worker, nestegg_readonly.',
        },
        { name: 'books', verdict: 'ok', message: 'nestegg_service writes the books through nestegg_post alone.' },
        {
          name: 'timeouts',
          verdict: 'ok',
          message: 'idle_in_transaction_session_timeout 15000 ms, lock_timeout 5000 ms, statement_timeout 10000 ms.',
        },
        {
          name: 'pool',
          verdict: 'ok',
          message: like(
            '^A process opens up to 10 connections; the server takes \\d+ of them, and has \\d+ of all now\\. \\d+ such processes fit\\.$',
          ),
        },
        expect.objectContaining({ name: 'round trip', message: like('ms is the middle of 7 round trips') }),
        { name: 'clock', verdict: 'ok', message: like('^The server is \\d+ ms (behind|ahead of) this machine') },
        {
          name: 'migrations',
          verdict: 'ok',
          message: 'All have run, and the database is exactly what the code expects.',
        },
        { name: 'invariants', verdict: 'ok', message: like('^All \\d+ hold\\.$') },
      ],
    });
  });

  test('says that a service cannot see migrations', async () => {
    expect(named(await diagnosed(database.fork.serviceUrl), 'migrations')).toEqual([
      {
        name: 'migrations',
        verdict: 'note',
        message: 'Whether migrations are pending or tables differ is seen by the owner alone.',
        next: 'Set MIGRATOR_DATABASE_URL, or run npx nestegg gate as the owner.',
      },
    ]);
  });

  test('is not kept waiting by a pool that is exhausted', async () => {
    const orm = await open(database.fork.serviceUrl, { pool: { max: 1 } });
    const pool = (await orm.em.getConnection().getNativeClient()) as unknown as pg.Pool;
    const taken = await pool.connect();
    expect((await diagnose(orm)).reachable).toBe(true);
    taken.release();
  });

  test('counts broken invariants', async () => {
    const invariants = async () => [
      { name: 'every book closes to zero', checked: 7, violations: 2 },
      { name: 'every holding has an account', checked: 5, violations: 0 },
    ];
    expect(problems(await diagnosed(database.fork.serviceUrl, {}, { invariants }))).toEqual([
      'invariants: 2 of 7 break: every book closes to zero.',
    ]);
  });

  test('sees clocks that differ, in both directions', async () => {
    const clockAt = async (offsetMs: number) => {
      const orm = await open(database.fork.serviceUrl);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offsetMs });
      try {
        return named(await diagnose(orm), 'clock')[0];
      } finally {
        vi.useRealTimers();
      }
    };
    expect(await clockAt(60_000)).toMatchObject({
      verdict: 'problem',
      message: expect.stringMatching(/^The server is \d+ ms behind/),
    });
    expect(await clockAt(-60_000)).toMatchObject({
      verdict: 'problem',
      message: expect.stringMatching(/^The server is \d+ ms ahead/),
    });
  });
});

describe('the doctor, of a login', () => {
  const login = `nestegg_doctor_${randomBytes(4).toString('hex')}`;
  const url = () => changed(u => Object.assign(u, { username: login, password: 'hidden-word' }));

  beforeAll(async () => {
    await superuser.query(`create role ${login} login noinherit password 'hidden-word'`);
  });
  afterAll(async () => {
    await superuser.query(`drop owned by ${login}; drop role ${login}`);
  });

  test('says which grants are missing', async () => {
    await superuser.query(`grant nestegg_app to ${login}`);
    expect(named(await diagnosed(url()), 'roles')).toEqual([
      {
        name: 'roles',
        verdict: 'problem',
        message: `${login} may not act as nestegg_worker, nestegg_readonly.`,
        next: `As the owner or an administrator: grant nestegg_worker, nestegg_readonly to ${login}.`,
      },
    ]);
    await superuser.query(`grant nestegg_worker, nestegg_readonly to ${login}`);
    expect(problems(await diagnosed(url()))).toEqual([]);
  });

  test('sees that it may write the books, or may become who does', async () => {
    await superuser.query(`grant update on ledger_entries to ${login}`);
    expect(problems(await diagnosed(url()))).toEqual([`books: ${login} may write ledger_entries directly.`]);
    await superuser.query(`revoke update on ledger_entries from ${login}; grant nestegg_owner to ${login}`);
    expect(problems(await diagnosed(url()))).toEqual([
      `books: ${login} may become nestegg_owner, who owns the books and may write anything.`,
    ]);
    await superuser.query(`revoke nestegg_owner from ${login}`);
  });

  test('sees that no rule holds it', async () => {
    await superuser.query(`alter role ${login} bypassrls`);
    expect(problems(await diagnosed(url()))).toEqual([
      `roles: ${login} is exempt from row-level security: no rule of the database holds it.`,
    ]);
    await superuser.query(`alter role ${login} nobypassrls`);
    expect(problems(await diagnosed(database.fork.superuserUrl))).toContain(
      'roles: postgres is a superuser: no rule of the database holds it.',
    );
  });

  test('wants limits of time on it where none may be sent, that end before our patience does', async () => {
    const proxied = await diagnosed(url(), { profile: 'proxy' });
    expect(problems(proxied)).toEqual([
      'timeouts: There is no idle_in_transaction_session_timeout: what hangs keeps its locks for ever.',
      'timeouts: There is no statement_timeout: what hangs keeps its locks for ever.',
    ]);
    expect(named(proxied, 'timeouts').at(-1)?.next).toBe(
      `As an administrator: alter role ${login} set statement_timeout = '10s'.`,
    );
    await superuser.query(
      `alter role ${login} set statement_timeout = '10s'; alter role ${login} set idle_in_transaction_session_timeout = '15s'`,
    );
    expect(problems(await diagnosed(url(), { profile: 'proxy' }))).toEqual([]);
    await superuser.query(`alter role ${login} set statement_timeout = '12s'`);
    expect(problems(await diagnosed(url(), { profile: 'proxy' }))).toEqual([
      'timeouts: A statement may take 12000 ms, but this side gives the connection up after 12000 ms.',
    ]);
  });

  test('sees that the pool is larger than what it may open, and that it may open nothing', async () => {
    await superuser.query(`alter role ${login} connection limit 9`);
    expect(problems(await diagnosed(url()))).toEqual([
      expect.stringMatching(/^pool: A process opens up to 10 connections; the server takes 9 of them/),
    ]);
    await superuser.query(`alter role ${login} connection limit 0`);
    expect(await diagnosed(url())).toEqual({
      reachable: false,
      checks: [
        {
          name: 'reach',
          verdict: 'problem',
          message: 'The server has as many connections as it takes.',
          next: 'Lower DATABASE_POOL_MAX or the number of processes, put a pooler in between, or raise max_connections.',
        },
      ],
    });
    await superuser.query(`alter role ${login} connection limit -1`);
  });
});

describe('the doctor, of a database', () => {
  test('names what has not run, what was edited and what differs', async () => {
    const owner = await open(database.fork.ownerUrl);
    const asOwner = () => diagnosed(database.fork.serviceUrl, {}, { owner });
    const { rows } = await superuser.query('select name, up_sha256 from mikro_orm_migrations order by id desc limit 1');
    const [{ name, up_sha256: hash }] = rows;

    await superuser.query('drop index asset_prices_latest_index');
    await superuser.query(`update mikro_orm_migrations set up_sha256 = repeat('0', 64) where name = $1`, [name]);
    const found = problems(await asOwner());
    expect(found).toContain(`migrations: ${name} ran, and was edited or removed since.`);
    expect(found).toContainEqual(
      expect.stringMatching(/^drift: Differs from the entities: create index .*asset_prices_latest_index/),
    );
    await superuser.query('create index asset_prices_latest_index on asset_prices (asset_id, quote_id, as_of)');

    await superuser.query('delete from mikro_orm_migrations where name = $1', [name]);
    expect(problems(await asOwner())).toEqual([`migrations: ${name} has not run.`]);
    await superuser.query('insert into mikro_orm_migrations (name, up_sha256) values ($1, $2)', [name, hash]);
    expect(problems(await asOwner())).toEqual([]);
  });

  test('looks by itself when the application is the owner, and says that it should not be', async () => {
    const diagnosis = await diagnosed(database.fork.ownerUrl);
    expect(named(diagnosis, 'migrations')).toMatchObject([{ verdict: 'ok' }]);
    expect(named(diagnosis, 'books')).toMatchObject([{ verdict: 'problem' }]);
  });

  test('that was never migrated says so, and leaves nothing in it', async () => {
    const name = `${database.fork.name}_empty`;
    await superuser.query(`create database ${name} owner nestegg_owner`);
    opened.push(() => superuser.query(`drop database ${name} with (force)`));
    const url = changed(u => Object.assign(u, { pathname: name }), database.fork.ownerUrl);
    const owner = await open(url);
    const diagnosis = await diagnosed(url, {}, { owner });
    expect(problems(diagnosis)).toEqual(
      expect.arrayContaining(['books: There are no books yet.', 'migrations: Nothing was ever migrated here.']),
    );
    const [tables] = await owner.em
      .fork()
      .execute(`select count(*)::int as n from pg_tables where schemaname = 'public'`);
    expect(tables).toEqual({ n: 0 });
  });

  test('that takes no writes is not what a service wants', async () => {
    await superuser.query(`alter database ${database.fork.name} set default_transaction_read_only = on`);
    const diagnosis = await diagnosed(database.fork.serviceUrl);
    await superuser.query(`alter database ${database.fork.name} reset default_transaction_read_only`);
    expect(problems(diagnosis)).toEqual(['server: It is set to take no writes.']);
  });

  test('whose replicas are none, or away, says so of each', async () => {
    const { port } = new URL(database.fork.serviceUrl);
    const replicas = [`postgresql://127.0.0.1:${port}`, 'postgresql://127.0.0.1:1'];
    expect(problems(await diagnosed(database.fork.serviceUrl, { replicas }))).toEqual([
      `replica 127.0.0.1:${port}: This is not a replica: it takes writes.`,
      'replica 127.0.0.1:1: Nothing listens at 127.0.0.1:1.',
    ]);
  });

  test('behind a pooler wants a profile for one', async () => {
    const { hostname, port } = new URL(database.fork.serviceUrl);
    // A pooler has a number of its own for each session: here it is the server's and one more.
    const pooler = await impostor(client => {
      const upstream = dial(Number(port), hostname).on('error', () => undefined);
      client.on('data', data => upstream.write(data)).on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      upstream.on('data', data => {
        const keyData = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
        if (keyData >= 0) data.writeInt32BE(data.readInt32BE(keyData + 5) + 1, keyData + 5);
        client.write(data);
      });
    });
    const url = changed(u => Object.assign(u, { port: pooler }));
    expect(problems(await diagnosed(url))).toEqual([
      'server: A pooler is in between, and the profile is for a server itself.',
    ]);
    expect(named(await diagnosed(url, { profile: 'serverless' }), 'server')).toMatchObject([{ verdict: 'ok' }]);
  });
});

describe('the doctor, of a connection that is not made', () => {
  const fatal = (sqlState: string, said: string): Buffer => {
    const fields = ['SFATAL', 'VFATAL', `C${sqlState}`, `M${said}`, ''].join('\0');
    const message = Buffer.from(`E\0\0\0\0${fields}\0`);
    message.writeInt32BE(message.length - 1, 1);
    return message;
  };

  const at = async (answer: (client: Socket) => void): Promise<string> => {
    const port = await impostor(answer);
    return changed(u => Object.assign(u, { port }));
  };
  const saying =
    (sqlState: string, said = 'hidden-word') =>
    () =>
      at(client => client.once('data', () => client.end(fatal(sqlState, said))));

  test.each<[string, () => string | Promise<string>, string | RegExp]>([
    [
      'the name is not known',
      () => changed(u => Object.assign(u, { hostname: 'nowhere.invalid', search: 'sslmode=disable' })),
      'The name nowhere.invalid leads nowhere from here (DNS).',
    ],
    ['nothing listens', () => changed(u => Object.assign(u, { port: '1' })), 'Nothing listens at 127.0.0.1:1.'],
    ['nobody answers', () => at(() => undefined), /^127\.0\.0\.1:\d+ did not answer in time\.$/],
    [
      'somebody else answers',
      () => at(client => client.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /^127\.0\.0\.1:\d+ ended the connection before it was one\.$/,
    ],
    [
      'it is closed at once',
      () => at(client => client.destroy()),
      /^127\.0\.0\.1:\d+ ended the connection before it was one\.$/,
    ],
    [
      'the password is wrong',
      () => changed(u => Object.assign(u, { password: 'hidden-word' })),
      'The server does not take the password of nestegg_service.',
    ],
    [
      'there is no such login',
      () => changed(u => Object.assign(u, { username: 'nobody' })),
      'The server does not take the password of nobody.',
    ],
    [
      'there is no such database',
      () => changed(u => Object.assign(u, { pathname: 'nothing' })),
      'The server has no database nothing.',
    ],
    [
      'it speaks no TLS',
      () => changed(u => Object.assign(u, { search: 'sslmode=verify-full' })),
      /^127\.0\.0\.1:\d+ does not speak TLS\.$/,
    ],
    ['it is starting up', saying('57P03'), 'The server is starting up.'],
    ['it is shutting down', saying('57P01'), 'The server is shutting down.'],
    ['the login may not in', saying('28000'), /^The server does not let nestegg_service into \w+\.$/],
    [
      'it is a proxy that takes no options',
      saying('0A000'),
      'A pooler is in between, and takes no timeouts when a connection starts.',
    ],
    [
      'it is a pooler that takes no timeouts',
      saying('08P01', 'unsupported startup parameter: statement_timeout'),
      'A pooler is in between, and takes no timeouts when a connection starts.',
    ],
    ['it is full', saying('53300'), 'The server has as many connections as it takes.'],
  ])('tells when %s, and what to do', async (_, url, message) => {
    const diagnosis = await diagnosed(await url(), { timeouts: { connectMs: 500 } });
    expect(diagnosis).toEqual({
      reachable: false,
      checks: [
        {
          name: 'reach',
          verdict: 'problem',
          message: typeof message === 'string' ? message : expect.stringMatching(message),
          next: expect.stringMatching(/.{10}[.?]$/),
        },
      ],
    });
    expect(JSON.stringify(diagnosis)).not.toContain('hidden-word');
  });
});
