import { User, UserPreferences, UserProfile, UserWallet } from '../../identity/index.js';
import type { Chain } from '../../shared/index.js';
import { after, evmAddress, FACTORY_NOW, next } from './sequence.js';

export interface UserOverrides {
  email?: string;
  id?: string;
}

const active = ({ email = `person-${next('user')}@example.com`, id }: UserOverrides = {}): User => new User(email, id);
const closing = after(active, user => user.startClosing(FACTORY_NOW));
const closed = after(closing, user => user.close(FACTORY_NOW));
const kycPending = after(active, user => user.startKyc());
const kycVerified = after(kycPending, user => user.passKyc(FACTORY_NOW));

export const userFactory = {
  active,
  suspended: after(active, user => user.suspend(FACTORY_NOW)),
  closing,
  closed,
  erased: after(closed, user => user.erase(FACTORY_NOW)),
  emailVerified: after(active, user => user.verifyEmail(FACTORY_NOW)),
  kycPending,
  kycVerified,
  kycRejected: after(kycPending, user => user.rejectKyc()),
  kycExpired: after(kycVerified, user => user.expireKyc()),
};

export interface UserProfileOverrides
  extends Partial<
    Pick<UserProfile, 'givenName' | 'familyName' | 'displayName' | 'birthDate' | 'country' | 'avatarUrl'>
  > {
  user?: User;
}

export const userProfileFactory = {
  empty: ({ user = userFactory.active(), ...details }: UserProfileOverrides = {}): UserProfile =>
    Object.assign(new UserProfile(user), details),

  filled: (overrides: UserProfileOverrides = {}): UserProfile =>
    userProfileFactory.empty({
      givenName: 'Anna',
      familyName: 'Ahlgren',
      displayName: 'anna',
      birthDate: '1990-02-28',
      country: 'SE',
      avatarUrl: 'https://example.com/anna.png',
      ...overrides,
    }),
};

export interface UserPreferencesOverrides
  extends Partial<
    Pick<UserPreferences, 'baseCurrency' | 'locale' | 'dayStartHour' | 'riskTolerance' | 'aiEnabled' | 'theme'>
  > {
  user?: User;
  timeZone?: string;
}

const usual = ({ user = userFactory.active(), timeZone, ...details }: UserPreferencesOverrides = {}): UserPreferences =>
  Object.assign(new UserPreferences(user, timeZone), details);

export const userPreferencesFactory = {
  usual,
  /** AI experts may be asked. */
  withAi: (overrides: UserPreferencesOverrides = {}): UserPreferences => usual({ aiEnabled: true, ...overrides }),
};

export interface UserWalletOverrides {
  user?: User;
  chain?: Chain;
  address?: string;
}

const secondary = ({
  user = userFactory.active(),
  chain = 'ethereum',
  address = evmAddress(next('wallet')),
}: UserWalletOverrides = {}): UserWallet => new UserWallet(user, chain, address);

export const userWalletFactory = {
  secondary,
  primary: after(secondary, wallet => wallet.makePrimary()),
};
