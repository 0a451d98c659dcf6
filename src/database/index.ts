export { resetEmbedded } from './embedded.js';
export { loadDotEnv, migratorTargetFromEnvironment, targetFromEnvironment } from './environment.js';
export * from './errors.js';
export * from './fault.js';
export * from './inspection.js';
export * from './migrator.js';
export * from './options.js';
export * from './session.js';
export type { DatabaseTarget, ServerTarget } from './target.js';
