import { describe, expect, test } from 'vitest';
import { type KycStatus, User, type UserStatus } from '../../src/identity/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { at, NOW, refusal } from '../shared/examples.js';

const LATER = at('2026-06-16T12:00:00Z');
const userAfter = (...steps: ((user: User) => void)[]) => {
  const user = new User('anna@example.com');
  for (const step of steps) step(user);
  return user;
};
const verbs = {
  suspend: (user: User) => user.suspend(NOW),
  'be reinstated': (user: User) => user.reinstate(),
  'start closing': (user: User) => user.startClosing(NOW),
  close: (user: User) => user.close(NOW),
  'be erased': (user: User) => user.erase(NOW),
};

describe('an account', () => {
  everyTransition<User, UserStatus, keyof typeof verbs>({
    a: 'a user',
    reach: {
      active: () => userAfter(),
      suspended: () => userAfter(verbs.suspend),
      closing: () => userAfter(verbs['start closing']),
      closed: () => userAfter(verbs['start closing'], verbs.close),
      erased: () => userAfter(verbs['start closing'], verbs.close, verbs['be erased']),
    },
    verbs,
    allowed: {
      active: { suspend: 'suspended', 'start closing': 'closing' },
      suspended: { 'be reinstated': 'active' },
      closing: { close: 'closed' },
      closed: { 'be erased': 'erased' },
      erased: {},
    },
    stateOf: user => user.status,
  });

  test.each([
    ['active', () => userAfter()],
    ['closing', () => userAfter(verbs['start closing'])],
    ['closed', () => userAfter(verbs['start closing'], verbs.close)],
  ])('that is %s and asked to be reinstated says that it cannot become active', (state, reach) => {
    expect(() => reach().reinstate()).toThrow(
      expect.objectContaining({ code: 'user.not-active', message: `Cannot make a user active that is ${state}.` }),
    );
  });

  test('remembers when each step was taken', () => {
    const user = new User('anna@example.com');
    user.suspend(NOW);
    user.reinstate();
    user.startClosing(LATER);
    user.close(at('2026-06-17T12:00:00Z'));
    user.erase(at('2026-07-17T12:00:00Z'));
    expect(user).toMatchObject({
      suspendedAt: NOW,
      closingAt: LATER,
      closedAt: at('2026-06-17T12:00:00Z'),
      erasedAt: at('2026-07-17T12:00:00Z'),
    });
  });

  test('keeps the moment of a step when a second one is refused', () => {
    const user = userAfter(verbs.suspend);
    expect(() => user.suspend(LATER)).toThrow('Cannot make a user suspended that is suspended.');
    expect(user.suspendedAt).toEqual(NOW);
  });
});

const kycVerbs = {
  'start KYC': (user: User) => user.startKyc(),
  'pass KYC': (user: User) => user.passKyc(NOW),
  'be rejected': (user: User) => user.rejectKyc(),
  'see KYC expire': (user: User) => user.expireKyc(),
};
const { 'start KYC': start, 'pass KYC': pass, 'be rejected': reject, 'see KYC expire': expire } = kycVerbs;

describe('knowing the customer', () => {
  everyTransition<User, KycStatus, keyof typeof kycVerbs>({
    a: 'a user whose KYC',
    reach: {
      none: () => userAfter(),
      pending: () => userAfter(start),
      verified: () => userAfter(start, pass),
      rejected: () => userAfter(start, reject),
      expired: () => userAfter(start, pass, expire),
    },
    verbs: kycVerbs,
    allowed: {
      none: { 'start KYC': 'pending' },
      pending: { 'pass KYC': 'verified', 'be rejected': 'rejected' },
      verified: { 'see KYC expire': 'expired' },
      rejected: { 'start KYC': 'pending' },
      expired: { 'start KYC': 'pending' },
    },
    stateOf: user => user.kycStatus,
  });

  test('remembers when it was passed last', () => {
    const user = userAfter(start, pass, expire, start);
    user.passKyc(LATER);
    expect(user.kycVerifiedAt).toEqual(LATER);
  });

  test('forgets when it was passed once that counts no longer', () => {
    expect(userAfter(start, pass).kycVerifiedAt).toEqual(NOW);
    expect(userAfter(start, pass, expire).kycVerifiedAt).toBeUndefined();
  });
});

