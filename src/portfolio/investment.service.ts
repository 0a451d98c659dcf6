import type { EntityManager } from '../database/index.js';
import { User } from '../identity/index.js';
import { type Leg, ledger, type Place, type Transaction } from '../ledger/index.js';
import { PriceService } from '../market/index.js';
import { type Clock, type Decimal, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import { Basket } from './basket.entity.js';
import { InvestInBasket, QuoteInvestment } from './investment.input.js';
import { InvestmentPlan, type PlannedPurchase } from './investment-plan.js';
import type { Portfolio } from './portfolio.entity.js';
import { findPortfolio, lockPortfolio } from './portfolio.service.js';
import { PortfolioHolding } from './portfolio-holding.entity.js';

/** Why an investment is made: by hand, by a rule, or from round-ups. */
export type InvestmentKind = 'basket_investment' | 'auto_invest' | 'round_up';

/** Putting cash into baskets. */
export class InvestmentService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * What investing now would buy and cost; nothing is stored.
   * @throws as {@link invest}, but for the funds, which a quote does not look at.
   */
  async quote(input: QuoteInvestment): Promise<InvestmentPlan> {
    const { userId, portfolioId, basketSlug, amount } = parseInput(QuoteInvestment, input);
    const portfolio = await findPortfolio(this.em, userId, portfolioId);
    return this.plan(portfolio, basketSlug, amount, this.clock.now());
  }

  /**
   * Invests cash in a basket: takes the fee out of the amount, buys every asset of the composition at its latest price.
   * The same key and request again returns the first transaction and changes nothing.
   * @throws {NotFoundError} portfolio or basket; {@link StateError} account not active, portfolio closed, basket paused, asset halted; {@link ValidationError} below the minimum;
   * {@link InsufficientFundsError}; {@link StalePriceError} {@link PriceMissingError} {@link IdempotencyConflictError}
   */
  async invest(input: InvestInBasket, kind: InvestmentKind = 'basket_investment'): Promise<Transaction> {
    const { idempotencyKey, userId, portfolioId, basketSlug, amount } = parseInput(InvestInBasket, input);
    const request = { idempotencyKey, request: { useCase: kind, portfolioId, basketSlug, amount } };
    const portfolio = await lockPortfolio(this.em, userId, portfolioId);
    const replay = await ledger.replayOf(this.em, userId, request);
    if (replay) return replay;

    const now = this.clock.now();
    const plan = await this.plan(portfolio, basketSlug, amount, now);
    const { transaction, entries } = await ledger.post(this.em, userId, {
      ...request,
      type: kind,
      assetId: portfolio.currency.id,
      amount,
      occurredAt: now,
      portfolioId,
      basketId: plan.basket.id,
      legs: legsOf(plan, portfolio),
      events: [{ type: 'basket.invested', payload: { portfolioId, basketSlug, amount: amount.toFixed() } }],
    });
    const bought = entries
      .filter(entry => entry.credit.getEntity().kind === 'holding')
      .map(entry => entry.credit.getEntity());
    const holdings = await this.em.find(PortfolioHolding, {
      user: userId,
      portfolio: [userId, portfolioId],
      basket: plan.basket,
    });
    plan.purchases.forEach(({ asset, cost, units }, index) => {
      const known = holdings.find(holding => holding.asset.id === asset.id);
      const holding = known ?? new PortfolioHolding(portfolio, asset, plan.basket, bought[index]!);
      this.em.persist([holding, holding.recordPurchase(transaction, units, cost)]);
    });
    await this.em.flush();
    return transaction;
  }

  private async plan(portfolio: Portfolio, basketSlug: string, amount: Decimal, now: Date): Promise<InvestmentPlan> {
    portfolio.requireOpen();
    const owner = await this.em.findOneOrFail(User, { id: portfolio.user.id }, { refresh: true });
    owner.requireActive();
    const basket = await this.em.findOne(Basket, { slug: basketSlug }, { populate: ['assets.asset'] });
    if (!basket) throw new NotFoundError('basket');
    InvestmentPlan.requirePossible(basket, amount);
    const assets = basket.composition.map(item => item.asset.getEntity());
    const prices = await new PriceService(this.em).fresh(assets, portfolio.currency.getEntity(), now);
    return new InvestmentPlan(basket, amount, prices);
  }
}

const CASH: Place = { kind: 'cash' };
const MARKET: Place = { kind: 'market' };

function legsOf({ basket, fee, feeRate, purchases }: InvestmentPlan, portfolio: Portfolio): Leg[] {
  const assetId = portfolio.currency.id;
  const holding: Place = { kind: 'holding', portfolioId: portfolio.id, basketId: basket.id };
  const buy = ({ asset, cost, units }: PlannedPurchase): Leg[] => [
    { from: CASH, to: MARKET, assetId, amount: cost },
    { from: MARKET, to: holding, assetId: asset.id, amount: units },
  ];
  const feeLeg: Leg = {
    from: CASH,
    to: { kind: 'fees' },
    assetId,
    amount: fee,
    fee: { kind: 'platform', rate: feeRate },
  };
  return [...(fee.gt(0) ? [feeLeg] : []), ...purchases.flatMap(buy)];
}
