import { Migration } from '@mikro-orm/migrations';

/** The roles that act on the database, and the two functions that say and tell on whose behalf. */
export class Migration20261122090000_roles_and_acting extends Migration {
  override up(): void {
    // Roles belong to the whole server: another database on it may have made them already, even at this moment.
    for (const role of ['nestegg_app', 'nestegg_worker', 'nestegg_readonly']) {
      this.addSql(`do $$
begin
  if not exists (select from pg_roles where rolname = '${role}') then
    create role ${role} nologin noinherit;
  end if;
exception when duplicate_object or unique_violation then
  null;
end
$$;`);
      this.addSql(`grant usage on schema public to ${role};`);
      // From PostgreSQL 16 the owner can be let take the role without having its rights all the time. Where it cannot be
      // done (15, or a role that another login made), whoever administers the server grants it: acting says so clearly.
      this.addSql(`do $$
begin
  if current_setting('server_version_num')::int >= 160000 and not pg_has_role(current_user, '${role}', 'set') then
    execute 'grant ${role} to current_user with inherit false, set true';
  end if;
exception when insufficient_privilege or unique_violation then
  null;
end
$$;`);
    }

    // The user on whose behalf the transaction acts, or null: no policy lets a null see a row.
    this.addSql(`create function nestegg_user_id() returns uuid
language sql stable parallel safe
as $$ select nullif(pg_catalog.current_setting('nestegg.user_id', true), '')::pg_catalog.uuid $$;`);

    // Both settings are local to the transaction. Taking a role is checked by PostgreSQL against the login.
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

  override down(): void {
    this.addSql('drop function nestegg_enter(text, uuid);');
    this.addSql('drop function nestegg_user_id();');
    // The roles stay: other databases of the server may use them.
    for (const role of ['nestegg_app', 'nestegg_worker', 'nestegg_readonly']) {
      this.addSql(`revoke usage on schema public from ${role};`);
    }
  }
}
