import { type Ref, ref } from '@mikro-orm/core';
import { User } from '../../identity/index.js';
import { LedgerAccount, LedgerEntry, Transaction, TransactionFee } from '../../ledger/index.js';
import { Asset } from '../../market/index.js';
import { newId, ZERO } from '../../shared/index.js';
import { userFactory } from './identity.factory.js';
import { assetFactory } from './market.factory.js';
import { decimal, FACTORY_NOW, next } from './sequence.js';

/** Who and what a row is of: as an entity, or as another row refers to it. */
interface OfBook {
  user?: User | Ref<User>;
  asset?: Asset | Ref<Asset>;
}

const bookOf = ({ user = userFactory.active(), asset = assetFactory.currency() }: OfBook) => ({
  user: user instanceof User ? ref(user) : user,
  asset: asset instanceof Asset ? ref(asset) : asset,
});

const HASH = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c';
const STORED = { createdAt: FACTORY_NOW, updatedAt: FACTORY_NOW };

export interface LedgerAccountOverrides extends OfBook, Partial<Omit<LedgerAccount, 'user' | 'asset'>> {}

const accountOf =
  (kind: LedgerAccount['kind'], usual: Partial<LedgerAccount> = {}) =>
  ({ user, asset, ...overrides }: LedgerAccountOverrides = {}): LedgerAccount =>
    Object.assign(
      new LedgerAccount(),
      { id: newId(), kind, balance: ZERO, entryCount: 0, ...STORED },
      usual,
      bookOf({ user, asset }),
      overrides,
    );

/** Accounts as the books show them, for pure tests: the database only takes them from `ledger.post`. */
export const ledgerAccountFactory = {
  cash: accountOf('cash'),
  holding: (overrides: LedgerAccountOverrides = {}): LedgerAccount =>
    accountOf('holding')({ portfolioId: newId(), ...overrides }),
  reserved: accountOf('reserved'),
  collateral: accountOf('collateral'),
  external: accountOf('external'),
  market: accountOf('market'),
  fees: accountOf('fees'),
  rewards: accountOf('rewards'),
  debt: accountOf('debt'),
  interest: accountOf('interest'),
  rounding: accountOf('rounding'),
};

export interface TransactionOverrides
  extends OfBook,
    Partial<Omit<Transaction, 'user' | 'asset' | 'reverses' | 'isReversible'>> {
  reverses?: Transaction;
}

type Moments = Partial<Pick<Transaction, 'postedAt' | 'closedAt' | 'reversedAt' | 'failureReason'>>;

const transactionOf =
  (status: Transaction['status'], moments: Moments = {}) =>
  ({ user, asset, reverses, ...overrides }: TransactionOverrides = {}): Transaction =>
    Object.assign(
      new Transaction(),
      {
        id: newId(),
        type: 'deposit' as const,
        status,
        amount: decimal(100),
        occurredAt: FACTORY_NOW,
        idempotencyKey: `request-${next('request')}`,
        requestHash: HASH,
        ...STORED,
        ...moments,
        ...bookOf({ user, asset }),
      },
      reverses && { reverses: ref(reverses) },
      overrides,
    );

const closedBy = (): Pick<Transaction, 'closingKey' | 'closingHash'> => ({
  closingKey: `closing-${next('closing')}`,
  closingHash: HASH,
});
const ended =
  (status: Transaction['status'], moments: Moments) =>
  (overrides: TransactionOverrides = {}): Transaction =>
    transactionOf(status, moments)({ ...closedBy(), ...overrides });

const posted = transactionOf('posted', { postedAt: FACTORY_NOW });
const reversed = transactionOf('reversed', { postedAt: FACTORY_NOW, reversedAt: FACTORY_NOW });

