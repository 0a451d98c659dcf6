import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll } from 'vitest';
import {
  type AccountKind,
  Asset,
  asUser,
  asWorker,
  Basket,
  type Closing,
  Decimal,
  type Leg,
  ledger,
  newId,
  Portfolio,
  type Posted,
  type Posting,
  User,
} from '../../src/index.js';
import { type SuiteDatabase, useDatabase } from '../support/database.js';

export const NOON = new Date('2026-11-22T12:00:00.000Z');

export const dec = (text: string): Decimal => new Decimal(text);

/** What a test leaves unsaid about a posting. */
export type Wish = Pick<Posting, 'legs'> & Partial<Posting>;

/** A suite's database with two currencies, and users whose books a test fills. */
export function useBank() {
  const database: SuiteDatabase = useDatabase();
  const usd = new Asset({ code: 'USD', name: 'US dollar', kind: 'fiat' });
  const eur = new Asset({ code: 'EUR', name: 'Euro', kind: 'fiat' });

  beforeAll(async () => {
    await asWorker(database.orm.em, async em => {
      em.persist([usd, eur]);
    });
  });

  const leg = (from: AccountKind, to: AccountKind, amount: string, more: Partial<Leg> = {}): Leg => ({
    from: { kind: from },
    to: { kind: to },
    assetId: usd.id,
    amount: dec(amount),
    ...more,
  });

  /** What is posted when a test says no more than where the money goes. */
  const posting = (wish: Wish): Posting => ({
    type: 'adjustment',
    assetId: usd.id,
    amount: wish.legs[0]?.amount ?? dec('1'),
    occurredAt: NOON,
    idempotencyKey: randomUUID(),
    request: { legs: wish.legs },
    ...wish,
  });

  const post = (userId: string, wish: Wish): Promise<Posted> =>
    asUser(database.orm.em, userId, em => ledger.post(em, userId, posting(wish)));

  const close = (userId: string, closing: Pick<Closing, 'transactionId' | 'status'> & Partial<Closing>) =>
    asUser(database.orm.em, userId, em =>
      ledger.close(em, userId, {
        occurredAt: NOON,
        idempotencyKey: randomUUID(),
        request: closing,
        legs: [],
        ...closing,
      }),
    );

  const deposit = (userId: string, amount: string, wish: Partial<Posting> = {}) =>
    post(userId, { type: 'deposit', legs: [leg('external', 'cash', amount)], ...wish });

  const spend = (userId: string, amount: string, wish: Partial<Posting> = {}) =>
    post(userId, { type: 'withdrawal', legs: [leg('cash', 'external', amount)], ...wish });

  const newUser = async (): Promise<string> => {
    const user = new User(`${randomUUID()}@example.com`);
    await asUser(database.orm.em, user.id, async em => {
      em.persist(user);
    });
    return user.id;
  };

  /** A portfolio in US dollars, empty. */
  const newPortfolio = (userId: string): Promise<string> =>
    asUser(database.orm.em, userId, async em => {
      const user = await em.findOneOrFail(User, { id: userId });
      const portfolio = new Portfolio(user, `Portfolio ${randomUUID()}`, await em.findOneOrFail(Asset, { id: usd.id }));
      em.persist(portfolio);
      return portfolio.id;
    });

  /** A basket of the catalogue, a draft. */
  const newBasket = (): Promise<string> =>
    asWorker(database.orm.em, async em => {
      const basket = new Basket({
        slug: `basket-${randomUUID()}`,
        name: 'Anything',
        description: 'A bit of everything.',
        risk: 'moderate',
        category: 'Mixed',
        minimumInvestment: dec('1'),
        feeRate: dec('0'),
        curator: 'Nestegg',
      });
      em.persist(basket);
      return basket.id;
    });

  const rows = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> =>
    (await (await database.superuser()).query<T>(sql, values)).rows;

  return {
    database,
    usd,
    eur,
    leg,
    posting,
    post,
    close,
    deposit,
    spend,
    newUser,
    newPortfolio,
    newBasket,
    rows,

    /** A user who has deposited this much in US dollars. */
    async newUserWith(cash: string): Promise<string> {
      const userId = await newUser();
      await deposit(userId, cash);
      return userId;
    },

    /** The balances of a book by account, such as `{ 'cash USD': '5.00000000' }`. */
    async balances(userId: string): Promise<Record<string, string>> {
      const found = await rows<{ account: string; balance: string }>(
        `select l.kind || ' ' || a.code as account, l.balance::text from ledger_accounts l join assets a on a.id = l.asset_id
        where l.user_id = $1 order by 1`,
        [userId],
      );
      return Object.fromEntries(found.map(row => [row.account, row.balance]));
    },

    /** Everything that a posting can touch, of one user, row by row. */
    async everything(userId: string): Promise<unknown> {
      const tables = ['ledger_accounts', 'ledger_entries', 'transactions', 'transaction_fees', 'outbox_events'];
      const contents: Record<string, unknown[]> = {};
      for (const table of tables)
        contents[table] = await rows(`select * from ${table} where user_id = $1 order by id`, [userId]);
      return contents;
    },

    async count(table: string, userId: string): Promise<number> {
      const [row] = await rows<{ n: number }>(`select count(*)::int as n from ${table} where user_id = $1`, [userId]);
      return row!.n;
    },
  };
}

export type Bank = ReturnType<typeof useBank>;

/** What `nestegg_post` takes for a plain posting, to be bent by tests that go around the TypeScript side. */
export function rawPosting(bank: Pick<Bank, 'usd'>, from: AccountKind, to: AccountKind, amount: string) {
  const asset = bank.usd.id;
  return {
    id: newId(),
    type: 'adjustment',
    status: 'posted',
    asset,
    amount: '1.00000000',
    key: randomUUID(),
    hash: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
    occurredAt: NOON.toISOString(),
    accounts: [
      { id: newId(), kind: from, asset },
      { id: newId(), kind: to, asset },
    ],
    entries: [{ id: newId(), debit: 1, credit: 2, amount }],
    fees: [] as object[],
    events: [] as object[],
  };
}

/** Runs statements in a transaction that is taken back, as a service acting in a role; tells the first refusal. */
export async function refusalOf(client: pg.Client, role: string, userId: string, sql: string, values: unknown[] = []) {
  await client.query('begin');
  try {
    await client.query('select nestegg_enter($1, $2)', [role, userId]);
    await client.query(sql, values);
    return null;
  } catch (error) {
    const { code, constraint, message } = error as pg.DatabaseError;
    return { code, constraint, message };
  } finally {
    await client.query('rollback');
  }
}
