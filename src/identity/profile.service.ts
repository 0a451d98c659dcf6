import type { EntityManager } from '../database/index.js';
import { type Clock, parseInput, systemClock } from '../shared/index.js';
import { lockUser } from './lock-user.js';
import { UserPreferences } from './user-preferences.entity.js';
import { UpdatePreferences } from './user-preferences.input.js';
import { UserProfile } from './user-profile.entity.js';
import { UpdateProfile } from './user-profile.input.js';

/** What people say of themselves, and how they want the app to be. */
export class ProfileService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Changes what a person says of themselves. Before: the account is open; nothing personal comes back to one that was
   * closed or erased. After: what was named is as it was said, everything else as before.
   * @throws {ValidationError} `profile.birth-date`; {@link NotFoundError} {@link StateError} `user.closed`
   */
  async updateProfile(input: UpdateProfile): Promise<UserProfile> {
    const { userId, ...details } = parseInput(UpdateProfile, input);
    const user = await lockUser(this.em, userId);
    user.requireOpen();
    const profile = await this.em.findOneOrFail(UserProfile, { user: userId }, { refresh: true });
    profile.update(details, this.clock.now());
    await this.em.flush();
    return profile;
  }

  /**
   * Changes how a person wants the app to be. Before: the account is open. After: what was named is as it was said; a new
   * time zone counts from the next local day on ({@link UserPreferences.timeZoneAt}).
   * @throws {ValidationError} {@link NotFoundError} {@link StateError} `user.closed`
   */
  async updatePreferences(input: UpdatePreferences): Promise<UserPreferences> {
    const { userId, ...details } = parseInput(UpdatePreferences, input);
    const user = await lockUser(this.em, userId);
    user.requireOpen();
    const preferences = await this.em.findOneOrFail(UserPreferences, { user: userId }, { refresh: true });
    preferences.update(details, this.clock.now());
    await this.em.flush();
    return preferences;
  }
}
