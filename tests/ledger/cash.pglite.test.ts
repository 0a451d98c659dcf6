import { beforeAll, expect, test } from 'vitest';
import {
  AdjustmentService,
  Asset,
  asReader,
  asUser,
  asWorker,
  checkInvariants,
  expirePending,
  HistoryService,
  LedgerReversalService,
  reconcile,
  StatementService,
  TransferService,
  User,
  WithdrawalService,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { usePglite } from '../support/pglite.js';

const database = usePglite();
const clock = new FixedClock('2026-11-22T12:00:00Z');
const [ann, bob] = [new User('ann@example.com'), new User('bob@example.com')];

beforeAll(async () => {
  await asWorker(database.orm.em, async em => {
    ann.startKyc();
    ann.passKyc(clock.now());
    em.persist([new Asset({ code: 'USD', name: 'US dollar', kind: 'fiat' }), ann, bob]);
  });
});

const usd = (amount: string, idempotencyKey: string) => ({ assetCode: 'USD', amount, idempotencyKey });

test('the embedded database books and tells the same: in, over, out, back and expired', async () => {
  const { em } = database.orm;
  await asWorker(em, inner =>
    new AdjustmentService(inner, clock).adjust({
      userId: ann.id,
      direction: 'credit',
      reason: 'A gift.',
      ...usd('100', 'a'),
    }),
  );
  const { received } = await asWorker(em, inner =>
    new TransferService(inner, clock).send({ senderId: ann.id, recipientId: bob.id, ...usd('30', 'b') }),
  );
  const withdraw = (amount: string, key: string) =>
    asUser(em, ann.id, inner => new WithdrawalService(inner, clock).request({ userId: ann.id, ...usd(amount, key) }));
  const [paid, late] = [await withdraw('0.00000001', 'c'), await withdraw('5', 'd')];
  await asUser(em, ann.id, inner =>
    new WithdrawalService(inner, clock).settle({
      ...{ userId: ann.id, transactionId: paid.transaction.id, idempotencyKey: 'e' },
      external: { source: 'bank', reference: 'P-1' },
    }),
  );
  clock.moveTo('2026-12-22T12:00:00Z');
  expect(await expirePending(em, clock)).toEqual([{ userId: ann.id, transactionId: late.transaction.id }]);
  await asWorker(em, inner =>
    new LedgerReversalService(inner, clock).reverse({
      ...{ userId: bob.id, transactionId: received.id, reason: 'A wrong name.', idempotencyKey: 'f' },
    }),
  );

  const statement = await asUser(em, ann.id, inner =>
    new StatementService(inner).page({ userId: ann.id, assetCode: 'USD', order: 'oldest-first' }),
  );
  expect(statement.lines.map(({ number, amount, balance }) => `${number}: ${amount} = ${balance}`)).toEqual([
    '1: 100 = 100',
    '2: -30 = 70',
    '3: -0.00000001 = 69.99999999',
    '4: -5 = 64.99999999',
    '5: 5 = 69.99999999',
    '6: 30 = 99.99999999',
  ]);
  expect([statement.opening.toFixed(), statement.closing.toFixed(), statement.next]).toEqual([
    '0',
    '99.99999999',
    null,
  ]);

  const history = (cursor?: string) =>
    asUser(em, ann.id, inner => new HistoryService(inner).page({ userId: ann.id, limit: 3, cursor }));
  const first = await history();
  const second = await history(first.next!);
  expect([...first.lines, ...second.lines].map(({ type, status }) => `${type} ${status}`)).toEqual([
    'reversal posted',
    'withdrawal expired',
    'withdrawal posted',
    'transfer reversed',
    'adjustment posted',
  ]);

  const list = await asReader(em, inner =>
    reconcile(inner, {
      ...{ source: 'bank', from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') },
      lines: [{ line: 1, reference: 'P-1', amount: '0.00000001', assetCode: 'USD' }],
    }),
  );
  expect(list).toEqual({ matched: 1, agreed: 1, differences: [] });
  const broken = (await asReader(em, checkInvariants)).filter(({ violations }) => violations > 0);
  expect(broken).toEqual([]);
});
