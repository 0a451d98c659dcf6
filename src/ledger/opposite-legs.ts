import type { EntityManager } from '../database/index.js';
import { Decimal } from '../shared/index.js';
import type { AccountKind } from './ledger-account.entity.js';
import type { Leg, Place } from './posting.js';
import type { Transaction } from './transaction.entity.js';

interface EntryRow {
  asset_id: string;
  amount: string;
  from_kind: AccountKind;
  from_portfolio: string | null;
  from_basket: string | null;
  to_kind: AccountKind;
  to_portfolio: string | null;
  to_basket: string | null;
}

/**
 * What takes back everything that a transaction has moved so far, fees included: the exact opposite of each stored entry,
 * the last one first, so that no account has to give what it gets back a leg later.
 * @returns no legs when nothing has been moved.
 */
export async function oppositeLegs(em: EntityManager, transaction: Pick<Transaction, 'user' | 'id'>): Promise<Leg[]> {
  const rows = await em.execute<EntryRow[]>(
    `select e.asset_id, e.amount::text as amount,
       c.kind as from_kind, c.portfolio_id as from_portfolio, c.basket_id as from_basket,
       d.kind as to_kind, d.portfolio_id as to_portfolio, d.basket_id as to_basket
     from ledger_entries e
     join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
     join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
     where e.user_id = ? and e.transaction_id = ?
     order by e.position desc`,
    [transaction.user.id, transaction.id],
  );
  return rows.map(row => ({
    from: placeOf(row.from_kind, row.from_portfolio, row.from_basket),
    to: placeOf(row.to_kind, row.to_portfolio, row.to_basket),
    assetId: row.asset_id,
    amount: new Decimal(row.amount),
  }));
}

const placeOf = (kind: AccountKind, portfolioId: string | null, basketId: string | null): Place => ({
  kind,
  ...(portfolioId && { portfolioId }),
  ...(basketId && { basketId }),
});
