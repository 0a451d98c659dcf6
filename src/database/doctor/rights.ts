import { ROLES } from '../../shared/index.js';
import { type Check, MIGRATE, ok, one, problem, type Session } from './check.js';

/** Whom the login may act as, and whether it is held by the rules of the database at all. */
export async function roles({ client, settings: { user } }: Session): Promise<Check[]> {
  const names = Object.values(ROLES);
  // From 16 on, being a member and being allowed to act as the role are two things.
  const { rows } = await client.query<{ name: string; exists: boolean; granted: boolean | null }>(
    `select name, to_regrole(name) is not null as exists, pg_has_role(to_regrole(name),
       case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as granted
     from unnest($1::text[]) as name`,
    [names],
  );
  if (rows.some(({ exists }) => !exists)) return [problem('roles', 'The roles of Nestegg are not there.', MIGRATE)];
  const missing = rows.filter(({ granted }) => !granted).map(({ name }) => name);
  const checks = [
    missing.length === 0
      ? ok('roles', `${user} may act as ${names.join(', ')}.`)
      : problem(
          'roles',
          `${user} may not act as ${missing.join(', ')}.`,
          `As the owner or an administrator: grant ${missing.join(', ')} to ${user}.`,
        ),
  ];
  const login = await one<{ superuser: boolean; bypasses: boolean }>(
    client,
    'select rolsuper as superuser, rolbypassrls as bypasses from pg_roles where rolname = current_user',
  );
  if (login.superuser || login.bypasses)
    checks.push(
      problem(
        'roles',
        `${user} is ${login.superuser ? 'a superuser' : 'exempt from row-level security'}: no rule of the database holds it.`,
        OTHER_LOGIN,
      ),
    );
  return checks;
}

const OTHER_LOGIN = `Let the application sign in as somebody who has no rights but these: create role my_app login noinherit; grant ${Object.values(ROLES).join(', ')} to my_app.`;

/** Whether the login can write the books in another way than through their one door. */
export async function books({ client, settings: { user } }: Session): Promise<Check[]> {
  const { owner, mine, writable } = await one<{ owner: string | null; mine: boolean; writable: string[] }>(
    client,
    `select max(pg_get_userbyid(relowner)) as owner, bool_or(pg_has_role(relowner, 'MEMBER')) as mine,
       coalesce(array_agg(relname::text order by relname)
         filter (where has_table_privilege(oid, 'insert, update, delete, truncate')), '{}') as writable
     from pg_class where oid in (to_regclass('ledger_accounts'), to_regclass('ledger_entries'),
       to_regclass('transactions'), to_regclass('transaction_fees'))`,
  );
  if (!owner) return [problem('books', 'There are no books yet.', MIGRATE)];
  if (mine) {
    const who = user === owner ? `${user} owns` : `${user} may become ${owner}, who owns`;
    return [problem('books', `${who} the books and may write anything.`, OTHER_LOGIN)];
  }
  if (writable.length > 0) return [problem('books', `${user} may write ${writable.join(', ')} directly.`, OTHER_LOGIN)];
  return [ok('books', `${user} writes the books through nestegg_post alone.`)];
}
