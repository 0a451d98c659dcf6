import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { MikroORM as AnyOrm, type IDatabaseDriver } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  ConflictError,
  ConstraintError,
  ContextMissingError,
  DatabaseError,
  DepositService,
  ENTITIES,
  NesteggError,
  NotAllowedError,
  NotFoundError,
  newId,
  openDatabase,
  ormOptions,
  RoleNotGrantedError,
  User,
  UserProfile,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();
let ann: User;
let bob: User;

const register = async (email: string): Promise<User> => {
  const user = new User(email);
  await asUser(database.orm.em, user.id, async em => {
    em.persist(user);
  });
  return user;
};

beforeAll(async () => {
  ann = await register('ann@example.com');
  bob = await register('bob@example.com');
});

const emails = async (): Promise<string[]> => {
  const { rows } = await (await database.superuser()).query('select email from users order by email');
  return rows.map(row => row.email);
};

const opened: MikroORM[] = [];
afterAll(() => Promise.all(opened.map(orm => orm.close(true))));

/** The ORM of a service, with some of its options changed. */
async function openWith(more: object): Promise<MikroORM> {
  const options = { ...(await ormOptions({ kind: 'server', url: database.fork.serviceUrl }, ENTITIES)), ...more };
  const orm = (await AnyOrm.init<IDatabaseDriver>(options as never)) as unknown as MikroORM;
  opened.push(orm);
  return orm;
}

/** What a service can make of a connection in its pool between two pieces of work. */
const IDENTITY = `select current_user as role, current_setting('nestegg.user_id', true) as user_id`;

