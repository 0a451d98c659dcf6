import { describe, expect, test } from 'vitest';
import {
  asUser,
  NotFoundError,
  newId,
  Portfolio,
  type RegisterUser,
  registerUser,
  User,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const register = (details: Partial<RegisterUser> = {}) => {
  const userId = details.userId ?? newId();
  const input = { userId, email: `${userId}@example.com`, timeZone: 'Europe/Rome', ...details };
  return asUser(database.orm.em, userId, em => registerUser(em, input));
};

describe('a new account', () => {
  test('comes with a default portfolio in its own currency', async () => {
    await world.list({ code: 'EUR', name: 'Euro', kind: 'fiat' });
    const { user } = await register({ baseCurrency: 'EUR' });
    const stored = await world.rows(
      `select p.name, a.code, p.is_default, p.status, p.risk, p.goal_amount, p.closed_at
       from portfolios p join assets a on a.id = p.currency_id where p.user_id = $1`,
      [user.id],
    );
    expect(stored).toEqual([
      {
        name: 'My portfolio',
        code: 'EUR',
        is_default: true,
        status: 'active',
        risk: 'moderate',
        goal_amount: null,
        closed_at: null,
      },
    ]);
  });

  test('starts at level 1, without points', async () => {
    const { user } = await register();
    expect(
      await world.rows('select total_xp, level, highest_rewarded_level from user_levels where user_id = $1', [user.id]),
    ).toEqual([{ total_xp: 0, level: 1, highest_rewarded_level: 1 }]);
  });

  test('is reached about everything in the app, and about what matters by other ways too', async () => {
    const { user } = await register();
    const stored = await world.rows(
      `select category, string_agg(channel, ' ' order by channel) filter (where is_enabled) as on, count(*)::int as channels,
         count(*) filter (where digest = 'none' and quiet_from is null)::int as undisturbed
       from notification_preferences where user_id = $1 group by 1 order by 1`,
      [user.id],
    );
    const all = { channels: 4, undisturbed: 4 };
    expect(stored).toEqual([
      { category: 'advice', on: 'in_app', ...all },
      { category: 'investing', on: 'in_app push', ...all },
      { category: 'legal', on: 'email in_app', ...all },
      { category: 'loan_risk', on: 'email in_app push', ...all },
      { category: 'money', on: 'email in_app push', ...all },
      { category: 'product', on: 'in_app', ...all },
      { category: 'rewards', on: 'in_app', ...all },
      { category: 'security', on: 'email in_app push sms', ...all },
    ]);
  });

  test.each([
    ['is not listed', 'XYZ', NotFoundError, 'asset.not-found'],
    ['is a share', 'VTI', ValidationError, 'portfolio.not-a-currency'],
  ])('whose base currency %s is not opened at all', async (_, baseCurrency, kind, code) => {
    const before = await world.dump();
    const refused = register({ baseCurrency });
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toMatchObject({ code });
    expect(await world.dump()).toEqual(before);
  });

  test('whose address is taken leaves nothing behind', async () => {
    const { user } = await register({ email: 'taken@example.com' });
    const before = await world.dump();
    await expect(register({ email: 'TAKEN@example.com' })).rejects.toMatchObject({ code: 'user.email-taken' });
    expect(await world.dump()).toEqual(before);
    expect(before.users).toContainEqual(expect.objectContaining({ id: user.id, email: 'taken@example.com' }));
  });

  test('is undone with everything else when a later step of the same work fails', async () => {
    const before = await world.dump();
    const userId = newId();
    const work = asUser(database.orm.em, userId, async em => {
      await registerUser(em, { userId, email: 'late@example.com', timeZone: 'UTC' });
      throw new Error('a later step');
    });
    await expect(work).rejects.toThrow('a later step');
    expect(await world.dump()).toEqual(before);
  });

  test('is seen by its owner and by no other user', async () => {
    const [ann, bob] = [await register(), await register()];
    const seenBy = (userId: string) =>
      asUser(database.orm.em, userId, async em => ({
        users: (await em.find(User, {})).map(({ id }) => id),
        portfolios: (await em.find(Portfolio, {})).map(({ id }) => id),
      }));
    expect(await seenBy(ann.user.id)).toEqual({ users: [ann.user.id], portfolios: [ann.portfolio.id] });
    expect(await seenBy(bob.user.id)).toEqual({ users: [bob.user.id], portfolios: [bob.portfolio.id] });
    expect(await seenBy(newId())).toEqual({ users: [], portfolios: [] });
  });
});
