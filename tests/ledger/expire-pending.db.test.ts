import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DepositService, expirePending, WithdrawalService } from '../../src/index.js';
import { keyed, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

/** Just before and just when what was made at noon expires. */
const [BEFORE, DUE] = ['2026-12-22T11:59:59.999Z', '2026-12-22T12:00:00Z'];

const withdraw = async (userId: string, amount: string): Promise<string> => {
  const wish = keyed({ userId, assetCode: 'USD', amount });
  const fees = [{ kind: 'network', fixed: '1', assetCode: 'USD' }] as const;
  const request = desk.user(userId, em => new WithdrawalService(em, desk.clock, { fees: [...fees] }).request(wish));
  return (await request).transaction.id;
};

const announce = async (userId: string): Promise<string> => {
  const wish = keyed({ userId, assetCode: 'USD', amount: '5', source: 'bank', reference: randomUUID() });
  return (await desk.user(userId, em => new DepositService(em, desk.clock).open(wish))).transaction.id;
};

const expire = async (at: string) => {
  desk.clock.moveTo(at);
  return (await expirePending(desk.database.orm.em, desk.clock)).map(({ transactionId }) => transactionId);
};

describe('what is pending too long', () => {
  test('is expired when its time has come, not before, and what it held is given back', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newSaver('100')];
    const [withdrawal, deposit, other] = [await withdraw(ann, '40'), await announce(ann), await withdraw(bob, '7')];
    expect(await expire(BEFORE)).toEqual([]);
    expect((await expire(DUE)).sort()).toEqual([withdrawal, deposit, other].sort());
    for (const id of [withdrawal, deposit, other]) expect(await desk.status(id)).toBe('expired');
    for (const userId of [ann, bob]) {
      expect(await desk.balances(userId)).toEqual({
        'cash USD': '100.00000000',
        'external USD': '-100.00000000',
        'reserved USD': '0.00000000',
      });
    }
    expect(
      await desk.rows(`select type, payload from outbox_events where user_id = $1 and type ~ 'expired' order by type`, [
        ann,
      ]),
    ).toEqual([
      { type: 'deposit.expired', payload: { transactionId: deposit } },
      { type: 'withdrawal.expired', payload: { transactionId: withdrawal } },
    ]);
    const before = await desk.everything(ann);
    expect(await expire(DUE)).toEqual([]);
    expect(await desk.everything(ann)).toEqual(before);
  });

  test('cannot be settled any more, and what was settled does not expire', async () => {
    const userId = await desk.newSaver('100');
    const [late, early] = [await announce(userId), await announce(userId)];
    const settle = (transactionId: string) =>
      desk.user(userId, em => new DepositService(em, desk.clock).settle(keyed({ userId, transactionId })));
    await settle(early);
    expect(await expire(DUE)).toEqual([late]);
    await desk.refused([userId], 'transaction.not-pending', () => settle(late), { details: { status: 'expired' } });
    expect(await desk.status(early)).toBe('posted');
  });

  test('lives on when nobody said when it expires', async () => {
    const userId = await desk.newUserWith('100');
    const { transaction } = await desk.spend(userId, '5', {
      status: 'pending',
      legs: [desk.leg('cash', 'reserved', '5')],
    });
    expect(await expire('2030-01-01T00:00:00Z')).toEqual([]);
    expect(await desk.status(transaction.id)).toBe('pending');
  });

  test('is left for the next pass while somebody holds the book', async () => {
    const [held, free] = [await desk.newSaver('100'), await desk.newSaver('100')];
    const [waiting, ended] = [await withdraw(held, '1'), await withdraw(free, '1')];
    const client = await desk.database.service();
    await client.query('begin');
    await client.query('select nestegg_lock_book($1)', [held]);
    expect(await expire(DUE)).toEqual([ended]);
    await client.query('rollback');
    expect(await expire(DUE)).toEqual([waiting]);
  });

  test('that cannot be ended holds up no others, and is told of', async () => {
    const [blocked, free] = [await desk.newSaver('100'), await desk.newSaver('100')];
    const [stuck, ended] = [await withdraw(blocked, '1'), await withdraw(free, '1')];
    // The key that would end it stands for something else, which no use case would take.
    await desk.deposit(blocked, '1', { idempotencyKey: `expire ${stuck}` });
    desk.clock.moveTo(DUE);
    await expect(expirePending(desk.database.orm.em, desk.clock)).rejects.toMatchObject({
      code: 'expiry.put-off',
      retryable: true,
      expired: [{ userId: free, transactionId: ended }],
      details: { errors: 1, codes: 'ledger.idempotency-conflict' },
    });
    expect([await desk.status(stuck), await desk.status(ended)]).toEqual(['pending', 'expired']);
    const give = [desk.leg('reserved', 'cash', '1'), desk.leg('reserved', 'cash', '1')];
    await desk.close(blocked, { transactionId: stuck, status: 'voided', legs: give });
  });

  test('cannot be kept alive by a key that its owner takes beforehand', async () => {
    const userId = await desk.newSaver('100');
    const id = await withdraw(userId, '1');
    const wish = { userId, assetCode: 'USD', amount: '5', source: 'bank', reference: randomUUID() };
    const open = (idempotencyKey: string) =>
      desk.user(userId, em => new DepositService(em, desk.clock).open({ ...wish, idempotencyKey }));
    await open(`expire:${id}`);
    await desk.refused([userId], 'input.invalid', () => open(`expire ${id}`));
    expect(await expire(DUE)).toContain(id);
  });

  test('ends once, however many workers look after it, and all of it', async () => {
    const userIds = await Promise.all(Array.from({ length: 12 }, () => desk.newSaver('100')));
    const made: string[] = [];
    for (const userId of userIds) for (let n = 0; n < 20; n += 1) made.push(await announce(userId));
    desk.clock.moveTo(DUE);
    const pass = () => expirePending(desk.database.orm.em, desk.clock);
    const passes = [...(await Promise.all([pass(), pass(), pass(), pass()])), await pass()];
    const ended = passes.flat().map(({ transactionId }) => transactionId);
    expect(ended).toHaveLength(240);
    expect(ended.sort()).toEqual(made.sort());
  });

  test('or settled in the last moment is either, never both', async () => {
    const userId = await desk.newSaver('100');
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) ids.push(await withdraw(userId, '1'));
    desk.clock.moveTo(DUE);
    const fees = [{ kind: 'network' as const, fixed: '1', assetCode: 'USD' }];
    const settle = (transactionId: string) =>
      desk.user(userId, em => new WithdrawalService(em, desk.clock, { fees }).settle(keyed({ userId, transactionId })));
    const [expired, ...settled] = await Promise.allSettled([
      expirePending(desk.database.orm.em, desk.clock),
      ...ids.map(settle),
    ]);
    expect(expired.status).toBe('fulfilled');
    await expirePending(desk.database.orm.em, desk.clock);
    const paid = settled.filter(({ status }) => status === 'fulfilled').length;
    const statuses: string[] = [];
    for (const id of ids) statuses.push(await desk.status(id));
    expect(statuses.filter(status => status === 'posted')).toHaveLength(paid);
    expect(statuses.filter(status => status === 'expired')).toHaveLength(10 - paid);
    expect(await desk.balances(userId)).toMatchObject({
      'cash USD': `${100 - 2 * paid}.00000000`,
      'reserved USD': '0.00000000',
    });
  });
});
