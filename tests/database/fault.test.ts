import { OptimisticLockError } from '@mikro-orm/core';
import { describe, expect, test } from 'vitest';
import {
  ConcurrentChangeError,
  ContextMissingError,
  DatabaseError,
  translateError,
  ValidationError,
} from '../../src/index.js';

const failure = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });

describe('an error', () => {
  test.each(['EPIPE', 'EPERM', 'ECONNREFUSED', 'ERR_INVALID_ARG_TYPE'])('of the system, %s, stays what it is', code => {
    const error = failure(code);
    expect(translateError(error)).toBe(error);
  });

  test.each([
    ['40001', true],
    ['40P01', true],
    ['55P03', true],
    ['57014', false],
    ['XX000', false],
  ])('of the database, %s, is ours, and says whether to try again: %s', (code, retryable) => {
    const error = translateError(failure(code));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: 'database.failed', details: { sqlState: code }, retryable });
  });

  test('of a number too large to store is the caller’s', () => {
    expect(translateError(failure('22003'))).toBeInstanceOf(ValidationError);
    expect(translateError(failure('22003'))).toMatchObject({ code: 'database.out-of-range' });
  });

  test('of a row that somebody changed meanwhile is worth another try', () => {
    const error = translateError(new OptimisticLockError('The optimistic lock failed'));
    expect(error).toBeInstanceOf(ConcurrentChangeError);
    expect(error).toMatchObject({ code: 'database.changed-meanwhile', retryable: true });
  });

  test('of acting for nobody, which our own function raises, is the one that says how to act', () => {
    const error = translateError(failure('NE003', { message: 'context.missing' }));
    expect(error).toBeInstanceOf(ContextMissingError);
    expect(error).toMatchObject({ code: 'context.missing' });
  });
});
