import { describe, expect, test } from 'vitest';
import { UserProfile } from '../../src/identity/index.js';
import { aUser, NOW, refusal } from '../shared/examples.js';

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

const ADA = { givenName: 'Ada', familyName: 'King', displayName: 'ada', birthDate: '1990-05-17', country: 'GB' };

describe('what a person says of themselves', () => {
  test('changes where they said something, stays where they did not, and goes where they said null', () => {
    const profile = new UserProfile(aUser());
    profile.update({ ...ADA, avatarUrl: 'https://example.com/ada.png' }, NOW);
    expect(profile).toMatchObject(ADA);
    profile.update({ familyName: 'Lovelace', country: null, avatarUrl: undefined }, NOW);
    expect(profile).toMatchObject({ ...ADA, familyName: 'Lovelace', country: undefined });
    expect(profile.avatarUrl).toBe('https://example.com/ada.png');
  });

  // On 15 June 2026 at noon UTC it is the 16th already in Kiribati, 14 hours ahead.
  test.each(['1900-01-01', '2026-06-15', '2026-06-16'])('may be a date of birth such as %s', birthDate => {
    const profile = new UserProfile(aUser());
    profile.update({ birthDate }, NOW);
    expect(profile.birthDate).toBe(birthDate);
  });

  test.each(['1899-12-31', '2026-06-17', '9999-12-31'])('is not a date of birth such as %s', birthDate => {
    const profile = new UserProfile(aUser());
    profile.update(ADA, NOW);
    expect(() => profile.update({ birthDate, givenName: 'Eve' }, NOW)).toThrow(refusal('profile.birth-date'));
    expect(profile).toMatchObject(ADA);
  });
});
