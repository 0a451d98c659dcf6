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

  /** @throws {ConflictError} `basket.slug-taken` */
  async draft(input: DraftBasket): Promise<Basket> {
    const basket = new Basket(parseInput(DraftBasket, input));
    this.em.persist(basket);
    await this.em.flush();
    return basket;
  }

  /** Publishes a composition as a new version. @throws {NotFoundError} {@link ValidationError} {@link StateError} `basket.retired` */
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

  activate = (slug: string): Promise<Basket> => this.change(slug, basket => basket.activate());

  pause = (slug: string): Promise<Basket> => this.change(slug, basket => basket.pause());

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
