import { defineDatabaseErrors } from '../database/index.js';
import { ConflictError, NesteggError } from '../shared/index.js';

/** There is no price to decide on: none at all, or none at or before that instant. */
export class PriceMissingError extends NesteggError {
  constructor(code: string, quote: string) {
    super('price.missing', `There is no price of ${code} in ${quote} at that time. Import one first.`, { code, quote });
  }
}

/** The newest price is older than its asset allows. */
export class StalePriceError extends NesteggError {
  override readonly retryable = true;

  constructor(code: string, ageSeconds: number, maxAgeSeconds: number) {
    super('price.stale', `The price of ${code} is ${ageSeconds} s old; at most ${maxAgeSeconds} s are allowed.`, {
      code,
      ageSeconds,
      maxAgeSeconds,
    });
  }
}

defineDatabaseErrors({
  assets_code_unique: (_, options) =>
    new ConflictError('asset.code-taken', 'An asset with this code exists already.', {}, options),
  assets_chain_contract_address_unique: (_, options) =>
    new ConflictError('asset.contract-taken', 'This contract is listed already.', {}, options),
});
