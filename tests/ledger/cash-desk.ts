import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { Asset, asReader, asUser, asWorker, checkInvariants, type EntityManager, User } from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { NOON, useBank } from './bank.js';

export { NOON };

/** Tokens by the decimals that they have on their chain. */
const TOKENS = { WHOLE: 0, CENT: 2, MICRO: 6, SATOSHI: 8, WEI: 18 } as const;

/**
 * A bank with people whose identity is known, a clock that stands still, and tokens of every scale. Whatever the suite does,
 * its books are sound in the end.
 */
export function useCashDesk() {
  const bank = useBank();
  const clock = new FixedClock(NOON);

  beforeEach(() => clock.moveTo(NOON));

  afterAll(async () => {
    const results = await asReader(bank.database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
  });

  beforeAll(async () => {
    await asWorker(bank.database.orm.em, async em => {
      for (const [index, [code, decimals]] of Object.entries(TOKENS).entries()) {
        const contract = { chain: 'ethereum', address: `0x${'0'.repeat(39)}${index + 1}`, decimals } as const;
        em.persist(new Asset({ code, name: `Token of ${decimals} decimals`, kind: 'crypto', contract }));
      }
    });
  });

  const change = (userId: string, verb: (user: User) => void): Promise<void> =>
    asWorker(bank.database.orm.em, async em => verb(await em.findOneOrFail(User, { id: userId })));

  const worker = <T>(work: (em: EntityManager) => Promise<T>): Promise<T> => asWorker(bank.database.orm.em, work);

  return {
    ...bank,
    clock,
    change,
    worker,
    user: <T>(userId: string, work: (em: EntityManager) => Promise<T>): Promise<T> =>
      asUser(bank.database.orm.em, userId, work),

    /** A person whose identity is verified, with this much in US dollars. */
    async newSaver(cash?: string): Promise<string> {
      const userId = cash ? await bank.newUserWith(cash) : await bank.newUser();
      await change(userId, user => {
        user.startKyc();
        user.passKyc(NOON);
      });
      return userId;
    },

    /** Gives somebody a token, or any asset, out of nowhere. */
    async grant(userId: string, code: string, amount: string): Promise<void> {
      const [asset] = await bank.rows<{ id: string }>('select id from assets where code = $1', [code]);
      await bank.deposit(userId, amount, { legs: [bank.leg('external', 'cash', amount, { assetId: asset!.id })] });
    },

    /** Expects a refusal that leaves every row of these users as it was. */
    async refused(userIds: string[], code: string, attempt: () => Promise<unknown>, more: object = {}): Promise<void> {
      const everything = async () => {
        const books: unknown[] = [];
        for (const userId of userIds) books.push(await bank.everything(userId));
        return books;
      };
      const before = await everything();
      await expect(attempt()).rejects.toMatchObject({ code, ...more });
      expect(await everything()).toEqual(before);
    },

    /** The fees of a transaction, such as `network 1.50000000 @ null from reserved to fees`. */
    async fees(transactionId: string): Promise<string[]> {
      const found = await bank.rows<{ fee: string }>(
        `select f.kind || ' ' || f.amount || ' @ ' || coalesce(f.rate::text, 'fixed') || ' from ' || d.kind || ' to ' || c.kind as fee
         from transaction_fees f
         join ledger_entries e on e.user_id = f.user_id and e.id = f.entry_id
         join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
         join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
         where f.transaction_id = $1 order by f.id`,
        [transactionId],
      );
      return found.map(({ fee }) => fee);
    },

    async status(transactionId: string): Promise<string> {
      const [row] = await bank.rows<{ status: string }>('select status from transactions where id = $1', [
        transactionId,
      ]);
      return row!.status;
    },
  };
}

/** Makes each call under a key of its own, unless it names one. */
export const keyed = <T extends object>(input: T) => ({ idempotencyKey: randomUUID(), ...input });
