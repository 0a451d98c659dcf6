/** What an error may tell besides its message: identifiers, limits and amounts of the caller's own; never personal data. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The family that every refusal of Nestegg belongs to.
 * `code` is stable and meant for programs (`ledger.insufficient-funds`), the message is for people and says what to do.
 * `retryable` tells whether the same call may succeed when it is simply made again.
 */
export abstract class NesteggError extends Error {
  readonly retryable: boolean = false;

  constructor(
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The input has the wrong shape, or means something that can never be right. */
export class ValidationError extends NesteggError {}

/** It is not there, or it is not yours: the two look alike. */
export class NotFoundError extends NesteggError {
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}.not-found`, `There is no such ${what.replaceAll('-', ' ')}.`, {}, options);
  }
}

/** The request is well formed, but the state of things does not allow it now. */
export class StateError extends NesteggError {}

/** It collides with something that exists, such as a name or an e-mail address already taken. */
export class ConflictError extends NesteggError {}
