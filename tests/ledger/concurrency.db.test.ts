import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  InsufficientFundsError,
  type Leg,
  ledger,
  newId,
  StateError,
  Transaction,
} from '../../src/index.js';
import { rawPosting, useBank } from './bank.js';

const bank = useBank();

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
  Promise.allSettled(Array.from({ length: count }, (_, index) => work(index)));

const granted = <T>(outcomes: PromiseSettledResult<T>[]): T[] =>
  outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));

const refused = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));

/** Posts past TypeScript, in the name of the user, on a connection of its own. */
const postRaw =
  (userId: string, posting: object, settings = '') =>
  async () => {
    const client = new pg.Client({ connectionString: bank.database.fork.serviceUrl });
    await client.connect();
    try {
      await client.query(`begin; ${settings}`);
      await client.query(`select nestegg_enter('nestegg_app', $1)`, [userId]);
      const { rows } = await client.query('select nestegg_post($1, $2) as answer', [userId, posting]);
      await client.query('commit');
      return rows[0].answer as { replayed: boolean; transactionId: string };
    } finally {
      await client.end();
    }
  };

/** Starts some work while another connection holds a row back; takes that row away when all of the work waits. */
async function whileHeldUp<T>(row: [sql: string, values: unknown[]], works: (() => Promise<T>)[]) {
  const holder = new pg.Client({ connectionString: bank.database.fork.superuserUrl });
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query(...row);
    const outcomes = Promise.allSettled(works.map(work => work()));
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    const deadline = Date.now() + 5_000;
    while ((await bank.rows(waiting)).length < works.length && Date.now() < deadline) await setTimeout(5);
    await holder.query('rollback');
    return await outcomes;
  } finally {
    await holder.end();
  }
}

