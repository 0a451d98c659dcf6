import type { MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  DeclaredReadError,
  inRequest,
  openDatabase,
  type ReadingEntityManager,
  transact,
  User,
} from '../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';
import { WireProxy } from '../support/wire-proxy.js';
import { thrownBy } from './connection/faulty-line.js';

const REPLICA = { reads: 'replica' } as const;

/** Stands in for a replica: a database of its own, so that its rows tell where a query ran. */
const database = useDatabase();
let replica: ForkedDatabase;
let line: WireProxy;
let orm: MikroORM;
let ann: User;

beforeAll(async () => {
  const server = inject('postgres');
  replica = await forkDatabase(server, server.template);
  line = await WireProxy.listen(replica.serviceUrl);
  const target = { kind: 'server', url: database.fork.serviceUrl, timeouts: { connectMs: 2_000 } } as const;
  orm = await openDatabase({ ...target, replicas: [line.through(replica.serviceUrl)] });
  const only = await openDatabase({ ...target, url: replica.serviceUrl });
  ann = new User('ann@example.com');
  await asUser(orm.em, ann.id, async em => em.persist(new User('ann@example.com', ann.id)) && undefined);
  await asUser(only.em, ann.id, async em => em.persist(new User('ann@replica.example.com', ann.id)) && undefined);
  await only.close(true);
});

afterAll(async () => {
  await orm.close(true);
  await line.close();
  await replica.drop();
});

const emailIn = async (em: ReadingEntityManager) => (await em.findOneOrFail(User, ann.id)).email;
const read = (from: MikroORM = orm) => asUser(from.em, ann.id, emailIn, REPLICA);
const [ON_WRITER, ON_REPLICA] = ['ann@example.com', 'ann@replica.example.com'];

describe('a read that was declared to be one', () => {
  test('is answered by the replica, in whatever way it asks', async () => {
    const answers = await asUser(
      orm.em,
      ann.id,
      async em => [
        (await em.findOneOrFail(User, ann.id)).email,
        (await em.find(User, {})).map(user => user.email).join(),
        (await em.execute<{ email: string }[]>('select email from users'))[0]?.email,
        (await em.createQueryBuilder(User).getSingleResult())?.email,
        (await em.getKysely<{ users: { email: string } }>().selectFrom('users').select('email').executeTakeFirst())
          ?.email,
        // The global EntityManager is the one of the work here, as it is in any transaction.
        (await orm.em.findOneOrFail(User, ann.id)).email,
      ],
      REPLICA,
    );
    expect(answers).toEqual(answers.map(() => ON_REPLICA));
    expect(await asReader(orm.em, emailIn, REPLICA)).toBe(ON_REPLICA);
    expect(await transact(read)).toBe(ON_REPLICA);
  });

  test('shows the rows of the user and of nobody else there, too', async () => {
    const stranger = new User('stranger@example.com');
    const seen = await asUser(orm.em, stranger.id, em => em.find(User, {}), REPLICA);
    expect(seen).toEqual([]);
  });

  test('is answered by the writer where there is no replica', async () => {
    expect(await read(database.orm)).toBe(ON_WRITER);
  });

  test('changes nothing, on the replica or the writer', async () => {
    for (const here of [orm, database.orm]) {
      const bySql = asUser(here.em, ann.id, em => em.execute('update users set version = version + 1'), REPLICA);
      await expect(bySql).rejects.toThrow(DeclaredReadError);
      const byEntity = asUser(
        here.em,
        ann.id,
        async em => {
          (await em.findOneOrFail(User, ann.id)).verifyEmail(new Date());
        },
        REPLICA,
      );
      await expect(byEntity).rejects.toMatchObject({ code: 'context.declared-read', retryable: false });
    }
    expect(await asUser(orm.em, ann.id, async em => (await em.findOneOrFail(User, ann.id)).emailVerifiedAt)).toBe(
      undefined,
    );
  });

  test('is given nothing to change anything with', async () => {
    await asUser(
      orm.em,
      ann.id,
      async em => {
        // @ts-expect-error
        expect(em.persist).toBeTypeOf('function');
        // @ts-expect-error
        expect(em.flush).toBeTypeOf('function');
      },
      REPLICA,
    );
  });
});

describe('without the declaration', () => {
  test('everything is read from the writer', async () => {
    expect(await asUser(orm.em, ann.id, emailIn)).toBe(ON_WRITER);
    expect(await asReader(orm.em, emailIn)).toBe(ON_WRITER);
    expect(await asWorker(orm.em, emailIn)).toBe(ON_WRITER);
  });
});

describe('in one request', () => {
  const write = (fails = false) =>
    asUser(orm.em, ann.id, async em => {
      await em.execute('update users set version = version + 1');
      if (fails) throw new RangeError('changed my mind');
    });

  test('what was written is read: from the writer, once it has been written to', async () => {
    await inRequest(async () => {
      expect(await read()).toBe(ON_REPLICA);
      await write();
      expect(await read()).toBe(ON_WRITER);
      expect(await inRequest(read)).toBe(ON_WRITER);
    });
    expect(await inRequest(read)).toBe(ON_REPLICA);
  });

  test('what was only read, or taken back, is no reason to ask the writer', async () => {
    await inRequest(async () => {
      await asReader(orm.em, emailIn);
      await write(true).catch(() => undefined);
      expect(await read()).toBe(ON_REPLICA);
    });
  });

  test('one request does not decide for another', async () => {
    await inRequest(write);
    const [one, other] = await Promise.all([
      inRequest(async () => {
        await write();
        return read();
      }),
      inRequest(read),
    ]);
    expect([one, other]).toEqual([ON_WRITER, ON_REPLICA]);
  });
});

describe('a replica that cannot be reached', () => {
  test('leaves its reads to the writer, which is not asked to wait for it again and again', async () => {
    await line.refuse();
    for (let i = 0; i < 7; i++) expect(await read()).toBe(ON_WRITER);
    line.blackHole();
    await line.accept();
    const begun = performance.now();
    expect(await read()).toBe(ON_WRITER);
    // Its circuit is open by now.
    expect(performance.now() - begun).toBeLessThan(1_500);
    line.clear();
  });

  test('does not hide what the work itself fails at', async () => {
    const error = await thrownBy(() => asUser(orm.em, ann.id, () => Promise.reject(new RangeError('no')), REPLICA));
    expect(error).toBeInstanceOf(RangeError);
  });
});
