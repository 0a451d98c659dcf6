import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { useDatabase } from '../support/database.js';
import { usePrivateServer } from '../support/private-server.js';
import { expectInTime, type Outcome, useLine } from './line.js';

const server = usePrivateServer({ settings: { wal_level: 'replica', hot_standby: 'off' } });
const database = useDatabase({ on: () => server.address });
const line = useLine(database);

const DONE = { transactionId: expect.any(String) };

describe('a server that ends in the middle of a run of deposits and comes back', () => {
  test.each([
    ['killed, as when its machine crashes', 'KILL'],
    ['stopped at once', 'QUIT'],
    ['shut down for maintenance', 'INT'],
  ] as const)(
    '%s: every deposit is made, each once, and none that was acknowledged is lost',
    async (_how, signal) => {
      const people = await Promise.all(Array.from({ length: 4 }, () => line.world.newInvestor()));
      const acknowledged: string[][] = people.map(() => []);
      let isOver = false;
      const running = people.map(async (person, who) => {
        for (let number = 0; !isOver; number++) {
          const outcome = await line.deposit(person, `salary-${number}`, '10', { attempts: 1_000, deadlineMs: 15_000 });
          expect(outcome).toMatchObject(DONE);
          acknowledged[who]!.push(`salary-${number}: deposit of 10.00000000 posted`);
        }
      });
      await setTimeout(300);
      await server.postgres.end(signal);
      const before = acknowledged.map(({ length }) => length);
      await server.postgres.startAgain();
      await vi.waitFor(() => {
        for (const [who, { length }] of acknowledged.entries()) expect(length).toBeGreaterThan(before[who]! + 1);
      }, 15_000);
      isOver = true;
      await Promise.all(running);
      for (const [who, person] of people.entries()) expect(await line.effects(person)).toEqual(acknowledged[who]);
      await line.expectRecovery();
    },
    60_000,
  );
});

test('a server that is gone is refused to whoever tries for a second, and used again when it is back', async () => {
  const ann = await line.world.newInvestor();
  await line.deposit(ann, 'earlier', '1');
  await server.postgres.end('KILL');
  const outcome = await line.deposit(ann, 'salary', '10', { attempts: 1_000, deadlineMs: 1_000 });
  expect(outcome.error).toMatchObject({
    code: 'timeout.deadline',
    cause: { code: expect.stringMatching(/^connection\./) },
  });
  expectInTime(outcome, 1_000);
  await server.postgres.startAgain();
  expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
  expect((await line.effects(ann)).slice(1)).toEqual(['salary: deposit of 10.00000000 posted']);
  await line.expectRecovery();
});

test('a server that is still starting is told as such, and waited for while there is time', async () => {
  const ann = await line.world.newInvestor();
  await server.postgres.end('INT');
  // As a standby that takes no connections, it goes on starting until it is promoted.
  writeFileSync(join(server.postgres.data, 'standby.signal'), '');
  const starting = server.postgres.startAgain();
  const knocking = () => new pg.Client({ connectionString: server.postgres.url }).connect();
  await vi.waitFor(() => expect(knocking()).rejects.toMatchObject({ code: '57P03' }), 10_000);

  const { error } = await line.deposit(ann, 'salary', '10', { attempts: 3 });
  expect(error).toMatchObject({ code: 'connection.starting-up', retryable: true });

  let depositing: Promise<Outcome> | undefined;
  const waiting = new Promise<void>(resolve => {
    depositing = line.deposit(ann, 'salary', '10', { attempts: 1_000 });
    void setTimeout(300).then(resolve);
  });
  await waiting;
  server.postgres.promote();
  await starting;
  const outcome = await depositing!;
  expect(outcome).toMatchObject(DONE);
  expect(outcome.attempts).toBeGreaterThan(1);
  expect(await line.effects(ann)).toEqual(['salary: deposit of 10.00000000 posted']);
  await line.expectRecovery();
}, 60_000);

describe('a writer that takes no changes any more', () => {
  const takeChanges = async (does: boolean): Promise<void> => {
    const admin = await database.superuser();
    await admin.query(`alter system set default_transaction_read_only to ${does ? 'off' : 'on'}`);
    await admin.query('select pg_reload_conf()');
    const [owner, setting] = [await database.owner(), 'show default_transaction_read_only'];
    await vi.waitFor(
      async () =>
        expect((await owner.query(setting)).rows).toEqual([{ default_transaction_read_only: does ? 'off' : 'on' }]),
      5_000,
    );
  };

  test('is asked once more on a new connection, then told as such; nothing was written in part', async () => {
    const ann = await line.world.newInvestor('100');
    await takeChanges(false);
    try {
      const outcome = await line.invest(ann, 'first-basket', '50');
      expect(outcome).toMatchObject({ error: { code: 'database.read-only', retryable: true }, attempts: 2 });
    } finally {
      await takeChanges(true);
    }
    expect(await line.effects(ann)).toHaveLength(1);
    expect(await line.invest(ann, 'first-basket', '50')).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.world.balances(ann)).toMatchObject({ 'cash USD': '50.00000000' });
    await line.expectRecovery();
  });

  test('but does again on the next connection is not noticed', async () => {
    const ann = await line.world.newInvestor();
    await line.deposit(ann, 'earlier', '1');
    await takeChanges(false);
    const back = line.proxy.atNext(/^rollback/i, () => takeChanges(true));
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 2 });
    await back;
    expect((await line.effects(ann)).slice(1)).toEqual(['salary: deposit of 10.00000000 posted']);
    await line.expectRecovery();
  });
});
