import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  ConflictError,
  NotAllowedError,
  newId,
  type Registered,
  type RegisterUser,
  UserService,
  ValidationError,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

const register = (details: Partial<RegisterUser> = {}, actingFor?: string): Promise<Registered> => {
  const userId = details.userId ?? newId();
  const input = { userId, email: `${userId}@example.com`, timeZone: 'Europe/Rome', ...details };
  return asUser(database.orm.em, actingFor ?? userId, em => new UserService(em).register(input));
};

const rows = async (sql: string, values: unknown[] = []) =>
  (await (await database.superuser()).query(sql, values)).rows;

const count = async () =>
  (
    await rows(`select (select count(*)::int from users) as users, (select count(*)::int from user_profiles) as profiles,
      (select count(*)::int from user_preferences) as preferences`)
  )[0];

describe('a person who registers', () => {
  test('gets an account with a profile and preferences', async () => {
    const userId = newId();
    await register({
      userId,
      email: 'ada@example.com',
      displayName: '  Ada ',
      timeZone: 'Asia/Kathmandu',
      baseCurrency: 'EUR',
      locale: 'ne-NP',
      riskTolerance: 'aggressive',
    });
    const stored = await rows(
      `select email, email_verified_at, status, kyc_status, display_name, given_name, base_currency, locale, time_zone,
         day_start_hour, risk_tolerance, ai_enabled, theme
       from users u join user_profiles p on p.user_id = u.id join user_preferences r on r.user_id = u.id where u.id = $1`,
      [userId],
    );
    expect(stored).toEqual([
      {
        email: 'ada@example.com',
        email_verified_at: null,
        status: 'active',
        kyc_status: 'none',
        display_name: 'Ada',
        given_name: null,
        base_currency: 'EUR',
        locale: 'ne-NP',
        time_zone: 'Asia/Kathmandu',
        day_start_hour: 0,
        risk_tolerance: 'aggressive',
        ai_enabled: false,
        theme: 'system',
      },
    ]);
  });

  test('who says little gets US dollars, English and a moderate risk', async () => {
    const { preferences, profile } = await register();
    expect(preferences).toMatchObject({ baseCurrency: 'USD', locale: 'en-US', riskTolerance: 'moderate' });
    expect(profile.displayName).toBeUndefined();
  });

  test.each([
    ['capital letters and spaces', ' Grace.Hopper@EXAMPLE.com ', 'grace.hopper@example.com'],
    ['full-width letters', 'ｇｒａｃｅ＠example.com', 'grace@example.com'],
    ['the Kelvin sign', '\u212Aelvin@example.com', 'kelvin@example.com'],
  ])('with %s in the address is known by its normal form', async (_, typed, stored) => {
    const { user } = await register({ email: typed });
    expect(user.email).toBe(stored);
    expect(await rows('select email from users where id = $1', [user.id])).toEqual([{ email: stored }]);
  });

  test('at the same moment as another with the same address is one of two', async () => {
    const outcomes = await Promise.allSettled(
      ['race@example.com', 'RACE@example.com', 'race@example.com '].map(email => register({ email })),
    );
    const refused = outcomes.filter(outcome => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual(['user.email-taken', 'user.email-taken']);
    expect(await rows(`select count(*)::int from users where email = 'race@example.com'`)).toEqual([{ count: 1 }]);
  });

  test('a second time is told that the account exists', async () => {
    const { user } = await register({ email: 'twice@example.com' });
    const before = await count();
    for (const email of ['twice@example.com', 'other@example.com'])
      await expect(register({ userId: user.id, email })).rejects.toMatchObject({ code: 'user.exists' });
    expect(await count()).toEqual(before);
  });

  test('cannot make an account for somebody else', async () => {
    const before = await count();
    await expect(register({ userId: newId() }, newId())).rejects.toThrow(NotAllowedError);
    expect(await count()).toEqual(before);
  });

  test.each([
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['timeZone', { timeZone: '+02:00' }],
    ['timeZone', { timeZone: '' }],
    ['email', { email: 'nobody' }],
    ['email', { email: 'a b@example.com' }],
    ['baseCurrency', { baseCurrency: 'usd' }],
    ['locale', { locale: 'en_US' }],
    ['riskTolerance', { riskTolerance: 'reckless' as never }],
    ['displayName', { displayName: 'x'.repeat(61) }],
    ['displayName', { displayName: 'nul\0' }],
    ['isAdmin', { isAdmin: true } as never],
  ])('with a wrong %s is refused at the door', async (field, details) => {
    const before = await count();
    const refused = register(details);
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toMatchObject({ code: 'input.invalid', details: { fields: field } });
    expect(await count()).toEqual(before);
  });
});

describe('an address that is taken', () => {
  beforeAll(() => register({ email: 'taken@example.com' }));

  test.each([
    ['as it is', 'taken@example.com'],
    ['in other case', 'Taken@Example.COM'],
    ['in full-width letters', 'ｔａｋｅｎ@example.com'],
    ['with a no-break space behind it', 'taken@example.com\u00A0'],
  ])('is refused when written %s, by an error that does not repeat it', async (_, twin) => {
    const before = await count();
    const error = await register({ email: twin, displayName: 'Mallory' }).catch(refused => refused);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ code: 'user.email-taken', details: {} });
    const everything = inspect(error, { depth: 10, showHidden: true });
    for (const secret of ['taken@', twin, 'Mallory']) expect(everything).not.toContain(secret);
    expect(await count()).toEqual(before);
  });
});

