export { type ForkedDatabase, forkDatabase, prepareTemplate, type ServerAddress } from './database-fork.js';
export * from './factories/index.js';
export { FixedClock } from './fixed-clock.js';
export { startTestServer, type TestServer } from './test-server.js';
