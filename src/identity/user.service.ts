import type { EntityManager } from '../database/index.js';
import { type Clock, parseInput, systemClock } from '../shared/index.js';
import { lockUser } from './lock-user.js';
import { requireOperator } from './operator.js';
import { User } from './user.entity.js';
import { ProvenEmail, RegisterUser, UserAt } from './user.input.js';
import { UserPreferences } from './user-preferences.entity.js';
import { UserProfile } from './user-profile.entity.js';

export interface Registered {
  user: User;
  profile: UserProfile;
  preferences: UserPreferences;
}

/** People and their accounts. All but registering is an operator's: call it inside `asWorker`. */
export class UserService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Opens an account with its profile and preferences. Before: the caller has made the id and acts as it. After: the account is
   * active, its address not yet verified. The workflow `registerUser` adds what other contexts start with.
   * @throws {ValidationError} {@link ConflictError} `user.email-taken`, without the address; `user.exists`.
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

  /**
   * The person has proved that the account's address is theirs. Before: the proof was checked, such as a link's token.
   * After: the address counts as verified since the first proof.
   * @throws {NotFoundError} {@link NotAllowedError}
   * @throws {StateError} `user.other-email` when the proof is of an address that the account has no longer; `user.closed`.
   */
  verifyEmail(input: ProvenEmail): Promise<User> {
    const { userId, email } = parseInput(ProvenEmail, input);
    return this.decide(userId, user => user.verifyEmail(this.clock.now(), email));
  }

  /**
   * Gives an account another address. Before: the person has proved the new one; until then the account keeps the old.
   * After: they sign in with it, and it counts as verified.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `user.not-active`
   * @throws {ConflictError} `user.email-taken`, without the address.
   */
  changeEmail(input: ProvenEmail): Promise<User> {
    const { userId, email } = parseInput(ProvenEmail, input);
    return this.decide(userId, user => user.changeEmail(email, this.clock.now()));
  }

  /**
   * Stops an account from taking new business, such as after a suspicious sign-in. After: it is suspended.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `user.not-suspended` unless it is active.
   */
  suspend(input: UserAt): Promise<User> {
    return this.decide(parseInput(UserAt, input).userId, user => user.suspend(this.clock.now()));
  }

  /**
   * Lets a suspended account take business again. After: it is active.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `user.not-active` unless it is suspended.
   */
  reinstate(input: UserAt): Promise<User> {
    return this.decide(parseInput(UserAt, input).userId, user => user.reinstate());
  }

  /**
   * The person wants to leave. After: the account is closing: it takes no new business, what is held may be sold and paid out,
   * and the workflow `closeAccount` ends it when nothing is left. There is no way back.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `user.not-closing` unless it is active.
   */
  startClosing(input: UserAt): Promise<User> {
    return this.decide(parseInput(UserAt, input).userId, user => user.startClosing(this.clock.now()));
  }

  private async decide(userId: string, verb: (user: User) => void): Promise<User> {
    await requireOperator(this.em);
    const user = await lockUser(this.em, userId);
    verb(user);
    await this.em.flush();
    return user;
  }
}
