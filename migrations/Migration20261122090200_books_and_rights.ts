import { Migration } from '@mikro-orm/migrations';

const USER_TABLES = [
  'users',
  'user_profiles',
  'user_preferences',
  'portfolios',
  'portfolio_holdings',
  'portfolio_snapshots',
  'auto_invest_rules',
  'auto_invest_runs',
  'round_up_rules',
  'round_ups',
  'user_levels',
  'user_quests',
  'user_achievements',
  'user_battle_passes',
  'user_ai_interactions',
  'loan_applications',
  'loans',
  'loan_collaterals',
  'loan_installments',
  'notification_preferences',
];
// What happened stays: written once, never changed.
const RECORDS = ['xp_events', 'reward_claims', 'loan_payments'];
// What its owner or a job may clear away.
const REMOVABLE = ['user_wallets', 'notifications', 'notification_deliveries'];
const BOOKS = ['ledger_accounts', 'ledger_entries', 'transactions', 'transaction_fees'];
const CATALOGUES = [
  'assets',
  'asset_prices',
  'baskets',
  'quests',
  'achievements',
  'battle_passes',
  'battle_pass_tiers',
  'ai_experts',
  'ai_tips',
];
const ALL = [...USER_TABLES, ...RECORDS, ...REMOVABLE, ...BOOKS, ...CATALOGUES, 'basket_assets', 'outbox_events'];
const ROLES = ['nestegg_app', 'nestegg_worker', 'nestegg_readonly'];

