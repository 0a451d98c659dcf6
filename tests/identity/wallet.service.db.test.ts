import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  ConflictError,
  type LinkWallet,
  newId,
  UserService,
  type UserWallet,
  WalletService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

// Vectors of EIP-55.
const FIRST = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const SECOND = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const THIRD = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';
const ON_SOLANA = 'So11111111111111111111111111111111111111112';

const newUser = async (): Promise<string> => {
  const userId = newId();
  await asUser(database.orm.em, userId, em =>
    new UserService(em).register({ userId, email: `${userId}@example.com`, timeZone: 'UTC' }),
  );
  return userId;
};

const wallets = <T>(userId: string, work: (wallets: WalletService) => Promise<T>): Promise<T> =>
  asUser(database.orm.em, userId, em => work(new WalletService(em)));

const link = (userId: string, address: string, details: Partial<LinkWallet> = {}): Promise<UserWallet> =>
  wallets(userId, service => service.link({ userId, chain: 'ethereum', address, ...details }));

/** Addresses are unique over all users: each test has its own. */
const fresh = (() => {
  let last = 0n;
  return () => `0x${(++last).toString(16).padStart(40, '0')}`;
})();

const stored = async (userId: string): Promise<string[]> =>
  (
    await (
      await database.superuser()
    ).query(
      `select chain || ' ' || address || case when is_primary then ' primary' else '' end as wallet
       from user_wallets where user_id = $1 order by id`,
      [userId],
    )
  ).rows.map(({ wallet }) => wallet);

describe('a wallet', () => {
  test('is linked under its canonical spelling, the first as the primary one', async () => {
    const userId = await newUser();
    await link(userId, FIRST.toLowerCase());
    await link(userId, ON_SOLANA, { chain: 'solana' });
    expect(await stored(userId)).toEqual([`ethereum ${FIRST} primary`, `solana ${ON_SOLANA}`]);
  });

  test('that is linked as the primary one takes the place of the other', async () => {
    const userId = await newUser();
    await link(userId, SECOND);
    await link(userId, THIRD, { makePrimary: true });
    expect(await stored(userId)).toEqual([`ethereum ${SECOND}`, `ethereum ${THIRD} primary`]);
  });

  test.each([
    ['a mistyped address', 'ethereum', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d35A', 'address.bad-checksum'],
    ['an address of another chain', 'polygon', ON_SOLANA, 'address.malformed'],
    ['no address', 'solana', '', 'address.malformed'],
    ['an unknown chain', 'dogecoin', FIRST, 'input.invalid'],
  ])('with %s is refused', async (_, chain, address, code) => {
    const userId = await newUser();
    await expect(link(userId, address, { chain: chain as never })).rejects.toMatchObject({ code });
    expect(await stored(userId)).toEqual([]);
  });

  test.each([['somebody else'], ['the same person']])(
    'that %s has linked is refused without naming them',
    async who => {
      const [owner, other] = [await newUser(), await newUser()];
      const address = fresh();
      await link(owner, address);
      const asking = who === 'somebody else' ? other : owner;
      const before = await stored(asking);
      const error = await link(asking, address.toUpperCase().replace('0X', '0x')).catch(refused => refused);
      expect(error).toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({ code: 'wallet.taken', details: {} });
      const everything = inspect(error, { depth: 10, showHidden: true });
      for (const secret of [owner, address]) expect(everything).not.toContain(secret);
      expect(await stored(asking)).toEqual(before);
    },
  );

  test('may be linked on another chain too: it is another wallet', async () => {
    const userId = await newUser();
    const address = fresh();
    await link(userId, address);
    await link(userId, address, { chain: 'base' });
    expect(await stored(userId)).toHaveLength(2);
  });

  test('is not linked to an account that is suspended', async () => {
    const userId = await newUser();
    await asWorker(database.orm.em, em => new UserService(em).suspend({ userId }));
    await expect(link(userId, fresh())).rejects.toMatchObject({ code: 'user.not-active' });
    expect(await stored(userId)).toEqual([]);
  });

  test('of two that are linked at the same moment as the first, one is primary', async () => {
    const userId = await newUser();
    await Promise.all([link(userId, fresh()), link(userId, fresh()), link(userId, fresh())]);
    const all = await stored(userId);
    expect(all).toHaveLength(3);
    expect(all.filter(wallet => wallet.endsWith('primary'))).toHaveLength(1);
  });
});

describe('the primary wallet', () => {
  const three = async () => {
    const userId = await newUser();
    const linked: UserWallet[] = [];
    for (let n = 0; n < 3; n += 1) linked.push(await link(userId, fresh()));
    return { userId, linked: linked as [UserWallet, UserWallet, UserWallet] };
  };
  const primaries = async (userId: string) => (await stored(userId)).map(wallet => wallet.endsWith('primary'));

  test('is whichever the person wants', async () => {
    const { userId, linked } = await three();
    for (let again = 0; again < 2; again += 1) {
      await wallets(userId, service => service.makePrimary({ userId, walletId: linked[2].id }));
      expect(await primaries(userId)).toEqual([false, false, true]);
    }
  });

  test('is followed by the one linked longest when it is unlinked', async () => {
    const { userId, linked } = await three();
    await wallets(userId, service => service.makePrimary({ userId, walletId: linked[2].id }));
    const left = await wallets(userId, service => service.unlink({ userId, walletId: linked[2].id }));
    expect(left.map(({ id, isPrimary }) => [id, isPrimary])).toEqual([
      [linked[0].id, true],
      [linked[1].id, false],
    ]);
    expect(await primaries(userId)).toEqual([true, false]);
  });

  test('stays when another is unlinked', async () => {
    const { userId, linked } = await three();
    await wallets(userId, service => service.unlink({ userId, walletId: linked[1].id }));
    expect(await primaries(userId)).toEqual([true, false]);
  });

  test('is none once the last wallet is unlinked; the address is free again, for anybody', async () => {
    const [userId, other] = [await newUser(), await newUser()];
    const wallet = await link(userId, fresh());
    expect(await wallets(userId, service => service.unlink({ userId, walletId: wallet.id }))).toEqual([]);
    expect(await stored(userId)).toEqual([]);
    await link(other, wallet.address);
    expect(await stored(other)).toEqual([`ethereum ${wallet.address} primary`]);
  });

  test.each([
    ['is not there', () => Promise.resolve(newId())],
    ['is of somebody else', async () => (await link(await newUser(), fresh())).id],
  ])('cannot be one that %s, and that cannot be unlinked', async (_, walletOf) => {
    const userId = await newUser();
    await link(userId, fresh());
    const walletId = await walletOf();
    const refusal = { code: 'wallet.not-found' };
    await expect(wallets(userId, service => service.makePrimary({ userId, walletId }))).rejects.toMatchObject(refusal);
    await expect(wallets(userId, service => service.unlink({ userId, walletId }))).rejects.toMatchObject(refusal);
    await expect(
      asWorker(database.orm.em, em => new WalletService(em).unlink({ userId, walletId })),
    ).rejects.toMatchObject(refusal);
    expect(await primaries(userId)).toEqual([true]);
  });
});
