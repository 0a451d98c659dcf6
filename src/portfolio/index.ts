export * from './basket.entity.js';
export * from './portfolio.entity.js';
export * from './portfolio-holding.entity.js';
export * from './portfolio-snapshot.entity.js';
