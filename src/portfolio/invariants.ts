import type { Invariant } from '../shared/index.js';

export const PORTFOLIO_INVARIANTS: readonly Invariant[] = [
  {
    name: 'every holding and its account match',
    sql: `select count(*) as checked, count(*) filter (
        where h.id is null or h.portfolio_id <> a.portfolio_id or h.asset_id <> a.asset_id or h.basket_id is distinct from a.basket_id or a.kind <> 'holding'
      ) as violations
      from (select * from ledger_accounts where kind = 'holding') a
      full join portfolio_holdings h on h.user_id = a.user_id and h.account_id = a.id`,
  },
  {
    name: 'a holding has a cost if and only if it has a quantity',
    sql: `select count(*) as checked, count(*) filter (where (a.balance = 0) <> (h.cost_basis = 0)) as violations
      from portfolio_holdings h join ledger_accounts a on a.user_id = h.user_id and a.id = h.account_id`,
  },
  {
    name: 'every holding is the sum of its movements',
    sql: `select count(*) as checked, count(*) filter (where
        (a.balance, h.cost_basis, h.realised_gain) is distinct from (coalesce(m.quantity, 0), coalesce(m.cost, 0), coalesce(m.gain, 0))) as violations
      from portfolio_holdings h
      join ledger_accounts a on a.user_id = h.user_id and a.id = h.account_id
      left join (
        select user_id, holding_id, sum(quantity) as quantity, sum(cost) as cost, sum(gain) as gain from holding_movements group by 1, 2
      ) m on m.user_id = h.user_id and m.holding_id = h.id`,
  },
  {
    name: 'the weights of every published composition sum to 100',
    sql: `select count(*) as checked, count(*) filter (where total <> 100) as violations
      from (select sum(weight) as total from basket_assets group by basket_id, version) compositions`,
  },
  {
    name: 'every snapshot starts from the one before',
    sql: `select count(*) as checked, count(*) filter (where start_value <> before) as violations
      from (select start_value, coalesce(lag(value) over (partition by user_id, portfolio_id order by date), 0) as before from portfolio_snapshots) chain`,
  },
];
