export { type ForkedDatabase, forkDatabase, prepareTemplate, type ServerAddress } from './database-fork.js';
export { FixedClock } from './fixed-clock.js';
export { startTestServer, type TestServer } from './test-server.js';
