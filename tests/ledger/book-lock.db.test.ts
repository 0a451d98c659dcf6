import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { asUser, asWorker, DepositService, type EntityManager, InvestmentService, ledger } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

/** Does some work as a user who holds the book, and goes on holding it until told to let go. */
async function holding(userId: string, work: (em: EntityManager) => Promise<unknown> = async () => undefined) {
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = asUser(database.orm.em, userId, async em => {
    await ledger.lockBook(em, userId);
    await work(em);
    held.resolve();
    await released.promise;
  });
  await held.promise;
  return () => {
    released.resolve();
    return done;
  };
}

/** How many wait for a book. */
const waiting = async (): Promise<number> =>
  (
    await world.rows(`select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`)
  ).length;

const tryBook = (userId: string): Promise<boolean> =>
  asUser(database.orm.em, userId, em => ledger.tryLockBook(em, userId));

describe('a book', () => {
  test('is held by one transaction at a time: of two of one user the second sees what the first has done', async () => {
    const ann = await world.newInvestor('100');
    const letGo = await holding(ann.userId, em =>
      new InvestmentService(em, world.clock).invest({
        ...{ ...ann, basketSlug: 'trio', amount: '60', idempotencyKey: randomUUID() },
      }),
    );
    const seen: string[] = [];
    const second = asUser(database.orm.em, ann.userId, async em => {
      await ledger.lockBook(em, ann.userId);
      const [cash] = await em.execute<{ balance: string }[]>(
        `select balance::text as balance from ledger_accounts where kind = 'cash'`,
      );
      seen.push(cash!.balance);
    });
    await vi.waitFor(async () => expect(await waiting()).toBe(1), 10_000);
    expect(seen).toEqual([]);
    await letGo();
    await second;
    expect(seen).toEqual(['40.00000000']);
  });

  test('of one user is not in the way of another', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const letGo = await holding(ann.userId);
    await asUser(database.orm.em, bob.userId, em => ledger.lockBook(em, bob.userId));
    expect((await world.invest(bob, '10')).status).toBe('posted');
    expect(await tryBook(bob.userId)).toBe(true);
    await letGo();
  });

  test('can be tried: not while somebody holds it, and again when they are done', async () => {
    const { userId } = await world.newInvestor();
    expect(await tryBook(userId)).toBe(true);
    const letGo = await holding(userId);
    expect(await tryBook(userId)).toBe(false);
    await letGo();
    expect(await tryBook(userId)).toBe(true);
  });

  test('is free again when whoever held it is refused, or dies', async () => {
    const { userId } = await world.newInvestor();
    const refused = asUser(database.orm.em, userId, async em => {
      await ledger.lockBook(em, userId);
      throw new Error('Refused.');
    });
    await expect(refused).rejects.toThrow('Refused.');
    expect(await tryBook(userId)).toBe(true);

    const client = new pg.Client({ connectionString: database.fork.serviceUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(
      `begin; select nestegg_enter('nestegg_app', '${userId}'); select nestegg_lock_book('${userId}')`,
    );
    expect(await tryBook(userId)).toBe(false);
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await world.rows('select pg_terminate_backend($1)', [rows[0].pid]);
    await vi.waitFor(async () => expect(await tryBook(userId)).toBe(true), 10_000);
  });

  test('may be asked for again by whoever holds it', async () => {
    const { userId } = await world.newInvestor();
    await asUser(database.orm.em, userId, async em => {
      await ledger.lockBook(em, userId);
      expect(await ledger.tryLockBook(em, userId)).toBe(true);
      await ledger.lockBook(em, userId);
    });
    expect(await tryBook(userId)).toBe(true);
  });

  test('is waited for by whoever posts, whatever was decided before', async () => {
    const { userId } = await world.newInvestor();
    const letGo = await holding(userId);
    const depositing = world.deposit(userId, '5');
    await vi.waitFor(async () => expect(await waiting()).toBe(1), 10_000);
    await letGo();
    await depositing;
    expect(await world.balances({ userId })).toMatchObject({ 'cash USD': '5.00000000' });
  });

  test('of each of several users is held by a job in the order of their ids, and two jobs do not wait in a circle', async () => {
    const userIds = (await Promise.all([1, 2, 3].map(() => world.newInvestor()))).map(({ userId }) => userId).sort();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        asWorker(database.orm.em, async em => {
          for (const userId of userIds) await ledger.lockBook(em, userId);
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});

describe('on eight connections, one user', () => {
  /** A deposit is announced before; settling it and investing it is one unit of work. */
  const announce = ({ userId }: Investor, amount: string) =>
    asUser(database.orm.em, userId, async em => {
      const { transaction } = await new DepositService(em, world.clock).open({
        ...{ userId, assetCode: 'USD', amount, source: 'bank' },
        ...{ reference: randomUUID(), idempotencyKey: randomUUID() },
      });
      return transaction.id;
    });
  const settleThenInvest = (who: Investor, transactionId: string, amount: string) =>
    asUser(database.orm.em, who.userId, async em => {
      const idempotencyKey = randomUUID();
      await new DepositService(em, world.clock).settle({ userId: who.userId, transactionId, idempotencyKey });
      await new InvestmentService(em, world.clock).invest({
        ...{ ...who, basketSlug: 'trio', amount, idempotencyKey: randomUUID() },
      });
    });

  test('settles and invests, and invests, at the same time: nobody waits in a circle, and all that was asked for is done', async () => {
    const ann = await world.newInvestor('1000');
    const announced: string[] = [];
    for (let i = 0; i < 40; i++) announced.push(await announce(ann, '10'));
    const works = announced.flatMap(transactionId => [
      () => settleThenInvest(ann, transactionId, '10'),
      () => world.invest(ann, '10'),
    ]);
    const reasons: unknown[] = [];
    const connection = async () => {
      for (let work = works.shift(); work; work = works.shift()) await work().catch(reason => reasons.push(reason));
    };
    await Promise.all(Array.from({ length: 8 }, connection));
    expect(reasons).toEqual([]);
    // 1000 and 40 deposits of 10 came in, 80 investments of 10 went out.
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '600.00000000', 'external USD': '-1400.00000000' });
    expect(
      await world.rows(
        `select type, status, count(*)::int as n from transactions where user_id = $1 group by 1, 2 order by 1`,
        [ann.userId],
      ),
    ).toEqual([
      { type: 'basket_investment', status: 'posted', n: 80 },
      { type: 'deposit', status: 'posted', n: 41 },
    ]);
    // A fee of 0.7575 % is taken out of each 10.
    expect(
      await world.rows(
        `select sum(m.cost)::text as cost, count(*)::int as n from holding_movements m where m.user_id = $1`,
        [ann.userId],
      ),
    ).toEqual([{ cost: '793.94000000', n: 240 }]);
  }, 60_000);
});
