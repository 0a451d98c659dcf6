import type pg from 'pg';

/**
 * Everything in the public schema that a migration can make, as the server itself writes it down. The place of a column is
 * the one among those that are there: a column that was dropped and added again makes the same table.
 */
const CATALOGUE = `
  select 'relation ' || c.relname || ' kind ' || c.relkind::text || ' of ' || c.relowner::regrole
    || ' row security ' || c.relrowsecurity || ' forced ' || c.relforcerowsecurity || ' options ' || coalesce(c.reloptions::text, '-') as line
  from pg_class c where c.relnamespace = 'public'::regnamespace
  union all
  select 'column ' || c.relname || '.' || a.attname || ' ' || a.place || ' ' || format_type(a.atttypid, a.atttypmod)
    || case when a.attnotnull then ' not null' else '' end || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-')
    || ' identity ' || a.attidentity::text || ' generated ' || a.attgenerated::text || ' collation ' || a.attcollation::regcollation
  from (
    select *, row_number() over (partition by attrelid order by attnum) as place from pg_attribute where attnum > 0 and not attisdropped
  ) a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
  union all
  select 'constraint ' || conrelid::regclass || '.' || conname || ' ' || pg_get_constraintdef(oid) || ' valid ' || convalidated
  from pg_constraint where connamespace = 'public'::regnamespace
  union all
  select 'index ' || pg_get_indexdef(i.indexrelid) || ' valid ' || i.indisvalid
  from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace
  union all
  select 'policy ' || tablename || '.' || policyname || ' ' || permissive || ' ' || cmd || ' to ' || roles::text
    || ' using ' || coalesce(qual, '-') || ' check ' || coalesce(with_check, '-')
  from pg_policies where schemaname = 'public'
  union all
  select 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
  from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
  union all
  select 'function of ' || proowner::regrole || ' ' || pg_get_functiondef(oid)
  from pg_proc where pronamespace = 'public'::regnamespace
  union all
  select 'type ' || typname || ' ' || typtype::text || ' ' || coalesce(
    (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum e where e.enumtypid = t.oid), '-')
  from pg_type t where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')
  union all
  select 'grant ' || what || ' ' || privilege_type || ' to ' || coalesce(nullif(grantee, 0)::regrole::text, 'public')
    || case when is_grantable then ' with grant option' else '' end
  from (
    select c.oid::regclass::text as what, x.* from pg_class c, aclexplode(coalesce(relacl, acldefault('r', relowner))) x
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')
    union all
    select attrelid::regclass || '.' || attname, x.* from pg_attribute join pg_class c on c.oid = attrelid, aclexplode(attacl) x
      where relnamespace = 'public'::regnamespace
    union all
    select p.oid::regprocedure::text, x.* from pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) x
      where pronamespace = 'public'::regnamespace
    union all
    select 'schema public', x.* from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) x where nspname = 'public'
  ) grants
  union all
  select 'comment ' || pg_describe_object(classoid, objoid, objsubid) || ' ' || description from pg_description
  where classoid in ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
    and (pg_identify_object(classoid, objoid, objsubid)).schema = 'public'
  union all
  select 'extension ' || extname || ' ' || extversion from pg_extension
  order by 1`;

/** The public schema of a database, line by line in order: two databases with the same lines are made alike. */
export async function catalogueOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(CATALOGUE);
  return rows.map(row => row.line);
}