describe('a user', () => {
  test('starts active, unverified, with an id of their own', () => {
    const [anna, ben] = [new User('anna@example.com'), new User('ben@example.com')];
    expect(anna).toMatchObject({ status: 'active', kycStatus: 'none', email: 'anna@example.com' });
    expect(anna.emailVerifiedAt).toBeUndefined();
    expect(anna.id).not.toBe(ben.id);
  });

  test('is kept under the normal form of the e-mail address', () => {
    expect(new User('  ANNA＠Example.com ').email).toBe('anna@example.com');
    expect(() => new User('anna')).toThrow('Invalid email address');
  });

  test('verifies an e-mail address once; the first moment counts', () => {
    const user = userAfter(user => user.verifyEmail(NOW));
    user.verifyEmail(LATER);
    expect(user.emailVerifiedAt).toEqual(NOW);
  });

  test('is not verified by a proof of an address that they had before', () => {
    const user = new User('anna@example.com');
    user.changeEmail('anna@example.org', NOW);
    const before = user.emailVerifiedAt;
    expect(() => user.verifyEmail(LATER, 'anna@example.com')).toThrow(refusal('user.other-email'));
    user.verifyEmail(LATER, ' ANNA@example.org');
    expect(user.emailVerifiedAt).toBe(before);
  });

  test('moves to an address that is proved, in its normal form, while the account is active', () => {
    const user = new User('anna@example.com');
    user.changeEmail(' Anna@Example.ORG', NOW);
    expect(user).toMatchObject({ email: 'anna@example.org', emailVerifiedAt: NOW });
    const suspended = userAfter(verbs.suspend);
    expect(() => suspended.changeEmail('anna@example.org', NOW)).toThrow(refusal('user.not-active'));
    expect(suspended.email).toBe('anna@example.com');
  });

  test.each([
    ['closed', [verbs['start closing'], verbs.close]],
    ['erased', [verbs['start closing'], verbs.close, verbs['be erased']]],
  ])('stays as they are once the account is %s', (_, steps) => {
    const user = userAfter(...steps);
    expect(() => user.requireOpen()).toThrow(refusal('user.closed'));
    expect(() => user.verifyEmail(LATER)).toThrow(refusal('user.closed'));
    expect(user.emailVerifiedAt).toBeUndefined();
  });

  test.each([
    ['active', []],
    ['suspended', [verbs.suspend]],
    ['closing', [verbs['start closing']]],
  ])('may still change what they say of themselves while the account is %s', (_, steps) => {
    expect(() => userAfter(...steps).requireOpen()).not.toThrow();
  });

  test('cannot be given a state from outside', () => {
    const user = new User('anna@example.com');
    expect(() => Object.assign(user, { status: 'erased' })).toThrow(TypeError);
    expect(() => Object.assign(user, { email: 'ben@example.com' })).toThrow(TypeError);
    expect(() => Object.assign(user, { kycStatus: 'verified' })).toThrow(TypeError);
  });

  test('who is erased leaves a tombstone: the id stays, the address is gone', () => {
    const user = userAfter(verbs['start closing'], verbs.close, verbs['be erased']);
    expect(user.email).toBe(`${user.id}@erased.invalid`);
    expect(JSON.stringify(user)).not.toContain('anna');
    expect(new User(user.email).email).toBe(user.email);
  });

  test('cannot be erased while the account is open', () => {
    const user = new User('anna@example.com');
    expect(() => user.erase(NOW)).toThrow('Cannot make a user erased that is active.');
    expect(user.email).toBe('anna@example.com');
  });
});

test('the address of an erased user is not verified any more', () => {
  const user = new User('ada@example.com');
  user.verifyEmail(new Date('2026-01-01T00:00:00Z'));
  user.startClosing(new Date('2026-01-02T00:00:00Z'));
  user.close(new Date('2026-01-03T00:00:00Z'));
  user.erase(new Date('2026-01-04T00:00:00Z'));
  expect(user.emailVerifiedAt).toBeUndefined();
});
