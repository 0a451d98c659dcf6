export { type CircuitSettings, type CircuitStateName, circuitStateOf, configureCircuit } from './breaker.js';
export { resetEmbedded } from './directory-claim.js';
export type { Check } from './doctor/check.js';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './doctor/diagnose.js';
export { loadDotEnv, migratorTargetFromEnvironment, targetFromEnvironment } from './environment.js';
export * from './errors.js';
export { defineDatabaseErrors, translateConnectionError, translateError } from './fault.js';
export { liveness, type PoolFigures, type Readiness, readiness } from './health.js';
export * from './inspection.js';
export * from './migrate-up.js';
export * from './options.js';
export { dropConnections } from './pool.js';
export { pregenerateMetadata } from './pregenerate.js';
export { inRequest } from './request.js';
export {
  asReader,
  asUser,
  asWorker,
  ContextGuard,
  type DeclaredRead,
  type EntityManager,
  type ReadingEntityManager,
} from './session.js';
export type { DatabaseTarget, ServerTarget } from './target.js';
export { type LookUp, type TransactOptions, transact } from './transact.js';
