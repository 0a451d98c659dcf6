import { Seeder } from '@mikro-orm/seeder';
import { asWorker, type EntityManager, registerUser, User, UserWallet } from '../src/index.js';
import { at } from './world/calendar.js';
import { Draw } from './world/draw.js';
import { forEachPerson } from './world/lives.js';
import { hasLeft, PEOPLE, type Person } from './world/people.js';

const draw = new Draw('wallets');

/** Fifty people with their profiles and preferences, in every state that an identity check can be in. */
export class IdentitySeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const known = await asWorker(em, inner =>
      inner.find(User, { id: { $in: PEOPLE.map(({ userId }) => userId) } }, { fields: ['id'] }),
    );
    const ids = new Set(known.map(({ id }) => id));
    const strangers = PEOPLE.filter(({ userId }) => !ids.has(userId));
    await forEachPerson(em, strangers, register);
  }
}

async function register(em: EntityManager, person: Person): Promise<void> {
  const { userId, email, givenName, timeZone } = person;
  const { user, profile, preferences } = await registerUser(em, {
    userId,
    email,
    displayName: givenName,
    timeZone,
    riskTolerance: person.risk,
  });
  profile.givenName = givenName;
  profile.familyName = person.familyName;
  profile.country = person.country;
  profile.birthDate = `${draw.whole(`${email} born`, 1950, 1990)}-0${draw.whole(`${email} month`, 1, 9)}-14`;
  preferences.aiEnabled = person.aiEnabled;
  preferences.theme = draw.pick(`${email} theme`, ['system', 'light', 'dark']);
  user.verifyEmail(at('2009-04-01', '09:00'));
  identify(user, person);
  if (person.number % 4 === 0 && !hasLeft(person)) em.persist(walletOf(user, email));
}

function identify(user: User, { kyc }: Person): void {
  if (kyc === 'none') return;
  user.startKyc();
  if (kyc === 'rejected') user.rejectKyc();
  if (kyc === 'verified' || kyc === 'expired') user.passKyc(at('2009-04-02'));
  if (kyc === 'expired') user.expireKyc();
}

function walletOf(user: User, email: string): UserWallet {
  const wallet = new UserWallet(user, 'ethereum', `0x${draw.id(email, at('2009-04-01')).replaceAll('-', '')}00000000`);
  wallet.makePrimary();
  return wallet;
}
