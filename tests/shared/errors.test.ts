import { describe, expect, test } from 'vitest';
import { ConflictError, NesteggError, NotFoundError, StateError, ValidationError } from '../../src/shared/index.js';

describe('a refusal', () => {
  test.each([
    ['ValidationError', ValidationError],
    ['StateError', StateError],
    ['ConflictError', ConflictError],
  ])('of the kind %s has a code for programs and a message for people', (name, Kind) => {
    const error = new Kind('loan.too-large', 'Ask for less.', { limit: '100' });
    expect(error).toBeInstanceOf(NesteggError);
    expect(error).toMatchObject({
      name,
      code: 'loan.too-large',
      message: 'Ask for less.',
      details: { limit: '100' },
      retryable: false,
    });
  });

  test('for what is not there tells no more than that', () => {
    expect(new NotFoundError('auto-invest-rule')).toMatchObject({
      name: 'NotFoundError',
      code: 'auto-invest-rule.not-found',
      message: 'There is no such auto invest rule.',
      details: {},
    });
  });

  test('keeps its cause', () => {
    const cause = new Error('unique constraint');
    expect(new ConflictError('email.taken', 'Sign in instead.', {}, { cause }).cause).toBe(cause);
  });
});
