import { describe, expect, test } from 'vitest';
import { asUser, asWorker, KycService, newId, UserService } from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();
const clock = new FixedClock('2026-03-02T12:00:00Z');

const newUser = async (): Promise<string> => {
  const userId = newId();
  await asUser(database.orm.em, userId, em =>
    new UserService(em).register({ userId, email: `${userId}@example.com`, timeZone: 'UTC' }),
  );
  return userId;
};

type Step = 'start' | 'pass' | 'reject' | 'expire';

const asPerson = (userId: string, step: Step) =>
  asUser(database.orm.em, userId, em => new KycService(em, clock)[step]({ userId }));
const asOperator = (userId: string, step: Step) =>
  asWorker(database.orm.em, em => new KycService(em, clock)[step]({ userId }));

const stored = async (userId: string) =>
  (await (await database.superuser()).query('select kyc_status, kyc_verified_at from users where id = $1', [userId]))
    .rows[0];

describe('knowing the customer', () => {
  test('starts with the person, and an operator decides', async () => {
    const userId = await newUser();
    await asPerson(userId, 'start');
    expect(await stored(userId)).toEqual({ kyc_status: 'pending', kyc_verified_at: null });
    await asOperator(userId, 'pass');
    expect(await stored(userId)).toEqual({ kyc_status: 'verified', kyc_verified_at: clock.now() });
    await asOperator(userId, 'expire');
    expect(await stored(userId)).toEqual({ kyc_status: 'expired', kyc_verified_at: null });
  });

  test('may be tried again after a rejection', async () => {
    const userId = await newUser();
    await asPerson(userId, 'start');
    await asOperator(userId, 'reject');
    expect(await stored(userId)).toEqual({ kyc_status: 'rejected', kyc_verified_at: null });
    await asPerson(userId, 'start');
    expect((await asOperator(userId, 'pass')).kycStatus).toBe('verified');
  });

  test.each<[Step]>([['pass'], ['reject'], ['expire']])('is not decided by the person: %s', async step => {
    const userId = await newUser();
    await asPerson(userId, 'start');
    if (step === 'expire') await asOperator(userId, 'pass');
    const before = await stored(userId);
    await expect(asPerson(userId, step)).rejects.toMatchObject({ code: 'context.not-allowed' });
    expect(await stored(userId)).toEqual(before);
  });

  test.each<[Step, string]>([
    ['pass', 'kyc.not-verified'],
    ['reject', 'kyc.not-rejected'],
    ['expire', 'kyc.not-expired'],
  ])('is not decided before anything was handed in: %s', async (step, code) => {
    const userId = await newUser();
    await expect(asOperator(userId, step)).rejects.toMatchObject({ code });
    expect(await stored(userId)).toEqual({ kyc_status: 'none', kyc_verified_at: null });
  });

  test('is not started twice, nor by whose account is suspended', async () => {
    const userId = await newUser();
    await asPerson(userId, 'start');
    await expect(asPerson(userId, 'start')).rejects.toMatchObject({ code: 'kyc.not-pending' });
    const suspended = await newUser();
    await asWorker(database.orm.em, em => new UserService(em).suspend({ userId: suspended }));
    await expect(asPerson(suspended, 'start')).rejects.toMatchObject({ code: 'user.not-active' });
  });

  test('is decided once by two operators at the same moment', async () => {
    const userId = await newUser();
    await asPerson(userId, 'start');
    const outcomes = await Promise.allSettled([asOperator(userId, 'pass'), asOperator(userId, 'reject')]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.find(outcome => outcome.status === 'rejected')!;
    expect(refused.reason.code).toMatch(/^kyc\.not-(verified|rejected)$/);
  });

  test('of nobody is refused, and of somebody else looks the same', async () => {
    const [userId, other] = [await newUser(), await newUser()];
    const startFor = (whom: string) =>
      asUser(database.orm.em, userId, em => new KycService(em).start({ userId: whom }));
    await expect(startFor(other)).rejects.toMatchObject({ code: 'user.not-found' });
    await expect(startFor(newId())).rejects.toMatchObject({ code: 'user.not-found' });
    await expect(asOperator(newId(), 'pass')).rejects.toMatchObject({ code: 'user.not-found' });
  });

  test('is asked for by an id and nothing else', async () => {
    const asked = asWorker(database.orm.em, em =>
      new KycService(em).pass({ userId: newId(), verified: true } as never),
    );
    await expect(asked).rejects.toMatchObject({ code: 'input.invalid', details: { fields: 'verified' } });
  });
});
