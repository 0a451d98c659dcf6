import { inspect } from 'node:util';
import { DeadlockException, DriverException, OptimisticLockError } from '@mikro-orm/core';
import { describe, expect, test } from 'vitest';
import { translateConnectionError } from '../../src/database/fault.js';
import {
  ConcurrentChangeError,
  ConflictError,
  ConnectionError,
  ContextMissingError,
  DatabaseError,
  NotAllowedError,
  OverloadedError,
  ReadOnlyError,
  TimeoutError,
  translateError,
  ValidationError,
} from '../../src/index.js';

const failure = (code: string | undefined, message = 'it failed', more: object = {}) =>
  Object.assign(new Error(message), code && { code }, more);

type Kind = new (...args: never[]) => Error;

describe('what the database, a pooler or the driver says', () => {
  test.each<[string, string | undefined, string, Kind, string, boolean]>([
    ['a serialization failure', '40001', '', ConcurrentChangeError, 'database.changed-meanwhile', true],
    ['a deadlock', '40P01', 'deadlock detected', ConcurrentChangeError, 'database.deadlock', true],
    [
      'a lock timeout',
      '55P03',
      'canceling statement due to lock timeout',
      ConcurrentChangeError,
      'database.lock-timeout',
      true,
    ],
    [
      'a backend terminated',
      '57P01',
      'terminating connection due to administrator command',
      ConnectionError,
      'connection.shutting-down',
      true,
    ],
    ['a backend that crashed', '57P02', '', ConnectionError, 'connection.shutting-down', true],
    [
      'a server that starts',
      '57P03',
      'the database system is starting up',
      ConnectionError,
      'connection.starting-up',
      true,
    ],
    ['a connection failure', '08006', '', ConnectionError, 'connection.lost', true],
    ['a pooler whose server went', '08P01', 'server conn crashed?', ConnectionError, 'connection.lost', true],
    [
      'a pooler that cannot log in',
      '08P01',
      'server login has been failing, try again later (server_login_retry)',
      ConnectionError,
      'connection.lost',
      true,
    ],
    ['a connection cut', undefined, 'Connection terminated unexpectedly', ConnectionError, 'connection.lost', true],
    ['a connection closed by us', undefined, 'Connection terminated', ConnectionError, 'connection.lost', true],
    [
      'a dead client used again',
      undefined,
      'Client has encountered a connection error and is not queryable',
      ConnectionError,
      'connection.lost',
      true,
    ],
    [
      'a closed client used again',
      undefined,
      'Client was closed and is not queryable',
      ConnectionError,
      'connection.lost',
      true,
    ],
    [
      'a new connection that takes too long',
      undefined,
      'Connection terminated due to connection timeout',
      ConnectionError,
      'connection.unreachable',
      true,
    ],
    [
      'a client that takes too long to connect',
      undefined,
      'timeout expired',
      ConnectionError,
      'connection.unreachable',
      true,
    ],
    [
      'a wrong password',
      '28P01',
      'password authentication failed for user "ann"',
      ConnectionError,
      'connection.password',
      false,
    ],
    [
      'a login that may not',
      '28000',
      'role "ann" is not permitted to log in',
      ConnectionError,
      'connection.not-permitted',
      false,
    ],
    ['no such database', '3D000', 'database "x" does not exist', ConnectionError, 'connection.database-missing', false],
    [
      'a server without TLS',
      undefined,
      'The server does not support SSL connections',
      ConnectionError,
      'connection.tls',
      false,
    ],
    [
      'too many clients',
      '53300',
      'sorry, too many clients already',
      OverloadedError,
      'overloaded.too-many-connections',
      true,
    ],
    [
      'too many clients of a pooler',
      '08P01',
      'no more connections allowed (max_client_conn)',
      OverloadedError,
      'overloaded.too-many-connections',
      true,
    ],
    [
      'a pool with nothing left',
      undefined,
      'timeout exceeded when trying to connect',
      OverloadedError,
      'overloaded.pool-exhausted',
      false,
    ],
    ['a pooler with nothing left', '08P01', 'query_wait_timeout', OverloadedError, 'overloaded.pooler-queue', false],
    [
      'a full disk',
      '53100',
      'could not extend file: No space left on device',
      OverloadedError,
      'overloaded.out-of-resources',
      false,
    ],
    ['no memory', '53200', 'out of memory', OverloadedError, 'overloaded.out-of-resources', false],
    ['a limit of the configuration', '53400', '', OverloadedError, 'overloaded.out-of-resources', false],
    [
      'a statement cancelled',
      '57014',
      'canceling statement due to statement timeout',
      TimeoutError,
      'timeout.statement',
      false,
    ],
    ['an answer that does not come', undefined, 'Query read timeout', TimeoutError, 'timeout.answer', false],
    ['an idle transaction', '25P03', '', TimeoutError, 'timeout.transaction-idle', false],
    ['an idle session', '57P05', '', TimeoutError, 'timeout.transaction-idle', false],
    [
      'a write on a standby',
      '25006',
      'cannot execute INSERT in a read-only transaction',
      ReadOnlyError,
      'database.read-only',
      true,
    ],
    [
      'SERIALIZABLE on a standby',
      '0A000',
      'cannot use serializable mode in a hot standby',
      ReadOnlyError,
      'database.read-only',
      true,
    ],
    ['something not supported', '0A000', 'cursors are not supported', DatabaseError, 'database.failed', false],
    ['an error that was swallowed', '25P02', 'current transaction is aborted', DatabaseError, 'database.failed', false],
    ['a text that is too long', '22001', '', DatabaseError, 'database.failed', false],
    ['a statement that is wrong', '42601', '', DatabaseError, 'database.failed', false],
    ['a prepared statement behind a pooler', '26000', '', DatabaseError, 'database.failed', false],
    ['its twin', '42P05', '', DatabaseError, 'database.failed', false],
    [
      'too many parameters',
      '08P01',
      'bind message has 4464 parameter formats but 0 parameters',
      DatabaseError,
      'database.failed',
      false,
    ],
    ['a bug of its own', 'XX000', '', DatabaseError, 'database.failed', false],
    ['a number too large to store', '22003', '', ValidationError, 'database.out-of-range', false],
    ['no right', '42501', 'permission denied for table users', NotAllowedError, 'context.not-allowed', false],
  ])('of %s (%s %s)', (_what, sqlState, message, kind, code, retryable) => {
    const raw = failure(sqlState, message);
    const wrapped = [
      raw,
      new DriverException(failure(sqlState, message)),
      new Error('wrapped', { cause: new DriverException(failure(sqlState, message)) }),
    ];
    for (const error of wrapped.map(translateError)) {
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ code, retryable, cause: { name: 'DatabaseFault' } });
      if (sqlState) expect(error).toMatchObject({ cause: { sqlState } });
    }
  });

  test('names the state where no class of ours does', () => {
    expect(translateError(failure('XX000'))).toMatchObject({ details: { sqlState: 'XX000' } });
  });

  test('of waiting for each other means the same when MikroORM has said so already', () => {
    const error = translateError(new DeadlockException(failure('40P01')));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ code: 'database.deadlock', retryable: true });
  });

  test('of a commit that became a rollback is a bug of the work, not of the moment', () => {
    const error = translateError(Object.assign(new Error(), { name: 'AbortedTransactionError' }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: 'database.failed', retryable: false, details: { sqlState: '25P02' } });
  });

  test('of a row that somebody changed meanwhile is worth another try', () => {
    const error = translateError(new OptimisticLockError('The optimistic lock failed'));
    expect(error).toBeInstanceOf(ConcurrentChangeError);
    expect(error).toMatchObject({ code: 'database.changed-meanwhile', retryable: true });
  });

  test('of acting for nobody, which our own function raises, is the one that says how to act', () => {
    const error = translateError(failure('NE003', 'context.missing'));
    expect(error).toBeInstanceOf(ContextMissingError);
    expect(error).toMatchObject({ code: 'context.missing' });
  });
});

