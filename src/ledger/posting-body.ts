import type { EntityManager } from '../database/index.js';
import { AMOUNT, type Decimal, newId, PERCENT, requireFits, ValidationError } from '../shared/index.js';
import { type AccountKind, LedgerAccount } from './ledger-account.entity.js';
import { LedgerEntry } from './ledger-entry.entity.js';
import type { Leg, OutboxMessage, Place, Posted, Posting } from './posting.js';
import { type FeeKind, TransactionFee } from './transaction-fee.entity.js';

/** What `nestegg_post` answers. Balances are text, in the order of the accounts and entries sent. */
export interface Answer {
  replayed: boolean;
  transactionId: string;
  storedAt: string;
  position: number;
  accounts: { id: string; balance: string }[] | null;
  entries: { debit: string; credit: string }[] | null;
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

  /** What the function stored, as managed entities, without asking for it again. */
  stored(em: EntityManager, userId: string, answer: Answer): Pick<Posted, 'entries' | 'fees'> {
    const created_at = new Date(answer.storedAt);
    const owner = { user_id: userId, transaction_id: answer.transactionId, created_at };
    const accounts = this.accounts.map((account, i) => {
      const { id, balance } = answer.accounts![i]!;
      const row = {
        user_id: userId,
        id,
        kind: account.kind,
        asset_id: account.asset,
        portfolio_id: account.portfolio ?? null,
        basket_id: account.basket ?? null,
        balance,
      };
      return mapRow(em, LedgerAccount, row);
    });
    const entries = this.entries.map((entry, i) =>
      mapRow(em, LedgerEntry, {
        ...owner,
        id: entry.id,
        position: answer.position + i + 1,
        debit_id: accounts[entry.debit - 1]!.id,
        credit_id: accounts[entry.credit - 1]!.id,
        asset_id: this.accounts[entry.debit - 1]!.asset,
        amount: entry.amount,
        debit_balance: answer.entries![i]!.debit,
        credit_balance: answer.entries![i]!.credit,
      }),
    );
    const fees = this.fees.map(fee =>
      mapRow(em, TransactionFee, {
        ...owner,
        id: fee.id,
        kind: fee.kind,
        asset_id: fee.asset,
        amount: fee.amount,
        rate: fee.rate ?? null,
        entry_id: this.entries[fee.entry - 1]!.id,
      }),
    );
    return { entries, fees };
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
