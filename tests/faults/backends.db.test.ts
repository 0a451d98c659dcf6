import { describe, expect, test, vi } from 'vitest';
import { useDatabase } from '../support/database.js';
import { type Outcome, useLine } from './line.js';

const database = useDatabase();
const line = useLine(database);

/** Starts work while somebody else holds the user's book; when it waits for that, something happens. */
async function whileHeldUp(userId: string, start: () => Promise<Outcome>, happens: () => Promise<void>) {
  const holder = await database.owner();
  await holder.query('begin');
  await holder.query('select nestegg_lock_book($1)', [userId]);
  const working = start();
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await vi.waitFor(async () => expect(await line.world.rows(waiting)).toHaveLength(1), 5_000);
  await happens();
  await holder.query('rollback');
  return working;
}

describe('a session that the server ends', () => {
  test('while it is idle is noticed by nobody', async () => {
    const ann = await line.world.newInvestor();
    await line.deposit(ann, 'first');
    await line.endBackends();
    expect(await line.deposit(ann, 'second')).toMatchObject({ transactionId: expect.any(String), attempts: 1 });
    expect(await line.effects(ann)).toEqual([
      'first: deposit of 10.00000000 posted',
      'second: deposit of 10.00000000 posted',
    ]);
    await line.expectRecovery();
  });

  test('in the middle of a posting takes the posting back, and the second attempt makes it', async () => {
    const ann = await line.world.newInvestor();
    const deposit = () => line.deposit(ann, 'salary');
    expect(await whileHeldUp(ann.userId, deposit, () => line.endBackends())).toMatchObject({
      transactionId: expect.any(String),
      attempts: 2,
    });
    expect(await line.effects(ann)).toEqual(['salary: deposit of 10.00000000 posted']);
    await line.expectRecovery();
  });

  test('in the middle of a posting is a lost connection to whoever tries once', async () => {
    const ann = await line.world.newInvestor();
    const deposit = () => line.deposit(ann, 'salary', '10', { attempts: 1 });
    const { error } = await whileHeldUp(ann.userId, deposit, () => line.endBackends());
    expect(error).toMatchObject({ code: 'connection.shutting-down', retryable: true });
    expect(await line.effects(ann)).toEqual([]);
    await line.expectRecovery();
  });

  test('between two statements of a transaction takes it back, and the second attempt makes it', async () => {
    const ann = await line.world.newInvestor('100');
    const ended = line.proxy.atNext(/nestegg_post/, ({ clientPort }) => line.endBackends(clientPort));
    expect(await line.invest(ann, 'first-basket', '50')).toMatchObject({
      attempts: 2,
      transactionId: expect.any(String),
    });
    await ended;
    expect((await line.effects(ann)).slice(1)).toEqual(['first-basket: basket_investment of 50.00000000 posted']);
    await line.expectRecovery();
  });

  test('just before COMMIT leaves the outcome unknown, and asking again by the key makes it once', async () => {
    const ann = await line.world.newInvestor('100');
    const ended = line.proxy.atNext(/^commit/i, ({ clientPort }) => line.endBackends(clientPort));
    expect(await line.invest(ann, 'first-basket', '50')).toMatchObject({
      attempts: 2,
      transactionId: expect.any(String),
    });
    await ended;
    expect((await line.effects(ann)).slice(1)).toEqual(['first-basket: basket_investment of 50.00000000 posted']);
    expect(await line.world.balances(ann)).toMatchObject({ 'cash USD': '50.00000000' });
    await line.expectRecovery();
  });

  test('just before COMMIT is told as an unknown outcome to whoever has no keys', async () => {
    const ann = await line.world.newInvestor();
    void line.proxy.atNext(/^commit/i, ({ clientPort }) => line.endBackends(clientPort));
    const { error, attempts } = await line.deposit(ann, 'salary', '10', { onUnknownOutcome: undefined });
    expect({ attempts, error }).toMatchObject({ attempts: 1, error: { code: 'outcome.unknown', retryable: false } });
    expect(await line.effects(ann)).toEqual([]);
    await line.expectRecovery();
  });

  test('ten times over takes no place of the pool away', async () => {
    const ann = await line.world.newInvestor();
    const orm = await line.open({ pool: { max: 2 } });
    for (let round = 0; round < 10; round++) {
      const pattern = round % 2 ? /^commit/i : /nestegg_post/;
      void line.proxy.atNext(pattern, ({ clientPort }) => line.endBackends(clientPort));
      expect(await line.deposit(ann, `salary-${round}`, '10', { orm })).toMatchObject({ attempts: 2 });
    }
    expect(await line.world.balances(ann)).toEqual({ 'cash USD': '100.00000000', 'external USD': '-100.00000000' });
    await line.expectRecovery(orm);
  });
});
