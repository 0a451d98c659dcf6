import type { EntityManager } from '../database/index.js';
import { AMOUNT, type Decimal, newId, PERCENT, requireFits, ValidationError } from '../shared/index.js';
import { type AccountKind, LedgerAccount } from './ledger-account.entity.js';
import { LedgerEntry } from './ledger-entry.entity.js';
import type { Leg, OutboxMessage, Place, Posting } from './posting.js';
import { type FeeKind, TransactionFee } from './transaction-fee.entity.js';

/** What `nestegg_post` answers. Balances are text, in the order of the accounts and entries sent. */
export interface Answer {
  replayed: boolean;
  transactionId: string;
  storedAt: string;
  bookedAt: string;
  position: number;
  accounts: { id: string; balance: string; entryCount: number }[] | null;
  entries: { debit: string; credit: string; debitNumber: number; creditNumber: number }[] | null;
}

/** The legs of a posting as the function takes them: each account once, referred to by its number from 1. */
export class PostingBody {
  readonly accounts: { id: string; kind: AccountKind; asset: string; portfolio?: string; basket?: string }[] = [];
  readonly entries: { id: string; debit: number; credit: number; amount: string }[] = [];
  readonly fees: { id: string; kind: FeeKind; asset: string; amount: string; rate?: string; entry: number }[] = [];
  readonly events: (OutboxMessage & { id: string })[];

  constructor({ legs, events = [] }: Pick<Posting, 'legs' | 'events'>) {
    for (const leg of legs) this.add(leg);
    this.events = events.map(event => ({ id: newId(), ...event }));
  }

  private add({ from, to, assetId, amount, fee }: Leg): void {
    const text = amountText(amount, 'leg');
    this.entries.push({
      id: newId(),
      debit: this.numberOf(from, assetId),
      credit: this.numberOf(to, assetId),
      amount: text,
    });
    if (fee) {
      const rate = fee.rate && requireFits(fee.rate, PERCENT, 'rate').toFixed(PERCENT.scale);
      this.fees.push({ id: newId(), kind: fee.kind, asset: assetId, amount: text, rate, entry: this.entries.length });
    }
  }

  private numberOf({ kind, portfolioId: portfolio, basketId: basket }: Place, asset: string): number {
    const known = this.accounts.findIndex(
      a => a.kind === kind && a.asset === asset && a.portfolio === portfolio && a.basket === basket,
    );
    return known >= 0 ? known + 1 : this.accounts.push({ id: newId(), kind, asset, portfolio, basket });
  }
}

/**
 * The legs that the function stored, as managed entities that are made when they are asked for: most callers never do, and
 * each would be looked at again by every flush. An account that is loaded already gets its new balance at once.
 */
export class StoredLegs {
  private mapped?: { entries: LedgerEntry[]; fees: TransactionFee[] };

  constructor(
    private readonly em: EntityManager,
    private readonly userId: string,
    private readonly body: PostingBody,
    private readonly answer: Answer,
  ) {
    const known = em.getUnitOfWork();
    body.accounts.forEach((_, index) => {
      const id = answer.accounts![index]!.id;
      if (known.getById(LedgerAccount, [userId, id] as never)) this.mapAccount(index);
    });
  }

  get entries(): LedgerEntry[] {
    return this.map().entries;
  }

  get fees(): TransactionFee[] {
    return this.map().fees;
  }

  private map(): { entries: LedgerEntry[]; fees: TransactionFee[] } {
    this.mapped ??= this.mapAll();
    return this.mapped;
  }

  private mapAll(): { entries: LedgerEntry[]; fees: TransactionFee[] } {
    const { em, body, answer, userId } = this;
    const created_at = new Date(answer.storedAt);
    const owner = { user_id: userId, transaction_id: answer.transactionId, created_at };
    const accounts = body.accounts.map((_, index) => this.mapAccount(index));
    const entries = body.entries.map((entry, i) =>
      mapRow(em, LedgerEntry, {
        ...owner,
        id: entry.id,
        position: answer.position + i + 1,
        debit_id: accounts[entry.debit - 1]!.id,
        credit_id: accounts[entry.credit - 1]!.id,
        asset_id: body.accounts[entry.debit - 1]!.asset,
        amount: entry.amount,
        debit_balance: answer.entries![i]!.debit,
        credit_balance: answer.entries![i]!.credit,
        debit_number: answer.entries![i]!.debitNumber,
        credit_number: answer.entries![i]!.creditNumber,
        created_at: new Date(answer.bookedAt),
      }),
    );
    const fees = body.fees.map(fee =>
      mapRow(em, TransactionFee, {
        ...owner,
        id: fee.id,
        kind: fee.kind,
        asset_id: fee.asset,
        amount: fee.amount,
        rate: fee.rate ?? null,
        entry_id: body.entries[fee.entry - 1]!.id,
      }),
    );
    return { entries, fees };
  }

  private mapAccount(index: number): LedgerAccount {
    const { kind, asset, portfolio = null, basket = null } = this.body.accounts[index]!;
    const { id, balance, entryCount } = this.answer.accounts![index]!;
    const row = {
      user_id: this.userId,
      id,
      kind,
      asset_id: asset,
      portfolio_id: portfolio,
      basket_id: basket,
      balance,
      entry_count: entryCount,
    };
    return mapRow(this.em, LedgerAccount, row);
  }
}

/** A row that is known to be stored, as a managed entity. */
export function mapRow<T extends object>(
  em: EntityManager,
  entity: new (...args: never[]) => T,
  columns: Record<string, unknown>,
): T {
  return em.map(entity, columns as never) as T;
}

export function amountText(amount: Decimal, what: string): string {
  if (!amount.gt(0))
    throw new ValidationError('ledger.amount-not-positive', `The ${what} of a posting must be greater than 0.`);
  return requireFits(amount, AMOUNT, what).toFixed(AMOUNT.scale);
}
