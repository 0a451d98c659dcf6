import {
  AdjustmentService,
  AssetService,
  asReader,
  asUser,
  asWorker,
  BasketService,
  checkInvariants,
  DepositService,
  type EntityManager,
  expirePending,
  InvestmentService,
  LedgerReversalService,
  newId,
  PortfolioService,
  PriceService,
  RebalanceService,
  RedemptionService,
  ReversalService,
  TradeService,
  TransferService,
  User,
  WithdrawalService,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import type { SuiteDatabase } from '../support/database.js';
import { useWorld } from '../support/world.js';
import { portfolioOf, USERS } from './draws.js';
import { ASSETS, BASKETS, COMPOSITIONS, type CompositionName, CURRENCIES, PENDING_DAYS, TERMS } from './market.js';
import type { Event, Handle, Wish } from './wishes.js';

/** When every story begins. */
const BEGINNING = new Date('2026-03-02T08:00:00Z');

/** What a wish came to: the transaction in the wisher's own book, and the other ones that it made there or elsewhere. */
export interface Done {
  id: string;
  replayed: boolean;
  /** The received half of a transfer. */
  other?: string;
  /** What it did to holdings. */
  movements: { holdingId: string; quantity: string; cost: string; gain: string }[];
}

/** Runs work as one transaction; tests say how often it is tried. */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T>;

const once: Attempt = work => work();

/**
 * A suite's database on which stories are played: each has a market and people of its own, so that none can know of another.
 * Call it beside `useDatabase`.
 */
export function useStage(database: SuiteDatabase) {
  const world = useWorld(database);
  let stories = 0;

  return {
    ...world,

    /** The tables as they are, in 32 digits: the same before and after when no row of any table was stored, changed or removed. */
    async digest(): Promise<string> {
      const tables = await world.rows<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
      );
      const parts = tables.map(
        ({ name }) =>
          `select '${name}' as name, md5(coalesce(string_agg(row, '' order by row), '')) as rows from (select md5(t::text) as row from ${name} t) r`,
      );
      const [row] = await world.rows<{ digest: string }>(
        `select md5(string_agg(name || rows, '' order by name)) as digest from (${parts.join(' union all ')}) parts`,
      );
      return row!.digest;
    },

    /** The invariants that do not hold. */
    async violations() {
      return (await asReader(database.orm.em, checkInvariants)).filter(({ violations }) => violations > 0);
    },

    /** A new market, and new people who have nothing yet. */
    async newStory(users = USERS): Promise<Stage> {
      stories += 1;
      const clock = new FixedClock(BEGINNING);
      const suffix = `-${stories}`;
      if (stories === 1)
        await world.list({
          code: 'EURS',
          name: 'Euro coin',
          kind: 'stablecoin',
          contract: { chain: 'ethereum', decimals: 2 },
        });
      const people = new Map<number, string>();
      const places = new Map<string, string>();
      for (let user = 0; user < users; user += 1) {
        const who = await world.newInvestor();
        people.set(user, who.userId);
        places.set(portfolioOf(user, 0), who.portfolioId);
        const { id } = await asUser(database.orm.em, who.userId, em =>
          new PortfolioService(em).open({ userId: who.userId, name: 'Second', currencyCode: 'EURS' }),
        );
        places.set(portfolioOf(user, 1), id);
      }
      const stage = new Stage(database.orm.em, clock, suffix, people, places);
      await stage.openMarket();
      return stage;
    },
  };
}

/** One story's people and market, by the names that the story has for them. */
export class Stage {
  /** Ids by handle. */
  readonly ids: string[] = [];

  constructor(
    private readonly em: EntityManager,
    readonly clock: FixedClock,
    /** What the codes of this story's assets and baskets end in. */
    readonly suffix: string,
    readonly people: ReadonlyMap<number, string>,
    readonly places: ReadonlyMap<string, string>,
  ) {}

  async openMarket(): Promise<void> {
    await asWorker(this.em, async em => {
      const assets = new AssetService(em);
      for (const { code, decimals, maxAgeSeconds } of ASSETS)
        assets.list({
          ...{ code: this.codeOf(code), name: code, priceMaxAgeSeconds: maxAgeSeconds },
          ...(decimals === undefined
            ? { kind: 'equity' }
            : { kind: 'crypto', contract: { chain: 'ethereum', decimals } }),
        });
      await em.flush();
      await this.import(em, Object.fromEntries(ASSETS.map(({ code, price }) => [code, price])));
      const baskets = new BasketService(em, this.clock);
      for (const { slug, composition, minimumInvestment, feeRate } of BASKETS) {
        await baskets.draft({
          ...{ slug: this.slugOf(slug), name: slug, description: slug, category: 'Mixed', curator: 'Nestegg' },
          ...{ risk: 'moderate', minimumInvestment, feeRate },
        });
        await this.publish(baskets, slug, composition);
        await baskets.activate(this.slugOf(slug));
      }
    });
  }

