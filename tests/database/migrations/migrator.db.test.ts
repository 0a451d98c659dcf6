import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { migrateUp, openDatabase } from '../../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../../src/testing/index.js';
import { catalogueOf } from './catalogue.js';

const FILES = readdirSync(join(import.meta.dirname, '../../../migrations'))
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -'.ts'.length))
  .sort();

let empty: ForkedDatabase;
let owner: pg.Client;
const orms: MikroORM[] = [];

async function open(): Promise<MikroORM> {
  const orm = await openDatabase({ kind: 'server', url: empty.ownerUrl }, { quiet: true });
  orms.push(orm);
  return orm;
}

const recorded = async (): Promise<string[]> =>
  (await owner.query('select name from mikro_orm_migrations order by id')).rows.map(row => row.name);

beforeEach(async () => {
  empty = await forkDatabase(inject('postgres'), 'template0');
  owner = await new pg.Client({ connectionString: empty.ownerUrl }).connect();
});

afterEach(async () => {
  await Promise.all(orms.splice(0).map(orm => orm.close(true)));
  await owner.end();
  await empty.drop();
});

describe('migrating', () => {
  test('runs each file once and in order, and then finds nothing left to do', async () => {
    const orm = await open();
    expect(await migrateUp(orm)).toEqual(FILES);
    expect(await recorded()).toEqual(FILES);
    expect(await migrateUp(orm)).toEqual([]);
    expect(await recorded()).toEqual(FILES);
  });

  test('is done by one of four that start at the same moment, and the others find nothing left to do', async () => {
    const four = await Promise.all([open(), open(), open(), open()]);
    const outcomes = await Promise.allSettled(four.map(migrateUp));
    expect(outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason : 'done'))).toEqual(
      Array(4).fill('done'),
    );
    const ran = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(ran.sort((a, b) => b.length - a.length)).toEqual([FILES, [], [], []]);
    expect(await recorded()).toEqual(FILES);
  });

  test('waits for another runner, and does not wait for ever for one that died', async () => {
    const orm = await open();
    const other = await new pg.Client({ connectionString: empty.ownerUrl }).connect();
    other.on('error', () => undefined);
    await other.query(`begin; select pg_advisory_xact_lock(hashtext('nestegg.migrations'))`);
    let done = false;
    const migrating = migrateUp(orm).finally(() => (done = true));
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(done).toBe(false);
    expect((await owner.query(`select to_regclass('users') as users`)).rows).toEqual([{ users: null }]);
    const { rows } = await other.query('select pg_backend_pid() as pid');
    await owner.query('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(await migrating).toEqual(FILES);
  });

  test('all the way down leaves nothing of ours, and up again makes the same database', async () => {
    const orm = await open();
    const untouched = await catalogueOf(owner);
    await migrateUp(orm);
    const first = await catalogueOf(owner);
    expect(first.length).toBeGreaterThan(300);

    await orm.migrator.down({ to: 0 });
    expect(await recorded()).toEqual([]);
    const left = await catalogueOf(owner);
    const ours = left.filter(line => !untouched.includes(line) && !line.includes('mikro_orm_migrations'));
    expect(ours).toEqual([]);
    expect(untouched.filter(line => !left.includes(line))).toEqual([]);

    expect(await migrateUp(orm)).toEqual(FILES);
    expect(await catalogueOf(owner)).toEqual(first);
  });

  test('one file down and up again makes the same database, file by file', async () => {
    const orm = await open();
    const after: string[][] = [await catalogueOf(owner)];
    for (const name of FILES) {
      await orm.migrator.up({ to: name });
      after.push(await catalogueOf(owner));
      await orm.migrator.down({ migrations: [name] });
      if (name !== FILES[0]) expect(await catalogueOf(owner), `${name} down`).toEqual(after.at(-2));
      await orm.migrator.up({ migrations: [name] });
      expect(await catalogueOf(owner), `${name} up again`).toEqual(after.at(-1));
    }
    expect(new Set(after.map(lines => lines.join('\n'))).size).toBe(FILES.length + 1);
  });

  test('leaves nothing that the entities would still change', async () => {
    const orm = await open();
    await migrateUp(orm);
    expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
  });
});
