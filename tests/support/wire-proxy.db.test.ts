import { createConnection } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { useDatabase } from './database.js';
import { pinningReason } from './pinning.js';
import { WireProxy } from './wire-proxy.js';

const database = useDatabase();
let proxy: WireProxy;
let pinned: string[];
const clients: pg.Client[] = [];

beforeEach(async () => {
  pinned = [];
  proxy = await WireProxy.listen(database.fork.ownerUrl, message => {
    const reason = pinningReason(message);
    if (reason) pinned.push(reason);
  });
});

afterEach(async () => {
  await proxy.close();
  await Promise.allSettled(clients.splice(0).map(client => client.end()));
  await (await database.owner()).query('drop table if exists marks');
});

async function connect(more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.through(database.fork.ownerUrl), ...more });
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

/** What became of a promise after that long. */
const within = (milliseconds: number, promise: Promise<unknown>) =>
  Promise.race([
    promise.then(
      () => 'fulfilled',
      error => `${error.code ?? error.message}`,
    ),
    setTimeout(milliseconds, 'pending'),
  ]);

const marks = async () => (await (await database.owner()).query('select count(*)::int as n from marks')).rows[0].n;

describe('listening', () => {
  test('hears of what pins, sent in either protocol, and of nothing else', async () => {
    const client = await connect();
    await client.query('begin; select 1; commit');
    await client.query('select $1::text', ['set role x']);
    await client.query(`select '${'x'.repeat(16_000)}'`);
    expect(pinned).toEqual([]);

    await client.query("set statement_timeout to '5s'");
    await client.query('select set_config($1, $2, true)', ['nestegg.user_id', '']);
    await client.query({ name: 'mine', text: 'select 1' });
    await client.query(`select '${'x'.repeat(100_000)}'`);
    expect(pinned).toEqual([
      "set statement_timeout to ''",
      'select set_config($1, $2, true)',
      'named statement mine',
      expect.stringMatching(/^statement text of 100009 bytes/),
    ]);
  });

  test('hears of startup parameters', async () => {
    await connect({ statement_timeout: 5_000, options: '-c lock_timeout=5s' });
    expect(pinned).toEqual([expect.stringMatching(/^startup parameter (options|statement_timeout)$/)]);
  });

  test('hears of requests to cancel', async () => {
    const client = await connect();
    const sleeping = client.query('select pg_sleep(20)');
    const asleep = `select from pg_stat_activity where query like 'select pg_sleep(20)' and state = 'active'`;
    while ((await (await database.superuser()).query(asleep)).rowCount === 0) await setTimeout(5);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(16);
    for (const [index, value] of [16, 80877102, processID, secretKey].entries()) request.writeInt32BE(value, 4 * index);
    createConnection(Number(new URL(proxy.through(database.fork.ownerUrl)).port), '127.0.0.1')
      .on('error', () => undefined)
      .end(request);
    await expect(sleeping).rejects.toMatchObject({ code: '57014' });
    expect(pinned).toEqual(['CancelRequest']);
  });
});

describe('failing', () => {
  beforeEach(async () => {
    await (await database.owner()).query('create table marks (id int)');
  });

  test('a black hole lets nothing pass until it is gone, one way or both', async () => {
    const client = await connect();
    for (const direction of ['both', 'to-server', 'to-client'] as const) {
      proxy.blackHole(direction);
      const query = client.query('insert into marks values (1)');
      expect(await within(100, query)).toBe('pending');
      expect(await within(100, connect())).toBe('pending');
      expect([direction, await marks()]).toEqual([direction, { both: 0, 'to-server': 1, 'to-client': 3 }[direction]]);
      proxy.clear();
      expect(await within(5_000, query)).toBe('fulfilled');
    }
  });

  test('a slow line and one that trickles bring everything in the end', async () => {
    const client = await connect();
    const ask = async () => {
      const start = performance.now();
      const { rows } = await client.query('select 7 as seven');
      return { rows, took: performance.now() - start };
    };
    proxy.slow(50);
    const slow = await ask();
    expect(slow.rows).toEqual([{ seven: 7 }]);
    expect(slow.took).toBeGreaterThanOrEqual(95);
    proxy.trickle(4, 10);
    const trickled = await ask();
    expect(trickled.rows).toEqual([{ seven: 7 }]);
    expect(trickled.took).toBeGreaterThanOrEqual(95);
    proxy.clear();
    expect((await ask()).rows).toEqual([{ seven: 7 }]);
  });

  test('half-open connections hear nothing any more; new ones work', async () => {
    const client = await connect();
    proxy.halfOpen();
    expect(await within(200, client.query('select 1'))).toBe('pending');
    expect(await within(5_000, (await connect()).query('select 1'))).toBe('fulfilled');
  });

  test('resets what is there, and refuses what comes', async () => {
    const client = await connect();
    const query = client.query('select pg_sleep(10)');
    await proxy.refuse();
    expect(await within(5_000, query)).toBe('ECONNRESET');
    expect(await within(5_000, connect())).toBe('ECONNREFUSED');
    await proxy.accept();
    expect(await within(5_000, (await connect()).query('select 1'))).toBe('fulfilled');
    expect(proxy.connections).toBe(1);
  });

  test('loses the answer to a COMMIT that took effect, once', async () => {
    const client = await connect();
    const lost = proxy.atNext(/^commit/i, link => link.loseAnswer());
    await client.query('begin; insert into marks values (1)');
    await expect(client.query('commit')).rejects.toThrow('Connection terminated unexpectedly');
    await lost;
    expect(await marks()).toBe(1);
    const next = await connect();
    await next.query('begin; insert into marks values (2)');
    await next.query('commit');
    expect(await marks()).toBe(2);
  });

  test('resets a connection before its COMMIT arrives', async () => {
    const client = await connect();
    void proxy.atNext(/^commit/i, link => link.reset());
    await client.query('begin; insert into marks values (1)');
    await expect(client.query('commit')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await marks()).toBe(0);
  });

  test('holds a statement back until something else was done, such as ending its backend', async () => {
    const client = await connect();
    const ended = proxy.atNext(/^commit/i, async link => {
      await (await database.superuser()).query(
        'select pg_terminate_backend(pid, 5000) from pg_stat_activity where client_port = $1',
        [link.clientPort],
      );
    });
    await client.query('begin; insert into marks values (1)');
    expect(await within(5_000, client.query('commit'))).toBe('57P01');
    await ended;
    expect(await marks()).toBe(0);
  });
});
