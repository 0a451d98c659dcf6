import type { ReadingEntityManager } from '../database/index.js';
import { NotFoundError } from '../shared/index.js';
import { Asset } from './asset.entity.js';

/** Looks an asset up, whatever its status; anybody may. @throws {NotFoundError} */
export async function findAsset(em: ReadingEntityManager, code: string): Promise<Asset> {
  const asset = await em.findOne(Asset, { code });
  if (!asset) throw new NotFoundError('asset');
  return asset;
}
