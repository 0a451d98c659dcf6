import { expect, test } from 'vitest';
import { migrateUp } from '../../../src/index.js';
import { usePglite } from '../../support/pglite.js';

const database = usePglite();

test('the migrations leave nothing that the entities would still change', async () => {
  expect(await database.orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
});

test('all the way down and up again, they do so still', async () => {
  await database.orm.migrator.down({ to: 0 });
  const tables = `select tablename from pg_tables where schemaname = 'public'`;
  expect(await database.orm.em.fork().execute(tables)).toEqual([{ tablename: 'mikro_orm_migrations' }]);
  expect((await migrateUp(database.orm)).length).toBeGreaterThan(2);
  expect(await database.orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
});
