import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  asReader,
  Decimal,
  DepositService,
  LedgerReversalService,
  type StatementPage,
  StatementService,
} from '../../src/index.js';
import { dec } from './bank.js';
import { keyed, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const page = (userId: string, more: Partial<StatementPage> = {}) =>
  desk.user(userId, em => new StatementService(em).page({ userId, assetCode: 'USD', ...more }));

/** All pages, one after the other. */
async function pages(userId: string, more: Partial<StatementPage> = {}, between?: () => Promise<unknown>) {
  const found = [await page(userId, more)];
  for (let next = found[0]!.next; next; next = found.at(-1)!.next) {
    await between?.();
    found.push(await page(userId, { ...more, cursor: next }));
  }
  return found;
}

const words = ({ lines }: Awaited<ReturnType<typeof page>>) =>
  lines.map(({ number, amount, balance, counter }) => `${number}: ${amount} ${counter.kind} = ${balance}`);

const deposit = async (userId: string, amount: string, reference: string): Promise<string> => {
  const wish = keyed({ userId, assetCode: 'USD', amount, source: 'bank', reference });
  return desk.user(userId, async em => {
    const deposits = new DepositService(em, desk.clock, { fees: [{ kind: 'provider', rate: '1' }] });
    const { transaction } = await deposits.open(wish);
    await deposits.settle(keyed({ userId, transactionId: transaction.id }));
    return transaction.id;
  });
};

/** When the entries of a user's cash were booked, exactly, the first first. */
const bookedAt = async (userId: string): Promise<Date[]> =>
  (
    await desk.rows<{ at: Date }>(
      `select e.created_at as at from ledger_entries e join ledger_accounts l
         on l.user_id = e.user_id and l.id in (e.debit_id, e.credit_id) and l.kind = 'cash' and l.asset_id = e.asset_id
       where e.user_id = $1 order by case when l.id = e.debit_id then e.debit_number else e.credit_number end`,
      [userId],
    )
  ).map(({ at }) => at);

describe('a statement', () => {
  let userId: string;
  let id: string;

  beforeAll(async () => {
    userId = await desk.newUser();
    id = await deposit(userId, '100', 'R-1');
    await desk.spend(userId, '30.5');
    await desk.post(userId, { type: 'reward', legs: [desk.leg('rewards', 'cash', '0.00000001')] });
  });

  test('has every entry of the account with the balance after it, the newest first', async () => {
    const statement = await page(userId);
    expect(words(statement)).toEqual([
      '4: 0.00000001 rewards = 68.50000001',
      '3: -30.5 external = 68.5',
      '2: -1 fees = 99',
      '1: 100 external = 100',
    ]);
    expect(statement).toMatchObject({ assetCode: 'USD', account: { kind: 'cash' }, next: null });
    expect([statement.opening.toFixed(), statement.closing.toFixed()]).toEqual(['0', '68.50000001']);
    expect(statement.lines[3]).toMatchObject({
      transaction: { id, type: 'deposit', source: 'bank', reference: 'R-1' },
      counter: { portfolioId: null, basketId: null },
    });
    expect(statement.lines[0]!.transaction).toMatchObject({ type: 'reward', source: null, reference: null });
  });

  test('may be read the oldest first, and in pages of one', async () => {
    const oldest = (await pages(userId, { order: 'oldest-first', limit: 1 })).flatMap(words);
    expect(oldest.map(line => line.split(':')[0])).toEqual(['1', '2', '3', '4']);
    const newest = (await pages(userId, { limit: 1 })).flatMap(words);
    expect(newest).toEqual(oldest.toReversed());
  });

  test('is of any account of the book, named by its id', async () => {
    const [fees] = await desk.rows<{ id: string }>(
      `select id from ledger_accounts where user_id = $1 and kind = 'fees'`,
      [userId],
    );
    const statement = await page(userId, { assetCode: undefined, accountId: fees!.id });
    expect(words(statement)).toEqual(['1: 1 cash = 1']);
    expect(statement.account).toEqual({ id: fees!.id, kind: 'fees' });
  });

  test('of what one never had is empty; of what there is not, and of nobody’s account, there is none', async () => {
    const empty = await page(userId, { assetCode: 'EUR' });
    expect(empty).toMatchObject({ account: null, assetCode: 'EUR', lines: [], next: null });
    expect([empty.opening.toFixed(), empty.closing.toFixed()]).toEqual(['0', '0']);
    await expect(page(userId, { assetCode: 'XYZ' })).rejects.toMatchObject({ code: 'asset.not-found' });
    const accountId = randomUUID();
    await expect(page(userId, { assetCode: undefined, accountId })).rejects.toMatchObject({
      code: 'account.not-found',
    });
  });

  test('is its owner’s and a reader’s, and looks to a stranger like none', async () => {
    const bob = await desk.newUser();
    const { account } = await page(userId);
    const wish = { userId, accountId: account!.id };
    const asBob = (input: StatementPage) => desk.user(bob, em => new StatementService(em).page(input));
    await expect(asBob(wish)).rejects.toMatchObject({ code: 'account.not-found' });
    await expect(asBob({ ...wish, userId: bob })).rejects.toMatchObject({ code: 'account.not-found' });
    expect((await asBob({ userId, assetCode: 'USD' })).lines).toEqual([]);
    const read = await asReader(desk.database.orm.em, em => new StatementService(em).page(wish));
    expect(read.lines).toHaveLength(4);
  });

  test.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 201 }],
    ['limit', { limit: 1.5 }],
    ['order', { order: 'random' as never }],
    ['accountId', { assetCode: undefined }],
    ['accountId', { accountId: '00000000-0000-7000-8000-000000000000' }],
    ['to', { from: new Date(1), to: new Date(1) }],
    ['to', { to: new Date('+099999-01-01T00:00:00Z') }],
    ['from', { from: new Date('-000001-01-01T00:00:00Z') }],
    ['from', { from: new Date(Number.NaN) }],
    ['sort', { sort: 'amount' } as never],
  ])('with a wrong %s is refused: %j', async (field, more) => {
    await expect(page(userId, more)).rejects.toMatchObject({ code: 'input.invalid', details: { fields: field } });
  });
});

