import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

const SOURCES = join(import.meta.dirname, '../../src');
const source = globSync('**/*.sql', { cwd: SOURCES })
  .sort()
  .map(file => readFileSync(join(SOURCES, file), 'utf8'))
  .join('\n');

const FUNCTION = /^create function (?<name>\w+)\(.*?^as \$\$(?<body>.*?)\$\$;$/gms;
const TRIGGER = /^create (?:constraint )?trigger (?<name>\w+)\s.*?\bon (?<table>\w+)\n?.*?;$/gms;

const found = (pattern: RegExp) =>
  [...source.matchAll(pattern)].map(match => ({
    sql: match[0],
    ...(match.groups as Record<'name' | 'body' | 'table', string>),
  }));
const functions = found(FUNCTION);
const triggers = found(TRIGGER);

/** Functions and triggers of ours as the database has them, in full. */
async function installed(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; definition: string }>(`
    select proname as name, pg_get_functiondef(oid) as definition from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select tgname || ' on ' || tgrelid::regclass, pg_get_triggerdef(oid) || ' ' || tgenabled::text from pg_trigger where not tgisinternal
    order by 1`);
  return Object.fromEntries(rows.map(row => [row.name, row.definition]));
}

test('every function and trigger of the database has a source, and every source is there', async () => {
  const names = [...functions.map(({ name }) => name), ...triggers.map(({ name, table }) => `${name} on ${table}`)];
  expect(names).toContain('nestegg_post');
  expect(names).toContain('nestegg_enter');
  expect(names).toContain('nestegg_user_id');
  expect(names).toContain('ledger_entries_append_only on ledger_entries');
  expect(Object.keys(await installed(await database.owner())).sort()).toEqual(names.sort());
});

test.each(functions)('what $name does in the database is what its source says', async ({ name, body }) => {
  const { rows } = await (await database.owner()).query('select prosrc from pg_proc where proname = $1', [name]);
  expect(rows).toEqual([{ prosrc: body }]);
});

test('making all of them anew from their sources changes nothing', async () => {
  const client = await database.owner();
  const before = await installed(client);
  await client.query('begin');
  for (const { sql } of functions) await client.query(sql.replace('create function', 'create or replace function'));
  for (const { sql, name, table } of triggers) await client.query(`drop trigger ${name} on ${table}; ${sql}`);
  const after = await installed(client);
  await client.query('rollback');
  expect(after).toEqual(before);
});

describe('the door into the books', () => {
  test('runs as the owner of the tables, and looks up names where nobody else can put any', async () => {
    const { rows } = await (await database.owner()).query(`
      select proowner::regrole::text as owner, prosecdef, provolatile, proconfig from pg_proc where proname = 'nestegg_post'`);
    expect(rows).toEqual([
      {
        owner: 'nestegg_owner',
        prosecdef: true,
        provolatile: 'v',
        proconfig: ['search_path=pg_catalog, public, pg_temp'],
      },
    ]);
  });

  test('is the only function of ours that does, and is open to users and jobs alone', async () => {
    const { rows } = await (await database.owner()).query(`
      select proname, prosecdef, array(
        select coalesce(nullif(grantee, 0)::regrole::text, 'public') from aclexplode(coalesce(proacl, acldefault('f', proowner))) order by 1
      ) as may_execute from pg_proc where proname in ('nestegg_post') or pronamespace = 'public'::regnamespace and prosecdef`);
    expect(rows).toEqual([
      { proname: 'nestegg_post', prosecdef: true, may_execute: ['nestegg_app', 'nestegg_owner', 'nestegg_worker'] },
    ]);
  });
});
