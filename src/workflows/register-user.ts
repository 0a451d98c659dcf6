import type { EntityManager } from '../database/index.js';
import { type Registered, type RegisterUser, UserService } from '../identity/index.js';
import { type Portfolio, PortfolioService } from '../portfolio/index.js';

/** Opens an account with everything it starts with, all or nothing: profile, preferences and a default portfolio. */
export async function registerUser(
  em: EntityManager,
  input: RegisterUser,
): Promise<Registered & { portfolio: Portfolio }> {
  const registered = await new UserService(em).register(input);
  const portfolio = await new PortfolioService(em).open({
    userId: registered.user.id,
    name: 'My portfolio',
    currencyCode: registered.preferences.baseCurrency,
    isDefault: true,
  });
  return { ...registered, portfolio };
}
