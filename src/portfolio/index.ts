export * from './basket.entity.js';
export * from './basket.input.js';
export * from './basket.service.js';

import './errors.js';

export * from './holding-movement.entity.js';
export * from './invariants.js';
export * from './investment.input.js';
export * from './investment.service.js';
export * from './investment-plan.js';
export * from './performance.js';
export * from './portfolio.entity.js';
export * from './portfolio.input.js';
export * from './portfolio.service.js';
export * from './portfolio-holding.entity.js';
export * from './portfolio-snapshot.entity.js';
export * from './snapshot.service.js';
export * from './valuation.js';
