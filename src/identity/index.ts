export * from './email.js';
export * from './user.entity.js';
export * from './user-preferences.entity.js';
export * from './user-profile.entity.js';
export * from './user-wallet.entity.js';