describe('what connecting ends with', () => {
  test.each<[string | undefined, string, string, boolean]>([
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.7:5432', 'connection.refused', true],
    ['ENOENT', 'connect ENOENT /tmp/.s.PGSQL.5432', 'connection.refused', true],
    ['ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.7:5432', 'connection.unreachable', true],
    ['EHOSTUNREACH', '', 'connection.unreachable', true],
    ['ENETUNREACH', '', 'connection.unreachable', true],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND db.internal', 'connection.host-unknown', false],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN db.internal', 'connection.host-unknown', true],
    ['ECONNRESET', 'read ECONNRESET', 'connection.lost', true],
    ['EPIPE', 'write EPIPE', 'connection.lost', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'connection.tls', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '', 'connection.tls', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', '', 'connection.tls', false],
    ['CERT_HAS_EXPIRED', '', 'connection.tls', false],
    ['28P01', 'password authentication failed for user "ann"', 'connection.password', false],
    ['28000', 'PAM authentication failed for user "ann"', 'connection.password', false],
    ['28000', 'no pg_hba.conf entry for host "10.0.0.7"', 'connection.not-permitted', false],
    [undefined, 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'connection.password', false],
    ['42501', 'permission denied for database "nestegg"', 'connection.not-permitted', false],
    ['0A000', 'command line options are not supported', 'connection.not-permitted', false],
    ['08P01', 'unsupported startup parameter: statement_timeout', 'connection.not-permitted', false],
    ['53300', 'too many connections for role "ann"', 'overloaded.too-many-connections', true],
    ['57P03', 'the database system is starting up', 'connection.starting-up', true],
    [undefined, 'the signer of tokens is out of order', 'connection.lost', true],
  ])('%s %s', (code, message, expected, retryable) => {
    const error = translateConnectionError(failure(code, message));
    expect(error).toMatchObject({ code: expected, retryable, cause: { name: 'DatabaseFault' } });
    expect(inspect(error, { showHidden: true })).not.toMatch(/10\.0\.0\.7|db\.internal|ann/);
  });

  test.each(['28P01', '28000'])(
    'a password refused (%s) is worth another try where each connection asks for one',
    code => {
      const refused = failure(code, 'PAM authentication failed for user "ann"');
      expect(translateConnectionError(refused, { passwordAsked: true })).toMatchObject({
        code: 'connection.password',
        retryable: true,
      });
    },
  );

  test('is found in what it was wrapped in', () => {
    const timedOut = new Error('Connection terminated due to connection timeout', {
      cause: new Error('Connection terminated unexpectedly'),
    });
    expect(translateConnectionError(timedOut)).toMatchObject({ code: 'connection.unreachable' });
    const refused = new AggregateError([failure('ECONNREFUSED')], 'all addresses failed');
    expect(translateConnectionError(Object.assign(refused, { code: 'ECONNREFUSED' }))).toMatchObject({
      code: 'connection.refused',
    });
  });
});

