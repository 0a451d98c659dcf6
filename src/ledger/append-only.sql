-- What is in the books stays as it is, whoever asks, the owner of the tables included.
create function nestegg_refuse_change() returns trigger
language plpgsql
as $$
begin
  raise exception using errcode = 'NE005', message = 'ledger.append-only', detail = json_build_object('table', tg_table_name);
end
$$;

-- A transaction moves on through its states; what it was about is fixed once it is no longer pending.
create function nestegg_keep_transaction() returns trigger
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
$$;

create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function nestegg_refuse_change();
create trigger ledger_entries_no_truncate before truncate on ledger_entries
  for each statement execute function nestegg_refuse_change();
create trigger transaction_fees_append_only before update or delete on transaction_fees
  for each row execute function nestegg_refuse_change();
create trigger transaction_fees_no_truncate before truncate on transaction_fees
  for each statement execute function nestegg_refuse_change();
create trigger ledger_accounts_no_delete before delete on ledger_accounts
  for each row execute function nestegg_refuse_change();
create trigger ledger_accounts_no_truncate before truncate on ledger_accounts
  for each statement execute function nestegg_refuse_change();
create trigger transactions_keep before update on transactions
  for each row execute function nestegg_keep_transaction();
create trigger transactions_no_delete before delete on transactions
  for each row execute function nestegg_refuse_change();
create trigger transactions_no_truncate before truncate on transactions
  for each statement execute function nestegg_refuse_change();
