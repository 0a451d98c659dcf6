export * from './channels.js';

import './errors.js';

export * from './invariants.js';
export * from './notification.entity.js';
export * from './notification.input.js';
export * from './notification-delivery.entity.js';
export * from './notification-preference.entity.js';
export * from './quiet-hours.js';
