import { expect, test } from 'vitest';
import { UserProfile } from '../../src/identity/index.js';
import { aUser } from '../shared/examples.js';

test('a profile that is erased keeps nothing personal, only whose it was', () => {
  const user = aUser();
  const profile = new UserProfile(user);
  const personal = {
    givenName: 'Anna',
    familyName: 'Rossi',
    displayName: 'anna-r',
    birthDate: '1990-05-17',
    country: 'IT',
    avatarUrl: 'https://example.com/anna.png',
  };
  Object.assign(profile, personal);
  profile.erase();
  expect(profile).toMatchObject(Object.fromEntries(Object.keys(personal).map(field => [field, undefined])));
  expect(JSON.stringify(profile)).not.toMatch(/Anna|Rossi|1990|anna-r|png/);
  expect(profile.user.unwrap()).toBe(user);
});
