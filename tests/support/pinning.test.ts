import { describe, expect, test } from 'vitest';
import { pinningReason } from './pinning.js';

const query = (text: string) => pinningReason({ kind: 'query', text });

describe('what pins a session', () => {
  test.each([
    ["set statement_timeout to '5s'", "set statement_timeout to ''"],
    ['  SET LOCAL ROLE nestegg_app', 'set local role nestegg_app'],
    ['begin; set transaction read only', 'set transaction read only'],
    ['/* who */ set role x', 'set role x'],
    ['reset all', 'reset all'],
    ["select set_config('role', 'x', true)", "select set_config('', '', true)"],
    ["select pg_catalog.set_config ('a', 'b', false)", "select pg_catalog.set_config ('', '', false)"],
    [`select "set_config"('a', 'b', true)`, "select set_config('', '', true)"],
    ['prepare p as select 1', 'prepare p as select 1'],
    ['execute p', 'execute p'],
    ['deallocate all', 'deallocate all'],
    ['DISCARD ALL', 'discard all'],
    ['create temp table t (id int)', 'create temp table t (id int)'],
    ['create or replace temporary view v as select 1', 'create or replace temporary view v as select 1'],
    ['create local temp table t (id int)', 'create local temp table t (id int)'],
    ['select 1 as id into temp t', 'select 1 as id into temp t'],
    ['insert into pg_temp.t values (1)', 'insert into pg_temp.t values (1)'],
    ['declare c cursor for select 1', 'declare c cursor for select 1'],
    ['fetch 10 from c', 'fetch 10 from c'],
    ['listen prices', 'listen prices'],
    ['unlisten *', 'unlisten *'],
    [`load 'auto_explain'`, "load ''"],
    [`select nextval('ids')`, "select nextval('')"],
    [`select setval('ids', 7)`, "select setval('', 7)"],
    ['select lastval()', 'select lastval()'],
    ['select pg_advisory_lock(7)', 'select pg_advisory_lock(7)'],
    ['select pg_try_advisory_lock_shared(7)', 'select pg_try_advisory_lock_shared(7)'],
    ['select pg_advisory_unlock_all()', 'select pg_advisory_unlock_all()'],
    ["select 'it''s'; set x to 1", 'set x to 1'],
    [String.raw`select E'\'; --'; set x to 1`, 'set x to 1'],
    ['select $a$ ; $b$ ; $a$; set x to 1', 'set x to 1'],
    ['select 1 -- harmless; still a comment\n; set x to 1', 'set x to 1'],
  ])('%s', (text, reason) => {
    expect(query(text)).toBe(reason);
    expect(pinningReason({ kind: 'parse', name: '', text })).toBe(reason);
  });

  test('a text of more than 16 KB, but not one of 16 KB', () => {
    const long = (length: number) => `select '${'x'.repeat(length - 9)}'`;
    expect(query(long(16_384))).toBeUndefined();
    expect(query(long(16_385))).toMatch(/^statement text of 16385 bytes: select 'xxx/);
    expect(query(`select '${'é'.repeat(8_190)}'`)).toMatch(/^statement text of 16389 bytes/);
  });

  test('a statement or portal with a name', () => {
    expect(pinningReason({ kind: 'parse', name: 'find_user', text: 'select 1' })).toBe('named statement find_user');
    expect(pinningReason({ kind: 'bind', portal: 'page' })).toBe('named portal page');
  });

  test('a startup parameter beside user, database, name and encoding', () => {
    const startup = (more: Record<string, string>) =>
      pinningReason({ kind: 'startup', parameters: { user: 'u', database: 'd', ...more } });
    expect(startup({ application_name: 'nestegg', client_encoding: 'UTF8' })).toBeUndefined();
    expect(startup({ options: '-c a=b' })).toBe('startup parameter options');
    expect(startup({ statement_timeout: '5000' })).toBe('startup parameter statement_timeout');
    expect(startup({ lock_timeout: '5000' })).toBe('startup parameter lock_timeout');
  });

  test('a request to cancel', () => {
    expect(pinningReason({ kind: 'cancel-request' })).toBe('CancelRequest');
  });
});

describe('what does not', () => {
  test.each([
    'begin',
    'start transaction isolation level serializable',
    'commit',
    'savepoint trx1',
    "update users set version = 7 where email = 'set x'",
    "select nestegg_enter('nestegg_app', '0191')",
    `insert into notes values ('; set role x', 'it''s; listen x')`,
    'select $$; set x to 1 $$',
    `select "offset", settings from assets -- set x\n where code = 'x'`,
    '/* prepare p as */ select 1',
    'select pg_advisory_xact_lock(7), pg_try_advisory_xact_lock_shared(8)',
    `notify prices, 'set'`,
    'select * from temp_prices where fetch = 1 order by temporary',
    'create table temperatures (id int)',
    'select nextvalue(1), reset_at from loads',
  ])('%s', text => {
    expect(query(text)).toBeUndefined();
  });

  test('a statement or portal without a name, and what is no statement', () => {
    expect(pinningReason({ kind: 'parse', name: '', text: 'select $1' })).toBeUndefined();
    expect(pinningReason({ kind: 'bind', portal: '' })).toBeUndefined();
    expect(pinningReason({ kind: 'other', type: 'S' })).toBeUndefined();
    expect(pinningReason({ kind: 'ssl-request' })).toBeUndefined();
  });
});
