import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkInvariants, type EntityManager, migrateUp, newId, openDatabase } from '../../../src/index.js';
import { type ForkedDatabase, forkDatabase } from '../../../src/testing/index.js';

/** The last file before entries were numbered and movements kept. */
const BEFORE = 'Migration20261122090200_books_and_rights';
const LATER = readdirSync(join(import.meta.dirname, '../../../migrations'))
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -'.ts'.length))
  .filter(name => name > BEFORE)
  .sort();

const NOON = '2026-03-02T12:00:00Z';
const [USD, VTI, GLD] = [newId(), newId(), newId()];
const BASKET = newId();
const [ANN, BOB, CAROL, DAVE] = [newId(), newId(), newId(), newId()];
const PORTFOLIO = newId();

let database: ForkedDatabase;
let orm: MikroORM;
let superuser: pg.Client;

const connect = (): Promise<pg.Client> => new pg.Client({ connectionString: database.superuserUrl }).connect();

const rows = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await superuser.query<T>(sql, values)).rows;

type Move = readonly [from: string, to: string, amount: string, asset?: string];

/** What `nestegg_post` of that time takes: places are named by kind, holdings are in the portfolio and through the basket. */
function posting(moves: readonly Move[], more: object = {}) {
  const accounts: object[] = [];
  const numberOf = (kind: string, asset: string): number => {
    const place = { kind, asset, ...(kind === 'holding' && { portfolio: PORTFOLIO, basket: BASKET }) };
    const known = accounts.findIndex(({ id: _, ...account }: { id?: string }) => isSame(account, place));
    return known >= 0 ? known + 1 : accounts.push({ id: newId(), ...place });
  };
  const entries = moves.map(([from, to, amount, asset = USD]) => ({
    id: newId(),
    ...{ debit: numberOf(from, asset), credit: numberOf(to, asset), amount },
  }));
  return {
    ...{ id: newId(), type: 'adjustment', status: 'posted', asset: USD, amount: moves[0]?.[2] ?? '1' },
    ...{ key: newId(), hash: 'h', occurredAt: NOON, accounts, entries, fees: [], events: [] },
    ...more,
  };
}
const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A transaction of a job: it begins now, and posts when it is told to. */
async function begin(userId: string) {
  const client = await connect();
  await client.query('begin');
  await client.query(`select nestegg_enter('nestegg_worker', null)`);
  return async (message: { id: string }): Promise<string> => {
    await client.query('select nestegg_post($1, $2)', [userId, message]);
    await client.query('commit');
    await client.end();
    return message.id;
  };
}

const post = async (userId: string, moves: readonly Move[], more: object = {}): Promise<string> =>
  (await begin(userId))(posting(moves, more));

/** A holding as services of that time left it: its units are in the account, its cost is said. */
const hold = (asset: string, costBasis: string, realisedGain: string) =>
  rows(
    `insert into portfolio_holdings (user_id, id, portfolio_id, asset_id, basket_id, account_id, cost_basis, realised_gain)
     select user_id, $2, portfolio_id, asset_id, basket_id, id, $3, $4 from ledger_accounts where user_id = $1 and kind = 'holding' and asset_id = $5`,
    [ANN, newId(), costBasis, realisedGain, asset],
  );

