import { Migration } from '@mikro-orm/migrations';
import { Migration20261122090200_books_and_rights as Before } from './Migration20261122090200_books_and_rights.js';

/**
 * Entries are numbered in their accounts, what transactions do to holdings is kept, what is pending may expire, and whoever
 * decides on a user's money holds the user's book. Adds only: what is missing in older rows, the next file fills in.
 */
export class Migration20261122190100_history extends Migration {
  override up(): void {
    this.addSql(`create table holding_movements (
  user_id uuid not null, id uuid not null, holding_id uuid not null, transaction_id uuid not null,
  quantity numeric(18,8) not null, cost numeric(18,8) not null, gain numeric(18,8) not null,
  created_at timestamptz not null default now(), primary key (user_id, id));`);
    this.addSql('create index holding_movements_holding_index on holding_movements (user_id, holding_id, id);');
    this.addSql(`alter table holding_movements
  add constraint holding_movements_once unique (user_id, transaction_id, holding_id),
  add constraint holding_movements_user_id_foreign foreign key (user_id) references users (id) on update no action on delete restrict,
  add constraint holding_movements_user_id_holding_id_foreign foreign key (user_id, holding_id)
    references portfolio_holdings (user_id, id) on update no action on delete restrict,
  add constraint holding_movements_user_id_transaction_id_foreign foreign key (user_id, transaction_id)
    references transactions (user_id, id) on update no action on delete restrict,
  add constraint holding_movements_direction check (case when quantity > 0 then cost >= 0 else quantity < 0 and cost <= 0 end),
  add constraint holding_movements_quantity_not_nan check (quantity <> 'NaN'),
  add constraint holding_movements_cost_not_nan check (cost <> 'NaN'),
  add constraint holding_movements_gain_not_nan check (gain <> 'NaN');`);
    this.addSql('alter table holding_movements enable row level security;');
    this.addSql('alter table holding_movements force row level security;');
    this.addSql(
      'create policy own_rows on holding_movements using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id());',
    );
    this.addSql('create policy worker_all_rows on holding_movements to nestegg_worker using (true) with check (true);');
    this.addSql('create policy readonly_all_rows on holding_movements for select to nestegg_readonly using (true);');
    this.addSql('grant select on holding_movements to nestegg_app, nestegg_worker, nestegg_readonly;');
    this.addSql('grant insert on holding_movements to nestegg_app, nestegg_worker;');
    for (const [column, comment] of Object.entries(MOVEMENT_COMMENTS)) {
      this.addSql(`comment on column holding_movements.${column} is '${comment}';`);
    }
    this.addSql(
      `comment on table holding_movements is 'What one transaction did to one holding: units, what they cost, and what a sale brought beyond it. Never changed; a reversal adds the opposite. A holding''s quantity, cost basis and realised gain are the sums of its movements.';`,
    );

    this.addSql('alter table transactions add column expires_at timestamptz;');
    this.addSql(`comment on column transactions.expires_at is 'When it expires, if it is pending still.';`);

    this.addSql('alter table portfolio_snapshots add column restated_at timestamptz;');
    this.addSql(
      `comment on column portfolio_snapshots.restated_at is 'When its figures were last reckoned anew, after something was booked for a time before it was taken.';`,
    );
    // Fees that are given back on a later day make that day's negative.
    this.addSql(`comment on column portfolio_snapshots.fees is 'Fees paid in the portfolio since the snapshot before, less those given back.';`);
    this.addSql('alter table portfolio_snapshots drop constraint portfolio_snapshots_not_negative;');
    this.addSql(
      'alter table portfolio_snapshots add constraint portfolio_snapshots_not_negative check (start_value >= 0 and value >= 0) not valid;',
    );

    this.addSql('alter table ledger_accounts add column entry_count int not null default 0;');
    this.addSql(`comment on column ledger_accounts.entry_count is 'How many entries it has; they are numbered without a gap.';`);
    this.addSql('alter table ledger_entries add column debit_number int, add column credit_number int;');
    this.addSql(
      `comment on column ledger_entries.debit_number is 'Which entry of the debited account this is, counted from 1: the order in which its balance came about.';`,
    );
    this.addSql(
      `comment on column ledger_entries.credit_number is 'Which entry of the credited account this is, counted from 1.';`,
    );
    this.addSql(
      `comment on column ledger_entries.created_at is 'When it was booked. Never earlier than an earlier entry of either account.';`,
    );
    this.addSql(
      'alter table ledger_entries add constraint ledger_entries_numbers_positive check (debit_number >= 1 and credit_number >= 1) not valid;',
    );
    this.addSql(
      'alter table ledger_entries add constraint ledger_entries_debit_number_known check (debit_number is not null) not valid;',
    );
    this.addSql(
      'alter table ledger_entries add constraint ledger_entries_credit_number_known check (credit_number is not null) not valid;',
    );

    this.addSql(`create function nestegg_lock_book(p_user_id uuid) returns void
language sql volatile
as $$ select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('nestegg.book', pg_catalog.hashtextextended(p_user_id::text, 0))) $$;`);
    this.addSql(`create function nestegg_try_lock_book(p_user_id uuid) returns boolean
language sql volatile
as $$ select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('nestegg.book', pg_catalog.hashtextextended(p_user_id::text, 0))) $$;`);
    this.addSql(`create or replace function nestegg_post(p_user_id uuid, p_posting jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
  v_acting constant text := current_setting('nestegg.user_id', true);
  v_id uuid := (p_posting->>'id')::uuid;
  v_key constant text := p_posting->>'key';
  v_hash constant text := p_posting->>'hash';
  v_status constant text := p_posting->>'status';
  v_at constant timestamptz := (p_posting->>'occurredAt')::timestamptz;
  v_amount constant numeric := (p_posting->>'amount')::numeric;
  v_reverses constant uuid := (p_posting->>'reverses')::uuid;
  v_found transactions;
  v_position int := 0;
  v_account record;
  v_account_ids uuid[] := '{}';
  v_kinds text[] := '{}';
  v_assets uuid[] := '{}';
  v_balances numeric[] := '{}';
  v_counts int[] := '{}';
  v_now timestamptz;
  v_opening numeric[];
  v_entry record;
  v_debit int;
  v_credit int;
  v_entry_ids uuid[] := '{}';
  v_debit_ids uuid[] := '{}';
  v_credit_ids uuid[] := '{}';
  v_entry_assets uuid[] := '{}';
  v_amounts numeric[] := '{}';
  v_debit_balances numeric[] := '{}';
  v_credit_balances numeric[] := '{}';
  v_debit_numbers int[] := '{}';
  v_credit_numbers int[] := '{}';
begin
  -- Who: a user in their own book, a job in anybody's.
  if current_setting('role') = 'nestegg_worker' then
    perform set_config('nestegg.user_id', p_user_id::text, true);
  elsif p_user_id is distinct from nullif(v_acting, '')::uuid then
    raise exception using errcode = 'NE003', message = 'ledger.not-your-book';
  end if;

  -- What the column would round or could not hold is refused, and so is NaN: it is greater than any number.
  if not (v_amount > 0 and v_amount < 1e10 and scale(trim_scale(v_amount)) <= 8) then
    raise exception using errcode = 'NE004', message = 'ledger.bad-entry';
  end if;

  -- What takes effect has moved something.
  if v_status = 'posted' and coalesce(jsonb_array_length(p_posting->'entries'), 0) = 0 then
    raise exception using errcode = 'NE004', message = 'ledger.bad-entry';
  end if;

  -- One at a time in a book: also of two calls with one key, of which one may open a transaction and the other close one.
  perform nestegg_lock_book(p_user_id);

  -- Whoever has left takes part in nothing any more.
  if exists (select from users where id = p_user_id and status in ('closed', 'erased')) then
    raise exception using errcode = 'NE010', message = 'ledger.book-closed';
  end if;

  -- A place is named by what the user has.
  if exists (
    select from (
      select p_posting->>'portfolio' as portfolio
      union select a.portfolio from jsonb_to_recordset(p_posting->'accounts') as a(portfolio text)
    ) named
    where named.portfolio is not null
      and not exists (select from portfolios where user_id = p_user_id and id = named.portfolio::uuid)
  ) then
    raise exception using errcode = 'NE006', message = 'ledger.no-portfolio';
  end if;
  if exists (
    select from (
      select p_posting->>'basket' as basket
      union select a.basket from jsonb_to_recordset(p_posting->'accounts') as a(basket text)
    ) named
    where named.basket is not null and not exists (select from baskets where id = named.basket::uuid)
  ) then
    raise exception using errcode = 'NE006', message = 'ledger.no-basket';
  end if;

  -- The key, and with it the transaction: opened, or taken up again to end its pending state.
  if p_posting ? 'closes' then
    select * into v_found from transactions where user_id = p_user_id and id = (p_posting->>'closes')::uuid for update;
    if not found then
      raise exception using errcode = 'NE006', message = 'ledger.no-transaction';
    end if;
    v_id := v_found.id;
    if v_found.closing_key is distinct from v_key then
      if v_found.status <> 'pending' then
        raise exception using errcode = 'NE007', message = 'ledger.not-pending', detail = json_build_object('status', v_found.status);
      end if;
      if exists (select from transactions where user_id = p_user_id and (idempotency_key = v_key or closing_key = v_key)) then
        raise exception using errcode = 'NE002', message = 'ledger.idempotency-conflict';
      end if;
      update transactions
      set status = v_status,
        amount = coalesce(v_amount, amount),
        posted_at = case when v_status = 'posted' then v_at end,
        closed_at = case when v_status <> 'posted' then v_at end,
        failure_reason = p_posting->>'failureReason',
        external_source = coalesce(external_source, p_posting->>'externalSource'),
        external_reference = coalesce(external_reference, p_posting->>'externalReference'),
        closing_key = v_key, closing_hash = v_hash, updated_at = now()
      where user_id = p_user_id and id = v_id;
      select coalesce(max(position), 0) into v_position from ledger_entries where user_id = p_user_id and transaction_id = v_id;
    elsif v_found.closing_hash is distinct from v_hash then
      raise exception using errcode = 'NE002', message = 'ledger.idempotency-conflict';
    else
      perform set_config('nestegg.user_id', coalesce(v_acting, ''), true);
      return jsonb_build_object('replayed', true, 'transactionId', v_id);
    end if;
  else
    insert into transactions (user_id, id, type, status, asset_id, amount, portfolio_id, basket_id, occurred_at, posted_at,
      expires_at, idempotency_key, request_hash, external_source, external_reference, reverses_id)
    select p_user_id, v_id, p_posting->>'type', v_status, (p_posting->>'asset')::uuid, v_amount,
      (p_posting->>'portfolio')::uuid, (p_posting->>'basket')::uuid, v_at, case when v_status = 'posted' then v_at end,
      (p_posting->>'expiresAt')::timestamptz, v_key, v_hash, p_posting->>'externalSource', p_posting->>'externalReference', v_reverses
    where not exists (select from transactions where user_id = p_user_id and closing_key = v_key)
    -- Any conflict, not the key's alone: of two calls with one key at the same moment, the later may meet the earlier at
    -- the external reference first.
    on conflict do nothing;
    if not found then
      select * into v_found from transactions where user_id = p_user_id and idempotency_key = v_key;
      if v_found.request_hash = v_hash then
        perform set_config('nestegg.user_id', coalesce(v_acting, ''), true);
        return jsonb_build_object('replayed', true, 'transactionId', v_found.id);
      elsif exists (select from transactions where user_id = p_user_id and v_key in (idempotency_key, closing_key)) then
        raise exception using errcode = 'NE002', message = 'ledger.idempotency-conflict';
      end if;
      raise exception using errcode = '23505', message = 'recorded already', table = 'transactions', constraint = case
        when exists (select from transactions where user_id = p_user_id and id = v_id) then 'transactions_pkey'
        when exists (select from transactions where user_id = p_user_id and reverses_id = v_reverses) then 'transactions_reverses_unique'
        else 'transactions_external_reference_unique'
      end;
    end if;
    if v_reverses is not null then
      update transactions set status = 'reversed', reversed_at = v_at, updated_at = now()
      where user_id = p_user_id and id = v_reverses and status = 'posted' and type <> 'reversal';
      if not found then
        raise exception using errcode = 'NE008', message = 'ledger.not-reversible';
      end if;
    end if;
  end if;

  -- The accounts: those missing are opened empty, in one order for all, then all are locked in id order.
  insert into ledger_accounts (user_id, id, kind, asset_id, portfolio_id, basket_id)
  select p_user_id, a.id, a.kind, a.asset, a.portfolio, a.basket
  from jsonb_to_recordset(p_posting->'accounts') as a(id uuid, kind text, asset uuid, portfolio uuid, basket uuid)
  where not exists (
    select from ledger_accounts l
    where l.user_id = p_user_id and l.kind = a.kind and l.asset_id = a.asset
      and l.portfolio_id is not distinct from a.portfolio and l.basket_id is not distinct from a.basket
  )
  order by a.kind, a.asset, a.portfolio, a.basket
  on conflict do nothing;

  for v_account in
    select a.n, l.id, l.kind, l.asset_id, l.balance, l.entry_count, l.updated_at
    from rows from (jsonb_to_recordset(p_posting->'accounts') as (kind text, asset uuid, portfolio uuid, basket uuid)) with ordinality
      as a(kind, asset, portfolio, basket, n)
    join ledger_accounts l
      on l.user_id = p_user_id and l.kind = a.kind and l.asset_id = a.asset
      and l.portfolio_id is not distinct from a.portfolio and l.basket_id is not distinct from a.basket
    order by l.id
    for no key update of l
  loop
    -- Under two numbers it would have two balances, and could be spent twice.
    if v_account.id = any (v_account_ids) then
      raise exception using errcode = 'NE004', message = 'ledger.bad-entry';
    end if;
    v_account_ids[v_account.n] := v_account.id;
    v_kinds[v_account.n] := v_account.kind;
    v_assets[v_account.n] := v_account.asset_id;
    v_balances[v_account.n] := v_account.balance;
    v_counts[v_account.n] := v_account.entry_count;
    v_now := greatest(v_now, v_account.updated_at);
  end loop;

  v_opening := v_balances;
  -- Booked now, under the locks, and never before what the accounts have booked already: a clock may have been set back.
  v_now := greatest(v_now, clock_timestamp());

  -- The entries, in the order given: each takes from one account what it gives to another.
  for v_entry in
    select e.id, e.debit, e.credit, e.amount
    from jsonb_to_recordset(p_posting->'entries') as e(id uuid, debit int, credit int, amount numeric)
  loop
    v_debit := v_entry.debit;
    v_credit := v_entry.credit;
    if v_account_ids[v_debit] is null or v_account_ids[v_credit] is null or v_debit = v_credit
      or v_assets[v_debit] <> v_assets[v_credit]
      or v_entry.amount is null
      or not (v_entry.amount > 0 and v_entry.amount < 1e10 and scale(trim_scale(v_entry.amount)) <= 8)
    then
      raise exception using errcode = 'NE004', message = 'ledger.bad-entry';
    end if;
    if v_kinds[v_debit] in ('cash', 'holding', 'reserved', 'collateral') and v_balances[v_debit] < v_entry.amount then
      raise exception using errcode = 'NE001', message = 'ledger.insufficient-funds',
        detail = json_build_object(
          'account', v_kinds[v_debit],
          'asset', (select code from assets where id = v_assets[v_debit]),
          'available', v_opening[v_debit]::text,
          'needed', (select sum(e.amount)::numeric(38, 8) from jsonb_to_recordset(p_posting->'entries') as e(debit int, amount numeric)
            where e.debit = v_debit)::text
        );
    end if;
    v_balances[v_debit] := v_balances[v_debit] - v_entry.amount;
    v_balances[v_credit] := v_balances[v_credit] + v_entry.amount;
    v_counts[v_debit] := v_counts[v_debit] + 1;
    v_counts[v_credit] := v_counts[v_credit] + 1;
    v_entry_ids := v_entry_ids || v_entry.id;
    v_debit_ids := v_debit_ids || v_account_ids[v_debit];
    v_credit_ids := v_credit_ids || v_account_ids[v_credit];
    v_entry_assets := v_entry_assets || v_assets[v_debit];
    v_amounts := v_amounts || v_entry.amount;
    v_debit_balances := v_debit_balances || v_balances[v_debit];
    v_credit_balances := v_credit_balances || v_balances[v_credit];
    v_debit_numbers := v_debit_numbers || v_counts[v_debit];
    v_credit_numbers := v_credit_numbers || v_counts[v_credit];
  end loop;

  insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount,
    debit_balance, credit_balance, debit_number, credit_number, created_at)
  select p_user_id, e.id, v_id, v_position + e.n, e.debit_id, e.credit_id, e.asset_id, e.amount,
    e.debit_balance, e.credit_balance, e.debit_number, e.credit_number, v_now
  from unnest(v_entry_ids, v_debit_ids, v_credit_ids, v_entry_assets, v_amounts, v_debit_balances, v_credit_balances,
    v_debit_numbers, v_credit_numbers) with ordinality
    as e(id, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance, debit_number, credit_number, n);

  -- What came to nothing has moved nothing in the end, and a reversal takes back exactly what was moved.
  if (v_status in ('voided', 'failed', 'expired') or v_reverses is not null) and exists (
    select from ledger_entries e, lateral (values (e.debit_id, -e.amount), (e.credit_id, e.amount)) as side(account_id, amount)
    where e.user_id = p_user_id and e.transaction_id in (v_id, v_reverses)
    group by side.account_id having sum(side.amount) <> 0
  ) then
    raise exception using errcode = 'NE009', message = 'ledger.not-taken-back';
  end if;

  update ledger_accounts l
  set balance = a.balance, entry_count = a.entry_count, updated_at = v_now
  from unnest(v_account_ids, v_balances, v_counts) as a(id, balance, entry_count)
  where l.user_id = p_user_id and l.id = a.id and l.entry_count <> a.entry_count;

  -- A fee is what its entry took.
  insert into transaction_fees (user_id, id, transaction_id, kind, asset_id, amount, rate, entry_id)
  select p_user_id, f.id, v_id, f.kind, v_entry_assets[f.entry], v_amounts[f.entry], f.rate, v_entry_ids[f.entry]
  from jsonb_to_recordset(p_posting->'fees') as f(id uuid, kind text, rate numeric, entry int);

  insert into outbox_events (user_id, id, type, payload, occurred_at)
  select p_user_id, o.id, o.type, o.payload, v_at
  from jsonb_to_recordset(p_posting->'events') as o(id uuid, type text, payload jsonb);

  perform set_config('nestegg.user_id', coalesce(v_acting, ''), true);
  return jsonb_build_object(
    'replayed', false,
    'transactionId', v_id,
    'storedAt', now(),
    'bookedAt', v_now,
    'position', v_position,
    'accounts', (select jsonb_agg(jsonb_build_object('id', a.id, 'balance', a.balance::text, 'entryCount', a.entry_count) order by a.n)
      from unnest(v_account_ids, v_balances, v_counts) with ordinality as a(id, balance, entry_count, n)),
    'entries', (select jsonb_agg(jsonb_build_object('debit', e.debit::text, 'credit', e.credit::text,
        'debitNumber', e.debit_number, 'creditNumber', e.credit_number) order by e.n)
      from unnest(v_debit_balances, v_credit_balances, v_debit_numbers, v_credit_numbers) with ordinality
        as e(debit, credit, debit_number, credit_number, n))
  );
end
$$;`);
    this.addSql(`create or replace function nestegg_keep_transaction() returns trigger
language plpgsql
as $$
begin
  if (old.user_id, old.id, old.type, old.asset_id, old.occurred_at, old.idempotency_key, old.request_hash, old.created_at)
      is distinct from
      (new.user_id, new.id, new.type, new.asset_id, new.occurred_at, new.idempotency_key, new.request_hash, new.created_at)
    or (old.portfolio_id, old.basket_id, old.reverses_id, old.expires_at)
      is distinct from
      (new.portfolio_id, new.basket_id, new.reverses_id, new.expires_at)
    -- A provider may name its own reference only when it ends the pending state; one that is named stays.
    or not (old.status = 'pending' and old.external_source is null)
      and (old.external_source, old.external_reference) is distinct from (new.external_source, new.external_reference)
    or old.status <> 'pending' and (old.amount, old.posted_at, old.closed_at, old.closing_key, old.closing_hash)
      is distinct from
      (new.amount, new.posted_at, new.closed_at, new.closing_key, new.closing_hash)
    or old.status <> new.status
      and not (old.status = 'pending' and new.status in ('posted', 'voided', 'failed', 'expired') or old.status = 'posted' and new.status = 'reversed')
  then
    raise exception using errcode = 'NE005', message = 'ledger.append-only', detail = json_build_object('table', tg_table_name);
  end if;
  return new;
end
$$;`);
  }

