import { describe, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.js';

/** MikroORM's own log of migrations is not ours to shape. */
const FOREIGN = `'mikro_orm_migrations'`;

/** Tables whose rows belong to a user: all under a policy that names `user_id`. */
const OWNED = `select polrelid as oid from pg_policy where polname = 'own_rows' and pg_get_expr(polqual, polrelid) = '(user_id = nestegg_user_id())'`;

/** The names of a key's columns, in the order of the key. */
const columnsOf = (relation: string, numbers: string) =>
  `(select array_agg(a.attname::text order by k.n) from unnest(${numbers}) with ordinality as k(attnum, n)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum)`;

describe('by convention', () => {
  const db = useDatabase();

  const list = async (sql: string): Promise<string[]> => {
    const { rows } = await (await db.owner()).query<{ name: string }>(sql);
    return rows.map(({ name }) => name);
  };

  test('the tables of this list are looked at, so that the queries below cannot pass for want of any', async () => {
    expect((await list(`select oid::regclass::text as name from (${OWNED}) owned`)).sort()).toEqual(
      expect.arrayContaining([
        'auto_invest_rules',
        'auto_invest_runs',
        'ledger_accounts',
        'ledger_entries',
        'outbox_events',
        'portfolio_holdings',
        'portfolio_snapshots',
        'portfolios',
        'round_up_rules',
        'round_ups',
        'transaction_fees',
        'transactions',
        'user_preferences',
        'user_profiles',
        'user_wallets',
      ]),
    );
  });

  test('a table with a user_id is under row-level security, forced upon its owner too', async () => {
    expect(
      await list(`select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
          and not (c.relrowsecurity and c.relforcerowsecurity and c.oid in (${OWNED}))`),
    ).toEqual([]);
  });

  test('each such table has the same three policies: own rows, all for jobs, all to read for reports', async () => {
    expect(
      await list(`select polrelid::regclass::text as name from pg_policy group by polrelid
        having array_agg(polname::text order by polname) <> array['own_rows', 'readonly_all_rows', 'worker_all_rows']`),
    ).toEqual([]);
  });

  test('a row that belongs to a user has the key (user_id, id) or user_id', async () => {
    const keys = `select ${columnsOf('i.indrelid', 'i.indkey::int2[]')} as key, i.indrelid from pg_index i where i.indisprimary`;
    expect(
      await list(`select indrelid::regclass::text as name from (${keys}) keys
        where indrelid in (${OWNED}) and key not in (array['user_id', 'id'], array['user_id']) and indrelid <> 'user_wallets'::regclass`),
    ).toEqual([]);
  });

  test('whatever is unique about such a row is unique for its user', async () => {
    expect(
      await list(`select i.indexrelid::regclass::text as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indisunique and i.indrelid in (${OWNED}) and a.attname <> 'user_id'`),
    ).toEqual(['user_wallets_pkey', 'user_wallets_chain_address_unique']);
  });

  test('a key from one such row to another carries the user', async () => {
    expect(
      await list(`select conname as name from pg_constraint where contype = 'f' and conrelid in (${OWNED}) and confrelid in (${OWNED})
        and ${columnsOf('conrelid', 'conkey')}[1] <> 'user_id'`),
    ).toEqual([]);
  });

  test('every foreign key has a written rule, and changes of keys are not passed on', async () => {
    expect(
      await list(
        `select conname as name from pg_constraint where contype = 'f' and (confdeltype = 'a' or confupdtype <> 'a')`,
      ),
    ).toEqual([]);
  });

  test('every foreign key has an index that begins with its columns', async () => {
    const key = columnsOf('c.conrelid', 'c.conkey');
    const start = columnsOf('i.indrelid', 'i.indkey::int2[]');
    expect(
      await list(`select c.conname as name from pg_constraint c where c.contype = 'f' and not exists (
        select from pg_index i where i.indrelid = c.conrelid
          and (${start})[1:cardinality(c.conkey)] @> (${key}) and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) like '%IS NOT NULL%'))`),
    ).toEqual([]);
  });

  test('every table and column says what it means', async () => {
    expect(
      await list(`select c.relname || coalesce('.' || a.attname, '') as name
        from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> ${FOREIGN}
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)`),
    ).toEqual([]);
  });

  test('a column that a relation shares with others says what it means itself', async () => {
    const comments = `select distinct col_description(a.attrelid, a.attnum) as name from pg_attribute a where a.attrelid in (${OWNED}) and a.attname`;
    expect(await list(`${comments} = 'user_id'`)).toEqual(['The user whose row this is.']);
    expect(
      await list(`select col_description('ledger_entries'::regclass, attnum) as name from pg_attribute
        where attrelid = 'ledger_entries'::regclass and attname in ('asset_id', 'debit_id', 'transaction_id') order by attname`),
    ).toEqual([
      'What was moved; both accounts hold it.',
      'The account that the amount left.',
      'The business event that this belongs to.',
    ]);
  });

  test('no number comes from a sequence: ids are made in the application', async () => {
    expect(
      await list(
        `select relname as name from pg_class where relkind = 'S' and relname not like 'mikro_orm_migrations%'`,
      ),
    ).toEqual([]);
  });

  test('an instant is stored with its zone', async () => {
    expect(
      await list(`select table_name || '.' || column_name as name from information_schema.columns
        where table_schema = 'public' and data_type in ('timestamp without time zone', 'time with time zone') and table_name <> ${FOREIGN}`),
    ).toEqual([]);
  });

  test('no amount is a floating-point number, and none has room without bounds', async () => {
    expect(
      await list(`select table_name || '.' || column_name as name from information_schema.columns
        where table_schema = 'public' and (data_type in ('real', 'double precision', 'money') or data_type = 'numeric' and numeric_precision is null)`),
    ).toEqual([]);
  });

  test('no number may be NaN', async () => {
    expect(
      await list(`select c.table_name || '.' || c.column_name as name from information_schema.columns c
        where c.table_schema = 'public' and c.data_type = 'numeric' and not exists (
          select from pg_constraint k where k.conrelid = (quote_ident(c.table_name))::regclass
            and pg_get_constraintdef(k.oid) = 'CHECK ((' || c.column_name || ' <> ''NaN''::numeric))')`),
    ).toEqual([]);
  });

  test('no text is without a length, but for those with a list of values and documents with a size', async () => {
    expect(
      await list(`select c.table_name || '.' || c.column_name as name from information_schema.columns c
        where c.table_schema = 'public' and c.data_type in ('text', 'jsonb') and not exists (
          select from pg_constraint k where k.conrelid = (quote_ident(c.table_name))::regclass
            and (pg_get_constraintdef(k.oid) like '%' || c.column_name || ' = ANY%' or pg_get_constraintdef(k.oid) like '%octet_length((' || c.column_name || ')::text)%'))`),
    ).toEqual([]);
  });

  test('the books and published compositions are written by no role of the application', async () => {
    expect(
      await list(`select distinct grantee || ' ' || privilege_type || ' ' || table_name as name from information_schema.role_table_grants
        where grantee like 'nestegg_%' and grantee <> 'nestegg_owner' and privilege_type <> 'SELECT'
          and table_name in ('ledger_accounts', 'ledger_entries', 'transactions', 'transaction_fees', 'basket_assets') order by 1`),
    ).toEqual(['nestegg_worker INSERT basket_assets']);
  });

  test('every role may read every table, users write no catalogue, readers write nothing, nobody truncates', async () => {
    const tables = `select relname, oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> ${FOREIGN}`;
    expect(
      await list(`select r.rolname || ' ' || t.relname as name from (${tables}) t, pg_roles r
        where r.rolname in ('nestegg_app', 'nestegg_worker', 'nestegg_readonly') and not has_table_privilege(r.rolname, t.oid, 'select')`),
    ).toEqual([]);
    expect(
      await list(`select r.rolname || ' ' || t.relname || ' ' || p.privilege as name from (${tables}) t, pg_roles r,
          (values ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')) as p(privilege)
        where has_table_privilege(r.rolname, t.oid, p.privilege) and (
          r.rolname = 'nestegg_readonly'
          or r.rolname in ('nestegg_app', 'nestegg_worker') and p.privilege in ('truncate', 'references', 'trigger')
          or r.rolname = 'nestegg_app' and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'user_id') and t.relname <> 'users')`),
    ).toEqual([]);
  });

  test('only the roles of the application may post, and the function trusts no search path', async () => {
    expect(
      await list(`select coalesce(r.rolname, 'public') as name from pg_proc p, aclexplode(p.proacl) x left join pg_roles r on r.oid = x.grantee
        where p.proname = 'nestegg_post' and x.grantee <> p.proowner order by 1`),
    ).toEqual(['nestegg_app', 'nestegg_worker']);
    expect(
      await list(`select proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'public' and prosecdef and not coalesce(proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)`),
    ).toEqual([]);
  });
});
