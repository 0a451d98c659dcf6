import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '../database/index.js';
import { AssetService } from '../market/index.js';
import { type Clock, NotFoundError, parseInput, systemClock } from '../shared/index.js';
import { Basket } from './basket.entity.js';
import { BasketSlug, DraftBasket, PublishComposition } from './basket.input.js';

/** The baskets on offer, kept by curators: enter through `asWorker`. */
export class BasketService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Describes a basket that is to come. After: it is a draft, without a composition, and nobody can invest in it.
   * @throws {ConflictError} `basket.slug-taken`; {@link ValidationError} also `basket.fee-rate-range`; {@link NotAllowedError}
   */
  async draft(input: DraftBasket): Promise<Basket> {
    const basket = new Basket(parseInput(DraftBasket, input));
    this.em.persist(basket);
    await this.em.flush();
    return basket;
  }

  /**
   * Publishes a composition as a new version, in whatever state the basket is but retired. After: investments buy it from now on,
   * what was bought before stays as it is, and so do the older versions.
   * @throws {NotFoundError} basket or asset; {@link StateError} `basket.retired`; {@link ValidationError} `basket.weights-not-100`,
   * `basket.asset-twice`, `basket.weight-range`, `basket.weight-band`; {@link NotAllowedError}
   */
  async publish(input: PublishComposition): Promise<Basket> {
    const { slug, composition } = parseInput(PublishComposition, input);
    const basket = await this.lock(slug);
    const assets = new AssetService(this.em);
    const weightings = [];
    for (const { assetCode, ...weights } of composition)
      weightings.push({ asset: await assets.byCode(assetCode), ...weights });
    basket.publish(weightings);
    await this.em.flush();
    return basket;
  }

  /**
   * Puts a basket on offer, for the first time or again. Before: it is a draft with a composition, or paused. After: it is
   * active.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `basket.no-composition`, `basket.not-active` when it is
   * already, or retired.
   */
  activate = (slug: string): Promise<Basket> => this.change(slug, basket => basket.activate());

  /**
   * Stops the buying of a basket; redeeming goes on. Before: it is active. After: it is paused.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `basket.not-paused` unless it is active.
   */
  pause = (slug: string): Promise<Basket> => this.change(slug, basket => basket.pause());

  /**
   * Takes a basket off for good; redeeming goes on. Before: it is active. After: it is retired, and nothing leads back.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `basket.not-retired` unless it is active.
   */
  retire = (slug: string): Promise<Basket> => this.change(slug, basket => basket.retire(this.clock.now()));

  private async change(slug: string, verb: (basket: Basket) => void): Promise<Basket> {
    const basket = await this.lock(parseInput(BasketSlug, slug));
    verb(basket);
    await this.em.flush();
    return basket;
  }

  private async lock(slug: string): Promise<Basket> {
    const basket = await this.em.findOne(Basket, { slug }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!basket) throw new NotFoundError('basket');
    await basket.assets.init();
    return basket;
  }
}
