import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError } from '../shared/index.js';

defineDatabaseErrors({
  users_email_unique: (_, options) =>
    new ConflictError('user.email-taken', 'An account with this e-mail address exists already.', {}, options),
  users_pkey: (_, options) => new ConflictError('user.exists', 'This user is registered already.', {}, options),
  user_wallets_chain_address_unique: (_, options) =>
    new ConflictError('wallet.taken', 'This wallet is linked already.', {}, options),
});