/** The door into the books, the triggers that keep them and the baskets, and what each role may do. */
export class Migration20261122090200_books_and_rights extends Migration {
  override up(): void {
    this.addSql(`create function nestegg_post(p_user_id uuid, p_posting jsonb) returns jsonb
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

  -- The key, and with it the transaction: opened, or taken up again to end its pending state. A key opens one transaction or
  -- closes one; as these are two columns, calls with the same key take turns.
  perform pg_advisory_xact_lock(hashtextextended(v_key, hashtextextended(p_user_id::text, 0)));
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
      idempotency_key, request_hash, external_source, external_reference, reverses_id)
    select p_user_id, v_id, p_posting->>'type', v_status, (p_posting->>'asset')::uuid, v_amount,
      (p_posting->>'portfolio')::uuid, (p_posting->>'basket')::uuid, v_at, case when v_status = 'posted' then v_at end,
      v_key, v_hash, p_posting->>'externalSource', p_posting->>'externalReference', v_reverses
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
    select a.n, l.id, l.kind, l.asset_id, l.balance
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
  end loop;

  v_opening := v_balances;

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
          'needed', (select sum(e.amount)::numeric(18, 8) from jsonb_to_recordset(p_posting->'entries') as e(debit int, amount numeric)
            where e.debit = v_debit)::text
        );
    end if;
    v_balances[v_debit] := v_balances[v_debit] - v_entry.amount;
    v_balances[v_credit] := v_balances[v_credit] + v_entry.amount;
    v_entry_ids := v_entry_ids || v_entry.id;
    v_debit_ids := v_debit_ids || v_account_ids[v_debit];
    v_credit_ids := v_credit_ids || v_account_ids[v_credit];
    v_entry_assets := v_entry_assets || v_assets[v_debit];
    v_amounts := v_amounts || v_entry.amount;
    v_debit_balances := v_debit_balances || v_balances[v_debit];
    v_credit_balances := v_credit_balances || v_balances[v_credit];
  end loop;

  insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance)
  select p_user_id, e.id, v_id, v_position + e.n, e.debit_id, e.credit_id, e.asset_id, e.amount, e.debit_balance, e.credit_balance
  from unnest(v_entry_ids, v_debit_ids, v_credit_ids, v_entry_assets, v_amounts, v_debit_balances, v_credit_balances) with ordinality
    as e(id, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance, n);

  -- What came to nothing has moved nothing in the end, and a reversal takes back exactly what was moved.
  if (v_status in ('voided', 'failed', 'expired') or v_reverses is not null) and exists (
    select from ledger_entries e, lateral (values (e.debit_id, -e.amount), (e.credit_id, e.amount)) as side(account_id, amount)
    where e.user_id = p_user_id and e.transaction_id in (v_id, v_reverses)
    group by side.account_id having sum(side.amount) <> 0
  ) then
    raise exception using errcode = 'NE009', message = 'ledger.not-taken-back';
  end if;

  update ledger_accounts l
  set balance = a.balance, updated_at = now()
  from unnest(v_account_ids, v_balances) as a(id, balance)
  where l.user_id = p_user_id and l.id = a.id and l.balance <> a.balance;

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
    'position', v_position,
    'accounts', (select jsonb_agg(jsonb_build_object('id', a.id, 'balance', a.balance::text) order by a.n)
      from unnest(v_account_ids, v_balances) with ordinality as a(id, balance, n)),
    'entries', (select jsonb_agg(jsonb_build_object('debit', e.debit::text, 'credit', e.credit::text) order by e.n)
      from unnest(v_debit_balances, v_credit_balances) with ordinality as e(debit, credit, n))
  );
end
$$;`);

    this.addSql(`create function nestegg_refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = 'NE005', message = 'ledger.append-only', detail = json_build_object('table', tg_table_name);
end
$$;`);

    this.addSql(`create function nestegg_keep_transaction() returns trigger
language plpgsql
as $$
begin
  if (old.user_id, old.id, old.type, old.asset_id, old.occurred_at, old.idempotency_key, old.request_hash, old.created_at)
      is distinct from
      (new.user_id, new.id, new.type, new.asset_id, new.occurred_at, new.idempotency_key, new.request_hash, new.created_at)
    or (old.portfolio_id, old.basket_id, old.external_source, old.external_reference, old.reverses_id)
      is distinct from
      (new.portfolio_id, new.basket_id, new.external_source, new.external_reference, new.reverses_id)
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

    this.addSql(`create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function nestegg_refuse_change();`);

    this.addSql(`create trigger ledger_entries_no_truncate before truncate on ledger_entries
  for each statement execute function nestegg_refuse_change();`);

    this.addSql(`create trigger transaction_fees_append_only before update or delete on transaction_fees
  for each row execute function nestegg_refuse_change();`);

    this.addSql(`create trigger transaction_fees_no_truncate before truncate on transaction_fees
  for each statement execute function nestegg_refuse_change();`);

    this.addSql(`create trigger ledger_accounts_no_delete before delete on ledger_accounts
  for each row execute function nestegg_refuse_change();`);

    this.addSql(`create trigger ledger_accounts_no_truncate before truncate on ledger_accounts
  for each statement execute function nestegg_refuse_change();`);

    this.addSql(`create trigger transactions_keep before update on transactions
  for each row execute function nestegg_keep_transaction();`);

    this.addSql(`create trigger transactions_no_delete before delete on transactions
  for each row execute function nestegg_refuse_change();`);

    this.addSql(`create trigger transactions_no_truncate before truncate on transactions
  for each statement execute function nestegg_refuse_change();`);

    this.addSql(`create function nestegg_check_basket_weights() returns trigger
language plpgsql
as $$
declare
  v_basket_ids uuid[];
begin
  if tg_table_name = 'baskets' then
    v_basket_ids := array[new.id];
  elsif tg_op = 'INSERT' then
    v_basket_ids := array[new.basket_id];
  elsif tg_op = 'DELETE' then
    v_basket_ids := array[old.basket_id];
  else
    v_basket_ids := array[old.basket_id, new.basket_id];
  end if;
  -- Whoever changes the same composition at the same time commits before or after, and is seen.
  perform from baskets b where b.id = any (v_basket_ids) order by b.id for no key update;
  if exists (
    select from baskets b
    where b.id = any (v_basket_ids) and b.composition_version > 0
      and not exists (select from basket_assets a where a.basket_id = b.id and a.version = b.composition_version)
  ) or exists (
    select from basket_assets a join baskets b on b.id = a.basket_id and a.version <= b.composition_version
    where a.basket_id = any (v_basket_ids)
    group by a.basket_id, a.version having sum(a.weight) <> 100
  ) then
    raise exception using errcode = '23514', message = 'the weights of a basket must sum to 100',
      constraint = 'baskets_weights_sum', table = 'baskets';
  end if;
  return null;
end
$$;`);

    this.addSql(`create constraint trigger baskets_weights_sum after insert or update on baskets
  deferrable initially deferred for each row execute function nestegg_check_basket_weights();`);

    this.addSql(`create constraint trigger basket_assets_weights_sum after insert or update or delete on basket_assets
  deferrable initially deferred for each row execute function nestegg_check_basket_weights();`);

    this.addSql('revoke execute on function nestegg_post(uuid, jsonb) from public;');
    this.addSql('grant execute on function nestegg_post(uuid, jsonb) to nestegg_app, nestegg_worker;');

    this.addSql(`grant select on ${ALL.join(', ')} to ${ROLES.join(', ')};`);
    this.addSql(`grant insert, update on ${USER_TABLES.join(', ')} to nestegg_app, nestegg_worker;`);
    this.addSql(`grant insert on ${RECORDS.join(', ')} to nestegg_app, nestegg_worker;`);
    this.addSql(`grant insert, update, delete on ${REMOVABLE.join(', ')} to nestegg_app, nestegg_worker;`);
    this.addSql('grant insert on outbox_events to nestegg_app;');
    this.addSql('grant insert, update, delete on outbox_events to nestegg_worker;');
    // Catalogues are kept by jobs. A published composition is never changed.
    this.addSql(`grant insert, update on ${CATALOGUES.join(', ')} to nestegg_worker;`);
    this.addSql('grant insert on basket_assets to nestegg_worker;');
  }

  override down(): void {
    this.addSql(`revoke all on ${ALL.join(', ')} from ${ROLES.join(', ')};`);
    for (const [trigger, table] of [
      ['ledger_entries_append_only', 'ledger_entries'],
      ['ledger_entries_no_truncate', 'ledger_entries'],
      ['transaction_fees_append_only', 'transaction_fees'],
      ['transaction_fees_no_truncate', 'transaction_fees'],
      ['ledger_accounts_no_delete', 'ledger_accounts'],
      ['ledger_accounts_no_truncate', 'ledger_accounts'],
      ['transactions_keep', 'transactions'],
      ['transactions_no_delete', 'transactions'],
      ['transactions_no_truncate', 'transactions'],
      ['baskets_weights_sum', 'baskets'],
      ['basket_assets_weights_sum', 'basket_assets'],
    ]) {
      this.addSql(`drop trigger ${trigger} on ${table};`);
    }
    this.addSql('drop function nestegg_check_basket_weights();');
    this.addSql('drop function nestegg_keep_transaction();');
    this.addSql('drop function nestegg_refuse_change();');
    this.addSql('drop function nestegg_post(uuid, jsonb);');
  }
}
