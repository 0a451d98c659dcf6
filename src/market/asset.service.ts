import type { EntityManager } from '../database/index.js';
import { NotFoundError, parseInput } from '../shared/index.js';
import { Asset } from './asset.entity.js';
import { ListAsset } from './asset.input.js';

/** The catalogue of what can be owned. Jobs keep it, users read it. */
export class AssetService {
  constructor(private readonly em: EntityManager) {}

  /**
   * Puts an asset into the catalogue.
   * @throws {ValidationError} {@link ConflictError} `asset.code-taken` or `asset.contract-taken`, when the work commits.
   */
  list(input: ListAsset): Asset {
    const asset = new Asset(parseInput(ListAsset, input));
    this.em.persist(asset);
    return asset;
  }

  /** @throws {NotFoundError} */
  async byCode(code: string): Promise<Asset> {
    const asset = await this.em.findOne(Asset, { code });
    if (!asset) throw new NotFoundError('asset');
    return asset;
  }
}
