export * from './asset.entity.js';
export * from './asset.input.js';
export * from './asset.service.js';
export * from './asset-price.entity.js';
export * from './errors.js';
export * from './find-asset.js';
export * from './price.input.js';
export * from './price.service.js';
