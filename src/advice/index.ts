export * from './ai-expert.entity.js';
export * from './ai-expert.input.js';
export * from './ai-tip.entity.js';
export * from './ai-tip.input.js';

import './errors.js';

export * from './expert-details.js';
export * from './tip-evidence.js';
export * from './user-ai-interaction.entity.js';
export * from './user-ai-interaction.input.js';