  override down(): void {
    const before = new Before(this.driver, this.config);
    before.up();
    for (const name of ['nestegg_post', 'nestegg_keep_transaction']) {
      const text = before.getQueries().map(String).find(query => query.startsWith(`create function ${name}(`));
      this.addSql(text!.replace('create function', 'create or replace function'));
    }
    this.addSql('drop function nestegg_try_lock_book(uuid);');
    this.addSql('drop function nestegg_lock_book(uuid);');
    this.addSql('alter table ledger_entries drop column debit_number, drop column credit_number;');
    this.addSql(`comment on column ledger_entries.created_at is 'When the row was stored.';`);
    this.addSql('alter table ledger_accounts drop column entry_count;');
    this.addSql('alter table portfolio_snapshots drop constraint portfolio_snapshots_not_negative;');
    this.addSql(
      'alter table portfolio_snapshots add constraint portfolio_snapshots_not_negative check (start_value >= 0 and value >= 0 and fees >= 0);',
    );
    this.addSql(`comment on column portfolio_snapshots.fees is 'Fees paid in the portfolio since the snapshot before.';`);
    this.addSql('alter table portfolio_snapshots drop column restated_at;');
    this.addSql('alter table transactions drop column expires_at;');
    this.addSql('drop table holding_movements;');
  }
}

const MOVEMENT_COMMENTS = {
  user_id: 'The user whose row this is.',
  id: 'UUIDv7, made in the application.',
  holding_id: 'The holding that changed.',
  transaction_id: 'The transaction that changed it.',
  quantity: 'Units that came in; negative when they went out.',
  cost: `What these units have cost, in the portfolio''s currency; negative when they went out.`,
  gain: 'What a sale brought beyond the cost of what was sold; negative for a loss, or when a sale is taken back.',
  created_at: 'When the row was stored.',
};
