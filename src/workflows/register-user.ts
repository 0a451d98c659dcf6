import type { EntityManager } from '../database/index.js';
import { UserLevel } from '../gamification/index.js';
import { type Registered, type RegisterUser, UserService } from '../identity/index.js';
import { NotificationPreference } from '../notifications/index.js';
import { type Portfolio, PortfolioService } from '../portfolio/index.js';

/**
 * Opens an account with everything it starts with, all or nothing: profile, preferences, level 1, the usual notification
 * preferences and a default portfolio in the person's currency.
 * @param em of an `asUser` as the new user.
 * @throws {ValidationError} {@link NotFoundError} `asset.not-found`, for a currency that is not listed
 * @throws {ConflictError} `user.email-taken`, without the address; `user.exists`.
 */
export async function registerUser(
  em: EntityManager,
  input: RegisterUser,
): Promise<Registered & { portfolio: Portfolio }> {
  const registered = await new UserService(em).register(input);
  const { user, preferences } = registered;
  // Stored by the flush that stores the portfolio.
  em.persist([new UserLevel(user), ...NotificationPreference.defaultsOf(user)]);
  const portfolio = await new PortfolioService(em).open({
    userId: user.id,
    name: 'My portfolio',
    currencyCode: preferences.baseCurrency,
    isDefault: true,
  });
  return { ...registered, portfolio };
}
