import { describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  newId,
  ProfileService,
  type UpdatePreferences,
  type UpdateProfile,
  User,
  UserService,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();
const clock = new FixedClock('2026-06-15T12:00:00Z');

const newUser = async (): Promise<string> => {
  const userId = newId();
  await asUser(database.orm.em, userId, em =>
    new UserService(em).register({ userId, email: `${userId}@example.com`, timeZone: 'America/New_York' }),
  );
  return userId;
};

const updateProfile = (userId: string, details: Omit<UpdateProfile, 'userId'>, about = userId) =>
  asUser(database.orm.em, userId, em => new ProfileService(em, clock).updateProfile({ userId: about, ...details }));
const updatePreferences = (userId: string, details: Omit<UpdatePreferences, 'userId'>, about = userId) =>
  asUser(database.orm.em, userId, em => new ProfileService(em, clock).updatePreferences({ userId: about, ...details }));

const row = async (table: string, columns: string, userId: string) =>
  (await (await database.superuser()).query(`select ${columns} from ${table} where user_id = $1`, [userId])).rows[0];

const PROFILE = 'given_name, family_name, display_name, birth_date::text, country, avatar_url';
const NOTHING = {
  ...{ given_name: null, family_name: null, display_name: null, birth_date: null, country: null, avatar_url: null },
};

describe('a profile', () => {
  test('says what its person says, and forgets what they take back', async () => {
    const userId = await newUser();
    await updateProfile(userId, {
      ...{ givenName: ' Ada ', familyName: 'King', displayName: 'ada', birthDate: '1990-02-28', country: 'GB' },
      avatarUrl: 'https://example.com/ada.png',
    });
    await updateProfile(userId, { familyName: 'Lovelace', country: null });
    expect(await row('user_profiles', PROFILE, userId)).toEqual({
      ...{ given_name: 'Ada', family_name: 'Lovelace', display_name: 'ada', birth_date: '1990-02-28', country: null },
      avatar_url: 'https://example.com/ada.png',
    });
  });

  test.each<[string, object, string]>([
    ['birthDate', { birthDate: '2026-02-29' }, 'input.invalid'],
    ['birthDate', { birthDate: '1899-12-31' }, 'profile.birth-date'],
    ['birthDate', { birthDate: '2026-06-17' }, 'profile.birth-date'],
    ['country', { country: 'GBR' }, 'input.invalid'],
    ['displayName', { displayName: '' }, 'input.invalid'],
    ['displayName', { displayName: 'x'.repeat(61) }, 'input.invalid'],
    ['givenName', { givenName: 'nul\0' }, 'input.invalid'],
    ['avatarUrl', { avatarUrl: 'http://example.com/ada.png' }, 'input.invalid'],
    ['avatarUrl', { avatarUrl: 'javascript:alert(1)' }, 'input.invalid'],
    ['avatarUrl', { avatarUrl: `https://example.com/${'x'.repeat(500)}` }, 'input.invalid'],
    ['email', { email: 'ada@example.com' }, 'input.invalid'],
  ])('with a wrong %s is refused whole: %o', async (_, details, code) => {
    const userId = await newUser();
    await expect(updateProfile(userId, { familyName: 'King', ...details })).rejects.toMatchObject({ code });
    expect(await row('user_profiles', PROFILE, userId)).toEqual(NOTHING);
  });
});

describe('preferences', () => {
  const COLUMNS = `base_currency, locale, time_zone, next_time_zone, next_time_zone_from, day_start_hour, risk_tolerance,
    ai_enabled, theme`;

  test('are what the person says; a new time zone counts from midnight in the old one', async () => {
    const userId = await newUser();
    await updatePreferences(userId, { timeZone: 'Asia/Kathmandu', locale: 'ne-NP', baseCurrency: 'NPR' });
    await updatePreferences(userId, { aiEnabled: true, dayStartHour: 4, riskTolerance: 'conservative', theme: 'dark' });
    expect(await row('user_preferences', COLUMNS, userId)).toEqual({
      ...{ base_currency: 'NPR', locale: 'ne-NP', time_zone: 'America/New_York', next_time_zone: 'Asia/Kathmandu' },
      next_time_zone_from: new Date('2026-06-16T04:00:00Z'),
      ...{ day_start_hour: 4, risk_tolerance: 'conservative', ai_enabled: true, theme: 'dark' },
    });
  });

  test.each<[string, object]>([
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['timeZone', { timeZone: null }],
    ['dayStartHour', { dayStartHour: 24 }],
    ['dayStartHour', { dayStartHour: -1 }],
    ['dayStartHour', { dayStartHour: 1.5 }],
    ['baseCurrency', { baseCurrency: 'usd' }],
    ['locale', { locale: 'en_US' }],
    ['theme', { theme: 'pink' }],
    ['version', { version: 7 }],
  ])('with a wrong %s are refused whole: %o', async (field, details) => {
    const userId = await newUser();
    const before = await row('user_preferences', COLUMNS, userId);
    const refused = updatePreferences(userId, { aiEnabled: true, ...details });
    await expect(refused).rejects.toMatchObject({ code: 'input.invalid', details: { fields: field } });
    expect(await row('user_preferences', COLUMNS, userId)).toEqual(before);
  });

  test('of two changes at the same moment both are kept', async () => {
    const userId = await newUser();
    await Promise.all([updatePreferences(userId, { theme: 'dark' }), updatePreferences(userId, { locale: 'it-IT' })]);
    expect(await row('user_preferences', 'theme, locale', userId)).toEqual({ theme: 'dark', locale: 'it-IT' });
  });
});

describe.each([
  ['profile', (userId: string, about?: string) => updateProfile(userId, { displayName: 'eve' }, about)],
  ['preferences', (userId: string, about?: string) => updatePreferences(userId, { theme: 'light' }, about)],
])('the %s', (_, update) => {
  test('of somebody else looks as if there were none', async () => {
    const [userId, other] = [await newUser(), await newUser()];
    for (const about of [other, newId()])
      await expect(update(userId, about)).rejects.toMatchObject({ code: 'user.not-found' });
    expect(await row('user_profiles', 'display_name', other)).toEqual({ display_name: null });
    expect(await row('user_preferences', 'theme', other)).toEqual({ theme: 'system' });
  });

  test('of an account that is closed stays as it is', async () => {
    const userId = await newUser();
    await asWorker(database.orm.em, async em => {
      const user = await em.findOneOrFail(User, { id: userId });
      user.startClosing(clock.now());
      user.close(clock.now());
    });
    await expect(update(userId)).rejects.toMatchObject({ code: 'user.closed' });
    expect(await row('user_profiles', 'display_name', userId)).toEqual({ display_name: null });
    expect(await row('user_preferences', 'theme', userId)).toEqual({ theme: 'system' });
  });
});
