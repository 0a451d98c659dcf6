import type { Model } from './model.js';
import type { Stage } from './stage.js';

type Rows = <T extends object>(sql: string, values: unknown[]) => Promise<T[]>;

/** What the tables say of a story, in the words of the model. */
export async function storedBooks(rows: Rows, stage: Stage): Promise<ReturnType<Model['books']>> {
  const users = [...stage.people.values()];
  const userNames = new Map([...stage.people].map(([user, id]) => [id, String(user)]));
  const placeNames = new Map([...stage.places].map(([name, id]) => [id, name]));
  // A number that nothing stored has (yet) is a gap in the list.
  const handles = new Map(stage.ids.flatMap((id, handle) => [[id, handle] as const]));
  const named = (text: string) => text.replace(stage.suffix, '');
  const placeOf = ({ kind, portfolio, basket }: PlaceRow): string =>
    kind === 'holding' ? ['holding', placeNames.get(portfolio!), basket ? named(basket) : '-'].join(' ') : kind;
  const nameOf = ({ id, reverses }: { id: string; reverses: string | null }): string =>
    reverses ? `reversal of #${handles.get(reverses)}` : `#${handles.get(id) ?? id}`;

  const [accounts, holdings, transactions, fees] = [
    await rows<PlaceRow & { balance: string }>(
      `select l.user_id as user, l.kind, a.code, l.portfolio_id as portfolio, b.slug as basket, trim_scale(l.balance)::text as balance
       from ledger_accounts l join assets a on a.id = l.asset_id left join baskets b on b.id = l.basket_id
       where l.user_id = any ($1)`,
      [users],
    ),
    await rows<PlaceRow & { cost: string; gain: string }>(
      `select h.user_id as user, 'holding' as kind, a.code, h.portfolio_id as portfolio, b.slug as basket,
         trim_scale(h.cost_basis)::text as cost, trim_scale(h.realised_gain)::text as gain
       from portfolio_holdings h join assets a on a.id = h.asset_id left join baskets b on b.id = h.basket_id
       where h.user_id = any ($1)`,
      [users],
    ),
    await rows<TransactionRow>(
      `select t.id, t.user_id as user, t.type, t.status, trim_scale(t.amount)::text as amount, a.code, t.reverses_id as reverses
       from transactions t join assets a on a.id = t.asset_id where t.user_id = any ($1)`,
      [users],
    ),
    await rows<{ id: string; reverses: string | null; fees: string }>(
      `select t.id, t.reverses_id as reverses,
         string_agg(f.kind || ' ' || trim_scale(f.amount) || ' ' || coalesce(trim_scale(f.rate)::text, 'fixed'), ', ' order by e.position) as fees
       from transactions t
       join transaction_fees f on f.user_id = t.user_id and f.transaction_id = t.id
       join ledger_entries e on e.user_id = f.user_id and e.id = f.entry_id
       where t.user_id = any ($1) group by t.user_id, t.id`,
      [users],
    ),
  ];
  return {
    balances: sorted(
      accounts.map(row => [[userNames.get(row.user), placeOf(row), named(row.code)].join(' '), row.balance]),
    ),
    holdings: sorted(
      holdings.map(row => [
        [userNames.get(row.user), placeOf(row), named(row.code)].join(' '),
        `cost ${row.cost} gain ${row.gain}`,
      ]),
    ),
    transactions: sorted(
      transactions.map(row => [
        nameOf(row),
        [userNames.get(row.user), row.type, row.status, row.amount, named(row.code)].join(' '),
      ]),
    ),
    fees: sorted(fees.map(row => [nameOf(row), row.fees])),
  };
}

interface PlaceRow {
  user: string;
  kind: string;
  code: string;
  portfolio: string | null;
  basket: string | null;
}

interface TransactionRow {
  id: string;
  user: string;
  type: string;
  status: string;
  amount: string;
  code: string;
  reverses: string | null;
}

const sorted = (pairs: (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