describe('acting for a user', () => {
  test('shows the rows of this user and of nobody else', async () => {
    const seen = await asUser(database.orm.em, ann.id, async em => ({
      all: (await em.find(User, {})).map(user => user.email),
      bob: await em.findOne(User, bob.id),
      bySql: await em.execute('select email from users'),
      count: await em.count(User, { id: { $in: [ann.id, bob.id] } }),
    }));
    expect(seen).toEqual({ all: ['ann@example.com'], bob: null, bySql: [{ email: 'ann@example.com' }], count: 1 });
  });

  test('changes no row of anybody else, not even by SQL', async () => {
    const changed = await asUser(database.orm.em, ann.id, async em => ({
      byQuery: await em.nativeUpdate(User, { id: bob.id }, { updatedAt: new Date() }),
      bySql: await em.execute('update users set version = version + 1 where id <> ? returning id', [ann.id]),
    }));
    expect(changed).toEqual({ byQuery: 0, bySql: [] });
  });

  test.each([
    ['verified', `update users set kyc_status = 'verified', kyc_verified_at = now()`],
    ['suspended no more', `update users set status = 'active'`],
    ['gone', `update users set status = 'closed', closing_at = now(), closed_at = now()`],
    ['somebody of another address', `update users set email = 'eve@example.com'`],
    ['somebody whose address is proved', 'update users set email_verified_at = now()'],
  ])('lets nobody become %s by their own SQL', async (_what, sql) => {
    await expect(asUser(database.orm.em, ann.id, em => em.execute(sql))).rejects.toThrow(NotAllowedError);
    const born = asUser(database.orm.em, newId(), em =>
      em.execute(
        `insert into users (id, email, status, kyc_status, kyc_verified_at)
         values (nestegg_user_id(), 'dan@example.com', 'active', 'verified', now())`,
      ),
    );
    await expect(born).rejects.toThrow(NotAllowedError);
    await asUser(database.orm.em, ann.id, em => em.execute(`update users set kyc_status = 'pending'`));
    await asWorker(database.orm.em, em => em.execute(`update users set kyc_status = 'none' where id = ?`, [ann.id]));
  });

  test('refuses a row for somebody else', async () => {
    const insert = asUser(database.orm.em, ann.id, async em => {
      em.persist(new User('carl@example.com'));
    });
    await expect(insert).rejects.toThrow(NotAllowedError);
    await expect(insert).rejects.toMatchObject({ code: 'context.not-allowed' });
    const bySql = asUser(database.orm.em, ann.id, em =>
      em.execute(
        `insert into outbox_events (user_id, id, type, payload, occurred_at) values (?, ?, 'a.b', '{}', now())`,
        [bob.id, newId()],
      ),
    );
    await expect(bySql).rejects.toThrow(NotAllowedError);
    expect(await emails()).toEqual(['ann@example.com', 'bob@example.com']);
  });

  test('does not let a row be given away', async () => {
    const gift = asUser(database.orm.em, ann.id, em => em.execute('update users set id = ?', [newId()]));
    await expect(gift).rejects.toThrow(NotAllowedError);
  });

  test('finds nothing under the id of somebody else', async () => {
    const foreign = asUser(database.orm.em, ann.id, em =>
      new DepositService(em).settle({ userId: bob.id, transactionId: newId(), idempotencyKey: 'k' }),
    );
    await expect(foreign).rejects.toThrow(NotFoundError);
    await expect(foreign).rejects.toMatchObject({
      code: 'transaction.not-found',
      message: 'There is no such transaction.',
    });
  });

  test('allows no catalogue to be changed', async () => {
    const sql = `insert into assets (id, code, name, kind, display_scale, price_max_age_seconds, status)
      values (gen_random_uuid(), 'ANN', 'Ann', 'fiat', 2, 60, 'active')`;
    await expect(asUser(database.orm.em, ann.id, em => em.execute(sql))).rejects.toThrow(NotAllowedError);
    await asWorker(database.orm.em, em => em.execute(sql));
  });

  test.each(['', 'ann', '00000000-0000-0000-0000-00000000000A', null as never])('takes an id and not %j', async id => {
    const refused = (async () => asUser(database.orm.em, id, async () => 'in'))();
    await expect(refused).rejects.toThrow(ValidationError);
  });

  test('keeps what the work has done when it resolves, and none of it when it rejects', async () => {
    const dora = new User('dora@example.com');
    const failing = asUser(database.orm.em, dora.id, async em => {
      em.persist(dora);
      await em.flush();
      throw new RangeError('changed my mind');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await emails()).not.toContain('dora@example.com');
    const answer = await asUser(database.orm.em, dora.id, async em => {
      em.persist(new User('dora@example.com', dora.id));
      return 42;
    });
    expect(answer).toBe(42);
    expect(await emails()).toContain('dora@example.com');
  });

  test('never reports as done what the database has taken back', async () => {
    const emil = new User('emil@example.com');
    const swallowed = asUser(database.orm.em, emil.id, async em => {
      em.persist(emil);
      await em.flush();
      await em.execute('select 1 / 0').catch(() => 'never mind');
    });
    await expect(swallowed).rejects.toMatchObject({ code: 'database.failed', details: { sqlState: '25P02' } });
    expect(await emails()).not.toContain('emil@example.com');
  });
});

test('who acts for somebody already cannot act for somebody else as well', async () => {
  const nested = asUser(database.orm.em, ann.id, em => asUser(em, bob.id, async () => 'in'));
  await expect(nested).rejects.toMatchObject({ code: 'context.already-acting' });
  await expect(asUser(database.orm.em, ann.id, em => asWorker(em, async () => 'in'))).rejects.toThrow(NesteggError);
  const apart = await Promise.all([ann, bob].map(user => asUser(database.orm.em, user.id, async () => 'in')));
  expect(apart).toEqual(['in', 'in']);
});

describe('acting as a job', () => {
  test('shows and changes the rows of all users', async () => {
    const seen = await asWorker(database.orm.em, async em => {
      const users = await em.find(User, { id: { $in: [ann.id, bob.id] } }, { orderBy: { id: 'asc' } });
      users[1]!.verifyEmail(new Date('2026-11-22T12:00:00Z'));
      return users.map(user => user.email);
    });
    expect(seen).toEqual(['ann@example.com', 'bob@example.com']);
    const { rows } = await (await database.superuser()).query('select email_verified_at from users where id = $1', [
      bob.id,
    ]);
    expect(rows).toEqual([{ email_verified_at: new Date('2026-11-22T12:00:00Z') }]);
  });
});

describe('acting as a reader', () => {
  test('shows the rows of all users', async () => {
    const seen = await asReader(database.orm.em, em => em.find(User, { id: { $in: [ann.id, bob.id] } }));
    expect(seen).toHaveLength(2);
  });

  test('writes nothing', async () => {
    const insert = asReader(database.orm.em, async em => {
      em.persist(new User('reader@example.com'));
    });
    await expect(insert).rejects.toThrow(NotAllowedError);
    await expect(asReader(database.orm.em, em => em.execute('update users set version = 7'))).rejects.toThrow(
      NotAllowedError,
    );
    await expect(asReader(database.orm.em, em => em.execute('delete from outbox_events'))).rejects.toThrow(
      NotAllowedError,
    );
    expect(await emails()).not.toContain('reader@example.com');
  });
});

describe('without anybody to act for', () => {
  test('the login of a service may read nothing', async () => {
    const client = await database.service();
    await expect(client.query('select * from users')).rejects.toMatchObject({ code: '42501' });
  });

  test('the role of the application sees, changes and adds no row', async () => {
    const client = await database.service();
    await client.query('begin; set local role nestegg_app');
    const seen = await client.query('select (select count(*)::int from users) as users, nestegg_user_id() as acting');
    const changed = await client.query('update users set version = 7');
    await expect(
      client.query(`insert into users (id, email, status, kyc_status) values ($1, 'x@example.com', 'active', 'none')`, [
        newId(),
      ]),
    ).rejects.toMatchObject({ code: '42501', message: expect.stringContaining('row-level security') });
    await client.query('rollback');
    expect(seen.rows).toEqual([{ users: 0, acting: null }]);
    expect(changed.rowCount).toBe(0);
  });

  test('nobody enters as a user, or as the owner of the tables', async () => {
    const client = await database.service();
    await expect(client.query(`select nestegg_enter('nestegg_app', null)`)).rejects.toMatchObject({
      code: 'NE003',
      message: 'context.missing',
    });
    await expect(client.query(`select nestegg_enter('nestegg_owner', $1)`, [ann.id])).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('the ORM refuses to save before the database is asked', async () => {
    const asked: string[] = [];
    const orm = await openWith({ debug: ['query'], logger: (message: string) => asked.push(message), colors: false });
    const nobody = () => new User('nobody@example.com');
    const em = orm.em.fork();
    em.persist(nobody());
    await expect(em.flush()).rejects.toThrow(ContextMissingError);
    expect(asked).toEqual([]);
    const inTransaction = orm.em.fork().transactional(async inner => {
      inner.persist(nobody());
    });
    await expect(inTransaction).rejects.toMatchObject({ code: 'context.missing' });
    expect(asked.map(message => /begin|rollback|insert/.exec(message)?.[0])).toEqual(['begin', 'rollback']);
    expect(await emails()).not.toContain('nobody@example.com');
  });
});

describe('with one connection for all', () => {
  test('nothing of one user is left for the next, neither after a commit nor after a rollback', async () => {
    const orm = await openWith({ pool: { min: 0, max: 1 } });
    const connection = async () =>
      (await orm.em.fork().execute(`select pg_backend_pid() as pid, x.* from (${IDENTITY}) x`))[0];
    const nobody = { pid: expect.any(Number), role: 'nestegg_service' };

    const first = await connection();
    expect(first).toEqual({ ...nobody, user_id: null });
    const pid = first?.pid;

    const inside = await asUser(orm.em, ann.id, em => em.execute(IDENTITY));
    expect(inside).toEqual([{ role: 'nestegg_app', user_id: ann.id }]);
    expect(await connection()).toEqual({ ...nobody, pid, user_id: '' });

    await expect(asUser(orm.em, bob.id, em => em.execute('select 1 / 0'))).rejects.toThrow(DatabaseError);
    expect(await connection()).toEqual({ ...nobody, pid, user_id: '' });

    expect(await asWorker(orm.em, em => em.execute(IDENTITY))).toEqual([{ role: 'nestegg_worker', user_id: '' }]);
    expect(await asReader(orm.em, em => em.execute(IDENTITY))).toEqual([{ role: 'nestegg_readonly', user_id: '' }]);
    expect(await connection()).toEqual({ ...nobody, pid, user_id: '' });

    const many = await Promise.all(
      [ann, bob, ann, bob].map(user =>
        asUser(orm.em, user.id, async em => (await em.find(User, {})).map(found => found.id)),
      ),
    );
    expect(many).toEqual([[ann.id], [bob.id], [ann.id], [bob.id]]);
  });
});

describe('a login that was not granted the roles', () => {
  const login = `nestegg_stranger_${randomBytes(4).toString('hex')}`;
  let orm: MikroORM;

  beforeAll(async () => {
    const admin = await database.superuser();
    await admin.query(`create role ${login} login password 'stranger'`);
    const url = new URL(database.fork.serviceUrl);
    url.username = login;
    url.password = 'stranger';
    orm = await openDatabase({ kind: 'server', url: url.href });
    return async () => {
      await orm.close(true);
      await admin.query(`drop role ${login}`);
    };
  });

  test.each([
    ['nestegg_app', () => asUser(orm.em, ann.id, async () => 'in')],
    ['nestegg_worker', () => asWorker(orm.em, async () => 'in')],
    ['nestegg_readonly', () => asReader(orm.em, async () => 'in')],
  ])('is told which grant is missing to act as %s', async (role, enter) => {
    const refused = enter();
    await expect(refused).rejects.toThrow(RoleNotGrantedError);
    await expect(refused).rejects.toMatchObject({
      code: 'context.role-not-granted',
      message: expect.stringContaining(`grant ${role} to <login>`),
    });
  });
});

describe('what the database refuses', () => {
  const SECRET = 'secret-name';

  const thrownBy = async (work: () => Promise<unknown>): Promise<NesteggError> => {
    try {
      await work();
    } catch (error) {
      return error as NesteggError;
    }
    throw new Error('nothing was refused');
  };

  test.each<[string, new (...args: never[]) => Error, () => Promise<unknown>]>([
    [
      'an address that is taken',
      ConflictError,
      async () => {
        await register(`${SECRET}@example.com`);
        return register(`${SECRET}@example.com`);
      },
    ],
    [
      'a name that is too long',
      DatabaseError,
      () =>
        asUser(database.orm.em, ann.id, async em => {
          const profile = new UserProfile(em.getReference(User, ann.id));
          profile.displayName = SECRET.repeat(100);
          em.persist(profile);
        }),
    ],
    [
      'a check',
      ConstraintError,
      () =>
        asUser(database.orm.em, ann.id, em =>
          em.execute('insert into user_wallets (user_id, id, chain, address, is_primary) values (?, ?, ?, ?, false)', [
            ann.id,
            newId(),
            SECRET,
            SECRET,
          ]),
        ),
    ],
    [
      'a value of the wrong kind',
      DatabaseError,
      () => asUser(database.orm.em, ann.id, em => em.execute('select ?::uuid', [SECRET])),
    ],
    [
      'a statement that is wrong',
      DatabaseError,
      () => asUser(database.orm.em, ann.id, em => em.execute(`select '${SECRET}' from nowhere`)),
    ],
    [
      'a row of somebody else',
      NotAllowedError,
      () =>
        asUser(database.orm.em, ann.id, async em => {
          em.persist(new User(`${SECRET}-2@example.com`));
        }),
    ],
  ])('is told without a value: %s', async (_what, kind, work) => {
    const error = await thrownBy(work);
    expect(error).toBeInstanceOf(NesteggError);
    expect(error).toBeInstanceOf(kind);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(ann.id);
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });

  test('names the rule and the state that the database gave', async () => {
    const error = await thrownBy(() =>
      asUser(database.orm.em, ann.id, em =>
        em.execute(`update users set kyc_status = 'verified' where id = ?`, [ann.id]),
      ),
    );
    expect(error).toMatchObject({
      code: 'database.constraint',
      details: { constraint: 'users_kyc_verified_at' },
      cause: { sqlState: '23514', constraint: 'users_kyc_verified_at', table: 'users' },
    });
  });
});

test('an id that was made up shows no difference between nobody and somebody else', async () => {
  const find = (id: string) => asUser(database.orm.em, ann.id, em => em.findOne(User, id));
  expect(await find(bob.id)).toBeNull();
  expect(await find(randomUUID())).toBeNull();
});
