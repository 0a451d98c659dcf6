import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoInvestService,
  asReader,
  asUser,
  asWorker,
  checkInvariants,
  Decimal,
  DepositService,
  type EntityManager,
  ledger,
  openDatabase,
  runDueAutoInvestRules,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const BALANCES = 'every balance equals the sum of its entries';
const CHAIN = 'the entries of every account are numbered without a gap, and each balance follows from the one before';
const BOOKS = 'every book closes to zero per asset';
const NOT_NEGATIVE = "no account of a user's own is below zero";
const FEES = 'every fee was taken by its entry';
const MOVED = 'every posted transaction moved something, no failed one did';
const HOLDINGS = 'every holding and its account match';
const COSTS = 'a holding has a cost if and only if it has a quantity';
const MOVEMENTS = 'every holding is the sum of its movements';
const WEIGHTS = 'the weights of every published composition sum to 100';
const SNAPSHOTS = 'every snapshot starts from the one before';
const RUNS = "every run that succeeded invested its rule's amount";

const KNOWN = [
  ...[BALANCES, CHAIN, BOOKS, NOT_NEGATIVE, FEES, MOVED],
  ...[HOLDINGS, COSTS, MOVEMENTS, WEIGHTS, SNAPSHOTS, RUNS],
];

/** What was looked at, by invariant; those that other suites are about left out. */
const checked = (results: Awaited<ReturnType<typeof checkInvariants>>) =>
  Object.fromEntries(results.filter(({ name }) => KNOWN.includes(name)).map(each => [each.name, each.checked]));

/** What is broken and how often; empty when all is well. */
const broken = (results: Awaited<ReturnType<typeof checkInvariants>>) =>
  Object.fromEntries(results.filter(({ violations }) => violations > 0).map(each => [each.name, each.violations]));

let ann: Investor;
let bob: Investor;
let superuser: MikroORM;

beforeAll(async () => {
  superuser = await openDatabase({ kind: 'server', url: database.fork.superuserUrl });

  // Ann: a deposit that came, one that did not and one that may, an investment, a rule that ran, two snapshots.
  ann = await world.newInvestor('100');
  await world.invest(ann, '33.337');
  await asUser(database.orm.em, ann.userId, async em => {
    const deposits = new DepositService(em, world.clock);
    const announce = (reference: string) =>
      deposits.open({
        ...{ userId: ann.userId, assetCode: 'USD', amount: '7', source: 'bank' },
        ...{ reference, idempotencyKey: randomUUID() },
      });
    await announce('pending');
    const { transaction } = await announce('lost');
    await deposits.fail({
      userId: ann.userId,
      transactionId: transaction.id,
      reason: 'Lost',
      idempotencyKey: randomUUID(),
    });
    await new AutoInvestService(em, world.clock).create({
      ...{ ...ann, basketSlug: 'trio', amount: '10', frequency: 'monthly' },
      ...{ anchorDate: '2026-03-02', localTime: '12:30' },
    });
  });
  await world.takeSnapshot(ann);
  world.clock.moveTo('2026-03-02T12:30:00Z');
  await runDueAutoInvestRules(database.orm.em, world.clock);
  world.clock.moveTo('2026-03-03T12:00:00Z');
  await world.takeSnapshot(ann);

  // Bob: a deposit, an investment, a withdrawal that was held back and given up.
  bob = await world.newInvestor('50');
  world.clock.moveTo('2026-03-02T12:30:00Z');
  await world.invest(bob, '20');
  await asUser(database.orm.em, bob.userId, async em => {
    const [usd] = await em.execute<{ id: string }[]>(`select id from assets where code = 'USD'`);
    const hold = (from: 'cash' | 'reserved', to: 'cash' | 'reserved') => [
      { from: { kind: from }, to: { kind: to }, assetId: usd!.id, amount: new Decimal(5) },
    ];
    const { transaction } = await ledger.post(em, bob.userId, {
      ...{ type: 'withdrawal', status: 'pending', assetId: usd!.id, amount: new Decimal(5) },
      ...{ occurredAt: world.clock.now(), idempotencyKey: 'hold', request: 'hold', legs: hold('cash', 'reserved') },
    });
    await ledger.close(em, bob.userId, {
      ...{ transactionId: transaction.id, status: 'voided', occurredAt: world.clock.now() },
      ...{ idempotencyKey: 'void', request: 'void', legs: hold('reserved', 'cash') },
    });
  });
});

