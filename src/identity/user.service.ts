import type { EntityManager } from '../database/index.js';
import { parseInput } from '../shared/index.js';
import { User } from './user.entity.js';
import { RegisterUser } from './user.input.js';
import { UserPreferences } from './user-preferences.entity.js';
import { UserProfile } from './user-profile.entity.js';

export interface Registered {
  user: User;
  profile: UserProfile;
  preferences: UserPreferences;
}

/** People and their accounts. */
export class UserService {
  constructor(private readonly em: EntityManager) {}

  /**
   * Opens an account with its profile and preferences. The workflow `registerUser` adds what other contexts start with.
   * @throws {ValidationError} {@link ConflictError} `user.email-taken`, without the address.
   */
  async register(input: RegisterUser): Promise<Registered> {
    const { userId, email, displayName, timeZone, baseCurrency, locale, riskTolerance } = parseInput(
      RegisterUser,
      input,
    );
    const user = new User(email, userId);
    const profile = new UserProfile(user);
    profile.displayName = displayName;
    const preferences = new UserPreferences(user, timeZone);
    preferences.baseCurrency = baseCurrency;
    preferences.locale = locale;
    preferences.riskTolerance = riskTolerance;
    this.em.persist([user, profile, preferences]);
    await this.em.flush();
    return { user, profile, preferences };
  }
}
