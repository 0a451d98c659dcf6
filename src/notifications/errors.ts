import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError } from '../shared/index.js';

defineDatabaseErrors({
  notifications_dedupe_key_unique: (_, options) =>
    new ConflictError('notification.told-already', 'The user was told this already.', {}, options),
  notification_preferences_channel_unique: (_, options) =>
    new ConflictError('notification-preference.exists', 'This preference exists already.', {}, options),
  notification_deliveries_channel_unique: (_, options) =>
    new ConflictError('notification-delivery.exists', 'This is on its way over that channel already.', {}, options),
});