afterAll(() => superuser?.close(true));

describe('in a sound database', () => {
  test.each([
    ['a reader', asReader],
    ['a job', asWorker],
  ])('nothing is broken, and %s looks at everything there is', async (_, enter) => {
    const results = await enter(database.orm.em, checkInvariants);
    expect(broken(results)).toEqual({});
    expect(checked(results)).toEqual({
      // Of each: cash, external, fees, four markets, three holdings; and what Bob held back.
      [BALANCES]: 21,
      // Both sides of the entries: Ann's deposit and two investments of 7, Bob's deposit, investment, hold and its return.
      [CHAIN]: 2 * (1 + 7 + 7 + 1 + 7 + 1 + 1),
      [BOOKS]: 8,
      [NOT_NEGATIVE]: 9,
      [FEES]: 3,
      [MOVED]: 7,
      [HOLDINGS]: 6,
      [COSTS]: 6,
      [MOVEMENTS]: 6,
      [WEIGHTS]: 1,
      [SNAPSHOTS]: 2,
      [RUNS]: 1,
    });
  });

  test('a user looks at their own rows only', async () => {
    const results = await asUser(database.orm.em, bob.userId, checkInvariants);
    expect(broken(results)).toEqual({});
    expect(checked(results)).toEqual({
      [BALANCES]: 11,
      [CHAIN]: 20,
      [BOOKS]: 4,
      [NOT_NEGATIVE]: 5,
      [FEES]: 1,
      [MOVED]: 3,
      [HOLDINGS]: 3,
      [COSTS]: 3,
      [MOVEMENTS]: 3,
      [WEIGHTS]: 1,
      [SNAPSHOTS]: 0,
      [RUNS]: 0,
    });
  });

  test('nobody in particular looks at nothing, and may not look', async () => {
    await expect(checkInvariants(database.orm.em.fork() as EntityManager)).rejects.toThrow('permission denied');
  });
});

/** What is found after statements that go round triggers and keys; nothing of them stays. */
async function foundAfter(...statements: string[]): Promise<Record<string, number>> {
  const em = superuser.em.fork();
  await em.begin();
  try {
    await em.execute('set local session_replication_role = replica');
    for (const statement of statements)
      await em.execute(statement.replaceAll('BOB', `'${bob.userId}'`).replaceAll('ANN', `'${ann.userId}'`));
    return broken(await checkInvariants(em as EntityManager));
  } finally {
    await em.rollback();
  }
}

/** An entry of a user, found by what it led to. */
const entry = (user: string, type: string, to: string) =>
  `(select e.id from ledger_entries e join transactions t on t.user_id = e.user_id and t.id = e.transaction_id
    join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
    where e.user_id = ${user} and t.type = '${type}' and c.kind = '${to}' limit 1)`;
const ofAsset = (code: string) => `(select id from assets where code = '${code}')`;
const holdingOf = (user: string, code: string) =>
  `(select id from portfolio_holdings where user_id = ${user} and asset_id = ${ofAsset(code)})`;
const SECOND = `user_id = ANN and date = '2026-03-03'`;

test('what is planted is gone afterwards', async () => {
  expect(await foundAfter()).toEqual({});
  await foundAfter('update ledger_accounts set balance = balance + 1');
  expect(await foundAfter()).toEqual({});
});

