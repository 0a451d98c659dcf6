import { defineDatabaseErrors } from '../database/index.js';
import {
  ConflictError,
  type ErrorDetails,
  NesteggError,
  NotFoundError,
  StateError,
  ValidationError,
} from '../shared/index.js';
import type { ExpiredTransaction } from './expire-pending.js';

/** An account holds less than what should leave it. `details`: account kind, asset code, `available`, `needed`. */
export class InsufficientFundsError extends NesteggError {
  constructor(details: ErrorDetails, options?: ErrorOptions) {
    const { account, asset, available, needed } = details;
    const message = needed
      ? `The ${account} account holds ${available} ${asset}; ${needed} is needed.`
      : 'An account holds less than is needed.';
    super('ledger.insufficient-funds', message, details, options);
  }
}

/** The idempotency key was used before, for another request. Use a new key for a new wish. */
export class IdempotencyConflictError extends NesteggError {
  constructor(options?: ErrorOptions) {
    super('ledger.idempotency-conflict', 'This idempotency key was used before for another request.', {}, options);
  }
}

/** Somebody tried to edit the past. A correction is a reversing transaction. */
export class AppendOnlyError extends NesteggError {
  constructor(details: ErrorDetails, options?: ErrorOptions) {
    super('ledger.append-only', 'What is in the books cannot be changed; post a reversal instead.', details, options);
  }
}

/** `details.status`: what the transaction is by now. */
export function notPending(details: ErrorDetails, options?: ErrorOptions): StateError {
  return new StateError('transaction.not-pending', `This transaction is ${details.status} already.`, details, options);
}

export function notReversible(options?: ErrorOptions): StateError {
  return new StateError(
    'transaction.not-reversible',
    'Only a posted transaction can be reversed, and only once.',
    {},
    options,
  );
}

/**
 * Some transactions could not be ended now, because the database failed or somebody was in the way. They are as due as
 * before; all others were ended. Make the same call again later.
 */
export class ExpiryPutOffError extends NesteggError {
  override readonly retryable = true;

  /**
   * @param expired what was ended all the same.
   * @param errors why each of the others was put off, one per user.
   */
  constructor(
    readonly expired: readonly ExpiredTransaction[],
    readonly errors: readonly unknown[],
  ) {
    const codes = [...new Set(errors.map(error => (error instanceof NesteggError ? error.code : 'unknown')))].join(',');
    super(
      'expiry.put-off',
      `Not all that has expired could be ended (${codes}); the rest was.`,
      { errors: errors.length, codes },
      { cause: errors[0] },
    );
  }
}

defineDatabaseErrors({
  'ledger.insufficient-funds': (details, options) => new InsufficientFundsError(details, options),
  ledger_accounts_own_not_negative: (details, options) => new InsufficientFundsError(details, options),
  'ledger.idempotency-conflict': (_, options) => new IdempotencyConflictError(options),
  transactions_closing_key_unique: (_, options) => new IdempotencyConflictError(options),
  'ledger.append-only': (details, options) => new AppendOnlyError(details, options),
  'ledger.not-your-book': (_, options) => new NotFoundError('user', options),
  'ledger.no-transaction': (_, options) => new NotFoundError('transaction', options),
  'ledger.book-closed': (_, options) =>
    new StateError('user.closed', 'This account is closed, and its books stay as they are.', {}, options),
  'ledger.no-portfolio': (_, options) => new NotFoundError('portfolio', options),
  'ledger.no-basket': (_, options) => new NotFoundError('basket', options),
  'ledger.bad-entry': (_, options) =>
    new ValidationError(
      'ledger.bad-entry',
      'An entry moves a positive amount of one asset, with at most 8 decimals, between two accounts.',
      {},
      options,
    ),
  'ledger.not-taken-back': (_, options) =>
    new ValidationError(
      'ledger.not-taken-back',
      'The legs of a reversal, and of a transaction that came to nothing, take back exactly what was moved.',
      {},
      options,
    ),
  'ledger.not-pending': notPending,
  'ledger.not-reversible': (_, options) => notReversible(options),
  transactions_external_reference_unique: (_, options) =>
    new ConflictError('transaction.reference-taken', 'This external reference is recorded already.', {}, options),
  transactions_reverses_unique: (_, options) =>
    new StateError('transaction.not-reversible', 'This transaction is reversed already.', {}, options),
});