  /** Lets something happen that concerns everybody. */
  async happen(event: Event): Promise<void> {
    switch (event.event) {
      case 'wait':
        this.pass(event.seconds);
        return;
      case 'expire':
        await expirePending(this.em, this.clock);
        return;
      default:
        await asWorker(this.em, em => this.change(em, event));
    }
  }

  /** Asks the service that a wish is for; what it refuses is thrown. */
  async fulfil(wish: Wish, attempt: Attempt = once): Promise<Done | 'nothing'> {
    const { clock } = this;
    const userId = this.userOf(wish.user);
    const asked = { userId, idempotencyKey: wish.key };
    const free = 'free' in wish && wish.free;
    const deposits = (em: EntityManager) =>
      new DepositService(em, clock, { fees: free ? [] : TERMS.deposit, lifetimeDays: PENDING_DAYS });
    const withdrawals = (em: EntityManager) =>
      new WithdrawalService(em, clock, { fees: free ? [] : TERMS.withdrawal, lifetimeDays: PENDING_DAYS });
    const options = { fees: free ? [] : TERMS.trade };
    const user = <T>(work: (em: EntityManager) => Promise<T>) => attempt(() => asUser(this.em, userId, work));
    const worker = <T>(work: (em: EntityManager) => Promise<T>) => attempt(() => asWorker(this.em, work));
    switch (wish.what) {
      case 'open-deposit': {
        const { amount, reference } = wish;
        const assetCode = this.codeOf(wish.asset);
        return done(await user(em => deposits(em).open({ ...asked, assetCode, amount, source: 'bank', reference })));
      }
      case 'settle-deposit': {
        const closing = { ...asked, transactionId: this.idOf(wish.transaction), amount: wish.amount };
        return done(await user(em => deposits(em).settle(closing)));
      }
      case 'fail-deposit': {
        const closing = { ...asked, transactionId: this.idOf(wish.transaction), reason: 'It never came.' };
        return done(await user(em => deposits(em).fail(closing)));
      }
      case 'request-withdrawal': {
        const request = { ...asked, assetCode: this.codeOf(wish.asset), amount: wish.amount };
        return done(await user(em => withdrawals(em).request(request)));
      }
      case 'settle-withdrawal': {
        const closing = { ...asked, transactionId: this.idOf(wish.transaction), amount: wish.amount };
        return done(await user(em => withdrawals(em).settle(closing)));
      }
      case 'fail-withdrawal':
      case 'cancel-withdrawal': {
        const closing = { ...asked, transactionId: this.idOf(wish.transaction), reason: 'Another time.' };
        return done(
          await user(em =>
            wish.what === 'fail-withdrawal' ? withdrawals(em).fail(closing) : withdrawals(em).cancel(closing),
          ),
        );
      }
      case 'transfer': {
        const { amount, key: idempotencyKey } = wish;
        const parties = { senderId: userId, recipientId: this.userOf(wish.to) };
        const { sent, received, replayed } = await worker(em =>
          new TransferService(em, clock).send({
            ...{ ...parties, assetCode: this.codeOf(wish.asset), amount },
            idempotencyKey,
          }),
        );
        return { id: sent.id, other: received.id, replayed, movements: [] };
      }
      case 'adjust': {
        const { direction, amount } = wish;
        const booking = { ...asked, assetCode: this.codeOf(wish.asset), amount, direction, reason: 'A correction.' };
        return done(await worker(em => new AdjustmentService(em, clock).adjust(booking)));
      }
      case 'charge': {
        const booking = { ...asked, assetCode: this.codeOf(wish.asset), amount: wish.amount, reason: 'A statement.' };
        return done(await worker(em => new AdjustmentService(em, clock).chargeFee({ ...booking, kind: 'platform' })));
      }
      case 'reverse': {
        const request = { ...asked, transactionId: this.idOf(wish.transaction), reason: 'By mistake.' };
        return wish.by === 'ledger'
          ? done(await worker(em => new LedgerReversalService(em, clock).reverse(request)))
          : traded(await worker(em => new ReversalService(em, clock).reverse(request)));
      }
      default: {
        const place = { ...asked, portfolioId: this.places.get(wish.portfolio) ?? newId() };
        switch (wish.what) {
          case 'buy': {
            const order = { ...place, assetCode: this.codeOf(wish.asset), amount: wish.amount };
            return traded(await user(em => new TradeService(em, clock, options).buy(order)));
          }
          case 'sell': {
            const order = { ...place, assetCode: this.codeOf(wish.asset), quantity: wish.quantity };
            return traded(await user(em => new TradeService(em, clock, options).sell(order)));
          }
          case 'invest': {
            const order = { ...place, basketSlug: this.slugOf(wish.basket), amount: wish.amount };
            return traded(await user(em => new InvestmentService(em, clock).book(order)));
          }
          case 'redeem': {
            const order = { ...place, basketSlug: this.slugOf(wish.basket), amount: wish.amount };
            return traded(await user(em => new RedemptionService(em, clock, options).redeem(order)));
          }
          default: {
            const order = { ...place, basketSlug: this.slugOf(wish.basket) };
            const result = await user(em => new RebalanceService(em, clock, options).execute(order));
            return result ? traded(result) : 'nothing';
          }
        }
      }
    }
  }

