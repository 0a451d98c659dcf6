import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/sql';
import {
  AssetService,
  asReader,
  asUser,
  asWorker,
  BasketService,
  checkInvariants,
  configureCircuit,
  Decimal,
  DepositService,
  type EntityManager,
  InsufficientFundsError,
  InvestmentService,
  ledger,
  NesteggError,
  newId,
  OutcomeUnknownError,
  openDatabase,
  PriceService,
  registerUser,
  transact,
} from '../../src/index.js';
import { startEmbeddedPostgres } from '../../src/testing/embedded-postgres.js';
import { FixedClock, type ForkedDatabase, forkDatabase } from '../../src/testing/index.js';
import { withClient } from '../../src/testing/sql.js';
import { hasPgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { migratedTemplate } from '../support/template.js';
import { WireProxy } from '../support/wire-proxy.js';

const NOON = new Date('2026-03-02T12:00:00Z');
const PEOPLE = 6;
const CLIENTS = 8;

interface Person {
  userId: string;
  portfolioId: string;
}

const KINDS = ['deposit', 'withdrawal', 'basket_investment'] as const;

/** Something that somebody wanted once, under a key. */
interface Wish {
  userId: string;
  key: string;
  kind: (typeof KINDS)[number];
  amount: string;
  /** `failed` has no effect, `unknown` may have had it; a refusal is one for a reason of the business. */
  came: 'acknowledged' | 'refused' | 'failed' | 'unknown';
}

export interface SoakReport {
  acknowledged: number;
  refused: number;
  failed: number;
  unknown: number;
  /** How often each fault was brought about. */
  faults: Record<string, number>;
  /** How often each error was met by somebody in the end. */
  errors: Record<string, number>;
  /** Everything that is not as it must be: empty when all is well. */
  wrong: string[];
}

/** Mulberry32: small, and the same again from the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return sides => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

/**
 * Lets many clients deposit, withdraw and invest for a while, directly and by way of PgBouncer where there is one, while
 * sessions, lines, poolers and the server fail at random; then compares the books with what everybody was told.
 */
export async function soak({ seconds, seed }: { seconds: number; seed: number }): Promise<SoakReport> {
  await using stack = new AsyncDisposableStack();
  const server = await startEmbeddedPostgres();
  stack.defer(() => server.stop());
  const address = { url: server.url, runId: randomBytes(4).toString('hex') };
  const fork = await forkDatabase(address, await migratedTemplate(address));
  const pooler = hasPgBouncer ? await startPgBouncer([fork.serviceUrl]) : undefined;
  if (pooler) stack.defer(() => pooler.stop());
  const lines = await Promise.all(
    [fork.serviceUrl, ...(pooler ? [pooler.through(fork.serviceUrl)] : [])].map(async url => {
      const line = await WireProxy.listen(url);
      stack.defer(() => line.close());
      const orm = await openDatabase({ kind: 'server', url: line.through(url), profile: 'proxy' });
      configureCircuit(orm, { halfOpenAfterMs: 500 });
      stack.defer(() => orm.close(true));
      return { line, orm };
    }),
  );
  const people = await openMarket(lines[0]!.orm);

  const end = performance.now() + seconds * 1_000;
  const wishes: Wish[] = [];
  const errors: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    const roll = dice(seed + 1 + number);
    const { orm } = lines[number % lines.length]!;
    while (performance.now() < end) {
      const { userId, portfolioId } = people[roll(PEOPLE)]!;
      const kind = KINDS[roll(3)]!;
      // Money comes in faster than it goes out, most of the time.
      const amount = `${kind === 'deposit' ? 20 + roll(20) : 10 + roll(15)}.${roll(100)}`;
      const key = `${number}-${wishes.length}`;
      const wish: Wish = { userId, key, kind, amount, came: 'acknowledged' };
      wishes.push(wish);
      const work = WORK[kind];
      await transact(() => asUser(orm.em, userId, em => work(em, { userId, portfolioId }, key, amount)), {
        attempts: 20,
        deadlineMs: 5_000,
        onUnknownOutcome: 'rerun',
      }).catch(error => {
        wish.came = cameOf(error);
        const code = error instanceof NesteggError ? error.code : `${error}`;
        errors[code] = (errors[code] ?? 0) + 1;
        // A circuit that is open answers at once.
        return setTimeout(20);
      });
    }
  });

  const roll = dice(seed);
  while (performance.now() < end) {
    await setTimeout(100 + roll(400));
    const { line } = lines[roll(lines.length)]!;
    const names = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
    const name = names[roll(names.length)]!;
    faults[name] = (faults[name] ?? 0) + 1;
    await FAULTS[name]({ line, roll, server, pooler, admin: fork.superuserUrl });
  }
  for (const { line } of lines) line.clear();
  await Promise.all(clients);

  // A circuit that the last fault has opened lets somebody through by then.
  await setTimeout(1_000);
  const wrong = await whatIsWrong(fork, wishes);
  for (const { orm } of lines) {
    const last = asReader(orm.em, em => em.execute('select 1 as one'));
    await last.catch(error => wrong.push(`the last call failed: ${error.code ?? error}`));
  }
  const count = (came: Wish['came']) => wishes.filter(wish => wish.came === came).length;
  return {
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    failed: count('failed'),
    unknown: count('unknown'),
    faults,
    errors,
    wrong,
  };
}

