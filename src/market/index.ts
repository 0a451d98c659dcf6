export * from './asset.entity.js';
export * from './asset-price.entity.js';