  pass(seconds: number): void {
    this.clock.moveTo(new Date(this.clock.now().getTime() + seconds * 1000));
  }

  codeOf(asset: string): string {
    return ASSETS.some(({ code }) => code === asset) ? `${asset}${this.suffix}` : asset;
  }

  userOf(user: number): string {
    return this.people.get(user) ?? newId();
  }

  private slugOf(basket: string): string {
    return `${basket}${this.suffix}`;
  }

  private idOf(transaction: Handle): string {
    return this.ids[transaction] ?? newId();
  }

  private async change(em: EntityManager, event: Exclude<Event, { event: 'wait' | 'expire' }>): Promise<void> {
    const assets = new AssetService(em);
    const baskets = new BasketService(em, this.clock);
    switch (event.event) {
      case 'price':
        return this.import(em, event.prices);
      case 'halt':
        await assets.halt({ code: this.codeOf(event.asset) });
        return;
      case 'resume':
        await assets.resume({ code: this.codeOf(event.asset) });
        return;
      case 'crash':
        if (event.halts) await assets.halt({ code: this.codeOf(event.asset) });
        return this.import(em, { [event.asset]: event.price });
      case 'recover':
        await assets.resume({ code: this.codeOf(event.asset) });
        return this.import(em, { [event.asset]: event.price });
      case 'pause':
        await baskets.pause(this.slugOf(event.basket));
        return;
      case 'activate':
        await baskets.activate(this.slugOf(event.basket));
        return;
      case 'recompose':
        return this.publish(baskets, event.basket, event.composition as CompositionName);
      default: {
        const user = await em.findOneOrFail(User, { id: this.userOf(event.user) });
        if (event.event === 'suspend') user.suspend(this.clock.now());
        else if (event.event === 'reinstate') user.reinstate();
        else {
          user.startKyc();
          user.passKyc(this.clock.now());
        }
      }
    }
  }

  /** In every currency the same. */
  private async import(em: EntityManager, prices: Record<string, string>): Promise<void> {
    for (const { code: quoteCode } of CURRENCIES)
      await new PriceService(em).import({
        ...{ quoteCode, source: 'exchange' },
        prices: Object.entries(prices).map(([code, price]) => ({
          ...{ code: this.codeOf(code), asOf: this.clock.now(), price },
        })),
      });
  }

  private async publish(baskets: BasketService, basket: string, composition: CompositionName): Promise<void> {
    await baskets.publish({
      slug: this.slugOf(basket),
      composition: COMPOSITIONS[composition].map(([asset, weight, minWeight, maxWeight]) => ({
        ...{ assetCode: this.codeOf(asset), weight },
        ...{ minWeight, maxWeight },
      })),
    });
  }
}

const done = ({ transaction, replayed }: { transaction: { id: string }; replayed: boolean }): Done => ({
  ...{ id: transaction.id, replayed },
  movements: [],
});

const traded = (result: Awaited<ReturnType<ReversalService['reverse']>>): Done => ({
  ...{ id: result.transaction.id, replayed: result.replayed },
  movements: result.movements.map(({ holding, quantity, cost, gain }) => ({
    holdingId: holding.id,
    ...{ quantity: quantity.toFixed(), cost: cost.toFixed(), gain: gain.toFixed() },
  })),
});
