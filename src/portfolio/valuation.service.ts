import type { ReadingEntityManager } from '../database/index.js';
import { type Clock, parseInput, systemClock, ValidationError } from '../shared/index.js';
import { allocate, type PortfolioAllocation } from './allocation.js';
import { findPortfolio } from './portfolio.service.js';
import { ValuePortfolio } from './valuation.input.js';
import { heldAt, heldNow, type Valuation, valueHoldings } from './valuation.js';

/** What portfolios are worth, at any instant, and what that consists of. Changes nothing. */
export class ValuationService {
  constructor(
    private readonly em: ReadingEntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * What was held at an instant by the books, at the newest prices at or before it. What was booked later for a time before
   * that instant counts; what was reversed counts until it was.
   * @throws {NotFoundError}; {@link ValidationError} `valuation.in-the-future`; {@link PriceMissingError}: nothing is skipped.
   */
  async value(input: ValuePortfolio): Promise<Valuation> {
    const { userId, portfolioId, at } = parseInput(ValuePortfolio, input);
    const now = this.clock.now();
    if (at && at > now) throw new ValidationError('valuation.in-the-future', 'Nobody knows the prices of the future.');
    const portfolio = await findPortfolio(this.em, userId, portfolioId);
    const held = at ? await heldAt(this.em, portfolio, at) : await heldNow(this.em, portfolio);
    return valueHoldings(this.em, portfolio, at ?? now, held);
  }

  /** What the value consists of: by asset, by kind of asset, by basket. @throws as {@link value}. */
  async allocation(input: ValuePortfolio): Promise<PortfolioAllocation> {
    return allocate((await this.value(input)).holdings);
  }
}
