import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError } from '../shared/index.js';

defineDatabaseErrors({
  ai_experts_slug_version_unique: (_, options) =>
    new ConflictError('expert.version-taken', 'This version of the expert exists already.', {}, options),
  ai_experts_one_active: (_, options) =>
    new ConflictError('expert.active-already', 'Another version of this expert is active.', {}, options),
  ai_tips_dedupe_key_unique: (_, options) =>
    new ConflictError('tip.given-already', 'This tip was given already.', {}, options),
  user_ai_interactions_provider_request_unique: (_, options) =>
    new ConflictError('interaction.request-counted', 'This request of the provider was counted already.', {}, options),
});
