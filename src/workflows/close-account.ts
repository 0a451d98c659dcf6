import { AutoInvestRule, RoundUp, RoundUpRule } from '../automation/index.js';
import type { EntityManager } from '../database/index.js';
import { requireOperator, User, UserAt } from '../identity/index.js';
import { LedgerAccount, ledger, OWN_ACCOUNT_KINDS, Transaction } from '../ledger/index.js';
import { Loan, LoanApplication } from '../lending/index.js';
import { Portfolio } from '../portfolio/index.js';
import { type Clock, NotFoundError, parseInput, StateError, systemClock, ZERO } from '../shared/index.js';

export interface ClosedAccount {
  user: User;
  /** Those that were cancelled on the way. */
  autoInvestRules: AutoInvestRule[];
  roundUpRules: RoundUpRule[];
  /** Those that were closed on the way. */
  portfolios: Portfolio[];
}

/**
 * Closes an account for good. Before: it is active or closing, nothing is pending or borrowed, and every account of the
 * user's own is at zero. After: rules and waiting round-ups are cancelled, portfolios and account closed; the books stay.
 * @param em of an `asWorker`: what becomes of an account is not the user's to write, though it is theirs to wish.
 * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `user.not-closing` when it is suspended or closed.
 * @throws {StateError} what is left, one after the other: `account.pending-transaction`, `account.open-loan`,
 * `account.open-application`, `account.not-empty`.
 */
export async function closeAccount(
  em: EntityManager,
  input: UserAt,
  clock: Clock = systemClock,
): Promise<ClosedAccount> {
  const { userId } = parseInput(UserAt, input);
  await requireOperator(em);
  await ledger.lockBook(em, userId);
  const now = clock.now();
  const user = await em.findOne(User, { id: userId }, { refresh: true });
  if (!user) throw new NotFoundError('user');
  await requireNothingOpen(em, userId);
  await requireNothingLeft(em, userId);
  // Not before all that may refuse: whoever goes on after a refusal would store it, and there is no way back.
  if (user.status !== 'closing') user.startClosing(now);
  const autoInvestRules = await em.find(AutoInvestRule, { user: userId, status: { $in: ['active', 'paused'] } });
  const roundUpRules = await em.find(RoundUpRule, { user: userId, status: { $in: ['active', 'paused'] } });
  const roundUps = await em.find(RoundUp, { user: userId, status: { $in: ['pending', 'ready'] } });
  for (const ending of [...autoInvestRules, ...roundUpRules, ...roundUps]) ending.cancel(now);
  const portfolios = await em.find(Portfolio, { user: userId, status: 'active' });
  for (const portfolio of portfolios) portfolio.close(now);
  user.close(now);
  await em.flush();
  return { user, autoInvestRules, roundUpRules, portfolios };
}

async function requireNothingOpen(em: EntityManager, userId: string): Promise<void> {
  const pending = await em.count(Transaction, { user: userId, status: 'pending' });
  if (pending > 0) throw left('account.pending-transaction', 'Settle or fail what is pending first.', { pending });
  const loans = await em.count(Loan, { user: userId, status: { $in: ['approved', 'active', 'defaulted'] } });
  if (loans > 0) throw left('account.open-loan', 'Repay or cancel the loans of this account first.', { loans });
  const applications = await em.count(LoanApplication, {
    user: userId,
    status: { $in: ['draft', 'submitted', 'under_review', 'approved'] },
  });
  if (applications > 0)
    throw left('account.open-application', 'Withdraw or decline the loan application first.', { applications });
}

/** The book is held: what is at zero stays there. */
async function requireNothingLeft(em: EntityManager, userId: string): Promise<void> {
  const accounts = await em.find(
    LedgerAccount,
    { user: userId, kind: { $in: [...OWN_ACCOUNT_KINDS] }, balance: { $ne: ZERO } },
    { populate: ['asset'], refresh: true },
  );
  if (accounts.length === 0) return;
  const remains = accounts.map(({ kind, balance, asset }) => ({ kind, balance, code: asset.getEntity().code }));
  remains.sort((a, b) => `${a.kind} ${a.code}`.localeCompare(`${b.kind} ${b.code}`, 'en'));
  throw left('account.not-empty', 'Sell what is held and withdraw the money first.', {
    left: remains.map(({ kind, balance, code }) => `${kind} ${balance.toFixed()} ${code}`).join(', '),
  });
}

const left = (code: string, remedy: string, details: Record<string, string | number>): StateError =>
  new StateError(code, `This account cannot be closed yet. ${remedy}`, details);
