import { expect, test } from 'vitest';
import { usePglite } from './pglite.js';

const db = usePglite();

test('a suite can have a migrated database inside its own process', async () => {
  const rows = await db.orm.em
    .fork()
    .execute('select count(*)::int as tables from pg_tables where schemaname = ?', ['public']);
  expect(rows[0]?.tables).toBeGreaterThan(1);
});
