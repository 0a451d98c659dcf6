/*
 * Factories make entities in memory and reach each state through the entity's own verbs; persist what you want stored. None
 * needs a database. Users, assets and whatever else stands alone can be made at once; what has children or looks across a
 * relation (baskets, seasons, progress, paid-out loans) can be made once MikroORM knows the entities: `openDatabase(target)`
 * is enough and connects to nothing.
 */

export * from './advice.factory.js';
export * from './automation.factory.js';
export * from './gamification.factory.js';
export * from './identity.factory.js';
export * from './ledger.factory.js';
export * from './lending.factory.js';
export * from './market.factory.js';
export * from './notifications.factory.js';
export * from './outbox.factory.js';
export * from './portfolio.factory.js';
export { FACTORY_NOW, resetFactories } from './sequence.js';