function cameOf(error: unknown): Wish['came'] {
  if (error instanceof InsufficientFundsError) return 'refused';
  return error instanceof OutcomeUnknownError ? 'unknown' : 'failed';
}

const clock = new FixedClock(NOON);

type Work = (em: EntityManager, who: Person, key: string, amount: string) => Promise<unknown>;

const WORK: Record<Wish['kind'], Work> = {
  async deposit(em, { userId }, key, amount) {
    const deposits = new DepositService(em, clock);
    const announced = { userId, assetCode: 'USD', amount, source: 'bank', reference: key, idempotencyKey: key };
    const { transaction } = await deposits.open(announced);
    await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: `${key}:settled` });
  },
  async withdrawal(em, { userId }, key, text) {
    const amount = new Decimal(text);
    const [usd] = await em.execute<[{ id: string }]>(`select id from assets where code = 'USD'`);
    const leg = { from: { kind: 'cash' as const }, to: { kind: 'external' as const }, assetId: usd.id, amount };
    await ledger.post(em, userId, {
      ...{ type: 'withdrawal', assetId: usd.id, amount, occurredAt: NOON },
      ...{ idempotencyKey: key, request: { withdrawal: text }, legs: [leg] },
    });
  },
  basket_investment: (em, { userId, portfolioId }, key, amount) =>
    new InvestmentService(em, clock).invest({ userId, portfolioId, basketSlug: 'duo', amount, idempotencyKey: key }),
};

interface Scene {
  line: WireProxy;
  roll: (sides: number) => number;
  server: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  pooler?: Awaited<ReturnType<typeof startPgBouncer>>;
  admin: string;
}

