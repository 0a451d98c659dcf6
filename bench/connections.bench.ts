/**
 * What connections cost: setting one up, and serving 1 to 1,000 clients by one pool of ten, by a connection each through
 * PgBouncer, and by a connection each to the server. A client reads its own row on behalf of its user, again and again.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { asUser, openDatabase, type ServerTarget } from '../src/index.js';
import { hasPgBouncer, startPgBouncer } from '../tests/support/pgbouncer.js';
import { type BenchDatabase, openBenchDatabase } from './database.js';
import { median, quantile } from './statistics.js';

const CLIENTS = [1, 10, 100, 1_000];
/** PostgreSQL's own default is 100; the server of the benchmark takes 200. */
const DIRECT_MAX = 100;
const SERVER_POOL = 10;

interface Way {
  name: string;
  /** For so many clients; undefined where there cannot be so many. */
  target(clients: number): ServerTarget | undefined;
}

interface Measure {
  perSecond: number;
  p50: number;
  p99: number;
  /** Connections of the service at the server, at most. */
  held: number;
  refused: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 30)) throw new Error('usage: npm run bench:connections -- [--seconds 2], at most 30');
  const database = await openBenchDatabase();
  const pooler = hasPgBouncer
    ? await startPgBouncer([database.serviceUrl], { max_client_conn: '1200', default_pool_size: `${SERVER_POOL}` })
    : undefined;
  try {
    console.log(`${database.description}, ${availableParallelism()} cores\n`);
    if (!pooler) console.log('PgBouncer is not installed here: left out.\n');
    const through = pooler?.through(database.serviceUrl);
    await setUp({ 'to the server': database.serviceUrl, ...(through && { 'to PgBouncer': through }) });
    const server = (url: string, profile: 'server' | 'proxy', max: number): ServerTarget => ({
      ...{ kind: 'server', url, profile, applicationName: `bench-${profile}-${max}`, pool: { max } },
      timeouts: { connectMs: 60_000, answerMs: 60_000 },
    });
    const ways: Way[] = [
      { name: `pool of ${SERVER_POOL}`, target: () => server(database.serviceUrl, 'server', SERVER_POOL) },
      { name: 'PgBouncer, one each', target: clients => (through ? server(through, 'proxy', clients) : undefined) },
      {
        name: 'server, one each',
        target: clients => (clients <= DIRECT_MAX ? server(database.serviceUrl, 'server', clients) : undefined),
      },
    ];
    await serve(database, ways, seconds);
  } finally {
    await pooler?.stop();
    await database.close();
  }
}

/** Milliseconds until a new connection answers its first question, one after the other, in turn. */
async function setUp(urls: Record<string, string>): Promise<void> {
  const took = new Map(Object.keys(urls).map(name => [name, [] as number[]]));
  for (let round = 0; round < 30; round++) {
    for (const [name, connectionString] of Object.entries(urls)) {
      const start = performance.now();
      const client = await new pg.Client({ connectionString }).connect();
      await client.query('select 1');
      took.get(name)!.push(performance.now() - start);
      await client.end();
    }
  }
  for (const [name, times] of took)
    console.log(`A new connection ${name}: ${median(times).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`);
}

async function serve(database: BenchDatabase, ways: readonly Way[], seconds: number): Promise<void> {
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(11) : cell.padEnd(22))).join(''));
  console.log();
  line('', 'clients', 'reads/s', 'p50 ms', 'p99 ms', 'held', 'refused');
  for (const clients of CLIENTS) {
    for (const { name, target } of ways) {
      const wanted = target(clients);
      if (!wanted) continue;
      const orm = await openDatabase(wanted, { quiet: true });
      try {
        const { perSecond, p50, p99, held, refused } = await measure(orm, database, wanted, clients, seconds);
        line(name, `${clients}`, perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1), `${held}`, `${refused}`);
      } finally {
        await orm.close(true);
      }
    }
  }
}

async function measure(
  orm: MikroORM,
  { superuserUrl, registerSomebody }: BenchDatabase,
  { applicationName }: ServerTarget,
  clients: number,
  seconds: number,
): Promise<Measure> {
  const times: number[] = [];
  let refused = 0;
  let held = 0;
  const userId = await registerSomebody();
  const observer = await new pg.Client({ connectionString: superuserUrl }).connect();
  const watch = async () => {
    const { rows } = await observer.query(
      'select count(*)::int as held from pg_stat_activity where application_name = $1',
      [applicationName],
    );
    held = Math.max(held, rows[0].held);
  };
  const read = () => asUser(orm.em, userId, em => em.execute('select email from users'));
  // Everybody has connected before the clock starts.
  await Promise.allSettled(Array.from({ length: clients }, read));
  const start = performance.now();
  const watching = setInterval(watch, 200);
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < start + seconds * 1_000) {
        const asked = performance.now();
        await read().then(
          () => times.push(performance.now() - asked),
          () => refused++,
        );
      }
    }),
  );
  const took = (performance.now() - start) / 1_000;
  clearInterval(watching);
  await watch();
  await observer.end();
  return { perSecond: times.length / took, p50: median(times), p99: quantile(times, 0.99), held, refused };
}

await main();
