export * from './email.js';

import './errors.js';

export * from './user.entity.js';
export * from './user.input.js';
export * from './user.service.js';
export * from './user-preferences.entity.js';
export * from './user-profile.entity.js';
export * from './user-wallet.entity.js';
