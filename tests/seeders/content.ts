import { createHash } from 'node:crypto';
import type { SuiteDatabase } from '../support/database.js';

/** Ids are made anew in every database, and requests are hashed with ids in them. */
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const MADE_ANEW = ['created_at', 'updated_at', 'request_hash', 'closing_hash'];

/** What the rows of other tables refer to, by names that are the same in every database. */
const NAMED = `select id, email as name from users where status <> 'erased' union all select id, code from assets
  union all select id, slug from baskets union all select id, code from quests`;

/** What the tables of a database hold, by table: the number of rows, and a hash of their business content. */
export async function contentOf(database: SuiteDatabase): Promise<Record<string, string>> {
  const { rows } = await (await database.superuser()).query(NAMED);
  const names = new Map<string, string>(rows.map(({ id, name }) => [id, name]));
  return printsOf(database, row => {
    for (const column of MADE_ANEW) delete row[column];
    return JSON.stringify(row).replaceAll(ID, id => names.get(id) ?? 'id');
  });
}

/** The same, down to every id and timestamp: equal when nothing was stored, changed or removed in between. */
export const everyByteOf = (database: SuiteDatabase): Promise<Record<string, string>> =>
  printsOf(database, row => JSON.stringify(row));

async function printsOf(
  database: SuiteDatabase,
  textOf: (row: Record<string, unknown>) => string,
): Promise<Record<string, string>> {
  const superuser = await database.superuser();
  const tables = await superuser.query(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  const prints: Record<string, string> = {};
  for (const { name } of tables.rows) {
    if (name === 'mikro_orm_migrations') continue;
    const { rows } = await superuser.query(`select to_jsonb(t) as row from ${name} t`);
    const lines = rows.map(({ row }) => textOf(row)).sort();
    prints[name] = `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)}`;
  }
  return prints;
}
