import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError, StateError } from '../shared/index.js';

defineDatabaseErrors({
  xp_events_source_unique: (_, options) =>
    new ConflictError('xp.counted-already', 'XP was given for this already.', {}, options),
  xp_events_takes_back_unique: (_, options) =>
    new StateError('xp.taken-back-already', 'This XP was taken back already.', {}, options),
  quests_code_unique: (_, options) =>
    new ConflictError('quest.code-taken', 'A quest with this code exists already.', {}, options),
  user_quests_period_unique: (_, options) =>
    new ConflictError('user-quest.started-already', 'This quest was begun for this period already.', {}, options),
  achievements_code_tier_unique: (_, options) =>
    new ConflictError('achievement.code-taken', 'An achievement with this code exists already.', {}, options),
  battle_passes_code_unique: (_, options) =>
    new ConflictError('battle-pass.code-taken', 'A season with this code exists already.', {}, options),
  battle_passes_season_unique: (_, options) =>
    new ConflictError('battle-pass.season-taken', 'A season with this number exists already.', {}, options),
  battle_passes_no_overlap: (_, options) =>
    new ConflictError('battle-pass.overlap', 'Another season runs at that time.', {}, options),
  battle_passes_one_active: (_, options) =>
    new StateError('battle-pass.another-active', 'Another season is active: end it first.', {}, options),
  reward_claims_tier_track_unique: (_, options) =>
    new StateError('reward.claimed-already', 'This reward was claimed already.', {}, options),
});