/** Transactions as the books show them, a deposit of 100 unless told otherwise, for pure tests: the database only takes them from `ledger.post`. */
export const transactionFactory = {
  pending: transactionOf('pending'),
  posted,
  /** Posted after it had been pending. */
  settled: ended('posted', { postedAt: FACTORY_NOW }),
  voided: ended('voided', { closedAt: FACTORY_NOW }),
  failed: ended('failed', { closedAt: FACTORY_NOW, failureReason: 'The bank declined.' }),
  expired: ended('expired', { closedAt: FACTORY_NOW }),
  reversed,
  /** Takes back a transaction of the same user, asset and amount. */
  reversal: ({ reverses = reversed(), ...overrides }: TransactionOverrides = {}): Transaction => {
    const { user, asset, amount } = reverses;
    return posted({ type: 'reversal', user, asset, amount, reverses, ...overrides });
  },
};

export interface LedgerEntryOverrides
  extends Partial<
    Pick<
      LedgerEntry,
      'id' | 'position' | 'amount' | 'debitBalance' | 'creditBalance' | 'debitNumber' | 'creditNumber' | 'createdAt'
    >
  > {
  transaction?: Transaction;
  debit?: LedgerAccount;
  credit?: LedgerAccount;
}

/**
 * Entries as the books show them, from outside into cash unless told otherwise, the latest of their accounts. For pure
 * tests: the database only takes them from `ledger.post`.
 */
export const ledgerEntryFactory = {
  of: ({ transaction = posted(), debit, credit, ...overrides }: LedgerEntryOverrides = {}): LedgerEntry => {
    const { user, asset } = transaction;
    const amount = overrides.amount ?? transaction.amount;
    const from = debit ?? ledgerAccountFactory.external({ user, asset, balance: amount.neg(), entryCount: 1 });
    const to = credit ?? ledgerAccountFactory.cash({ user, asset, balance: amount, entryCount: 1 });
    return Object.assign(
      new LedgerEntry(),
      {
        id: newId(),
        user,
        transaction: ref(transaction),
        position: 1,
        debit: ref(from),
        credit: ref(to),
        asset,
        amount,
        debitBalance: from.balance,
        creditBalance: to.balance,
        debitNumber: from.entryCount || 1,
        creditNumber: to.entryCount || 1,
        createdAt: FACTORY_NOW,
      },
      overrides,
    );
  },
};

export interface TransactionFeeOverrides
  extends Partial<Pick<TransactionFee, 'id' | 'kind' | 'amount' | 'rate' | 'createdAt'>> {
  transaction?: Transaction;
  entry?: LedgerEntry;
}

/** Fees as the books show them, for pure tests: the database only takes them from `ledger.post`. */
export const transactionFeeFactory = {
  /** Half a percent of its transaction, and the entry that took it from cash. */
  charged: ({ transaction = posted(), entry, ...overrides }: TransactionFeeOverrides = {}): TransactionFee => {
    const { user, asset } = transaction;
    const amount = overrides.amount ?? transaction.amount.mul('0.005');
    const taken =
      entry ??
      ledgerEntryFactory.of({
        transaction,
        debit: ledgerAccountFactory.cash({ user, asset, balance: transaction.amount.minus(amount), entryCount: 2 }),
        credit: ledgerAccountFactory.fees({ user, asset, balance: amount, entryCount: 1 }),
        amount,
        position: 2,
      });
    return feeOf(transaction, { amount, rate: decimal('0.5'), entry: ref(taken), ...overrides });
  },

  /** A fee of 0: nothing took it. */
  free: ({ transaction = posted(), entry: _, ...overrides }: TransactionFeeOverrides = {}): TransactionFee =>
    feeOf(transaction, { amount: ZERO, ...overrides }),
};

function feeOf(transaction: Transaction, columns: Partial<TransactionFee>): TransactionFee {
  const { user, asset } = transaction;
  return Object.assign(
    new TransactionFee(),
    { id: newId(), user, transaction: ref(transaction), kind: 'platform' as const, asset, createdAt: FACTORY_NOW },
    columns,
  );
}