async function writeHistory(): Promise<void> {
  for (const [userId, name] of [[ANN, 'ann'] as const, [BOB, 'bob'] as const, [CAROL, 'carol'] as const])
    await rows(`insert into users (id, email, status, kyc_status) values ($1, $2, 'active', 'none')`, [
      userId,
      `${name}@example.com`,
    ]);
  for (const [assetId, code, kind] of [
    [USD, 'USD', 'fiat'] as const,
    [VTI, 'VTI', 'equity'] as const,
    [GLD, 'GLD', 'equity'] as const,
  ])
    await rows(
      `insert into assets (id, code, name, kind, display_scale, price_max_age_seconds, status) values ($1, $2, $2, $3, 2, 60, 'active')`,
      [assetId, code, kind],
    );
  await rows(
    `insert into baskets (id, slug, name, description, risk, category, minimum_investment, fee_rate, curator, status, composition_version)
     values ($1, 'duo', 'Duo', 'Two.', 'moderate', 'Mixed', 1, 1, 'Nestegg', 'draft', 0)`,
    [BASKET],
  );
  await rows(
    `insert into portfolios (user_id, id, name, currency_id, risk, is_default, status) values ($1, $2, 'Main', $3, 'moderate', true, 'active')`,
    [ANN, PORTFOLIO, USD],
  );

  // Ann: a deposit, an investment, a sale with a gain of 5, a hold that is given up, a deposit that was announced.
  await post(ANN, [['external', 'cash', '100']], { type: 'deposit' });
  await post(
    ANN,
    [
      ['cash', 'fees', '1'],
      ['cash', 'market', '60'],
      ['market', 'holding', '6', VTI],
      ['cash', 'market', '30'],
      ['market', 'holding', '3', GLD],
    ],
    { type: 'basket_investment', portfolio: PORTFOLIO, basket: BASKET },
  );
  await post(
    ANN,
    [
      ['holding', 'market', '2', VTI],
      ['market', 'cash', '25'],
    ],
    { type: 'sell', portfolio: PORTFOLIO },
  );
  const held = await post(ANN, [['cash', 'reserved', '2']], { type: 'withdrawal', status: 'pending' });
  const announced = await post(ANN, [], { type: 'deposit', status: 'pending', amount: '5' });
  const end = (closes: string, status: string, moves: Move[], amount: string) =>
    begin(ANN).then(go => go({ ...posting(moves, { status, amount, closes }), id: closes }));
  await end(held, 'voided', [['reserved', 'cash', '2']], '2');
  await end(announced, 'posted', [['external', 'cash', '4']], '4');
  // All of the gold is locked, a third of it given back.
  await post(ANN, [['holding', 'reserved', '3', GLD]], { type: 'collateral_lock' });
  await post(ANN, [['reserved', 'holding', '1', GLD]], { type: 'collateral_release' });
  // The one that began first was booked last.
  const slow = await begin(ANN);
  await post(ANN, [['external', 'cash', '7']], { type: 'deposit' });
  await slow(posting([['external', 'cash', '3']], { type: 'deposit' }));
  await hold(VTI, '40', '5');
  await hold(GLD, '10', '0');

  // Bob: what began first would fit as the first one, too, but nothing after it would.
  const last = await begin(BOB);
  await post(BOB, [['external', 'cash', '10']]);
  await post(BOB, [['cash', 'external', '10']]);
  await last(posting([['external', 'cash', '5']]));

  // Carol: one thing after the other.
  await post(CAROL, [['rewards', 'cash', '1.5']], { type: 'reward' });
  await post(
    CAROL,
    [
      ['cash', 'external', '0.5'],
      ['cash', 'external', '0.25'],
    ],
    { type: 'withdrawal' },
  );
}

/** The history of an account, such as `1: +100 = 100`. */
async function historyOf(userId: string, kind: string, asset = USD): Promise<string[]> {
  const found = await rows<{ line: string }>(
    `select number || ': ' || to_char(amount, 'FMSG99990.00') || ' = ' || to_char(after, 'FM99990.00') as line from (
      select user_id, debit_id as id, debit_number as number, -amount as amount, debit_balance as after from ledger_entries
      union all select user_id, credit_id, credit_number, amount, credit_balance from ledger_entries
    ) e join ledger_accounts a using (user_id, id) where user_id = $1 and kind = $2 and asset_id = $3 order by number`,
    [userId, kind, asset],
  );
  return found.map(({ line }) => line);
}

async function violations(): Promise<Record<string, number>> {
  const owner = await openDatabase({ kind: 'server', url: database.superuserUrl }, { quiet: true });
  try {
    const results = await checkInvariants(owner.em.fork() as EntityManager);
    return Object.fromEntries(results.filter(each => each.violations > 0).map(each => [each.name, each.violations]));
  } finally {
    await owner.close(true);
  }
}

