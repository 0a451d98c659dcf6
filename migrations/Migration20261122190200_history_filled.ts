import { Migration } from '@mikro-orm/migrations';

/** The tables that are read and written here for all users, by their owner, whom row-level security is forced upon too. */
const OPENED = ['ledger_accounts', 'ledger_entries', 'portfolio_holdings', 'transactions', 'holding_movements'];

/**
 * Gives the rows of before what the file before has added. In one transaction that holds the books: nobody posts meanwhile,
 * and how long it takes depends on how many entries there are.
 */
export class Migration20261122190200_history_filled extends Migration {
  override up(): void {
    for (const table of OPENED) this.addSql(`alter table ${table} no force row level security;`);
    this.addSql('alter table ledger_entries disable trigger ledger_entries_append_only;');
    this.addSql(`with sides as (
  select user_id, id, debit_id as account_id, created_at, true as is_debit from ledger_entries
  union all
  select user_id, id, credit_id, created_at, false from ledger_entries
), numbered as (
  select user_id, id, is_debit, row_number() over (partition by user_id, account_id order by created_at, id) as number from sides
)
update ledger_entries e
set debit_number = d.number, credit_number = c.number
from numbered d
join numbered c on c.user_id = d.user_id and c.id = d.id and not c.is_debit
where d.is_debit and e.user_id = d.user_id and e.id = d.id;`);
    this.addSql(BOOKED_LATER_THAN_BEGUN);
    this.addSql(`update ledger_accounts a
set entry_count = n.entries, updated_at = greatest(a.updated_at, n.booked_at)
from (
  select user_id, account_id, count(*) as entries, max(created_at) as booked_at
  from (
    select user_id, debit_id as account_id, created_at from ledger_entries
    union all
    select user_id, credit_id, created_at from ledger_entries
  ) sides
  group by user_id, account_id
) n
where a.user_id = n.user_id and a.id = n.account_id;`);
    this.addSql('alter table ledger_entries enable trigger ledger_entries_append_only;');
    // A purchase cost what left the cash account in the entry before. What else has come to the holding's cost since, or has
    // left it, is told of its newest movement in that direction, and the gain of the newest that took units out: how they
    // were spread over several is not known any more.
    this.addSql(`insert into holding_movements (user_id, id, holding_id, transaction_id, quantity, cost, gain, created_at)
select user_id, overlay(entry_id::text placing right(md5(holding_id::text), 12) from 25)::uuid, holding_id, transaction_id, quantity,
  case when row_number() over (partition by user_id, holding_id order by sign(quantity) = sign(rest) desc, entry_id desc) = 1
    then cost + rest else cost end,
  case when row_number() over (partition by user_id, holding_id order by quantity < 0 desc, entry_id desc) = 1
    then realised_gain else 0 end,
  created_at
from (
  select m.*, cost_basis - sum(cost) over (partition by user_id, holding_id) as rest
  from (
    select e.user_id, (array_agg(e.id order by e.position))[1] as entry_id, h.id as holding_id, e.transaction_id,
      sum(case when e.credit_id = h.account_id then e.amount else -e.amount end) as quantity,
      coalesce(sum(paid.amount), 0) as cost, h.cost_basis, h.realised_gain, min(e.created_at) as created_at
    from portfolio_holdings h
    join ledger_entries e on e.user_id = h.user_id and h.account_id in (e.debit_id, e.credit_id)
    left join (
      select p.user_id, p.transaction_id, p.position, p.amount
      from ledger_entries p
      join ledger_accounts cash on cash.user_id = p.user_id and cash.id = p.debit_id and cash.kind = 'cash'
    ) paid on e.credit_id = h.account_id
      and paid.user_id = e.user_id and paid.transaction_id = e.transaction_id and paid.position = e.position - 1
    group by e.user_id, h.id, e.transaction_id, h.cost_basis, h.realised_gain
  ) m
  where quantity <> 0
) movements;`);
    this.addSql('alter table ledger_entries validate constraint ledger_entries_numbers_positive;');
    for (const column of ['debit_number', 'credit_number']) {
      // Known to be there by the constraint, so nothing is scanned.
      this.addSql(`alter table ledger_entries validate constraint ledger_entries_${column}_known;`);
      this.addSql(`alter table ledger_entries alter column ${column} set not null;`);
      this.addSql(`alter table ledger_entries drop constraint ledger_entries_${column}_known;`);
    }
    this.addSql('alter table portfolio_snapshots validate constraint portfolio_snapshots_not_negative;');
    for (const table of OPENED) this.addSql(`alter table ${table} force row level security;`);
  }

