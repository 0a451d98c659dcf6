import type { EntityManager } from '../database/index.js';
import { NotFoundError, parseInput } from '../shared/index.js';
import { lockUser } from './lock-user.js';
import type { User } from './user.entity.js';
import { UserWallet } from './user-wallet.entity.js';
import { LinkWallet, WalletAt } from './user-wallet.input.js';

/** A user's wallets. Whoever has any has exactly one primary wallet. */
export class WalletService {
  constructor(private readonly em: EntityManager) {}

  /**
   * Links a wallet. Before: the person has proved that it is theirs. After: it is stored in its canonical spelling; it is
   * the primary one when it is their first, or asked to be, and then no other is.
   * @throws {ValidationError} `address.malformed`, `address.bad-checksum`
   * @throws {ConflictError} `wallet.taken`, when it is linked already, to whomever: that is not said.
   * @throws {NotFoundError} {@link StateError} `user.not-active`
   */
  async link(input: LinkWallet): Promise<UserWallet> {
    const { userId, chain, address, makePrimary } = parseInput(LinkWallet, input);
    const { user, wallets } = await this.lock(userId);
    user.requireActive();
    const wallet = new UserWallet(user, chain, address);
    if (wallets.length === 0 || makePrimary) await this.promote(wallet, wallets);
    this.em.persist(wallet);
    await this.em.flush();
    return wallet;
  }

  /**
   * Makes another wallet the primary one. Before: the account is active. After: it is, and no other; nothing changes when it
   * was already.
   * @throws {NotFoundError} {@link StateError} `user.not-active`
   */
  async makePrimary(input: WalletAt): Promise<UserWallet> {
    const { userId, walletId } = parseInput(WalletAt, input);
    const { user, wallets } = await this.lock(userId);
    user.requireActive();
    const wallet = pick(wallets, walletId);
    await this.promote(wallet, wallets);
    await this.em.flush();
    return wallet;
  }

  /**
   * Unlinks a wallet; it may be linked again, by anybody who proves that it is theirs. After: it is gone. When it was the
   * primary one, the one linked longest takes its place.
   * @returns the wallets that are left, those linked longest first.
   * @throws {NotFoundError}
   */
  async unlink(input: WalletAt): Promise<UserWallet[]> {
    const { userId, walletId } = parseInput(WalletAt, input);
    const { wallets } = await this.lock(userId);
    const wallet = pick(wallets, walletId);
    const left = wallets.filter(other => other !== wallet);
    this.em.remove(wallet);
    await this.em.flush();
    if (wallet.isPrimary) left[0]?.makePrimary();
    await this.em.flush();
    return left;
  }

  /** The user's row is held, so that of two first wallets one is the second. */
  private async lock(userId: string): Promise<{ user: User; wallets: UserWallet[] }> {
    const user = await lockUser(this.em, userId);
    return { user, wallets: await this.em.find(UserWallet, { user: userId }, { orderBy: { id: 'asc' } }) };
  }

  /** The old one steps down first, in a statement of its own: at no moment are there two. */
  private async promote(wallet: UserWallet, wallets: readonly UserWallet[]): Promise<void> {
    for (const other of wallets) if (other.isPrimary && other !== wallet) other.stepDown();
    await this.em.flush();
    wallet.makePrimary();
  }
}

function pick(wallets: readonly UserWallet[], walletId: string): UserWallet {
  const wallet = wallets.find(({ id }) => id === walletId);
  if (!wallet) throw new NotFoundError('wallet');
  return wallet;
}
