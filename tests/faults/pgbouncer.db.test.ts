import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { asUser } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { hasPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { usePrivateServer } from '../support/private-server.js';
import { expectInTime, type Outcome, useLine } from './line.js';

const DONE = { transactionId: expect.any(String) };
const SALARY = ['salary: deposit of 10.00000000 posted'];

describe.skipIf(!hasPgBouncer)('behind PgBouncer in transaction mode, where it is installed', () => {
  const server = usePrivateServer();
  const database = useDatabase({ on: () => server.address });
  let pooler: PgBouncer;
  let narrow: PgBouncer;

  beforeAll(async () => {
    pooler = await startPgBouncer([database.fork.serviceUrl]);
    narrow = await startPgBouncer([database.fork.serviceUrl], { default_pool_size: '1', query_wait_timeout: '1' });
  });
  afterAll(() => Promise.all([pooler?.stop(), narrow?.stop()]));

  const line = useLine(database, () => pooler.through(database.fork.serviceUrl));
  const nobodyHears = () => undefined;
  afterEach(() => pooler.say('resume').catch(nobodyHears));

  test('a profile that sends timeouts is refused, and told so; the profiles for proxies are let in', async () => {
    const ann = await line.world.newInvestor();
    const direct = await line.open({ profile: 'server' });
    const refused = await line.deposit(ann, 'salary', '10', { orm: direct });
    expect(refused).toMatchObject({ error: { code: 'connection.not-permitted', retryable: false }, attempts: 1 });
    const serverless = await line.open({ profile: 'serverless' });
    expect(await line.deposit(ann, 'salary', '10', { orm: serverless })).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery(serverless);
  });

  test('forty people at once on ten connections each see their own rows only', async () => {
    const people = await Promise.all(Array.from({ length: 40 }, () => line.world.newInvestor()));
    const seen = await Promise.all(
      people.map(async (person, n) => {
        await line.deposit(person, `salary-${n}`, '10');
        const read = () =>
          asUser(line.orm.em, person.userId, em => em.execute('select user_id, idempotency_key from transactions'));
        return Promise.all(Array.from({ length: 5 }, read));
      }),
    );
    for (const [n, { userId }] of people.entries())
      expect(seen[n]).toEqual(Array(5).fill([{ user_id: userId, idempotency_key: `salary-${n}` }]));
    await line.expectRecovery();
  });

  test.each([
    ['before it was asked anything is noticed by nobody', undefined, 1],
    ['in the middle of a transaction', /nestegg_post/, 2],
    ['just before COMMIT', /^commit/i, 2],
  ])('a session that the server ends %s', async (_when, statement, attempts) => {
    const ann = await line.world.newInvestor();
    await line.deposit(ann, 'earlier', '1');
    if (statement) void line.proxy.atNext(statement, () => line.endBackends());
    else await line.endBackends();
    const outcome = await line.deposit(ann, 'salary');
    expect(outcome).toMatchObject(DONE);
    expect(outcome.attempts).toBeLessThanOrEqual(Math.max(attempts, 2));
    expect((await line.effects(ann)).slice(1)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('that is restarted in the middle of a run makes every deposit once', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => line.world.newInvestor()));
    const run = Promise.all(
      people.map(async person => {
        const outcomes: Outcome[] = [];
        for (let number = 0; number < 40; number++)
          outcomes.push(await line.deposit(person, `salary-${number}`, '10', { attempts: 1_000 }));
        return outcomes;
      }),
    );
    await setTimeout(300);
    await pooler.end();
    await setTimeout(200);
    await pooler.startAgain();
    const outcomes = (await run).flat();
    expect(outcomes.filter(({ error }) => error)).toEqual([]);
    expect(Math.max(...outcomes.map(({ attempts }) => attempts))).toBeGreaterThan(1);
    const all = Array.from({ length: 40 }, (_, number) => `salary-${number}: deposit of 10.00000000 posted`);
    for (const person of people) expect(await line.effects(person)).toEqual(all);
    await line.expectRecovery();
  }, 40_000);

  test('that is paused lets everybody wait, and nobody beyond the deadline', async () => {
    const ann = await line.world.newInvestor();
    await line.deposit(ann, 'earlier', '1');
    await pooler.say('pause');
    const late = await line.deposit(ann, 'salary', '10', { deadlineMs: 700 });
    expect(late.error).toMatchObject({ code: 'timeout.deadline' });
    expectInTime(late, 700);
    const waiting = line.deposit(ann, 'salary');
    await setTimeout(300);
    expect((await line.effects(ann)).slice(1)).toEqual([]);
    await pooler.say('resume');
    expect(await waiting).toMatchObject({ ...DONE, attempts: 1 });
    expect((await line.effects(ann)).slice(1)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('that connects anew, as for a failover, is noticed by nobody', async () => {
    const ann = await line.world.newInvestor();
    const keys = Array.from({ length: 30 }, (_, number) => `salary-${number}`);
    const run = Promise.all(keys.map(key => line.deposit(ann, key, '10')));
    await pooler.say('reconnect');
    expect((await run).filter(({ error }) => error)).toEqual([]);
    expect((await line.effects(ann)).sort()).toEqual(keys.map(key => `${key}: deposit of 10.00000000 posted`).sort());
    await line.expectRecovery();
  });

  test('whose places are all taken turns away who has waited long enough', async () => {
    const [ann, bob] = [await line.world.newInvestor(), await line.world.newInvestor()];
    const orm = await line.open({ url: narrow.through(database.fork.serviceUrl) });
    const holder = await database.owner();
    await holder.query('begin');
    await holder.query('select nestegg_lock_book($1)', [ann.userId]);
    const held = line.deposit(ann, 'salary', '10', { orm });
    await setTimeout(200);
    const rejected = await line.deposit(bob, 'salary', '10', { orm });
    expect(rejected).toMatchObject({ error: { code: 'overloaded.pooler-queue', retryable: false }, attempts: 1 });
    expectInTime(rejected, 2_000);
    await holder.query('rollback');
    expect(await held).toMatchObject(DONE);
    expect(await line.deposit(bob, 'salary', '10', { orm })).toMatchObject(DONE);
    expect([await line.effects(ann), await line.effects(bob)]).toEqual([SALARY, SALARY]);
    await line.expectRecovery(orm);
  });

  test('whose server crashes and comes back makes every deposit once', async () => {
    const ann = await line.world.newInvestor();
    await line.deposit(ann, 'earlier', '1');
    await server.postgres.end('KILL');
    const depositing = line.deposit(ann, 'salary', '10', { attempts: 1_000 });
    await setTimeout(500);
    await server.postgres.startAgain();
    expect(await depositing).toMatchObject(DONE);
    expect((await line.effects(ann)).slice(1)).toEqual(SALARY);
    await line.expectRecovery();
  }, 40_000);
});