const endSessions = (admin: string, which: string) =>
  withClient(admin, client =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'nestegg_service' and ${which}`,
    ),
  );

/** What can go wrong. Each is over when it resolves, or when somebody next commits. */
const FAULTS = {
  'sessions ended': ({ admin, roll }) => endSessions(admin, `pid % 3 = ${roll(3)}`),
  'session ended before COMMIT': async ({ line, admin }) => {
    void line.atNext(/^commit/i, async ({ clientPort }) => {
      // The server itself may be down by then.
      await endSessions(admin, `client_port = ${clientPort}`).catch(() => undefined);
    });
  },
  'answer to COMMIT lost': async ({ line }) => {
    for (let time = 0; time < 3; time++) void line.atNext(/^commit/i, link => link.loseAnswer());
  },
  'reset before COMMIT': async ({ line }) => {
    void line.atNext(/^commit/i, link => link.reset());
  },
  'reset at a posting': async ({ line }) => {
    void line.atNext(/nestegg_post/, link => link.reset());
  },
  'all connections reset': async ({ line }) => line.reset(),
  'half-open connections': async ({ line }) => line.halfOpen(),
  'connections refused': async ({ line, roll }) => {
    await line.refuse();
    await setTimeout(100 + roll(300));
    await line.accept();
  },
  'slow line': async ({ line, roll }) => {
    line.slow(10 + roll(50));
    await setTimeout(300 + roll(300));
    line.clear();
  },
  'black hole': async ({ line, roll }) => {
    line.blackHole((['both', 'to-server', 'to-client'] as const)[roll(3)]);
    await setTimeout(200 + roll(800));
    line.clear();
  },
  'server stopped at once': async ({ server }) => {
    await server.end('QUIT');
    await server.startAgain();
  },
  'server killed': async ({ server }) => {
    await server.end('KILL');
    await server.startAgain();
  },
  'pooler restarted': async ({ pooler }) => {
    await pooler?.end();
    await pooler?.startAgain();
  },
} satisfies Record<string, (scene: Scene) => Promise<unknown>>;

/** Compares what is stored with what everybody was told. */
async function whatIsWrong(fork: ForkedDatabase, wishes: readonly Wish[]): Promise<string[]> {
  const wrong: string[] = [];
  const orm = await openDatabase({ kind: 'server', url: fork.serviceUrl });
  try {
    for (const { name, violations } of await asReader(orm.em, checkInvariants))
      if (violations > 0) wrong.push(`${name}: ${violations} times not`);
  } finally {
    await orm.close(true);
  }
  const { stored, balances } = await withClient(fork.superuserUrl, async client => ({
    stored: (await client.query(`select user_id, idempotency_key, type, status, amount from transactions`)).rows,
    balances: (await client.query(`select user_id, balance from ledger_accounts where kind = 'cash'`)).rows,
  }));
  const effects = Map.groupBy(stored, row => row.idempotency_key as string);
  const cash = new Map<string, Decimal>();
  for (const { userId, key, kind, amount, came } of wishes) {
    const rows = effects.get(key) ?? [];
    effects.delete(key);
    const told = `${kind} ${key} was ${came}, and is stored ${rows.length} times`;
    const allowed = { acknowledged: [1], refused: [0], failed: [0], unknown: [0, 1] }[came];
    if (!allowed.includes(rows.length)) wrong.push(told);
    for (const row of rows) {
      const asTold = row.user_id === userId && row.type === kind && new Decimal(row.amount).eq(amount);
      if (!asTold || row.status !== 'posted') wrong.push(`${told}, but as ${row.type} of ${row.amount} ${row.status}`);
      const moved = kind === 'deposit' ? new Decimal(row.amount) : new Decimal(row.amount).negated();
      cash.set(userId, (cash.get(userId) ?? new Decimal(0)).plus(moved));
    }
  }
  for (const key of effects.keys()) wrong.push(`${key} is stored, and nobody wished it`);
  for (const { user_id: userId, balance } of balances) {
    const expected = cash.get(userId) ?? new Decimal(0);
    if (!expected.eq(balance)) wrong.push(`somebody has ${balance} in cash and should have ${expected}`);
  }
  return wrong;
}

/** One basket of two assets, and people without any money. */
async function openMarket({ em }: MikroORM): Promise<Person[]> {
  await asWorker(em, async inner => {
    const assets = new AssetService(inner);
    assets.list({ code: 'USD', name: 'US dollar', kind: 'fiat' });
    assets.list({ code: 'VTI', name: 'Vanguard Total Stock Market ETF', kind: 'equity' });
    assets.list({ code: 'BND', name: 'Vanguard Total Bond Market ETF', kind: 'equity' });
  });
  await asWorker(em, async inner => {
    const prices = Object.entries({ VTI: '271.13', BND: '73.5' });
    await new PriceService(inner).import({
      quoteCode: 'USD',
      source: 'exchange',
      prices: prices.map(([code, price]) => ({ code, price, asOf: NOON })),
    });
    const baskets = new BasketService(inner, clock);
    await baskets.draft({
      ...{ slug: 'duo', name: 'Duo', description: 'Shares and bonds.', risk: 'moderate', category: 'Mixed' },
      ...{ minimumInvestment: '10', feeRate: '0.75', curator: 'Nestegg' },
    });
    const composition = ['VTI', 'BND'].map(assetCode => ({ assetCode, weight: '50' }));
    await baskets.publish({ slug: 'duo', composition });
    await baskets.activate('duo');
  });
  return Promise.all(
    Array.from({ length: PEOPLE }, async () => {
      const userId = newId();
      const { portfolio } = await asUser(em, userId, inner =>
        registerUser(inner, { userId, email: `${userId}@example.com`, timeZone: 'UTC' }),
      );
      return { userId, portfolioId: portfolio.id };
    }),
  );
}
