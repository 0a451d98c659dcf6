import { beforeAll, describe, expect, test } from 'vitest';
import { asReader, asUser, exportUserData, newId, openDatabase, type UserDataExport } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';
import { livedBy, PERSONAL } from './full-life.js';

const database = useDatabase();
const world = useWorld(database);

/** Tables that hold rows of users and are not exported, with the reason. */
const NOT_EXPORTED: Record<string, string> = {};

/** Columns that name a user in what belongs to somebody else, with the reason why that is not exported. */
const NOT_THEIRS = { 'loan_applications.decided_by_id': 'a decision on the application of somebody else' };

let who: Investor;
let document: UserDataExport;

const exportOf = (userId: string): Promise<UserDataExport> =>
  asUser(database.orm.em, userId, em => exportUserData(em, { userId }, world.clock));

beforeAll(async () => {
  who = await livedBy(world);
  await world.invest(await world.newInvestor('50'), '50');
  document = await exportOf(who.userId);
}, 30_000);

describe('what is stored about a person', () => {
  test('comes as one document that JSON takes as it is', () => {
    expect(document).toMatchObject({ userId: who.userId, exportedAt: '2026-03-02T12:00:00.000Z' });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('comes from every table with rows of users, or one of a written list', async () => {
    const tables = await world.rows<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped order by 1`,
    );
    expect(tables.length).toBeGreaterThan(20);
    expect([...Object.keys(document.tables), ...Object.keys(NOT_EXPORTED)].sort()).toEqual(
      [...tables.map(({ name }) => name), 'users'].sort(),
    );
  });

  test('is found by every column that names a user, but for those of a written list', async () => {
    const columns = await world.rows<{ name: string }>(
      `select conrelid::regclass || '.' || a.attname as name from pg_constraint
       join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]
       where contype = 'f' and confrelid = 'users'::regclass and a.attname <> 'user_id' order by 1`,
    );
    expect(columns.map(({ name }) => name)).toEqual(Object.keys(NOT_THEIRS));
  });

  test('comes with every row and every column of it', async () => {
    for (const [table, rows] of Object.entries(document.tables)) {
      const owner = table === 'users' ? 'id' : 'user_id';
      const [stored] = await world.rows(`select count(*)::int as n from ${table} where ${owner} = $1`, [who.userId]);
      expect([table, { n: rows.length }]).toEqual([table, stored]);
      const columns = await world.rows<{ name: string }>(
        `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1`,
        [table],
      );
      for (const row of rows) expect(Object.keys(row).sort()).toEqual(columns.map(({ name }) => name).sort());
    }
    const filled = Object.entries(document.tables).filter(([, rows]) => rows.length > 0);
    expect(filled.length).toBeGreaterThan(15);
  });

  test('is about nobody else', async () => {
    const others = await world.rows<{ id: string }>('select id from users where id <> $1', [who.userId]);
    // Whoever has decided on a loan of theirs is named in it.
    const { loan_applications: applications, ...rest } = document.tables;
    expect(applications).toHaveLength(1);
    for (const { id } of others) expect(JSON.stringify(rest)).not.toContain(id);
  });

  test('holds decimals as text with all their digits, instants in UTC, dates as they are', () => {
    const { transactions, ledger_accounts, users, user_profiles, portfolios, user_levels } = document.tables;
    expect(transactions!.map(({ type, status, amount }) => [type, status, amount])).toEqual([
      ['deposit', 'posted', '100.00000000'],
      ['withdrawal', 'posted', '100.00000000'],
      ['deposit', 'failed', '100.00000000'],
    ]);
    expect(ledger_accounts!.map(({ kind, balance }) => `${kind} ${balance}`)).toContain('cash 0.00000000');
    expect(users![0]).toMatchObject({ email: PERSONAL.email, email_verified_at: '2026-03-02T12:00:00.000Z' });
    expect(user_profiles![0]).toMatchObject({ birth_date: PERSONAL.birthDate, country: 'IS' });
    expect(portfolios!.map(({ goal_amount, goal_date }) => [goal_amount, goal_date])).toEqual([
      [null, null],
      ['4711.00000000', '2031-07-29'],
    ]);
    expect(user_levels![0]).toMatchObject({ total_xp: 50, level: 1 });
  });

  test('holds no number where the database has a decimal', async () => {
    const columns = await world.rows<{ table: string; column: string }>(
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'public' and data_type = 'numeric'`,
    );
    const values = columns.flatMap(({ table, column }) => (document.tables[table] ?? []).map(row => row[column]));
    expect(values.filter(value => typeof value === 'string').length).toBeGreaterThan(10);
    expect(values.filter(value => value !== null && typeof value !== 'string')).toEqual([]);
  });

  test('holds everything that the person has told', () => {
    const text = JSON.stringify(document);
    for (const secret of Object.values(PERSONAL)) if (secret !== PERSONAL.earlierName) expect(text).toContain(secret);
  });

  test('is the same for support, and in whatever time zone the session is', async () => {
    const forSupport = await asReader(database.orm.em, em => exportUserData(em, { userId: who.userId }, world.clock));
    expect(forSupport).toEqual(document);
    const superuser = await database.superuser();
    await superuser.query(`do $$ begin execute format('alter database %I set timezone = %L', current_database(),
      'Asia/Kathmandu'); end $$`);
    const orm = await openDatabase({ kind: 'server', url: database.fork.serviceUrl });
    const elsewhere = await asUser(orm.em, who.userId, async em => ({
      zone: await em.execute<{ zone: string }[]>(`select current_setting('timezone') as zone`),
      document: await exportUserData(em, { userId: who.userId }, world.clock),
    })).finally(() => orm.close(true));
    expect(elsewhere).toEqual({ zone: [{ zone: 'Asia/Kathmandu' }], document });
  });

  test("is nobody else's to ask for, and nobody has none", async () => {
    const other = await world.newInvestor();
    const asOther = asUser(database.orm.em, other.userId, em =>
      exportUserData(em, { userId: who.userId }, world.clock),
    );
    await expect(asOther).rejects.toMatchObject({ code: 'user.not-found' });
    await expect(exportOf(newId())).rejects.toMatchObject({ code: 'user.not-found' });
    const wrong = asReader(database.orm.em, em => exportUserData(em, { userId: `'; drop table users` } as never));
    await expect(wrong).rejects.toMatchObject({ code: 'input.invalid' });
  });
});
