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
    this.addSql(`update ledger_accounts a
set entry_count = n.entries
from (
  select user_id, account_id, count(*) as entries
  from (select user_id, debit_id as account_id from ledger_entries union all select user_id, credit_id from ledger_entries) sides
  group by user_id, account_id
) n
where a.user_id = n.user_id and a.id = n.account_id;`);
    this.addSql('alter table ledger_entries enable trigger ledger_entries_append_only;');
    // A purchase cost what left the cash account in the entry before. Whatever else moved units (collateral) takes the rest of
    // the holding's cost, in its newest movement: what came in between is not known any more.
    this.addSql(`insert into holding_movements (user_id, id, holding_id, transaction_id, quantity, cost, gain, created_at)
select user_id, id, holding_id, transaction_id, quantity,
  case when cost > 0 then cost
    when newest and quantity < 0 then least(cost_basis - bought, 0)
    when newest then greatest(cost_basis - bought, 0)
    else 0 end,
  case when newest then realised_gain else 0 end, created_at
from (
  select m.*, sum(cost) over (partition by user_id, holding_id) as bought,
    row_number() over (partition by user_id, holding_id order by cost > 0, id desc) = 1 as newest
  from (
    select e.user_id, (array_agg(e.id order by e.position))[1] as id, h.id as holding_id, e.transaction_id,
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
