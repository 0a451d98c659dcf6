/**
 * The idempotency key of a step that follows from an id and not from anybody's request. It holds a space, as no caller's key
 * may: nobody can have taken it beforehand for something else, and so keep the step from being made.
 */
export const ownKey = (step: 'expire' | 'reverse', id: string): string => `${step} ${id}`;
