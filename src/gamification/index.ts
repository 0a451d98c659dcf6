export * from './achievement.entity.js';
export * from './battle-pass.entity.js';
export * from './battle-pass.input.js';
export * from './battle-pass-tier.entity.js';
export * from './criteria.js';
export * from './daily-cap.js';

import './errors.js';

export * from './invariants.js';
export * from './level-curve.js';
export * from './period.js';
export * from './quest.entity.js';
export * from './quest.input.js';
export * from './reward-claim.entity.js';
export * from './streak.js';
export * from './user-achievement.entity.js';
export * from './user-battle-pass.entity.js';
export * from './user-level.entity.js';
export * from './user-quest.entity.js';
export * from './xp-event.entity.js';
