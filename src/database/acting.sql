-- On whose behalf a transaction acts. Both settings end with the transaction, so nothing is left on the connection.

-- The user, or null: no policy lets a null see a row.
create function nestegg_user_id() returns uuid
language sql stable parallel safe
as $$ select nullif(pg_catalog.current_setting('nestegg.user_id', true), '')::pg_catalog.uuid $$;

-- Taking a role is checked by PostgreSQL against the login. A deadline only ever shortens the time that a statement may take.
create function nestegg_enter(p_role text, p_user_id uuid, p_statement_timeout_ms int default null) returns void
language plpgsql volatile
as $$
declare
  v_timeout_ms numeric;
begin
  if p_role = 'nestegg_app' and p_user_id is null then
    raise exception using errcode = 'NE003', message = 'context.missing';
  end if;
  perform pg_catalog.set_config('nestegg.user_id', coalesce(p_user_id::text, ''), true);
  perform pg_catalog.set_config('role', p_role, true);
  if p_statement_timeout_ms is not null then
    v_timeout_ms := 1000 * extract(epoch from pg_catalog.current_setting('statement_timeout')::interval);
    if v_timeout_ms = 0 or v_timeout_ms > p_statement_timeout_ms then
      perform pg_catalog.set_config('statement_timeout', greatest(p_statement_timeout_ms, 1)::text, true);
    end if;
  end if;
end
$$;
