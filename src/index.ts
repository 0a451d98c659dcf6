export * from './automation/index.js';
export * from './database/index.js';
export * from './identity/index.js';
export * from './ledger/index.js';
export * from './market/index.js';
export { ENTITIES, openDatabase } from './orm.js';
export * from './outbox/index.js';
export * from './portfolio/index.js';
export * from './shared/index.js';