describe('many at once', () => {
  test('of 20 who spend 10 from 100 exactly 10 are served', async () => {
    const userId = await bank.newUserWith('100');
    const outcomes = await times(20, () => bank.spend(userId, '10'));
    expect(granted(outcomes)).toHaveLength(10);
    expect(refused(outcomes)).toHaveLength(10);
    for (const error of refused(outcomes)) {
      expect(error).toBeInstanceOf(InsufficientFundsError);
      expect(error.details).toEqual({ account: 'cash', asset: 'USD', available: '0.00000000', needed: '10.00000000' });
    }
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
    expect(
      await bank.rows(
        `select t.type, count(distinct t.id)::int as transactions, count(e.id)::int as entries
        from transactions t left join ledger_entries e on (e.user_id, e.transaction_id) = (t.user_id, t.id) where t.user_id = $1
        group by 1 order by 1`,
        [userId],
      ),
    ).toEqual([
      { type: 'deposit', transactions: 1, entries: 1 },
      { type: 'withdrawal', transactions: 10, entries: 10 },
    ]);
  });

  test('with one key have one effect and one answer', async () => {
    for (let round = 0; round < 10; round++) {
      const userId = await bank.newUser();
      const outcomes = await times(10, () =>
        bank.deposit(userId, '10', {
          idempotencyKey: 'salary',
          request: { salary: 10 },
          external: { source: 'bank', reference: 'R-1' },
          events: [{ type: 'deposit.settled', payload: {} }],
        }),
      );
      expect(refused(outcomes)).toEqual([]);
      const answers = granted(outcomes);
      expect(answers.filter(answer => !answer.replayed)).toHaveLength(1);
      expect(new Set(answers.map(answer => answer.transaction.id)).size).toBe(1);
      expect(await bank.balances(userId)).toEqual({ 'cash USD': '10.00000000', 'external USD': '-10.00000000' });
      expect(await bank.count('transactions', userId)).toBe(1);
      expect(await bank.count('outbox_events', userId)).toBe(1);
    }
  });

  test.each([
    ['announce a deposit', { external: { source: 'bank', reference: 'R-1' } }],
    ['reverse a transaction', { type: 'reversal' as const }],
  ])('with one key %s, held up half-way: one effect, one answer', async (_what, wish) => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10');
    const isReversal = 'type' in wish;
    const posting = {
      ...rawPosting(bank, 'cash', 'external', '10.00000000'),
      ...(isReversal
        ? { type: 'reversal', reverses: transaction.id }
        : { externalSource: 'bank', externalReference: 'R-1' }),
    };
    // Another transaction, not through yet, is about the same thing under another key.
    const sql = `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key,
        request_hash, external_source, external_reference, reverses_id)
      values ($1, $2, $3, 'posted', $4, 1, now(), now(), 'another', 'h', $5, $6, $7)`;
    const values = isReversal
      ? [userId, newId(), 'reversal', bank.usd.id, null, null, transaction.id]
      : [userId, newId(), 'deposit', bank.usd.id, 'bank', 'R-1', null];
    const outcomes = await whileHeldUp(
      [sql, values],
      [1, 2, 3].map(() => postRaw(userId, { ...posting, id: newId() })),
    );
    expect(refused(outcomes)).toEqual([]);
    expect(
      granted(outcomes)
        .map(answer => answer.replayed)
        .sort(),
    ).toEqual([false, true, true]);
    expect(new Set(granted(outcomes).map(answer => answer.transactionId)).size).toBe(1);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
  });

  test('with one key reverse a transaction once, and all hear of the one reversal', async () => {
    for (let round = 0; round < 10; round++) {
      const userId = await bank.newUser();
      const { transaction } = await bank.deposit(userId, '10');
      const outcomes = await times(8, () =>
        bank.post(userId, {
          type: 'reversal',
          reversesId: transaction.id,
          idempotencyKey: 'chargeback',
          request: { chargeback: transaction.id },
          legs: [bank.leg('cash', 'external', '10')],
        }),
      );
      expect(refused(outcomes)).toEqual([]);
      expect(new Set(granted(outcomes).map(answer => answer.transaction.id)).size).toBe(1);
      expect(await bank.balances(userId)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
    }
  });

  test('who reverse one transaction under keys of their own: one does', async () => {
    for (let round = 0; round < 10; round++) {
      const userId = await bank.newUserWith('100');
      const { transaction } = await bank.deposit(userId, '10');
      const outcomes = await times(2, () =>
        bank.post(userId, { type: 'reversal', reversesId: transaction.id, legs: [bank.leg('cash', 'external', '10')] }),
      );
      expect(granted(outcomes)).toHaveLength(1);
      expect(refused(outcomes)).toHaveLength(1);
      expect(refused(outcomes)[0]).toBeInstanceOf(StateError);
      expect(refused(outcomes)[0]).toMatchObject({ code: 'transaction.not-reversible' });
      expect(await bank.balances(userId)).toEqual({ 'cash USD': '100.00000000', 'external USD': '-100.00000000' });
    }
  });

  test('who settle one pending transaction under one key: one effect, one answer', async () => {
    const userId = await bank.newUser();
    const { transaction } = await bank.deposit(userId, '10', { status: 'pending', legs: [] });
    const outcomes = await times(10, () =>
      bank.close(userId, {
        transactionId: transaction.id,
        status: 'posted',
        idempotencyKey: 'settle',
        request: { settle: transaction.id },
        legs: [bank.leg('external', 'cash', '10')],
      }),
    );
    expect(refused(outcomes)).toEqual([]);
    expect(granted(outcomes).filter(answer => !answer.replayed)).toHaveLength(1);
    expect(new Set(granted(outcomes).map(answer => answer.transaction.id))).toEqual(new Set([transaction.id]));
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '10.00000000', 'external USD': '-10.00000000' });
  });

  test('who spend from books of their own are all served', async () => {
    const users = await Promise.all(Array.from({ length: 5 }, () => bank.newUserWith('10')));
    const outcomes = await times(50, index => bank.spend(users[index % 5]!, '1'));
    expect(refused(outcomes)).toEqual([]);
    for (const userId of users) expect(await bank.balances(userId)).toMatchObject({ 'cash USD': '0.00000000' });
  });
});

describe('nobody waits for ever', () => {
  test('when 200 move money between the same two accounts in opposite directions', async () => {
    const userId = await bank.newUserWith('100');
    const outcomes = await times(200, index => (index % 2 ? bank.deposit(userId, '1') : bank.spend(userId, '1')));
    expect(refused(outcomes)).toEqual([]);
    expect(await bank.balances(userId)).toEqual({ 'cash USD': '100.00000000', 'external USD': '-100.00000000' });
  });

  test('when two open the same accounts in opposite order', async () => {
    const userId = await bank.newUser();
    const asset = bank.usd.id;
    const opening = (kinds: string[]) => {
      const accounts = kinds.map(kind => ({ id: newId(), kind, asset }));
      // A plan that takes the accounts as they come, as the planner may do any day.
      const asTheyCome = 'set local enable_mergejoin = off; set local enable_hashjoin = off';
      return postRaw(userId, { ...rawPosting(bank, 'external', 'cash', '1.00000000'), accounts }, asTheyCome);
    };
    const outcomes = await whileHeldUp(
      // A third one, not through yet, has opened the account that both come to second.
      [
        `insert into ledger_accounts (user_id, id, kind, asset_id) values ($1, $2, 'fees', $3)`,
        [userId, newId(), asset],
      ],
      [opening(['external', 'fees', 'debt']), opening(['debt', 'fees', 'external'])],
    );
    expect(refused(outcomes)).toEqual([]);
    expect(await bank.balances(userId)).toEqual({
      'debt USD': '-1.00000000',
      'external USD': '-1.00000000',
      'fees USD': '2.00000000',
    });
  });

  test('when the first two postings of a book cross', async () => {
    for (let round = 0; round < 20; round++) {
      const userId = await bank.newUser();
      const outcomes = await times(4, index =>
        bank.post(userId, {
          legs: [index % 2 ? bank.leg('external', 'rewards', '1') : bank.leg('rewards', 'external', '1')],
        }),
      );
      expect(refused(outcomes)).toEqual([]);
      expect(await bank.balances(userId)).toEqual({ 'external USD': '0.00000000', 'rewards USD': '0.00000000' });
    }
  });
});

