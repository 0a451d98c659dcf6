import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { AMOUNT, type Clock, NotFoundError, parseInput, requireFits, systemClock } from '../shared/index.js';
import { Basket } from './basket.entity.js';
import type { Quote } from './quote.js';
import { QuoteRedemption, RedeemBasket } from './redemption.input.js';
import { RedemptionPlan } from './redemption-plan.js';
import { TradeDesk, type Traded, type TradeOptions, type Wish } from './trade-desk.js';

/** Taking money out of baskets. */
export class RedemptionService {
  private readonly desk: TradeDesk;

  /** @param options what a redemption costs, how long quotes last; never from a user's input. */
  constructor(
    private readonly em: EntityManager,
    clock: Clock = systemClock,
    options: TradeOptions = {},
  ) {
    this.desk = new TradeDesk(em, clock, options);
  }

  /** What redeeming now would sell, bring and cost; nothing is stored. @throws as {@link redeem}. */
  async quote(input: QuoteRedemption): Promise<Quote<RedemptionPlan>> {
    return this.desk.quote(this.wish(parseInput(QuoteRedemption, input)));
  }

  /**
   * Sells of all holdings of a basket, in proportion to their value, what brings an amount, or all that is there when the book
   * is held.
   * Before: portfolio open, account active or closing, fresh prices of what is held; the basket may be paused or retired, its
   * assets halted.
   * After: each holding is less by the units sold and their share of its average cost, cash more by what they bring less each
   * fee; after ALL every holding of the basket is exactly zero, and so is its cost. The same key and request again returns
   * the first transaction as it is now.
   * @throws {NotFoundError} portfolio or basket; {@link StateError} `portfolio.closed`, `user.not-active`,
   * `basket.nothing-held`, `redemption.exceeds-value`, `trade.fees-exceed-proceeds`, `quote.expired`, `quote.moved`;
   * {@link StalePriceError} {@link PriceMissingError}; {@link IdempotencyConflictError}
   */
  async redeem(input: RedeemBasket): Promise<Traded> {
    const { idempotencyKey, quote, ...wish } = parseInput(RedeemBasket, input);
    const { userId: _, ...request } = { useCase: 'basket_redemption', ...wish };
    const { portfolioId, basketSlug } = wish;
    const traded = await this.desk.commit({
      ...this.wish(wish),
      ...{ idempotencyKey, quote, request, type: 'basket_redemption' as const },
      describe: (plan, { currency }) => {
        const { proceeds, received, sales } = plan;
        const [{ asset, units }] = sales as [RedemptionPlan['sales'][number]];
        return {
          // The last units of something worthless bring no money: then it is they that were redeemed.
          ...(proceeds.gt(0) ? { asset: currency, amount: proceeds } : { asset, amount: units }),
          events: [{ type: 'basket.redeemed', payload: { portfolioId, basketSlug, received: received.toFixed() } }],
        };
      },
    });
    return traded!;
  }

  private wish({ basketSlug, amount, ...wish }: z.output<typeof QuoteRedemption>): Wish<RedemptionPlan> {
    return {
      ...{ ...wish, useCase: 'basket_redemption', buys: false },
      plan: async ({ currency, positions, prices, charge }) => {
        if (amount !== 'all') requireFits(amount, { ...AMOUNT, scale: currency.scale }, 'amount');
        const basket = await this.em.findOne(Basket, { slug: basketSlug });
        if (!basket) throw new NotFoundError('basket');
        const held = await positions({ basket });
        const assets = held.filter(position => position.held.gt(0)).map(({ asset }) => asset);
        return new RedemptionPlan(basket, held, amount, await prices(assets), charge, currency.scale);
      },
    };
  }
}
