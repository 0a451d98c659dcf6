import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import {
  type AcceptedQuote,
  asReader,
  asUser,
  asWorker,
  type BuyAsset,
  checkInvariants,
  type EntityManager,
  type InvestInBasket,
  type InvestmentKind,
  InvestmentService,
  type RebalanceBasket,
  RebalanceService,
  type RedeemBasket,
  RedemptionService,
  ReversalService,
  type SellAsset,
  type Traded,
  type TradeOptions,
  TradeService,
} from '../../src/index.js';
import type { SuiteDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';

/** What a test may leave unsaid. */
type Unsaid<T> = Partial<Omit<T, 'userId' | 'portfolioId'>>;

/** A world in which people trade free of charge, or on the terms that a test names. Call it beside `useDatabase`. */
export function useTrading(database: SuiteDatabase) {
  const world = useWorld(database);
  const on = (options: TradeOptions) => tradingOn(database, world, options);
  return { ...on({}), on };
}

function tradingOn(database: SuiteDatabase, world: ReturnType<typeof useWorld>, options: TradeOptions) {
  const { clock } = world;
  const as = <T>({ userId }: Investor, work: (em: EntityManager) => Promise<T>): Promise<T> =>
    asUser(database.orm.em, userId, work);
  /** What is dated back is booked by an operator. */
  const dated = <T>(who: Investor, { occurredAt }: { occurredAt?: Date }, work: (em: EntityManager) => Promise<T>) =>
    occurredAt ? asWorker(database.orm.em, work) : as(who, work);
  const keyed = <T extends object>(who: Investor, wish: T) => ({ ...who, idempotencyKey: randomUUID(), ...wish });

  return {
    ...world,
    as,

    buy: (who: Investor, amount: string, wish: Unsaid<BuyAsset> = {}): Promise<Traded> =>
      dated(who, wish, em =>
        new TradeService(em, clock, options).buy(keyed(who, { assetCode: 'VTI', amount, ...wish })),
      ),
    quoteBuy: (who: Investor, amount: string, wish: Unsaid<BuyAsset> = {}) =>
      dated(who, wish, em =>
        new TradeService(em, clock, options).quoteBuy({ ...who, assetCode: 'VTI', amount, ...wish }),
      ),
    sell: (who: Investor, quantity: string, wish: Unsaid<SellAsset> = {}): Promise<Traded> =>
      dated(who, wish, em =>
        new TradeService(em, clock, options).sell(keyed(who, { assetCode: 'VTI', quantity, ...wish })),
      ),
    quoteSell: (who: Investor, quantity: string, wish: Unsaid<SellAsset> = {}) =>
      dated(who, wish, em =>
        new TradeService(em, clock, options).quoteSell({ ...who, assetCode: 'VTI', quantity, ...wish }),
      ),
    redeem: (who: Investor, amount: string, wish: Unsaid<RedeemBasket> = {}): Promise<Traded> =>
      as(who, em =>
        new RedemptionService(em, clock, options).redeem(keyed(who, { basketSlug: 'trio', amount, ...wish })),
      ),
    quoteRedemption: (who: Investor, amount: string, wish: Unsaid<RedeemBasket> = {}) =>
      as(who, em => new RedemptionService(em, clock, options).quote({ ...who, basketSlug: 'trio', amount, ...wish })),
    rebalance: (who: Investor, basketSlug: string, wish: Unsaid<RebalanceBasket> = {}) =>
      as(who, em => new RebalanceService(em, clock, options).execute(keyed(who, { basketSlug, ...wish }))),
    planRebalance: (who: Investor, basketSlug: string) =>
      as(who, em => new RebalanceService(em, clock, options).plan({ ...who, basketSlug })),
    book: (who: Investor, amount: string, wish: Unsaid<InvestInBasket> = {}, kind?: InvestmentKind): Promise<Traded> =>
      dated(who, wish, em =>
        new InvestmentService(em, clock).book(keyed(who, { basketSlug: 'trio', amount, ...wish }), kind),
      ),

    /** An operator takes a trade back. */
    reverse: (
      { userId }: Investor,
      { transaction }: Pick<Traded, 'transaction'>,
      { idempotencyKey = randomUUID() as string, reason = 'By mistake.' } = {},
    ): Promise<Traded> =>
      asWorker(database.orm.em, em =>
        new ReversalService(em, clock).reverse({ userId, transactionId: transaction.id, reason, idempotencyKey }),
      ),

    /** What a user holds, by asset and basket: units, what they cost, the gain of sales. */
    holdings: async ({ userId }: Investor): Promise<string[]> => {
      const found = await world.rows<{ code: string; slug: string | null; units: string; cost: string; gain: string }>(
        `select a.code, b.slug, trim_scale(l.balance)::text as units, trim_scale(h.cost_basis)::text as cost,
           trim_scale(h.realised_gain)::text as gain
         from portfolio_holdings h join assets a on a.id = h.asset_id left join baskets b on b.id = h.basket_id
         join ledger_accounts l on l.user_id = h.user_id and l.id = h.account_id
         where h.user_id = $1 order by h.id`,
        [userId],
      );
      return found.map(
        ({ code, slug, units, cost, gain }) => `${code} ${slug ?? '-'}: ${units} cost ${cost} gain ${gain}`,
      );
    },

    /** The entries of a transaction, in order. */
    entries: async ({ transaction }: Pick<Traded, 'transaction'>): Promise<string[]> => {
      const found = await world.rows<{ entry: string }>(
        `select d.kind || ' ' || c.kind || ' ' || a.code || ' ' || trim_scale(e.amount)::text as entry
         from ledger_entries e join assets a on a.id = e.asset_id
         join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
         join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
         where e.transaction_id = $1 order by e.position`,
        [transaction.id],
      );
      return found.map(({ entry }) => entry);
    },

    events: async ({ userId }: Investor, type: string): Promise<unknown[]> =>
      (
        await world.rows<{ payload: unknown }>(
          'select payload from outbox_events where user_id = $1 and type = $2 order by id',
          [userId, type],
        )
      ).map(({ payload }) => payload),

    /** Nothing at all is stored by what is refused. */
    async refused(work: () => Promise<unknown>, expected: string | object): Promise<void> {
      const before = await world.dump();
      const error = await work().then(
        () => 'it was not refused',
        reason => reason,
      );
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject(typeof expected === 'string' ? { code: expected } : expected);
      expect(await world.dump()).toEqual(before);
    },

    /** What must always hold, and does not. */
    violations: async () =>
      (await asReader(database.orm.em, checkInvariants)).filter(({ violations }) => violations > 0),
  };
}

export const accepted = ({ fingerprint, expiresAt }: AcceptedQuote): AcceptedQuote => ({ fingerprint, expiresAt });
