import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import {
  asReader,
  asUser,
  checkInvariants,
  configureCircuit,
  DepositService,
  type EntityManager,
  InvestmentService,
  newId,
  openDatabase,
  type ServerTarget,
  type TransactOptions,
  transact,
} from '../../src/index.js';
import type { SuiteDatabase } from '../support/database.js';
import { WireProxy } from '../support/wire-proxy.js';
import { type Investor, useWorld } from '../support/world.js';

/** What came of a piece of work that was run by `transact`. */
export interface Outcome {
  /** The transaction that it stored, or found stored. */
  transactionId?: string;
  error?: unknown;
  /** How often the work ran. */
  attempts: number;
  milliseconds: number;
}

type Wish = TransactOptions<string> & { orm?: MikroORM };

/** What a busy machine may take on top of a deadline. */
const SLACK_MS = 1_000;

/**
 * People who deposit and invest through the services at the end of a line that fails as a test wishes, while the suite's own
 * ORM goes another way: it sets the stage and looks at the books.
 * @param to where the line leads; to the suite's database when nothing is said.
 */
export function useLine(database: SuiteDatabase, to: () => string = () => database.fork.serviceUrl) {
  const world = useWorld(database);
  const opened: MikroORM[] = [];
  let proxy: WireProxy;
  let orm: MikroORM;

  const open = async (more: Partial<ServerTarget> = {}): Promise<MikroORM> => {
    const target = { kind: 'server', url: proxy.through(to()), profile: 'proxy', ...more } as ServerTarget;
    const another = await openDatabase(target);
    // What opens it is tested apart; here everybody meets the fault itself.
    configureCircuit(another, 'off');
    opened.push(another);
    return another;
  };

  beforeEach(async () => {
    proxy = await WireProxy.listen(to());
    orm = await open();
  });

  afterEach(async () => {
    proxy.clear();
    await Promise.all(opened.splice(0).map(each => each.close(true)));
    await proxy.close();
  });

  const attempt = async (
    userId: string,
    work: (em: EntityManager) => Promise<string>,
    { orm: chosen = orm, ...options }: Wish,
  ): Promise<Outcome> => {
    let attempts = 0;
    const start = performance.now();
    const came = await transact(
      () => {
        attempts += 1;
        return asUser(chosen.em, userId, work);
      },
      { onUnknownOutcome: 'rerun', ...options },
    ).then(
      transactionId => ({ transactionId }),
      error => ({ error }),
    );
    return { ...came, attempts, milliseconds: performance.now() - start };
  };

  /** A deposit that is announced and settled under one key. */
  const deposit = ({ userId }: Investor, key: string, amount = '10', wish: Wish = {}): Promise<Outcome> =>
    attempt(
      userId,
      async em => {
        const deposits = new DepositService(em, world.clock);
        const announced = { userId, assetCode: 'USD', amount, source: 'bank', reference: key, idempotencyKey: key };
        const { transaction } = await deposits.open(announced);
        await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: `${key}:settled` });
        return transaction.id;
      },
      wish,
    );

  return {
    world,
    open,
    deposit,
    get proxy() {
      return proxy;
    },
    get orm() {
      return orm;
    },

    /** An investment of cash in the basket Trio under a key. */
    invest: ({ userId, portfolioId }: Investor, key: string, amount = '10', wish: Wish = {}): Promise<Outcome> =>
      attempt(
        userId,
        async em => {
          const request = { userId, portfolioId, basketSlug: 'trio', amount, idempotencyKey: key };
          return (await new InvestmentService(em, world.clock).invest(request)).id;
        },
        wish,
      ),

    /** What a user's book says was done: `salary: deposit of 10.00000000 posted`. */
    async effects({ userId }: Investor): Promise<string[]> {
      const rows = await world.rows<{ effect: string }>(
        `select idempotency_key || ': ' || type || ' of ' || amount || ' ' || status as effect
         from transactions where user_id = $1 order by id`,
        [userId],
      );
      return rows.map(({ effect }) => effect);
    },

    /** Ends the server's process behind a connection of the line, or all of them. */
    async endBackends(port?: number): Promise<void> {
      const { rowCount } = await (await database.superuser()).query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where usename = 'nestegg_service' and datname = current_database() and client_port = coalesce($1, client_port)`,
        [port],
      );
      expect(rowCount).toBeGreaterThan(0);
    },

    /**
     * When the fault is over: the next call works at once, no place in the pool is lost, and all books are right.
     * @param auditor looks at the books; by another way, where that still leads to them.
     */
    async expectRecovery(chosen = orm, auditor = database.orm): Promise<void> {
      proxy.clear();
      const userId = newId();
      const seen = await asUser(chosen.em, userId, em => em.execute('select nestegg_user_id() as acting'));
      expect(seen).toEqual([{ acting: userId }]);
      const pool = (await chosen.em.getConnection().getNativeClient()) as pg.Pool;
      expect(pool).toBeInstanceOf(pg.Pool);
      expect(pool.totalCount).toBeLessThanOrEqual(pool.options.max);
      // A connection that was given up may still be on its way into the pool.
      await vi.waitFor(
        () =>
          expect({ idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({ idle: pool.totalCount, waiting: 0 }),
        8_000,
      );
      const broken = (await asReader(auditor.em, checkInvariants)).filter(({ violations }) => violations > 0);
      expect(broken).toEqual([]);
    },
  };
}

/** Work keeps its deadline: it is through no later than a tenth after it, and what a busy machine takes. */
export function expectInTime({ milliseconds }: Outcome, deadlineMs: number): void {
  expect(milliseconds).toBeLessThan(deadlineMs * 1.1 + SLACK_MS);
}