  override down(): void {
    for (const column of ['debit_number', 'credit_number']) {
      this.addSql(`alter table ledger_entries add constraint ledger_entries_${column}_known check (${column} is not null) not valid;`);
      this.addSql(`alter table ledger_entries alter column ${column} drop not null;`);
    }
    this.addSql('alter table ledger_entries drop constraint ledger_entries_numbers_positive;');
    this.addSql(
      'alter table ledger_entries add constraint ledger_entries_numbers_positive check (debit_number >= 1 and credit_number >= 1) not valid;',
    );
    this.addSql('alter table portfolio_snapshots drop constraint portfolio_snapshots_not_negative;');
    this.addSql(
      'alter table portfolio_snapshots add constraint portfolio_snapshots_not_negative check (start_value >= 0 and value >= 0) not valid;',
    );
    // The owner is under the policies, and sees what there is to clear away only without them.
    this.addSql('alter table holding_movements no force row level security;');
    this.addSql('delete from holding_movements;');
    this.addSql('alter table holding_movements force row level security;');
  }
}

/**
 * Numbers anew the books in which something was booked later than what had begun after it: entries had the time at which their
 * transaction began, and only their balances tell the order. Follows each book from nothing, from entry to entry that fits
 * the balances of both of its accounts, the earliest first; where that leads nowhere, it goes back to the last choice. What
 * was booked late gets the time of what was booked before it. A book that does not add up in any order stays numbered by time.
 */
const BOOKED_LATER_THAN_BEGUN = `do $$
declare
  v_user_id uuid;
  v_ids uuid[];
  v_debits text[];
  v_credits text[];
  v_amounts numeric[];
  v_debit_balances numeric[];
  v_credit_balances numeric[];
  v_times timestamptz[];
  v_entries int;
  v_balances jsonb;
  v_counts jsonb;
  v_order int[];
  v_after int[];
  v_before int[];
  v_depth int;
  v_next int;
  v_steps bigint;
  v_at timestamptz;
begin
  for v_user_id in
    select distinct user_id
    from (
      select user_id, balance <> amount + coalesce(lag(balance) over (partition by user_id, account_id order by number), 0) as is_broken
      from (
        select user_id, debit_id as account_id, debit_number as number, -amount as amount, debit_balance as balance from ledger_entries
        union all
        select user_id, credit_id, credit_number, amount, credit_balance from ledger_entries
      ) sides
    ) chain
    where is_broken
  loop
    select count(*), array_agg(id order by created_at, id), array_agg(debit_id::text order by created_at, id),
      array_agg(credit_id::text order by created_at, id), array_agg(amount order by created_at, id),
      array_agg(debit_balance order by created_at, id), array_agg(credit_balance order by created_at, id),
      array_agg(created_at order by created_at, id)
    into v_entries, v_ids, v_debits, v_credits, v_amounts, v_debit_balances, v_credit_balances, v_times
    from ledger_entries where user_id = v_user_id;
    v_balances := '{}';
    v_order := '{}';
    -- Those not yet placed, in a ring that begins and ends with one more than there are.
    v_after := array(select i % (v_entries + 1) + 1 from generate_series(1, v_entries + 1) i);
    v_before := array(select (i + v_entries - 1) % (v_entries + 1) + 1 from generate_series(1, v_entries + 1) i);
    v_depth := 0;
    v_next := 1;
    v_steps := 0;
    while v_depth < v_entries and v_steps < 1000 * v_entries::bigint loop
      v_steps := v_steps + 1;
      if v_next > v_entries then
        -- Nothing fits: back to the last choice, and on from there.
        exit when v_depth = 0;
        v_next := v_order[v_depth];
        v_depth := v_depth - 1;
        v_after[v_before[v_next]] := v_next;
        v_before[v_after[v_next]] := v_next;
        v_balances := v_balances || jsonb_build_object(
          v_debits[v_next], v_debit_balances[v_next] + v_amounts[v_next], v_credits[v_next], v_credit_balances[v_next] - v_amounts[v_next]);
        v_next := v_after[v_next];
      elsif coalesce((v_balances->>v_debits[v_next])::numeric, 0) = v_debit_balances[v_next] + v_amounts[v_next]
        and coalesce((v_balances->>v_credits[v_next])::numeric, 0) = v_credit_balances[v_next] - v_amounts[v_next]
      then
        v_depth := v_depth + 1;
        v_order[v_depth] := v_next;
        v_after[v_before[v_next]] := v_after[v_next];
        v_before[v_after[v_next]] := v_before[v_next];
        v_balances := v_balances || jsonb_build_object(
          v_debits[v_next], v_debit_balances[v_next], v_credits[v_next], v_credit_balances[v_next]);
        v_next := v_after[v_entries + 1];
      else
        v_next := v_after[v_next];
      end if;
    end loop;
    continue when v_depth < v_entries;

    v_counts := '{}';
    v_at := '-infinity';
    foreach v_next in array v_order loop
      v_counts := v_counts || jsonb_build_object(
        v_debits[v_next], coalesce((v_counts->>v_debits[v_next])::int, 0) + 1,
        v_credits[v_next], coalesce((v_counts->>v_credits[v_next])::int, 0) + 1);
      v_at := greatest(v_at, v_times[v_next]);
      update ledger_entries
      set debit_number = (v_counts->>v_debits[v_next])::int, credit_number = (v_counts->>v_credits[v_next])::int, created_at = v_at
      where user_id = v_user_id and id = v_ids[v_next];
    end loop;
  end loop;
end
$$;`;