/** Everything that the books and holdings said already at that time. */
const said = async (): Promise<unknown[][]> => [
  await rows(
    `select user_id, id, transaction_id, position, debit_id, credit_id, amount, debit_balance, credit_balance
     from ledger_entries order by id`,
  ),
  await rows('select user_id, id, kind, balance from ledger_accounts order by id'),
  await rows('select user_id, id, status, amount from transactions order by id'),
  await rows('select user_id, id, cost_basis, realised_gain from portfolio_holdings order by id'),
];

beforeAll(async () => {
  database = await forkDatabase(inject('postgres'), 'template0');
  superuser = await connect();
  orm = await openDatabase({ kind: 'server', url: database.ownerUrl }, { quiet: true });
  await orm.migrator.up({ to: BEFORE });
  await writeHistory();
}, 60_000);

afterAll(async () => {
  await orm?.close(true);
  await superuser?.end();
  await database?.drop();
});

describe('a history from before its entries were numbered', () => {
  let then: unknown;

  test('is migrated as it is: nothing that was said is said otherwise', async () => {
    then = await said();
    expect(await migrateUp(orm)).toEqual(LATER);
    expect(await said()).toEqual(then);
  });

  test('is numbered in the order in which the balances came about, not in the one in which things began', async () => {
    expect(await historyOf(ANN, 'cash')).toEqual([
      '1: +100.00 = 100.00',
      '2: -1.00 = 99.00',
      '3: -60.00 = 39.00',
      '4: -30.00 = 9.00',
      '5: +25.00 = 34.00',
      '6: -2.00 = 32.00',
      '7: +2.00 = 34.00',
      '8: +4.00 = 38.00',
      '9: +7.00 = 45.00',
      '10: +3.00 = 48.00',
    ]);
    expect(await historyOf(ANN, 'external')).toEqual([
      '1: -100.00 = -100.00',
      '2: -4.00 = -104.00',
      '3: -7.00 = -111.00',
      '4: -3.00 = -114.00',
    ]);
    expect(await historyOf(ANN, 'holding', GLD)).toEqual(['1: +3.00 = 3.00', '2: -3.00 = 0.00', '3: +1.00 = 1.00']);
    expect(await historyOf(BOB, 'cash')).toEqual(['1: +10.00 = 10.00', '2: -10.00 = 0.00', '3: +5.00 = 5.00']);
    expect(await historyOf(BOB, 'external')).toEqual(['1: -10.00 = -10.00', '2: +10.00 = 0.00', '3: -5.00 = -5.00']);
    expect(await historyOf(CAROL, 'cash')).toEqual(['1: +1.50 = 1.50', '2: -0.50 = 1.00', '3: -0.25 = 0.75']);
  });

  test('was booked in this order, too: what was late at the time of what was booked before it', async () => {
    const booked = await rows<{ amount: string; created_at: Date }>(
      `select e.amount::float as amount, e.created_at from ledger_entries e join ledger_accounts a on (a.user_id, a.id) = (e.user_id, e.credit_id)
       where e.user_id = $1 and a.kind = 'cash' order by credit_number desc limit 3`,
      [ANN],
    );
    expect(booked.map(({ amount }) => amount)).toEqual([3, 7, 4]);
    const [late, before, earlier] = booked.map(row => row.created_at.getTime());
    expect(late).toBe(before);
    expect(earlier).toBeLessThanOrEqual(before!);
    const [cash] = await rows<{ updated_at: Date }>(
      `select updated_at from ledger_accounts where user_id = $1 and kind = 'cash'`,
      [ANN],
    );
    expect(cash!.updated_at.getTime()).toBeGreaterThanOrEqual(late!);
  });

  test('has its entries counted', async () => {
    expect(
      await rows(
        `select a.kind, s.code, a.entry_count from ledger_accounts a join assets s on s.id = a.asset_id
         where user_id = $1 order by 2, 1`,
        [ANN],
      ),
    ).toEqual([
      { kind: 'holding', code: 'GLD', entry_count: 3 },
      { kind: 'market', code: 'GLD', entry_count: 1 },
      { kind: 'reserved', code: 'GLD', entry_count: 2 },
      { kind: 'cash', code: 'USD', entry_count: 10 },
      { kind: 'external', code: 'USD', entry_count: 4 },
      { kind: 'fees', code: 'USD', entry_count: 1 },
      { kind: 'market', code: 'USD', entry_count: 3 },
      { kind: 'reserved', code: 'USD', entry_count: 2 },
      { kind: 'holding', code: 'VTI', entry_count: 2 },
      { kind: 'market', code: 'VTI', entry_count: 2 },
    ]);
  });

  test('has movements of its holdings that add up to what each has cost and gained', async () => {
    const movements = await rows(
      `select s.code, t.type, m.quantity::float, m.cost::float, m.gain::float from holding_movements m
       join portfolio_holdings h on (h.user_id, h.id) = (m.user_id, m.holding_id) join assets s on s.id = h.asset_id
       join transactions t on (t.user_id, t.id) = (m.user_id, m.transaction_id) order by 1, m.id`,
    );
    expect(movements).toEqual([
      { code: 'GLD', type: 'basket_investment', quantity: 3, cost: 30, gain: 0 },
      // What a third of it cost came back with it: of the two, only the sum is known.
      { code: 'GLD', type: 'collateral_lock', quantity: -3, cost: -20, gain: 0 },
      { code: 'GLD', type: 'collateral_release', quantity: 1, cost: 0, gain: 0 },
      { code: 'VTI', type: 'basket_investment', quantity: 6, cost: 60, gain: 0 },
      { code: 'VTI', type: 'sell', quantity: -2, cost: -20, gain: 5 },
    ]);
  });

  test('holds every invariant', async () => {
    expect(await violations()).toEqual({});
  });

  test('goes on where it ended', async () => {
    await post(CAROL, [['cash', 'external', '0.75']]);
    expect((await historyOf(CAROL, 'cash')).at(-1)).toBe('4: -0.75 = 0.00');
    expect(await violations()).toEqual({});
  });

  test('is as it was when all of that is taken back, is written further, and numbered once more', async () => {
    const later = await said();
    await orm.migrator.down({ migrations: [...LATER].reverse() });
    expect(await said()).toEqual(later);
    await post(CAROL, [['external', 'cash', '8']]);
    expect(await migrateUp(orm)).toEqual(LATER);
    expect((await historyOf(CAROL, 'cash')).slice(-2)).toEqual(['4: -0.75 = 0.00', '5: +8.00 = 8.00']);
    expect((await historyOf(ANN, 'cash')).at(-1)).toBe('10: +3.00 = 48.00');
    expect(await violations()).toEqual({});
  });

  test('that does not add up is numbered by time, and found', async () => {
    await orm.migrator.down({ migrations: [...LATER].reverse() });
    await rows(`insert into users (id, email, status, kyc_status) values ($1, 'dave@example.com', 'active', 'none')`, [
      DAVE,
    ]);
    await post(DAVE, [['external', 'cash', '10']]);
    await post(DAVE, [['external', 'cash', '20']]);
    await superuser.query(`set session_replication_role = replica`);
    await rows(`update ledger_entries set credit_balance = 12 where user_id = $1 and credit_balance = 10`, [DAVE]);
    await superuser.query(`reset session_replication_role`);
    expect(await migrateUp(orm)).toEqual(LATER);
    expect(await historyOf(DAVE, 'cash')).toEqual(['1: +10.00 = 12.00', '2: +20.00 = 30.00']);
    expect(await violations()).toEqual({
      'the entries of every account are numbered without a gap, and each balance follows from the one before': 2,
    });
  });
});
