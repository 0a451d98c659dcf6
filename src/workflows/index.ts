export * from './check-invariants.js';
export * from './close-account.js';
export * from './erase-user.js';
export * from './export-user-data.js';
export * from './register-user.js';