describe('what is found when somebody has', () => {
  test.each<[string, string[], Record<string, number>]>([
    [
      'put money into an account',
      [`update ledger_accounts set balance = balance + 0.00000001 where user_id = BOB and kind = 'cash'`],
      { [BALANCES]: 1, [CHAIN]: 1, [BOOKS]: 1 },
    ],
    [
      'moved money from account to account without an entry',
      [
        `update ledger_accounts set balance = balance + 1 where user_id = BOB and kind = 'cash'`,
        `update ledger_accounts set balance = balance - 1 where user_id = BOB and kind = 'external'`,
      ],
      { [BALANCES]: 2, [CHAIN]: 2 },
    ],
    [
      'moved money from book to book',
      [
        `update ledger_accounts set balance = balance + 1 where user_id = BOB and kind = 'cash'`,
        `update ledger_accounts set balance = balance - 1 where user_id = ANN and kind = 'cash'`,
      ],
      { [BALANCES]: 2, [CHAIN]: 2, [BOOKS]: 2 },
    ],
    [
      'edited an entry',
      [`update ledger_entries set amount = amount + 1 where user_id = BOB and id = ${entry('BOB', 'deposit', 'cash')}`],
      { [BALANCES]: 2, [CHAIN]: 2 },
    ],
    [
      'deleted the entry of a deposit',
      [`delete from ledger_entries where user_id = BOB and id = ${entry('BOB', 'deposit', 'cash')}`],
      // The only one of an account, and the first of seven of another.
      { [BALANCES]: 2, [CHAIN]: 7, [MOVED]: 1 },
    ],
    [
      'deleted the entry of a fee',
      [`delete from ledger_entries where user_id = BOB and id = ${entry('BOB', 'basket_investment', 'fees')}`],
      // The only one of an account, and the second of seven of another.
      { [BALANCES]: 2, [CHAIN]: 6, [FEES]: 1 },
    ],
    [
      'let an account go below zero',
      [
        'alter table ledger_accounts drop constraint ledger_accounts_own_not_negative',
        `update ledger_accounts set balance = -0.00000001 where kind = 'reserved'`,
      ],
      { [BALANCES]: 1, [CHAIN]: 1, [BOOKS]: 1, [NOT_NEGATIVE]: 1 },
    ],
    [
      'edited the balance that an entry led to',
      [`update ledger_entries set credit_balance = credit_balance + 1 where id = ${entry('BOB', 'deposit', 'cash')}`],
      // That entry, and the next of the account, which does not follow from it.
      { [CHAIN]: 2 },
    ],
    [
      'numbered an entry anew',
      [`update ledger_entries set debit_number = 2 where id = ${entry('BOB', 'deposit', 'cash')}`],
      { [CHAIN]: 1 },
    ],
    [
      'swapped two entries of an account',
      [
        `update ledger_entries e set debit_number = 3 - debit_number from ledger_accounts a
         where a.user_id = BOB and a.kind = 'reserved' and a.id = e.debit_id`,
        `update ledger_entries e set credit_number = 3 - credit_number from ledger_accounts a
         where a.user_id = BOB and a.kind = 'reserved' and a.id = e.credit_id`,
      ],
      { [CHAIN]: 2 },
    ],
    [
      'predated an entry',
      [
        `update ledger_entries set created_at = created_at - interval '1 day'
         where id = ${entry('BOB', 'withdrawal', 'cash')}`,
      ],
      // In both of its accounts.
      { [CHAIN]: 2 },
    ],
    [
      'counted one entry too many',
      [`update ledger_accounts set entry_count = entry_count + 1 where user_id = BOB and kind = 'cash'`],
      { [CHAIN]: 1 },
    ],
    [
      'counted an entry of an account that has none',
      [
        `insert into ledger_accounts (user_id, id, kind, asset_id, entry_count)
         values (BOB, gen_random_uuid(), 'debt', ${ofAsset('USD')}, 1)`,
      ],
      { [CHAIN]: 1 },
    ],
    ['edited a fee', [`update transaction_fees set amount = amount + 1 where user_id = ANN`], { [FEES]: 2 }],
    [
      'given a fee the entry of something else',
      [`update transaction_fees set entry_id = ${entry('BOB', 'deposit', 'cash')} where user_id = BOB`],
      { [FEES]: 1 },
    ],
    [
      'recorded a transaction that moved nothing',
      [
        `insert into transactions (user_id, id, type, status, asset_id, amount, occurred_at, posted_at, idempotency_key, request_hash)
         select user_id, gen_random_uuid(), type, status, asset_id, amount, occurred_at, posted_at, 'planted', request_hash
         from transactions where user_id = BOB and type = 'deposit'`,
      ],
      { [MOVED]: 1 },
    ],
    [
      'called failed what had moved money',
      [
        `update transactions set status = 'failed', posted_at = null, closed_at = now() where type in ('basket_investment', 'auto_invest')`,
      ],
      { [MOVED]: 3 },
    ],
    [
      'kept what was held back',
      [`delete from ledger_entries where user_id = BOB and id = ${entry('BOB', 'withdrawal', 'cash')}`],
      { [BALANCES]: 2, [CHAIN]: 2, [MOVED]: 1 },
    ],
    [
      'deleted a holding',
      [`delete from portfolio_holdings where user_id = BOB and asset_id = ${ofAsset('VTI')}`],
      { [HOLDINGS]: 1 },
    ],
    [
      'called what is held by another name',
      [
        `update portfolio_holdings set asset_id = ${ofAsset('USD')} where user_id = BOB and asset_id = ${ofAsset('VTI')}`,
      ],
      { [HOLDINGS]: 1 },
    ],
    [
      'given a holding an account that is not there',
      [
        `update portfolio_holdings set account_id = gen_random_uuid() where user_id = BOB and asset_id = ${ofAsset('VTI')}`,
      ],
      { [HOLDINGS]: 2 },
    ],
    [
      'moved a holding to another basket',
      [`update portfolio_holdings set basket_id = null where user_id = ANN`],
      { [HOLDINGS]: 3 },
    ],
    [
      'forgotten what a holding cost',
      [`update portfolio_holdings set cost_basis = 0 where user_id = ANN`],
      { [COSTS]: 3, [MOVEMENTS]: 3 },
    ],
    [
      'emptied a holding that has a cost',
      [
        `update ledger_accounts set balance = 0 where user_id = BOB and kind = 'holding' and asset_id = ${ofAsset('VTI')}`,
      ],
      { [BALANCES]: 1, [CHAIN]: 1, [BOOKS]: 1, [COSTS]: 1, [MOVEMENTS]: 1 },
    ],
    [
      'deleted a movement of a holding',
      [`delete from holding_movements where holding_id = ${holdingOf('BOB', 'VTI')}`],
      { [MOVEMENTS]: 1 },
    ],
    ...['quantity', 'cost', 'gain'].map((figure): [string, string[], Record<string, number>] => [
      `edited the ${figure} of a movement`,
      [`update holding_movements set ${figure} = ${figure} + 0.00000001 where holding_id = ${holdingOf('BOB', 'VTI')}`],
      { [MOVEMENTS]: 1 },
    ]),
    [
      'told the movements of one holding of another',
      [
        `delete from holding_movements where holding_id = ${holdingOf('BOB', 'VTI')}`,
        `update holding_movements set holding_id = ${holdingOf('BOB', 'VTI')} where holding_id = ${holdingOf('BOB', 'WBTC')}`,
      ],
      { [MOVEMENTS]: 2 },
    ],
    [
      'claimed a gain that no sale brought',
      [`update portfolio_holdings set realised_gain = 0.00000001 where id = ${holdingOf('BOB', 'VTI')}`],
      { [MOVEMENTS]: 1 },
    ],
    [
      'changed a weight',
      [`update basket_assets set weight = weight - 0.0001 where asset_id = ${ofAsset('VTI')}`],
      { [WEIGHTS]: 1 },
    ],
    [
      'taken an asset out of a basket',
      [`delete from basket_assets where asset_id = ${ofAsset('VTI')}`],
      { [WEIGHTS]: 1 },
    ],
    [
      'let a snapshot start elsewhere',
      [
        `update portfolio_snapshots set start_value = start_value + 1, market_change = market_change - 1 where ${SECOND}`,
      ],
      { [SNAPSHOTS]: 1 },
    ],
    ['deleted the first snapshot', [`delete from portfolio_snapshots where not (${SECOND})`], { [SNAPSHOTS]: 1 }],
    ['raised the amount of a rule that ran', ['update auto_invest_rules set amount = 11'], { [RUNS]: 1 }],
    [
      'called a rule’s investment something else',
      [`update transactions set type = 'basket_investment' where type = 'auto_invest'`],
      { [RUNS]: 1 },
    ],
  ])('%s', async (_, statements, found) => {
    expect(await foundAfter(...statements)).toEqual(found);
  });
});
