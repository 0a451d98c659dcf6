import { expect, inject, test } from 'vitest';
import { forkDatabase } from '../../src/testing/index.js';
import { withClient } from '../../src/testing/sql.js';

const server = inject('postgres');

const databases = () =>
  withClient(server.url, async client => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    return rows.map(row => row.datname);
  });

test('suites that start together each get a database, and dropping it removes it even in use', async () => {
  const forks = await Promise.all(Array.from({ length: 8 }, () => forkDatabase(server, server.template)));
  const names = forks.map(fork => fork.name);
  expect(new Set(names).size).toBe(8);
  expect(await databases()).toEqual(expect.arrayContaining(names));

  await withClient(forks[0]!.serviceUrl, async client => {
    client.on('error', () => {});
    await Promise.all(forks.map(fork => fork.drop()));
    await expect(client.query('select 1')).rejects.toThrow();
  });

  expect((await databases()).filter(name => names.includes(name))).toEqual([]);
});

test('nobody can connect to the template, so that it can be copied at any time', async () => {
  const url = new URL(server.url);
  url.pathname = server.template;
  await expect(withClient(url.href, client => client.query('select 1'))).rejects.toThrow('not currently accepting');
});