describe('an error that is not the database’s', () => {
  test.each(['EPIPE', 'EPERM', 'ECONNREFUSED', 'ETIMEDOUT', 'ERR_INVALID_ARG_TYPE'])(
    'such as %s of a system that the work talked to, stays what it is',
    code => {
      const error = new TypeError('fetch failed', { cause: failure(code) });
      expect(translateError(error)).toBe(error);
    },
  );

  test.each([new RangeError('no'), 'a text', undefined, new ValidationError('a.b', 'No.')])(
    'such as %s, stays what it is',
    error => {
      expect(translateError(error)).toBe(error);
    },
  );
});

describe('the cause of an error', () => {
  const SECRET = 'ann@example.com';
  const raw = failure('23502', `null value of ${SECRET}\n    at ${SECRET} (secret.ts:1:1)`, {
    detail: `Failing row contains (${SECRET}).`,
    hint: SECRET,
    where: SECRET,
    query: SECRET,
    parameters: [SECRET],
    table: 'users',
    column: 'email',
    routine: 'ExecConstraints',
  });

  test('says what failed and where, never what was said', () => {
    for (const error of [raw, new DriverException(raw)].map(translateError)) {
      expect(error).toMatchObject({ cause: { sqlState: '23502', table: 'users', column: 'email' } });
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).toContain('fault.test.ts');
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain('secret.ts');
      expect(shown).not.toContain('ExecConstraints');
    }
  });

  test('keeps the code of the system', () => {
    expect(translateConnectionError(failure('ECONNRESET'))).toMatchObject({ cause: { systemCode: 'ECONNRESET' } });
  });
});
