export * from './auto-invest-rule.entity.js';
export * from './auto-invest-run.entity.js';
export * from './recurrence.js';
export * from './round-up.entity.js';
export * from './round-up-rule.entity.js';
