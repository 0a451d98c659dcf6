import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { requireOperator, User } from '../identity/index.js';
import {
  BACKDATED_DAYS_MAX,
  CashFeeSchedule,
  feesOn,
  type LedgerAccount,
  ledger,
  type Posting,
  type Transaction,
  type TransactionType,
} from '../ledger/index.js';
import { type Asset, type LatestPrice, PriceService } from '../market/index.js';
import { type Clock, type Decimal, parseInput, ValidationError } from '../shared/index.js';
import { HoldingMovement } from './holding-movement.entity.js';
import type { Portfolio } from './portfolio.entity.js';
import { findPortfolio, lockPortfolio } from './portfolio.service.js';
import { PortfolioHolding } from './portfolio-holding.entity.js';
import { newestEventIn, positionsOf, type Whereabouts } from './positions.js';
import {
  type AcceptedQuote,
  QUOTE_LIFETIME_SECONDS,
  type Quote,
  quoteOf,
  requireUnexpired,
  requireUnmoved,
} from './quote.js';
import { restateSnapshots, snapshotsSince } from './snapshot-restatement.js';
import type { Charge, Position, TradePlan } from './trade-plan.js';

const DAY_MS = 86_400_000;

export interface TradeOptions {
  /** What trades cost, on the value traded; nothing unless told. */
  fees?: CashFeeSchedule;
  /** How long a quote is good for; 30 seconds unless told. */
  quoteLifetimeSeconds?: number;
  /** How old `occurredAt` may be; {@link BACKDATED_DAYS_MAX} unless told. */
  backdatingDays?: number;
}

/** What a trade came to. */
export interface Traded {
  transaction: Transaction;
  /** True when the key had taken effect before: nothing happened now. */
  replayed: boolean;
  /** What it did to each holding, in the order of booking. */
  movements: HoldingMovement[];
  /** How many snapshots were reckoned anew because the trade happened before they were taken. */
  restatedSnapshots: number;
}

/** Where and when a trade is planned. */
export interface Scene {
  portfolio: Portfolio;
  currency: Asset;
  /** The instant whose prices count. */
  at: Date;
  charge: Charge;
  /** Prices that something may be decided on. */
  prices(assets: readonly Asset[]): Promise<Map<string, LatestPrice>>;
  positions(where: Whereabouts): Promise<Position[]>;
}

export interface Wish<P extends TradePlan> {
  useCase: string;
  userId: string;
  portfolioId: string;
  /** When it happened, if that lies in the past: an operator's to say. */
  occurredAt?: Date;
  /** Whether it buys: who takes no new business may still sell. */
  buys: boolean;
  /** Plans it in full; called once for a quote and once, under the lock, for a commit. */
  plan(scene: Scene): Promise<P>;
}

export interface Order<P extends TradePlan> extends Wish<P> {
  idempotencyKey: string;
  /** What makes the request this one and no other; a quote is not part of it. */
  request: object;
  quote?: AcceptedQuote;
  type: TransactionType;
  /** What the transaction is about, as its owner would say it, and what others are told. */
  describe(plan: P, scene: Scene): { asset: Asset; amount: Decimal; events: NonNullable<Posting['events']> };
}

/**
 * What every trade goes through: a quote plans it and stores nothing, a commit holds the book, plans it anew by the same code,
 * books it and keeps what it did to each holding.
 */