/** Mulberry32: small, and the same run again from the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return sides => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

describe('after 320 postings of every kind, by 4 users over 8 connections', () => {
  const seed = Number(process.env.LEDGER_SEED) || randomInt(2 ** 31);
  const users: string[] = [];
  const portfolios = new Map<string, string>();
  const outcomes = { granted: 0, refused: 0 };

  /** One wish of one user, of a kind and size that the dice say. */
  async function somethingHappens(userId: string, roll: (sides: number) => number): Promise<unknown> {
    const amount = `${roll(40)}.${String(roll(100_000_000)).padStart(8, '0').replace(/0{8}/, '00000001')}`;
    const holding = { kind: 'holding', portfolioId: portfolios.get(userId)! } as const;
    const fee = (legs: Leg[]) => [...legs, bank.leg('cash', 'fees', '0.01', { fee: { kind: 'platform' } })];
    const buy = [
      bank.leg('cash', 'market', amount),
      bank.leg('market', 'holding', amount, { to: holding, assetId: bank.eur.id }),
    ];
    const sell = [
      bank.leg('holding', 'market', amount, { from: holding, assetId: bank.eur.id }),
      bank.leg('market', 'cash', amount),
    ];
    const kind = roll(10);
    if (kind < 3) return bank.deposit(userId, amount);
    if (kind === 3) return bank.spend(userId, amount);
    if (kind === 4)
      return bank.post(userId, {
        type: 'buy',
        legs: fee(buy),
        events: [{ type: 'asset.bought', payload: { amount } }],
      });
    if (kind === 5) return bank.post(userId, { type: 'sell', legs: sell });
    if (kind === 6)
      return bank.post(userId, {
        type: 'loan_disbursement',
        legs: [bank.leg('cash', 'collateral', amount), bank.leg('debt', 'cash', amount)],
      });
    if (kind === 7) {
      const hold = await bank.spend(userId, amount, {
        status: 'pending',
        legs: [bank.leg('cash', 'reserved', amount)],
      });
      const [status, to] = roll(2) ? (['posted', 'external'] as const) : (['voided', 'cash'] as const);
      return bank.close(userId, {
        transactionId: hold.transaction.id,
        status,
        legs: [bank.leg('reserved', to, amount)],
      });
    }
    if (kind === 8) {
      return asWorker(bank.database.orm.em, em =>
        ledger.post(em, userId, bank.posting({ type: 'reward', legs: [bank.leg('rewards', 'cash', amount)] })),
      );
    }
    return asUser(bank.database.orm.em, userId, async em => {
      const deposit = await em.findOne(
        Transaction,
        { user: userId, type: 'deposit', status: 'posted' },
        { orderBy: { id: roll(2) ? 'asc' : 'desc' } },
      );
      if (!deposit) return;
      const legs = [bank.leg('cash', 'external', deposit.amount.toFixed())];
      await ledger.post(em, userId, bank.posting({ type: 'reversal', reversesId: deposit.id, legs }));
    });
  }

  test('whoever was refused was refused for a reason of the business', async () => {
    console.log(`LEDGER_SEED=${seed}`);
    for (let i = 0; i < 4; i++) {
      users.push(await bank.newUserWith('20'));
      portfolios.set(users[i]!, await bank.newPortfolio(users[i]!));
    }
    const unexpected: unknown[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, connection) => {
        const roll = dice(seed + connection);
        for (let i = 0; i < 40; i++) {
          await somethingHappens(users[roll(4)]!, roll).then(
            () => (outcomes.granted += 1),
            error => {
              outcomes.refused += 1;
              const lawful = error instanceof InsufficientFundsError || error?.code === 'transaction.not-reversible';
              if (!lawful) unexpected.push(error);
            },
          );
        }
      }),
    );
    expect(unexpected).toEqual([]);
    expect(outcomes.granted + outcomes.refused).toBe(320);
    expect(outcomes.granted).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(0);
  });

  test('nobody owns less than nothing', async () => {
    const overdrawn = `select kind, balance from ledger_accounts where balance < 0 and kind in ('cash', 'holding', 'reserved', 'collateral')`;
    expect(await bank.rows(overdrawn)).toEqual([]);
    expect(
      await bank.rows(`select from ledger_accounts where kind in ('cash', 'holding') and balance > 0`),
    ).not.toEqual([]);
  });

  test('every book closes to zero, asset by asset', async () => {
    const open = 'select user_id, asset_id, sum(balance) from ledger_accounts group by 1, 2 having sum(balance) <> 0';
    expect(await bank.rows(open)).toEqual([]);
  });

  test('every balance is the sum of its entries', async () => {
    const wrong = `
      select l.kind, l.balance from ledger_accounts l where l.balance is distinct from
        (select coalesce(sum(amount), 0) from ledger_entries e where (e.user_id, e.credit_id) = (l.user_id, l.id))
        - (select coalesce(sum(amount), 0) from ledger_entries e where (e.user_id, e.debit_id) = (l.user_id, l.id))`;
    expect(await bank.rows(wrong)).toEqual([]);
  });

  test('every transaction that moved something is posted, reversed or has given it back', async () => {
    const lost = `
      select t.status, e.kind from transactions t
      join lateral (select debit_id, credit_id from ledger_entries e where (e.user_id, e.transaction_id) = (t.user_id, t.id)) x on true
      join ledger_accounts e on e.user_id = t.user_id and e.id in (x.debit_id, x.credit_id)
      where t.status not in ('posted', 'reversed', 'voided')`;
    expect(await bank.rows(lost)).toEqual([]);
  });

  test('the balances after each entry lead without a gap from nothing to the balance of today', async () => {
    const accounts = await bank.rows<{ id: string; balance: string; steps: { before: string; after: string }[] }>(`
      select l.id, l.balance::text, json_agg(json_build_object('before', s.before::text, 'after', s.after::text)) as steps
      from ledger_accounts l
      join lateral (
        select debit_balance + amount as before, debit_balance as after from ledger_entries e
        where (e.user_id, e.debit_id) = (l.user_id, l.id)
        union all
        select credit_balance - amount, credit_balance from ledger_entries e where (e.user_id, e.credit_id) = (l.user_id, l.id)
      ) s on true
      group by l.id, l.balance`);
    expect(accounts.length).toBeGreaterThan(20);
    for (const { balance, steps } of accounts) {
      expect(trail(steps)).toEqual({ length: steps.length + 1, end: balance });
    }
  });
});

