import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError, ValidationError } from '../shared/index.js';

defineDatabaseErrors({
  portfolios_name_unique: (_, options) =>
    new ConflictError('portfolio.name-taken', 'You have an open portfolio of this name already.', {}, options),
  portfolios_one_default: (_, options) =>
    new ConflictError('portfolio.default-taken', 'You have a default portfolio already.', {}, options),
  baskets_slug_unique: (_, options) =>
    new ConflictError('basket.slug-taken', 'A basket with this slug exists already.', {}, options),
  baskets_weights_sum: (_, options) =>
    new ValidationError('basket.weights-not-100', 'The weights of a basket sum to exactly 100.', {}, options),
});