export class TradeDesk {
  private readonly fees: z.output<typeof CashFeeSchedule>;

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly options: TradeOptions = {},
  ) {
    this.fees = parseInput(CashFeeSchedule, options.fees ?? []);
  }

  async quote<P extends TradePlan>(wish: Wish<P>): Promise<Quote<P>> {
    const now = this.clock.now();
    const portfolio = await findPortfolio(this.em, wish.userId, wish.portfolioId);
    const scene = await this.enter(portfolio, now, wish);
    const plan = await wish.plan(scene);
    const lifetime = this.options.quoteLifetimeSeconds ?? QUOTE_LIFETIME_SECONDS;
    return quoteOf(plan, { ...wish, portfolio }, new Date(now.getTime() + lifetime * 1000));
  }

  /** @returns nothing when the plan moves nothing: then nothing is stored, and the key stays unused. */
  async commit<P extends TradePlan>(order: Order<P>): Promise<Traded | undefined> {
    const { em } = this;
    const { userId, portfolioId, quote, occurredAt } = order;
    const portfolio = await lockPortfolio(em, userId, portfolioId);
    const replay = await ledger.replayOf(em, userId, order);
    if (replay) return this.recall(replay);

    const now = this.clock.now();
    if (quote) requireUnexpired(quote, now);
    const scene = await this.enter(portfolio, now, order);
    const plan = await order.plan(scene);
    if (quote) requireUnmoved(plan, { ...order, portfolio }, quote);
    if (plan.isEmpty) return undefined;

    const later = occurredAt ? await snapshotsSince(em, portfolio, occurredAt) : [];
    const { asset, amount, events } = order.describe(plan, scene);
    const restated = {
      type: 'snapshots.restated',
      payload: { portfolioId, from: later[0]?.date, count: later.length },
    };
    const { transaction, entries } = await ledger.post(em, userId, {
      ...{ idempotencyKey: order.idempotencyKey, request: order.request, type: order.type },
      ...{ assetId: asset.id, amount, portfolioId, basketId: plan.basket?.id },
      occurredAt: occurredAt ?? (await this.momentOf(plan, portfolio, now)),
      legs: plan.legsIn(portfolio),
      events: later.length > 0 ? [...events, restated] : events,
    });
    const bought = entries.map(({ credit }) => credit.getEntity()).filter(({ kind }) => kind === 'holding');
    const movements = await this.move(portfolio, plan, transaction, bought);
    if (later.length > 0) await restateSnapshots(em, portfolio, later, now);
    return { transaction, replayed: false, movements, restatedSnapshots: later.length };
  }

  /** Refuses first what no price could make possible. */
  private async enter(portfolio: Portfolio, now: Date, { occurredAt, buys }: Wish<TradePlan>): Promise<Scene> {
    portfolio.requireOpen();
    if (occurredAt) {
      // In the hands of the trader it would be a trade with hindsight.
      await requireOperator(this.em);
      this.requireInReach(occurredAt, now);
    }
    await this.requireMayTrade(portfolio, buys);
    const at = occurredAt ?? now;
    const currency = portfolio.currency.getEntity();
    return {
      ...{ portfolio, currency, at },
      charge: value => feesOn(this.fees, currency, value, at),
      prices: assets => new PriceService(this.em).fresh(assets, currency, at),
      positions: where => positionsOf(this.em, portfolio, where, occurredAt),
    };
  }

  private requireInReach(occurredAt: Date, now: Date): void {
    const daysMax = this.options.backdatingDays ?? BACKDATED_DAYS_MAX;
    if (occurredAt > now)
      throw new ValidationError('occurred-at.in-future', 'What has happened lies not in the future.');
    if (now.getTime() - occurredAt.getTime() > daysMax * DAY_MS)
      throw new ValidationError('occurred-at.too-old', `At most ${daysMax} days back can be booked.`, { daysMax });
  }

  /** Who may buy nothing more may still sell, unless suspended: an account that is closing has to become empty. */
  private async requireMayTrade(portfolio: Portfolio, buys: boolean): Promise<void> {
    const owner = await this.em.findOneOrFail(User, { id: portfolio.user.id }, { refresh: true });
    if (buys || owner.status !== 'closing') owner.requireActive();
  }

  /** A sale happens after the purchase of what it sells, whatever the clocks of several servers say. */
  private async momentOf(plan: TradePlan, portfolio: Portfolio, now: Date): Promise<Date> {
    const newest = plan.sales.length > 0 ? await newestEventIn(this.em, portfolio) : undefined;
    return newest && newest > now ? newest : now;
  }

  private async move(
    portfolio: Portfolio,
    plan: TradePlan,
    transaction: Transaction,
    bought: readonly LedgerAccount[],
  ): Promise<HoldingMovement[]> {
    const { em } = this;
    const known = plan.purchases.length > 0 ? await this.holdingsFor(portfolio, plan) : [];
    const sold = plan.sales.map(({ position: { holding, held }, units, proceeds }) =>
      holding.recordSale(transaction, units, held, proceeds),
    );
    const purchased = plan.purchases.map(({ asset, units, cost }, index) => {
      const holding =
        known.find(each => each.asset.id === asset.id) ??
        new PortfolioHolding(portfolio, asset, plan.basket, bought[index]!);
      em.persist(holding);
      return holding.recordPurchase(transaction, units, cost);
    });
    const movements = [...sold, ...purchased];
    em.persist(movements);
    await em.flush();
    return movements;
  }

  /** The holdings that the purchases go into, as the database has them under the lock. */
  private holdingsFor(portfolio: Portfolio, { basket, purchases }: TradePlan): Promise<PortfolioHolding[]> {
    const userId = portfolio.user.id;
    return this.em.find(
      PortfolioHolding,
      {
        user: userId,
        portfolio: [userId, portfolio.id],
        basket: basket ?? null,
        asset: { $in: purchases.map(({ asset }) => asset.id) },
      },
      { refresh: true },
    );
  }

  private async recall(transaction: Transaction): Promise<Traded> {
    const userId = transaction.user.id;
    const movements = await this.em.find(
      HoldingMovement,
      { user: userId, transaction: [userId, transaction.id] },
      { orderBy: { id: 'asc' }, populate: ['holding'] },
    );
    return { transaction, replayed: true, movements, restatedSnapshots: 0 };
  }
}