/**
 * Follows the steps of an account from zero, each once, and tells how many balances that passes and where it ends. Ids
 * are made before the locks are held, so among postings at the same moment only the balances themselves know the order.
 * Hierholzer's algorithm: a dead end is the end of the trail, and a detour is fitted in where it left.
 */
function trail(steps: { before: string; after: string }[]): { length: number; end: string | undefined } {
  const onward = Map.groupBy(steps, step => step.before);
  const stack = ['0.00000000'];
  const passed: string[] = [];
  while (stack.length > 0) {
    const next = onward.get(stack.at(-1)!)?.pop();
    if (next) stack.push(next.after);
    else passed.push(stack.pop()!);
  }
  return { length: passed.length, end: passed[0] };
}

test('entries of one user who does one thing at a time sum up in the order of their ids', async () => {
  const userId = await bank.newUser();
  for (const amount of ['5', '0.00000001', '7.5', '3']) await bank.deposit(userId, amount);
  await bank.spend(userId, '2.25', { legs: [bank.leg('cash', 'external', '2'), bank.leg('cash', 'fees', '0.25')] });
  await bank.deposit(userId, '1');
  expect(
    await bank.rows(
      `select debit_balance::text, credit_balance::text,
        (sum(case when d.kind = 'cash' then -amount when c.kind = 'cash' then amount end) over (order by e.id))::text as cash
      from ledger_entries e join ledger_accounts d on d.id = debit_id join ledger_accounts c on c.id = credit_id
      where e.user_id = $1 order by e.id`,
      [userId],
    ),
  ).toEqual([
    { debit_balance: '-5.00000000', credit_balance: '5.00000000', cash: '5.00000000' },
    { debit_balance: '-5.00000001', credit_balance: '5.00000001', cash: '5.00000001' },
    { debit_balance: '-12.50000001', credit_balance: '12.50000001', cash: '12.50000001' },
    { debit_balance: '-15.50000001', credit_balance: '15.50000001', cash: '15.50000001' },
    { debit_balance: '13.50000001', credit_balance: '-13.50000001', cash: '13.50000001' },
    { debit_balance: '13.25000001', credit_balance: '0.25000000', cash: '13.25000001' },
    { debit_balance: '-14.50000001', credit_balance: '14.25000001', cash: '14.25000001' },
  ]);
});
