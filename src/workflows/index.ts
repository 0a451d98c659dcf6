export * from './check-invariants.js';
export * from './register-user.js';
