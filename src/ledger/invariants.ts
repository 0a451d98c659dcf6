import type { Invariant } from '../shared/index.js';

export const LEDGER_INVARIANTS: readonly Invariant[] = [
  {
    name: 'every balance equals the sum of its entries',
    sql: `select count(*) as checked, count(*) filter (where a.balance <> coalesce(credits.total, 0) - coalesce(debits.total, 0)) as violations
      from ledger_accounts a
      left join (select user_id, credit_id, sum(amount) as total from ledger_entries group by 1, 2) credits
        on credits.user_id = a.user_id and credits.credit_id = a.id
      left join (select user_id, debit_id, sum(amount) as total from ledger_entries group by 1, 2) debits
        on debits.user_id = a.user_id and debits.debit_id = a.id`,
  },
  {
    name: 'the entries of every account are numbered without a gap, and each balance follows from the one before',
    sql: `select count(*) as checked, count(*) filter (where
        number <> row_number or balance <> coalesce(before, 0) + amount or created_at < booked_before
        or is_last and (entry_count <> coalesce(number, 0) or account_balance <> coalesce(balance, 0))) as violations
      from (
        select m.number, m.balance, m.amount, m.created_at, a.entry_count, a.balance as account_balance,
          row_number() over w, lag(m.balance) over w as before, lag(m.created_at) over w as booked_before,
          lead(m.number) over w is null as is_last
        from ledger_accounts a
        left join (
          select user_id, debit_id as account_id, debit_number as number, debit_balance as balance, -amount as amount, created_at from ledger_entries
          union all
          select user_id, credit_id, credit_number, credit_balance, amount, created_at from ledger_entries
        ) m on m.user_id = a.user_id and m.account_id = a.id
        window w as (partition by a.user_id, a.id order by m.number)
      ) chain`,
  },
  {
    name: 'every book closes to zero per asset',
    sql: `select count(*) as checked, count(*) filter (where total <> 0) as violations
      from (select sum(balance) as total from ledger_accounts group by user_id, asset_id) books`,
  },
  {
    name: "no account of a user's own is below zero",
    sql: `select count(*) as checked, count(*) filter (where balance < 0) as violations
      from ledger_accounts where kind in ('cash', 'holding', 'reserved', 'collateral')`,
  },
  {
    name: 'every fee was taken by its entry',
    sql: `select count(*) as checked, count(*) filter (where e.id is null or e.amount <> f.amount or e.transaction_id <> f.transaction_id or e.asset_id <> f.asset_id) as violations
      from transaction_fees f left join ledger_entries e on e.user_id = f.user_id and e.id = f.entry_id where f.amount > 0`,
  },
  {
    name: 'every posted transaction moved something, no failed one did',
    sql: `select count(*) as checked,
        count(*) filter (where case when status in ('posted', 'reversed') then not has_entries else has_effect end) as violations
      from (
        select t.status,
          exists (select from ledger_entries e where e.user_id = t.user_id and e.transaction_id = t.id) as has_entries,
          exists (
            select from ledger_entries e, lateral (values (e.debit_id, -e.amount), (e.credit_id, e.amount)) as side(account_id, amount)
            where e.user_id = t.user_id and e.transaction_id = t.id
            group by side.account_id having sum(side.amount) <> 0
          ) as has_effect
        from transactions t where t.status <> 'pending'
      ) ended`,
  },
  {
    name: 'every transfer has its other half in another book, of the same amount and as far as it',
    sql: `select count(*) as checked, count(*) filter (where other.id is null) as violations
      from transactions t
      left join transactions other on other.type = 'transfer' and other.external_source = t.external_source
        and other.external_reference = t.external_reference and other.user_id <> t.user_id
        and (other.asset_id, other.amount, other.status) = (t.asset_id, t.amount, t.status)
      where t.type = 'transfer'`,
  },
];
