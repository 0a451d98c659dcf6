import type { z } from 'zod';
import type { EntityManager } from '../database/index.js';
import { type Asset, AssetService } from '../market/index.js';
import {
  AMOUNT,
  type Clock,
  parseInput,
  requireFits,
  StateError,
  systemClock,
  ValidationError,
} from '../shared/index.js';
import { BuyPlan } from './buy-plan.js';
import type { Quote } from './quote.js';
import { SellPlan } from './sell-plan.js';
import { BuyAsset, QuoteBuy, QuoteSell, SellAsset } from './trade.input.js';
import { type Scene, TradeDesk, type Traded, type TradeOptions, type Wish } from './trade-desk.js';

/** Buying and selling single assets, held directly: through no basket. */
export class TradeService {
  private readonly desk: TradeDesk;

  /** @param options what trades cost, how long quotes last, how far back a trade may be dated; never from a user's input. */
  constructor(
    private readonly em: EntityManager,
    clock: Clock = systemClock,
    options: TradeOptions = {},
  ) {
    this.desk = new TradeDesk(em, clock, options);
  }

  /** What buying now would bring and cost; nothing is stored. @throws as {@link buy}, but for the funds. */
  async quoteBuy(input: QuoteBuy): Promise<Quote<BuyPlan>> {
    return this.desk.quote(this.purchase(parseInput(QuoteBuy, input)));
  }

  /**
   * Buys as much of an asset as an amount of cash pays for with all fees.
   * Before: portfolio open, account active, asset active with a fresh price, cash there.
   * After: cash is less by what the units cost and by each fee, the holding more by the units and their cost; what is too
   * little for another unit has stayed in cash. The same key and request again returns the first transaction as it is now.
   * @throws {NotFoundError} portfolio or asset; {@link StateError} `portfolio.closed`, `user.not-active`, `asset.not-buyable`,
   * `quote.expired`, `quote.moved`; {@link ValidationError} `trade.amount-too-small`, `trade.own-currency`,
   * `occurred-at.in-future`, `occurred-at.too-old`; {@link NotAllowedError} for anybody but an operator who dates it back;
   * {@link InsufficientFundsError}; {@link StalePriceError} {@link PriceMissingError}; {@link IdempotencyConflictError}
   */
  async buy(input: BuyAsset): Promise<Traded> {
    const { idempotencyKey, quote, ...wish } = parseInput(BuyAsset, input);
    const { userId: _, ...request } = { useCase: 'buy', ...wish };
    const traded = await this.desk.commit({
      ...this.purchase(wish),
      ...{ idempotencyKey, quote, request, type: 'buy' as const },
      describe: (plan, { currency }) => ({
        asset: currency,
        amount: plan.spent,
        events: [
          {
            type: 'asset.bought',
            payload: { portfolioId: wish.portfolioId, assetCode: wish.assetCode, amount: plan.spent.toFixed() },
          },
        ],
      }),
    });
    return traded!;
  }

  /** What selling now would bring and cost; nothing is stored. @throws as {@link sell}. */
  async quoteSell(input: QuoteSell): Promise<Quote<SellPlan>> {
    return this.desk.quote(this.sale(parseInput(QuoteSell, input)));
  }

  /**
   * Sells units of an asset that is held directly, or all of them: the quantity that is there when the book is held.
   * Before: portfolio open, account active or closing, a fresh price; the asset may be halted.
   * After: the holding is less by the units and their share of the average cost, cash more by what they bring less each fee;
   * of a full exit nothing is left, neither units nor cost. A sale that is dated back sells what was there then and ever since.
   * The same key and request again returns the first transaction as it is now.
   * @throws {NotFoundError} portfolio or asset; {@link StateError} `portfolio.closed`, `user.not-active`,
   * `holding.nothing-held`, `trade.fees-exceed-proceeds`, `quote.expired`, `quote.moved`; {@link ValidationError}
   * `trade.quantity-too-small`, `occurred-at.in-future`, `occurred-at.too-old`; {@link NotAllowedError} for anybody but an
   * operator who dates it back; {@link InsufficientFundsError}; {@link StalePriceError} {@link PriceMissingError};
   * {@link IdempotencyConflictError}
   */
  async sell(input: SellAsset): Promise<Traded> {
    const { idempotencyKey, quote, ...wish } = parseInput(SellAsset, input);
    const { userId: _, ...request } = { useCase: 'sell', ...wish };
    const traded = await this.desk.commit({
      ...this.sale(wish),
      ...{ idempotencyKey, quote, request, type: 'sell' as const },
      describe: ({ sales: [{ asset, units }], received }) => ({
        ...{ asset, amount: units },
        events: [
          {
            type: 'asset.sold',
            payload: {
              ...{ portfolioId: wish.portfolioId, assetCode: asset.code },
              ...{ quantity: units.toFixed(), received: received.toFixed() },
            },
          },
        ],
      }),
    });
    return traded!;
  }

  private purchase({ assetCode, amount, ...wish }: z.output<typeof QuoteBuy>): Wish<BuyPlan> {
    return {
      ...{ ...wish, useCase: 'buy', buys: true },
      plan: async ({ currency, prices, charge }) => {
        const asset = await this.asset(assetCode);
        if (asset.id === currency.id)
          throw new ValidationError('trade.own-currency', `${asset.code} is what this portfolio pays with.`);
        asset.requireBuyable();
        requireFits(amount, { ...AMOUNT, scale: currency.scale }, 'amount');
        return new BuyPlan(asset, amount, (await prices([asset])).get(asset.id)!, charge, currency.scale);
      },
    };
  }

  private sale({ assetCode, quantity, ...wish }: z.output<typeof QuoteSell>): Wish<SellPlan> {
    return {
      ...{ ...wish, useCase: 'sell', buys: false },
      plan: async (scene: Scene) => {
        const asset = await this.asset(assetCode);
        const [position] = await scene.positions({ basket: null, asset });
        if (!position)
          throw new StateError('holding.nothing-held', `There is no ${asset.code} to sell.`, { code: asset.code });
        const price = (await scene.prices([asset])).get(asset.id)!;
        return new SellPlan(position, quantity, price, scene.charge, scene.currency.scale);
      },
    };
  }

  private asset(code: string): Promise<Asset> {
    return new AssetService(this.em).byCode(code);
  }
}
