export * from './deposit.input.js';
export * from './deposit.service.js';
export * from './errors.js';
export * from './ledger-account.entity.js';
export * from './ledger-entry.entity.js';
export * as ledger from './posting.js';
export type { Closing, Leg, Place, Posted, Posting, Request } from './posting.js';
export * from './transaction.entity.js';
export * from './transaction-fee.entity.js';
