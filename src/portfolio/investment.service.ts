import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import type { Transaction } from '../ledger/index.js';
import { AMOUNT, type Clock, NotFoundError, parseInput, requireFits, systemClock } from '../shared/index.js';
import { Basket } from './basket.entity.js';
import { InvestInBasket, QuoteInvestment } from './investment.input.js';
import { InvestmentPlan } from './investment-plan.js';
import type { Quote } from './quote.js';
import { TradeDesk, type Traded, type TradeOptions, type Wish } from './trade-desk.js';

/** Why an investment is made: by hand, by a rule, or from round-ups. */
export type InvestmentKind = 'basket_investment' | 'auto_invest' | 'round_up';

/** Putting cash into baskets. What that costs is the basket's own rate. */
export class InvestmentService {
  private readonly desk: TradeDesk;

  /** @param options how long quotes last, how far back an investment may be dated; never from a user's input. */
  constructor(
    private readonly em: EntityManager,
    clock: Clock = systemClock,
    options: Omit<TradeOptions, 'fees'> = {},
  ) {
    this.desk = new TradeDesk(em, clock, options);
  }

  /**
   * What investing now would buy and cost; nothing is stored.
   * @param kind the kind that it will be made as: a quote is for that one.
   * @throws as {@link invest}, but for the funds, which a quote does not look at.
   */
  async quote(input: QuoteInvestment, kind: InvestmentKind = 'basket_investment'): Promise<Quote<InvestmentPlan>> {
    return this.desk.quote(this.wish(parseInput(QuoteInvestment, input), kind));
  }

  /** As {@link book}, when only the transaction matters. @throws as {@link book}. */
  async invest(input: InvestInBasket, kind: InvestmentKind = 'basket_investment'): Promise<Transaction> {
    return (await this.book(input, kind)).transaction;
  }

  /**
   * Invests cash in a basket: takes the fee out of the amount, buys every asset of the composition at its latest price.
   * Before: portfolio open, account active, basket active, its assets active with fresh prices, cash there.
   * After: cash is less by the amount, to the last digit, and each holding more by units and what they cost. The same key and
   * request again returns the first transaction as it is now, and changes nothing.
   * @throws {NotFoundError} portfolio or basket; {@link StateError} account not active, portfolio closed, basket paused, asset
   * halted, `quote.expired`, `quote.moved`; {@link ValidationError} below the minimum, `basket.amount-too-small`,
   * `occurred-at.in-future`, `occurred-at.too-old`; {@link NotAllowedError} for anybody but an operator who dates it back;
   * {@link InsufficientFundsError}; {@link StalePriceError} {@link PriceMissingError} {@link IdempotencyConflictError}
   */
  async book(input: InvestInBasket, kind: InvestmentKind = 'basket_investment'): Promise<Traded> {
    const { idempotencyKey, quote, ...wish } = parseInput(InvestInBasket, input);
    const { userId: _, ...request } = { useCase: kind, ...wish };
    const { portfolioId, basketSlug, amount } = wish;
    const traded = await this.desk.commit({
      ...this.wish(wish, kind),
      ...{ idempotencyKey, quote, request, type: kind },
      describe: (_plan, { currency }) => ({
        ...{ asset: currency, amount },
        events: [{ type: 'basket.invested', payload: { portfolioId, basketSlug, amount: amount.toFixed() } }],
      }),
    });
    return traded!;
  }

  private wish(
    { basketSlug, amount, ...wish }: z.output<typeof QuoteInvestment>,
    useCase: InvestmentKind,
  ): Wish<InvestmentPlan> {
    return {
      ...{ ...wish, useCase, buys: true },
      plan: async ({ currency, prices }) => {
        requireFits(amount, { ...AMOUNT, scale: currency.scale }, 'amount');
        const basket = await this.em.findOne(Basket, { slug: basketSlug }, { populate: ['assets.asset'] });
        if (!basket) throw new NotFoundError('basket');
        InvestmentPlan.requirePossible(basket, amount);
        const assets = basket.composition.map(item => item.asset.getEntity());
        return new InvestmentPlan(basket, amount, await prices(assets), currency.scale);
      },
    };
  }
}
