/**
 * What a posting costs: through `ledger.post`, by a plain call of `nestegg_post`, and done statement by statement with
 * `pg`. All of them store the same: a transaction under its key, an entry, two balances and an outbox event.
 * The ways take turns in every round, and a ratio compares what was measured in the same round.
 */
import { createHash, randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Asset, asUser, asWorker, Decimal, ledger, newId, openDatabase, type Posting } from '../src/index.js';
import { type BenchDatabase, openBenchDatabase } from './database.js';
import { median } from './statistics.js';

const CLIENTS = 16;
const POOL = 10;
const USERS = 200;
const AMOUNT = '0.01000000';

interface Way {
  name: string;
  /** Without any of our code: what the others are compared with. */
  isPlain?: boolean;
  /** Posts once for a user. */
  post(userId: string): Promise<unknown>;
}

interface Measure {
  perSecond: number;
  /** Milliseconds of this process's own work for each posting. */
  cpu: number;
}

interface Books {
  asset: Asset;
  users: string[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '1' } },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (!(rounds >= 1 && seconds > 0 && rounds * seconds <= 10)) {
    throw new Error('usage: npm run bench:posting -- [--rounds 7] [--seconds 1], rounds × seconds at most 10');
  }

  const database = await openBenchDatabase();
  try {
    console.log(`${database.description}, ${availableParallelism()} cores`);
    console.log(`${CLIENTS} clients, pool of ${POOL}, ${USERS} users; ${rounds} rounds of ${seconds} s for each way\n`);
    await compare(database, rounds, seconds);
  } finally {
    await database.close();
  }
}

async function compare(fork: BenchDatabase, rounds: number, seconds: number): Promise<void> {
  const orm = await openDatabase({ kind: 'server', url: fork.serviceUrl });
  const [service, owner] = [fork.serviceUrl, fork.ownerUrl].map(connectionString => {
    // A connection on its way out may see the server go first.
    return new pg.Pool({ connectionString, max: POOL }).on('error', () => undefined);
  }) as [pg.Pool, pg.Pool];
  try {
    const books = await openBooks(fork, orm.em);
    const ways: Way[] = [
      byStatements('pg, statement by statement', owner, books, false),
      byStatements('pg, the same, prepared', owner, books, true),
      byFunction('pg, nestegg_post', service, books),
      byLedger('ledger.post in asUser', orm.em, books),
    ];
    const measures = new Map<Way, Measure[]>(ways.map(way => [way, []]));
    for (const way of ways) await measure(way, books.users, Math.min(seconds, 0.5));
    for (let round = 0; round < rounds; round++) {
      // Whoever starts first in one round starts last in the next.
      for (const way of ways) measures.get(way)!.push(await measure(way, books.users, seconds));
      ways.push(ways.shift()!);
    }
    report(measures);
    await requireClosed(fork);
  } finally {
    await Promise.all([orm.close(true), service.end(), owner.end()]);
  }
}

/** All clients post, each one after the other, for users at random. */
async function measure(way: Way, users: string[], seconds: number): Promise<Measure> {
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1000;
  let done = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (performance.now() < end) {
        await way.post(users[Math.floor(Math.random() * users.length)]!);
        done += 1;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (done / (performance.now() - start)) * 1000, cpu: (user + system) / 1000 / done };
}

function byLedger(name: string, em: Parameters<typeof asUser>[0], { asset }: Books): Way {
  const posting = (): Posting => ({
    type: 'deposit',
    assetId: asset.id,
    amount: new Decimal(AMOUNT),
    occurredAt: new Date(),
    idempotencyKey: randomUUID(),
    request: { useCase: 'bench', amount: AMOUNT },
    legs: [{ from: { kind: 'external' }, to: { kind: 'cash' }, assetId: asset.id, amount: new Decimal(AMOUNT) }],
    events: [{ type: 'deposit.settled', payload: { amount: AMOUNT } }],
  });
  return { name, post: userId => asUser(em, userId, inner => ledger.post(inner, userId, posting())) };
}

const hash = () =>
  createHash('sha256')
    .update(JSON.stringify({ amount: AMOUNT, useCase: 'bench' }))
    .digest('hex');

/** What `ledger.post` sends. */
const message = ({ asset: { id: asset } }: Books) =>
  JSON.stringify({
    id: newId(),
    type: 'deposit',
    status: 'posted',
    asset,
    amount: AMOUNT,
    key: randomUUID(),
    hash: hash(),
    occurredAt: new Date().toISOString(),
    accounts: [
      { id: newId(), kind: 'external', asset },
      { id: newId(), kind: 'cash', asset },
    ],
    entries: [{ id: newId(), debit: 1, credit: 2, amount: AMOUNT }],
    fees: [],
    events: [{ id: newId(), type: 'deposit.settled', payload: { amount: AMOUNT } }],
  });

function byFunction(name: string, pool: pg.Pool, books: Books): Way {
  return {
    name,
    post: userId =>
      transaction(pool, async client => {
        await client.query(`select nestegg_enter('nestegg_app', $1)`, [userId]);
        await client.query('select nestegg_post($1, $2)', [userId, message(books)]);
      }),
  };
}

