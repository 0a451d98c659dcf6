import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { type Clock, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import { Basket } from './basket.entity.js';
import type { Quote } from './quote.js';
import { PlanRebalance, RebalanceBasket } from './rebalance.input.js';
import { RebalancePlan } from './rebalance-plan.js';
import { TradeDesk, type Traded, type TradeOptions, type Wish } from './trade-desk.js';

/** Bringing what is held of a basket back to its current composition. */
export class RebalanceService {
  private readonly desk: TradeDesk;

  /** @param options what a rebalance costs, how long quotes last; never from a user's input. */
  constructor(
    private readonly em: EntityManager,
    clock: Clock = systemClock,
    options: TradeOptions = {},
  ) {
    this.desk = new TradeDesk(em, clock, options);
  }

  /** The dry run: what {@link execute} would do now; nothing is stored. Empty when nothing is to be done. @throws as execute. */
  async plan(input: PlanRebalance): Promise<Quote<RebalancePlan>> {
    return this.desk.quote(this.wish(parseInput(PlanRebalance, input)));
  }

  /**
   * Sells what is too much and buys what is too little, in one transaction; see {@link RebalancePlan} for what that is.
   * Before: portfolio open, account active, basket active, fresh prices of all that is held and composed.
   * After: cash is as it was, but for a remainder too small for another unit, which the plan says. While all is within its
   * bands nothing happens, nothing is stored and the key stays unused. The same key and request again returns the first
   * transaction as it is now.
   * @returns nothing when nothing was to be done.
   * @throws {NotFoundError} portfolio or basket; {@link StateError} `portfolio.closed`, `user.not-active`,
   * `basket.not-investable`, `basket.nothing-held`, `trade.fees-exceed-proceeds`, `quote.expired`, `quote.moved`;
   * {@link StalePriceError} {@link PriceMissingError}; {@link IdempotencyConflictError}
   */
  async execute(input: RebalanceBasket): Promise<Traded | undefined> {
    const { idempotencyKey, quote, ...wish } = parseInput(RebalanceBasket, input);
    const { userId: _, ...request } = { useCase: 'rebalance', ...wish };
    const { portfolioId, basketSlug } = wish;
    return this.desk.commit({
      ...this.wish(wish),
      ...{ idempotencyKey, quote, request, type: 'rebalance' as const },
      describe: ({ proceeds }, { currency }) => ({
        ...{ asset: currency, amount: proceeds },
        events: [{ type: 'basket.rebalanced', payload: { portfolioId, basketSlug, turnover: proceeds.toFixed() } }],
      }),
    });
  }

  private wish({ basketSlug, ...wish }: z.output<typeof PlanRebalance>): Wish<RebalancePlan> {
    return {
      ...{ ...wish, useCase: 'rebalance', buys: true },
      plan: async ({ currency, positions, prices, charge }) => {
        const basket = await this.em.findOne(Basket, { slug: basketSlug }, { populate: ['assets.asset'] });
        if (!basket) throw new NotFoundError('basket');
        basket.requireInvestable();
        const held = (await positions({ basket })).filter(position => position.held.gt(0));
        const assets = [...held.map(({ asset }) => asset), ...basket.composition.map(({ asset }) => asset.getEntity())];
        return new RebalancePlan(basket, held, await prices([...new Set(assets)]), charge, currency.scale);
      },
    };
  }
}
