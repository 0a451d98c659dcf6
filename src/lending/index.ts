export * from './amortization.js';
export * from './collateral-offer.js';

import './errors.js';

export * from './health-factor.js';
export * from './invariants.js';
export * from './loan.entity.js';
export * from './loan-application.entity.js';
export * from './loan-application.input.js';
export * from './loan-collateral.entity.js';
export * from './loan-decision.js';
export * from './loan-installment.entity.js';
export * from './loan-payment.entity.js';
export * from './loan-terms.js';
export * from './payment-allocation.js';