/** As the owner, whom row-level security binds but the missing grants do not. */
function byStatements(name: string, pool: pg.Pool, { asset }: Books, prepared: boolean): Way {
  const statement = (label: string, text: string, values: unknown[]) => ({
    ...(prepared && { name: label }),
    text,
    values,
  });
  return {
    name,
    isPlain: true,
    post: userId =>
      transaction(pool, async client => {
        const [transactionId, now] = [newId(), new Date()];
        await client.query(statement('enter', `select set_config('nestegg.user_id', $1, true)`, [userId]));
        const { rowCount } = await client.query(
          statement(
            'transaction',
            `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key, request_hash)
            values ($1, $2, 'deposit', 'posted', $3, $4, $5, $5, $6, $7) on conflict (user_id, idempotency_key) do nothing`,
            [userId, transactionId, asset.id, AMOUNT, now, randomUUID(), hash()],
          ),
        );
        if (rowCount === 0) throw new Error('the key was used before');
        const { rows } = await client.query<{ id: string; kind: string; balance: string; entry_count: number }>(
          statement(
            'accounts',
            `select id, kind, balance, entry_count from ledger_accounts where user_id = $1 and asset_id = $2 and kind in ('external', 'cash')
            order by id for update`,
            [userId, asset.id],
          ),
        );
        const [debit, credit] = ['external', 'cash'].map(kind => rows.find(row => row.kind === kind)!);
        const balances = [new Decimal(debit!.balance).minus(AMOUNT), new Decimal(credit!.balance).plus(AMOUNT)].map(
          String,
        );
        const numbers = [debit!.entry_count + 1, credit!.entry_count + 1];
        await client.query(
          statement(
            'entry',
            `insert into ledger_entries (user_id, id, transaction_id, position, debit_id, credit_id, asset_id, amount, debit_balance, credit_balance, debit_number, credit_number)
            values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11)`,
            [userId, newId(), transactionId, debit!.id, credit!.id, asset.id, AMOUNT, ...balances, ...numbers],
          ),
        );
        await client.query(
          statement(
            'balances',
            `update ledger_accounts l set balance = a.balance, entry_count = a.entry_count, updated_at = now()
            from unnest($2::uuid[], $3::numeric[], $4::int[]) as a(id, balance, entry_count) where l.user_id = $1 and l.id = a.id`,
            [userId, [debit!.id, credit!.id], balances, numbers],
          ),
        );
        await client.query(
          statement(
            'event',
            `insert into outbox_events (user_id, id, type, payload, occurred_at) values ($1, $2, 'deposit.settled', $3, $4)`,
            [userId, newId(), { amount: AMOUNT }, now],
          ),
        );
      }),
  };
}

async function transaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** An asset, and users with a first posting each, so that their accounts are open. */
async function openBooks(fork: BenchDatabase, em: Parameters<typeof asWorker>[0]): Promise<Books> {
  const asset = new Asset({ code: 'USD', name: 'US dollar', kind: 'fiat' });
  const users = Array.from({ length: USERS }, newId);
  await asWorker(em, async inner => {
    inner.persist(asset);
  });
  const books = { asset, users };
  const client = await new pg.Client({ connectionString: fork.superuserUrl }).connect();
  try {
    await client.query(
      `insert into users (id, email, status, kyc_status) select id, id || '@example.com', 'active', 'none' from unnest($1::uuid[]) as u(id)`,
      [users],
    );
    await client.query(`begin; set local role nestegg_worker`);
    for (const userId of users) await client.query('select nestegg_post($1, $2)', [userId, message(books)]);
    await client.query('commit; analyze');
  } finally {
    await client.end();
  }
  return books;
}

/** Ratios are of the time that a posting takes, to the faster of the two plain ways in the same round. */
function report(measures: Map<Way, Measure[]>): void {
  const plain = [...measures].filter(([way]) => way.isPlain).map(([, rounds]) => rounds);
  const best = (round: number) => Math.max(...plain.map(rounds => rounds[round]!.perSecond));
  const line = (...cells: string[]) =>
    console.log(cells.map((cell, i) => (i ? cell.padStart(14) : cell.padEnd(28))).join(''));
  line('', 'postings/s', 'ms each', 'ratio', 'Node ms each');
  for (const [way, rounds] of measures) {
    const rate = median(rounds.map(({ perSecond }) => perSecond));
    const ratio = median(rounds.map(({ perSecond }, round) => best(round) / perSecond));
    const cpu = median(rounds.map(round => round.cpu));
    line(way.name, rate.toFixed(0), (1000 / rate).toFixed(3), ratio.toFixed(2), cpu.toFixed(3));
  }
}

/** Figures of a ledger that lost something are worth nothing. */
async function requireClosed(fork: BenchDatabase): Promise<void> {
  const client = await new pg.Client({ connectionString: fork.superuserUrl }).connect();
  try {
    const { rows } = await client.query<{ postings: number; wrong: number }>(`
      select (select count(*)::int from transactions) as postings, (
        select count(*)::int from ledger_accounts l where balance <>
          (select coalesce(sum(amount), 0) from ledger_entries e where (e.user_id, e.credit_id) = (l.user_id, l.id))
          - (select coalesce(sum(amount), 0) from ledger_entries e where (e.user_id, e.debit_id) = (l.user_id, l.id))
      ) as wrong`);
    if (rows[0]!.wrong > 0) throw new Error(`${rows[0]!.wrong} balances are not the sum of their entries.`);
    console.log(`\n${rows[0]!.postings} postings stored, and every balance is the sum of its entries.`);
  } finally {
    await client.end();
  }
}

await main();