describe('an operator', () => {
  const NOON = new Date('2026-03-02T12:00:00Z');
  const operate = <T>(work: (users: UserService) => Promise<T>): Promise<T> =>
    asWorker(database.orm.em, em => work(new UserService(em, new FixedClock(NOON))));
  const stored = async (userId: string) =>
    (await rows('select email, email_verified_at, status, suspended_at from users where id = $1', [userId]))[0];

  test('takes an address for verified that its person has proved', async () => {
    const { user } = await register({ email: 'proved@example.com' });
    await operate(users => users.verifyEmail({ userId: user.id, email: 'Proved@Example.com' }));
    expect(await stored(user.id)).toMatchObject({ email: 'proved@example.com', email_verified_at: NOON });
  });

  test('refuses a proof of an address that the account has no longer', async () => {
    const { user } = await register({ email: 'before@example.com' });
    await operate(users => users.changeEmail({ userId: user.id, email: 'after@example.com' }));
    const late = operate(users => users.verifyEmail({ userId: user.id, email: 'before@example.com' }));
    await expect(late).rejects.toMatchObject({ code: 'user.other-email', details: {} });
    expect(await stored(user.id)).toMatchObject({ email: 'after@example.com', email_verified_at: NOON });
  });

  test('frees the old address when a person moves to another', async () => {
    const { user } = await register({ email: 'old@example.com' });
    await operate(users => users.changeEmail({ userId: user.id, email: 'new@example.com' }));
    expect((await register({ email: 'old@example.com' })).user.email).toBe('old@example.com');
  });

  test('does not give a person the address of another, and does not say whose it is', async () => {
    const [ann, bob] = [await register(), await register()];
    const error = await operate(users => users.changeEmail({ userId: ann.user.id, email: bob.user.email })).catch(
      refused => refused,
    );
    expect(error).toMatchObject({ code: 'user.email-taken', details: {} });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(bob.user.id);
    expect(await stored(ann.user.id)).toMatchObject({ email: ann.user.email, email_verified_at: null });
  });

  test('suspends an account and reinstates it', async () => {
    const { user } = await register();
    await operate(users => users.suspend({ userId: user.id }));
    expect(await stored(user.id)).toMatchObject({ status: 'suspended', suspended_at: NOON });
    await expect(operate(users => users.suspend({ userId: user.id }))).rejects.toMatchObject({
      code: 'user.not-suspended',
    });
    await operate(users => users.reinstate({ userId: user.id }));
    expect(await stored(user.id)).toMatchObject({ status: 'active', suspended_at: NOON });
    await expect(operate(users => users.reinstate({ userId: user.id }))).rejects.toMatchObject({
      code: 'user.not-active',
    });
  });

  test.each<[string, (users: UserService, userId: string) => Promise<unknown>]>([
    ['suspends', (users, userId) => users.suspend({ userId })],
    ['reinstates', (users, userId) => users.reinstate({ userId })],
    ['verifies the address of', (users, userId) => users.verifyEmail({ userId, email: `${userId}@example.com` })],
    ['moves the address of', (users, userId) => users.changeEmail({ userId, email: 'mine@example.com' })],
  ])('alone %s an account: its person cannot, and nobody is nobody', async (_, step) => {
    const { user } = await register();
    const before = await stored(user.id);
    const byThemselves = asUser(database.orm.em, user.id, em => step(new UserService(em), user.id));
    await expect(byThemselves).rejects.toMatchObject({ code: 'context.not-allowed' });
    await expect(operate(users => step(users, newId()))).rejects.toMatchObject({ code: 'user.not-found' });
    await expect(operate(users => step(users, 'x'))).rejects.toMatchObject({ code: 'input.invalid' });
    expect(await stored(user.id)).toEqual(before);
  });
});
