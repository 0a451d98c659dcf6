import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '../database/index.js';
import { NotFoundError, parseInput } from '../shared/index.js';
import { Asset } from './asset.entity.js';
import { AssetAt, ListAsset } from './asset.input.js';
import { findAsset } from './find-asset.js';

/** The catalogue of what can be owned. Jobs keep it, users read it. */
export class AssetService {
  constructor(private readonly em: EntityManager) {}

  /**
   * Puts an asset into the catalogue, inside `asWorker`. After: it is active; it is stored when the work commits.
   * @throws {ValidationError} also `asset.no-chain`, `address.malformed`, `address.bad-checksum`
   * @throws {ConflictError} `asset.code-taken` or `asset.contract-taken`; {@link NotAllowedError}: when the work commits.
   */
  list(input: ListAsset): Asset {
    const asset = new Asset(parseInput(ListAsset, input));
    this.em.persist(asset);
    return asset;
  }

  /**
   * Stops the buying of an asset, such as when its exchange does. After: it is halted; what is held can still be sold.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `asset.not-halted` unless it is active.
   */
  halt(input: AssetAt): Promise<Asset> {
    return this.change(input, asset => asset.halt());
  }

  /**
   * Lets a halted asset be bought again. After: it is active.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `asset.not-active` unless it is halted.
   */
  resume(input: AssetAt): Promise<Asset> {
    return this.change(input, asset => asset.resume());
  }

  /**
   * Takes an asset out of trade for good; its row stays for the books. After: it is retired, and nothing leads back.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `asset.not-retired` when it is already.
   */
  retire(input: AssetAt): Promise<Asset> {
    return this.change(input, asset => asset.retire());
  }

  /** Looks an asset up, whatever its status; anybody may. @throws {NotFoundError} */
  byCode(code: string): Promise<Asset> {
    return findAsset(this.em, code);
  }

  private async change(input: AssetAt, verb: (asset: Asset) => void): Promise<Asset> {
    const { code } = parseInput(AssetAt, input);
    const asset = await this.em.findOne(Asset, { code }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    if (!asset) throw new NotFoundError('asset');
    verb(asset);
    await this.em.flush();
    return asset;
  }
}
