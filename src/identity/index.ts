export * from './email.js';

import './errors.js';

export * from './kyc.service.js';
export * from './lock-user.js';
export * from './operator.js';
export * from './profile.service.js';
export * from './user.entity.js';
export * from './user.input.js';
export * from './user.service.js';
export * from './user-preferences.entity.js';
export * from './user-preferences.input.js';
export * from './user-profile.entity.js';
export * from './user-profile.input.js';
export * from './user-wallet.entity.js';
export * from './user-wallet.input.js';
export * from './wallet.service.js';
