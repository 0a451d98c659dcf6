import { Migration } from '@mikro-orm/migrations';

/** Whoever enters a transaction may say how long its statements have left. Callers that do not are served as before. */
export class Migration20261122190000_deadlines extends Migration {
  override up(): void {
    this.addSql('drop function nestegg_enter(text, uuid);');
    this.addSql(`create function nestegg_enter(p_role text, p_user_id uuid, p_statement_timeout_ms int default null) returns void
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
$$;`);
  }

  override down(): void {
    this.addSql('drop function nestegg_enter(text, uuid, int);');
    this.addSql(`create function nestegg_enter(p_role text, p_user_id uuid) returns void
language plpgsql volatile
as $$
begin
  if p_role = 'nestegg_app' and p_user_id is null then
    raise exception using errcode = 'NE003', message = 'context.missing';
  end if;
  perform pg_catalog.set_config('nestegg.user_id', coalesce(p_user_id::text, ''), true);
  perform pg_catalog.set_config('role', p_role, true);
end
$$;`);
  }
}
