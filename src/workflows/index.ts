export * from './check-invariants.js';
export * from './close-account.js';
export * from './register-user.js';
