export { executeBound } from './bound.js';
export { loadDotEnv, migratorTargetFromEnvironment, targetFromEnvironment } from './configuration/environment.js';
export type { DatabaseTarget, ServerTarget } from './configuration/target.js';
export { type CircuitSettings, type CircuitStateName, circuitStateOf, configureCircuit } from './connection/breaker.js';
export { liveness, type PoolFigures, type Readiness, readiness } from './connection/health.js';
export { dropConnections } from './connection/pool.js';
export type { Check } from './doctor/check.js';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './doctor/diagnose.js';
export { resetEmbedded } from './embedded/directory-claim.js';
export * from './errors.js';
export { defineDatabaseErrors, translateConnectionError, translateError } from './fault.js';
export * from './migrations/inspection.js';
export * from './migrations/migrate-up.js';
export { pregenerateMetadata } from './migrations/pregenerate.js';
export * from './options.js';
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
export { type LookUp, type TransactOptions, transact } from './transact.js';
