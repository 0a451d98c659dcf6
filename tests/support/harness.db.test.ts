import { expect, inject, test } from 'vitest';
import { useDatabase } from './database.js';

const first = useDatabase();
const second = useDatabase();

test('a table made in one suite is not in the database of another', async () => {
  await (await first.owner()).query('create table footprint (id int)');
  const find = async (db: typeof first) =>
    (await (await db.owner()).query(`select to_regclass('footprint') as found`)).rows[0].found;
  expect(await find(first)).toBe('footprint');
  expect(await find(second)).toBeNull();
});

test('a service is no superuser, owns no table and inherits no rights', async () => {
  const { rows } = await (await first.service()).query(`
    select current_user as role, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolbypassrls,
      (select count(*)::int from pg_tables where tableowner = current_user) as owned
    from pg_roles where rolname = current_user`);
  expect(rows).toEqual([
    {
      role: 'nestegg_service',
      rolsuper: false,
      rolinherit: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolbypassrls: false,
      owned: 0,
    },
  ]);
});

test('the tables belong to an owner who is no superuser', async () => {
  const { rows } = await (await first.owner()).query(`
    select distinct tableowner, rolsuper, rolbypassrls
    from pg_tables join pg_roles on rolname = tableowner where schemaname = 'public' and tablename <> 'footprint'`);
  expect(rows).toEqual([{ tableowner: 'nestegg_owner', rolsuper: false, rolbypassrls: false }]);
});

test('the ORM signs in as the service, on the database of its suite', async () => {
  const [row] = await second.orm.em.fork().execute('select current_user as role, current_database() as database');
  expect(row).toEqual({ role: 'nestegg_service', database: second.fork.name });
});

test('the tests run on PostgreSQL 15 or later, and on 18 when they start it themselves', async () => {
  const { rows } = await (await first.service()).query(`select current_setting('server_version_num')::int as version`);
  const major = Math.floor(rows[0].version / 10_000);
  expect(major).toBeGreaterThanOrEqual(15);
  if (inject('postgres').startedHere) expect(major).toBe(18);
});

test('what the ORM says that pins a session is heard, and would fail the suite', async () => {
  const em = second.orm.em.fork();
  await em.execute('select nestegg_user_id()');
  expect([...second.pinned]).toEqual([]);
  await em.transactional(inner => inner.execute('set local role nestegg_readonly'));
  expect([...second.pinned]).toEqual(['set local role nestegg_readonly']);
  second.pinned.clear();
});