describe('a period', () => {
  test('holds what was booked from its first instant on and before its end, between an opening and a closing balance', async () => {
    const userId = await desk.newUser();
    const nextMillisecond = () => new Promise(resolve => setTimeout(resolve, 3));
    for (const amount of ['1', '2', '4', '8']) {
      await desk.deposit(userId, amount);
      await nextMillisecond();
    }
    const [, second, , fourth] = await bookedAt(userId);
    // Booked to the microsecond; a Date is the millisecond before.
    const statement = await page(userId, { from: second!, to: fourth!, order: 'oldest-first' });
    expect(words(statement)).toEqual(['2: 2 external = 3', '3: 4 external = 7']);
    expect([statement.opening.toFixed(), statement.closing.toFixed()]).toEqual(['1', '7']);
    const nothing = await page(userId, { from: new Date('2030-01-01'), to: new Date('2031-01-01') });
    expect(nothing.lines).toEqual([]);
    expect([nothing.opening.toFixed(), nothing.closing.toFixed()]).toEqual(['15', '15']);
    const before = await page(userId, { to: new Date('2020-01-01') });
    expect([before.opening.toFixed(), before.closing.toFixed(), before.lines.length]).toEqual(['0', '0', 0]);
  });

  test('balances on every page: opening and lines come to closing', async () => {
    const userId = await desk.newUserWith('100');
    for (const amount of ['0.1', '0.02', '99.88']) await desk.spend(userId, amount);
    for (const { opening, closing, lines } of await pages(userId, { limit: 3 })) {
      expect([opening.toFixed(), closing.toFixed()]).toEqual(['0', '0']);
      for (const [index, { balance, amount }] of lines.entries())
        expect(balance.minus(amount).toFixed()).toBe(
          lines[index + 1]?.balance.toFixed() ?? balance.minus(amount).toFixed(),
        );
    }
    const all = (await pages(userId, { limit: 3 })).flatMap(({ lines }) => lines);
    expect(Decimal.sum(...all.map(({ amount }) => amount)).toFixed()).toBe('0');
  });

  test('has all entries of one instant in their order, over the edges of pages', async () => {
    const userId = await desk.newUser();
    const legs = Array.from({ length: 7 }, (_, n) => desk.leg('external', 'cash', `${n + 1}`));
    await desk.post(userId, { amount: dec('28'), legs });
    const found = (await pages(userId, { order: 'oldest-first', limit: 2 })).flatMap(words);
    expect(found.map(line => line.split(' ')[1])).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(new Set((await bookedAt(userId)).map(String)).size).toBe(1);
  });
});

