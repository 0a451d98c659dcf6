import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { asUser, asWorker, Decimal, type EntityManager, ledger, transact } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { expectInTime, type Outcome, useLine } from './line.js';

const database = useDatabase();
const line = useLine(database);

const SALARY = ['salary: deposit of 10.00000000 posted'];
const DONE = { transactionId: expect.any(String) };

/** Runs work while a setting of this database is another one, for connections that are made meanwhile. */
async function whileSet(setting: string, work: () => Promise<void>): Promise<void> {
  const admin = await database.superuser();
  const name = setting.split(' ')[0];
  await admin.query(`alter role nestegg_service in database ${database.fork.name} set ${setting}`);
  await work().finally(() => admin.query(`alter role nestegg_service in database ${database.fork.name} reset ${name}`));
}

/** Runs work while somebody else holds a user's book. */
async function whileBookIsHeld<T>(userId: string, work: () => Promise<T>): Promise<T> {
  const holder = await database.owner();
  await holder.query('begin');
  await holder.query('select nestegg_lock_book($1)', [userId]);
  return work().finally(() => holder.query('rollback'));
}

describe("a role's own timeout", () => {
  test('for a statement ends one that waits too long, and it is not tried again', async () => {
    const ann = await line.world.newInvestor();
    await whileSet("statement_timeout to '300ms'", async () => {
      const outcome = await whileBookIsHeld(ann.userId, () => line.deposit(ann, 'salary'));
      expect(outcome).toMatchObject({ error: { code: 'timeout.statement', retryable: false }, attempts: 1 });
      expect(await line.effects(ann)).toEqual([]);
      expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
    });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('for a lock lets it be tried again', async () => {
    const ann = await line.world.newInvestor();
    await whileSet("lock_timeout to '100ms'", async () => {
      let depositing: Promise<Outcome> | undefined;
      await whileBookIsHeld(ann.userId, async () => {
        depositing = line.deposit(ann, 'salary', '10', { attempts: 50 });
        await new Promise(resolve => setTimeout(resolve, 400));
      });
      const outcome = await depositing!;
      expect(outcome).toMatchObject(DONE);
      expect(outcome.attempts).toBeGreaterThan(1);
      const once = await whileBookIsHeld(ann.userId, () => line.deposit(ann, 'bonus', '10', { attempts: 1 }));
      expect(once.error).toMatchObject({ code: 'database.lock-timeout', retryable: true });
    });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });

  test('for a transaction that does nothing ends it, and frees what it held', async () => {
    const ann = await line.world.newInvestor();
    await whileSet("idle_in_transaction_session_timeout to '200ms'", async () => {
      const forgetful = asUser(line.orm.em, ann.userId, async em => {
        await ledger.lockBook(em, ann.userId);
        await new Promise(resolve => setTimeout(resolve, 800));
        await em.execute('select 1');
      });
      const outcome = line.deposit(ann, 'salary');
      await expect(forgetful).rejects.toMatchObject({ code: 'timeout.transaction-idle', retryable: false });
      expect(await outcome).toMatchObject({ ...DONE, attempts: 1 });
    });
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });
});

test('the deadline of the work ends a statement that waits for somebody else', async () => {
  const ann = await line.world.newInvestor();
  const outcome = await whileBookIsHeld(ann.userId, () => line.deposit(ann, 'salary', '10', { deadlineMs: 500 }));
  expect(outcome).toMatchObject({ error: { code: 'timeout.deadline' }, attempts: 1 });
  expectInTime(outcome, 500);
  expect(await line.effects(ann)).toEqual([]);
  await line.expectRecovery();
});

describe('a server that takes no more connections', () => {
  const whileFull = async (work: () => Promise<void>): Promise<void> => {
    const admin = await database.superuser();
    await database.service();
    await admin.query(`alter database ${database.fork.name} connection limit 1`);
    await work().finally(() => admin.query(`alter database ${database.fork.name} connection limit -1`));
  };

  test('is tried five times and told as such', async () => {
    const ann = await line.world.newInvestor();
    await whileFull(async () => {
      const outcome = await line.deposit(ann, 'salary');
      expect(outcome).toMatchObject({
        error: { code: 'overloaded.too-many-connections', retryable: true },
        attempts: 5,
      });
      expectInTime(outcome, 1_000);
    });
    expect(await line.effects(ann)).toEqual([]);
    await line.expectRecovery();
  });

  test('that takes one again in time is not noticed', async () => {
    const ann = await line.world.newInvestor();
    let depositing: Promise<Outcome> | undefined;
    await whileFull(async () => {
      depositing = line.deposit(ann, 'salary', '10', { attempts: 100 });
      await new Promise(resolve => setTimeout(resolve, 300));
    });
    const outcome = await depositing!;
    expect(outcome).toMatchObject(DONE);
    expect(outcome.attempts).toBeGreaterThan(1);
    expect(await line.effects(ann)).toEqual(SALARY);
    await line.expectRecovery();
  });
});

describe('a pool that has no connection left', () => {
  test('rejects who has waited long enough, and serves everybody else', async () => {
    const [ann, bob] = [await line.world.newInvestor(), await line.world.newInvestor()];
    const orm = await line.open({ pool: { max: 2 }, timeouts: { connectMs: 300 } });
    let held: Promise<Outcome[]> | undefined;
    const rejected = await whileBookIsHeld(ann.userId, async () => {
      held = Promise.all(['salary', 'bonus'].map(key => line.deposit(ann, key, '10', { orm })));
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await vi.waitFor(async () => expect(await line.world.rows(waiting)).toHaveLength(2), 5_000);
      return line.deposit(bob, 'salary', '10', { orm });
    });
    expect(rejected).toMatchObject({ error: { code: 'overloaded.pool-exhausted', retryable: false }, attempts: 1 });
    expectInTime(rejected, 300);
    expect(await held).toMatchObject([DONE, DONE]);
    expect(await line.deposit(bob, 'salary', '10', { orm })).toMatchObject({ ...DONE, attempts: 1 });
    await line.expectRecovery(orm);
  });

  test('because the work itself holds the only one, ends the work and frees it', async () => {
    const ann = await line.world.newInvestor();
    const orm = await line.open({ pool: { max: 1 }, timeouts: { connectMs: 300 } });
    let attempts = 0;
    const nested = transact(() => {
      attempts += 1;
      return asUser(orm.em, ann.userId, async () => orm.em.fork().execute('select 1'));
    });
    await expect(nested).rejects.toMatchObject({ code: 'overloaded.pool-exhausted', retryable: false });
    expect(attempts).toBe(1);
    await line.expectRecovery(orm);
  });
});

test('two who wait for each other are told apart by the server: one starts again, and both are through', async () => {
  const [ann, bob] = [await line.world.newInvestor(), await line.world.newInvestor()];
  const [usd] = await line.world.rows<{ id: string }>(`select id from assets where code = 'USD'`);
  const reward = (em: EntityManager, userId: string, key: string) => {
    const legs = [
      { from: { kind: 'rewards' as const }, to: { kind: 'cash' as const }, assetId: usd!.id, amount: new Decimal(5) },
    ];
    const what = { type: 'reward' as const, assetId: usd!.id, amount: new Decimal(5), legs };
    return ledger.post(em, userId, {
      ...what,
      occurredAt: line.world.clock.now(),
      idempotencyKey: key,
      request: { key },
    });
  };
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  let attempts = 0;
  const rewardBoth = (who: 0 | 1, key: string) =>
    transact(() =>
      asWorker(line.orm.em, async em => {
        attempts += 1;
        const [first, second] = who === 0 ? [ann, bob] : [bob, ann];
        await reward(em, first.userId, key);
        met[who].resolve();
        await met[1 - who]!.promise;
        await reward(em, second.userId, key);
      }),
    );
  await Promise.all([rewardBoth(0, 'ann-first'), rewardBoth(1, 'bob-first')]);
  expect(attempts).toBe(3);
  for (const who of [ann, bob]) {
    expect((await line.effects(who)).sort()).toEqual([
      'ann-first: reward of 5.00000000 posted',
      'bob-first: reward of 5.00000000 posted',
    ]);
    expect(await line.world.balances(who)).toEqual({ 'cash USD': '10.00000000', 'rewards USD': '-10.00000000' });
  }
  await line.expectRecovery();
});

describe('a password that was changed', () => {
  const whileRotating = async (work: (url: string) => Promise<void>): Promise<void> => {
    const login = `nestegg_rotating_${randomBytes(4).toString('hex')}`;
    const admin = await database.superuser();
    await admin.query(`create role ${login} login noinherit password 'fresh-secret'`);
    await admin.query(`grant nestegg_app, nestegg_worker, nestegg_readonly to ${login}`);
    const url = new URL(line.proxy.through(database.fork.serviceUrl));
    url.username = login;
    url.password = '';
    await work(url.href).finally(async () => {
      await admin.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '${login}'`);
      await admin.query(`drop role ${login}`);
    });
  };

  test('is asked for again, and nobody notices', async () => {
    const ann = await line.world.newInvestor();
    await whileRotating(async url => {
      const answers = ['stale-secret'];
      const orm = await line.open({ url, password: async () => answers.pop() ?? 'fresh-secret' });
      expect(await line.deposit(ann, 'salary', '10', { orm })).toMatchObject({ ...DONE, attempts: 2 });
      expect(answers).toEqual([]);
      await line.expectRecovery(orm);
    });
    expect(await line.effects(ann)).toEqual(SALARY);
  });

  test('is told, without the password, when it is the same each time', async () => {
    const ann = await line.world.newInvestor();
    await whileRotating(async url => {
      const stale = new URL(url);
      stale.password = 'stale-secret';
      const orm = await line.open({ url: stale.href });
      const { error, attempts } = await line.deposit(ann, 'salary', '10', { orm });
      expect({ error, attempts }).toMatchObject({
        error: { code: 'connection.password', retryable: false },
        attempts: 1,
      });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/secret|nestegg_rotating/);
    });
    expect(await line.effects(ann)).toEqual([]);
    await line.expectRecovery();
  });
});