describe('a cursor', () => {
  test('goes on where the page before ended, whatever is booked meanwhile', async () => {
    const userId = await desk.newUser();
    for (let n = 1; n <= 6; n += 1) await desk.deposit(userId, `${n}`);
    const found = await pages(userId, { limit: 2 }, () => desk.deposit(userId, '100'));
    expect(found.flatMap(({ lines }) => lines.map(({ number }) => number))).toEqual([6, 5, 4, 3, 2, 1]);
    const growing = await pages(userId, { limit: 3, order: 'oldest-first' });
    expect(growing.flatMap(({ lines }) => lines.map(({ number }) => number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('is of one user, one account, one period and one order', async () => {
    const [ann, bob] = [await desk.newUser(), await desk.newUser()];
    for (const userId of [ann, bob]) for (const amount of ['1', '2', '3']) await desk.deposit(userId, amount);
    const cursor = (await page(ann, { limit: 1 })).next!;
    const refusal = { code: 'cursor.invalid', details: {} };
    expect((await page(ann, { cursor, limit: 200 })).lines.map(({ number }) => number)).toEqual([2, 1]);
    await expect(page(bob, { cursor })).rejects.toMatchObject(refusal);
    await expect(page(ann, { cursor, order: 'oldest-first' })).rejects.toMatchObject(refusal);
    await expect(page(ann, { cursor, from: new Date(0) })).rejects.toMatchObject(refusal);
    await expect(page(ann, { cursor, assetCode: 'EUR' })).rejects.toMatchObject(refusal);
  });

  test('that is bent or made up is refused, and no error of the database comes of it', async () => {
    const userId = await desk.newUser();
    for (const amount of ['1', '2', '3']) await desk.deposit(userId, amount);
    const cursor = (await page(userId, { limit: 1 })).next!;
    const [position, digest] = cursor.split('.') as [string, string];
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bent = [
      '',
      '.',
      'x',
      position,
      `${position}.`,
      `.${digest}`,
      `${cursor}.`,
      `${cursor}=`,
      `${position}.${digest.replace(/^./, first => (first === '0' ? '1' : '0'))}`,
      `${encode(['2026-11-22T12:00:00.000000Z', 2])}.${digest}`,
      `${encode(["' or 1=1 --", 1])}.${digest}`,
      `${encode({ __proto__: [] })}.${digest}`,
      `${'A'.repeat(10_000)}.${digest}`,
      '\0.\0',
    ];
    for (const text of bent)
      await expect(page(userId, { cursor: text }), text).rejects.toMatchObject({ code: 'cursor.invalid' });
    await expect(page(userId, { cursor: 5 as never })).rejects.toMatchObject({ code: 'input.invalid' });
  });
});

test('a reversal is in the statement as what it is', async () => {
  const userId = await desk.newUser();
  const transactionId = await deposit(userId, '10', 'R-9');
  await desk.worker(em =>
    new LedgerReversalService(em, desk.clock).reverse(keyed({ userId, transactionId, reason: 'Charged back.' })),
  );
  const statement = await page(userId, { order: 'oldest-first' });
  expect(words(statement)).toEqual([
    '1: 10 external = 10',
    '2: -0.1 fees = 9.9',
    '3: 0.1 fees = 10',
    '4: -10 external = 0',
  ]);
  expect(statement.lines.map(({ transaction }) => transaction.type)).toEqual([
    'deposit',
    'deposit',
    'reversal',
    'reversal',
  ]);
});
