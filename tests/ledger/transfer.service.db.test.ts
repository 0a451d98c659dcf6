import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DepositService, LedgerReversalService, type SendTransfer, TransferService } from '../../src/index.js';
import { keyed, NOON, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

const send = (senderId: string, recipientId: string, more: Partial<SendTransfer> = {}) =>
  desk.worker(em =>
    new TransferService(em, desk.clock).send(keyed({ senderId, recipientId, assetCode: 'USD', amount: '30', ...more })),
  );

const reverse = (userId: string, transactionId: string, idempotencyKey: string = randomUUID()) =>
  desk.worker(em =>
    new LedgerReversalService(em, desk.clock).reverse({
      userId,
      transactionId,
      reason: 'A wrong name.',
      idempotencyKey,
    }),
  );

const events = (userId: string) =>
  desk.rows(`select type, payload->>'amount' as amount from outbox_events where user_id = $1 order by id`, [userId]);

describe('a transfer', () => {
  test('moves cash from one book to another, and each closes to zero', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received, replayed } = await send(ann, bob);
    expect(replayed).toBe(false);
    expect(await desk.balances(ann)).toEqual({ 'cash USD': '70.00000000', 'external USD': '-70.00000000' });
    expect(await desk.balances(bob)).toEqual({ 'cash USD': '30.00000000', 'external USD': '-30.00000000' });
    for (const half of [sent, received])
      expect(half).toMatchObject({ type: 'transfer', status: 'posted', externalSource: 'transfer', occurredAt: NOON });
    expect(sent.externalReference).toBe(received.externalReference);
    expect(await events(ann)).toEqual([{ type: 'transfer.sent', amount: '30' }]);
    expect(await events(bob)).toEqual([{ type: 'transfer.received', amount: '30' }]);
  });

  test('is made once under one key of the sender; another wish under it is refused', async () => {
    const [ann, bob, eve] = [await desk.newSaver('100'), await desk.newUser(), await desk.newUser()];
    const first = await send(ann, bob, { idempotencyKey: 't-1' });
    const before = [await desk.everything(ann), await desk.everything(bob)];
    await desk.change(ann, user => user.suspend(NOON));
    const again = await send(ann, bob, { idempotencyKey: 't-1', amount: '30.0' });
    expect(again.replayed).toBe(true);
    expect([again.sent.id, again.received.id]).toEqual([first.sent.id, first.received.id]);
    expect([await desk.everything(ann), await desk.everything(bob)]).toEqual(before);
    for (const [to, amount] of [
      [bob, '31'],
      [eve, '30'],
    ] as const)
      await desk.refused([ann, bob, eve], 'ledger.idempotency-conflict', () =>
        send(ann, to, { idempotencyKey: 't-1', amount }),
      );
  });

  test('of one key does not stand in the way of the recipient’s own', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newSaver('100')];
    await send(ann, bob, { idempotencyKey: 'same' });
    await send(bob, ann, { idempotencyKey: 'same', amount: '1' });
    expect(await desk.balances(bob)).toMatchObject({ 'cash USD': '129.00000000' });
  });

  test('is refused with nothing moved on either side', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const unverified = await desk.newUserWith('100');
    const suspended = await desk.newSaver('100');
    await desk.change(suspended, user => user.suspend(NOON));
    const all = [ann, bob, unverified, suspended];
    const refusals: [string, string, string, Partial<SendTransfer>?][] = [
      ['input.invalid', ann, ann],
      ['recipient.not-found', ann, randomUUID()],
      ['user.not-found', randomUUID(), bob],
      ['recipient.not-active', ann, suspended],
      ['user.not-active', suspended, bob],
      ['user.not-verified', unverified, bob],
      ['asset.not-found', ann, bob, { assetCode: 'XYZ' }],
      ['decimal.too-precise', ann, bob, { assetCode: 'CENT', amount: '0.001' }],
      ['input.invalid', ann, bob, { amount: '-1' }],
      ['ledger.insufficient-funds', ann, bob, { amount: '100.00000001' }],
    ];
    for (const [code, from, to, more] of refusals) await desk.refused(all, code, () => send(from, to, more));
  });

  test('is not for a user’s own hand, not even the sender’s', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const wish = keyed({ senderId: ann, recipientId: bob, assetCode: 'USD', amount: '1' });
    for (const userId of [ann, bob])
      await desk.refused([ann, bob], 'context.not-allowed', () =>
        desk.user(userId, em => new TransferService(em, desk.clock).send(wish)),
      );
  });

  test('says of the recipient only that it does not work', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    await desk.change(bob, user => user.suspend(NOON));
    await expect(send(ann, bob)).rejects.toMatchObject({
      message: 'The recipient cannot receive money at the moment.',
      details: {},
    });
  });

  test.each([
    ['USD', '0.00000001'],
    ['USD', '9999999999.99999999'],
    ['WHOLE', '1'],
    ['CENT', '0.01'],
    ['MICRO', '0.000001'],
    ['SATOSHI', '0.00000001'],
    ['WEI', '0.00000001'],
  ])('may be of %s %s, all that there is', async (assetCode, amount) => {
    const [ann, bob] = [await desk.newSaver(), await desk.newUser()];
    await desk.grant(ann, assetCode, amount);
    await send(ann, bob, { assetCode, amount });
    const [row] = await desk.rows<{ balance: string }>(
      `select trim_scale(balance)::text as balance from ledger_accounts where user_id = $1 and kind = 'cash'`,
      [bob],
    );
    expect(row).toEqual({ balance: amount });
  });

  test('each way at the same time, many times over, meets no deadlock and loses nothing', async () => {
    const [ann, bob] = [await desk.newSaver('50'), await desk.newSaver('50')];
    const there = Array.from({ length: 15 }, () => send(ann, bob, { amount: '1' }));
    const back = Array.from({ length: 10 }, () => send(bob, ann, { amount: '1' }));
    await Promise.all([...there, ...back]);
    expect(await desk.balances(ann)).toMatchObject({ 'cash USD': '45.00000000' });
    expect(await desk.balances(bob)).toMatchObject({ 'cash USD': '55.00000000' });
  });
});

describe('a transfer that is taken back', () => {
  test.each(['sender', 'recipient'] as const)('is taken back in both books, asked for in the %s’s', async party => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received } = await send(ann, bob);
    const [userId, id] = party === 'sender' ? [ann, sent.id] : [bob, received.id];
    const { transaction, replayed } = await reverse(userId, id, 'r-1');
    expect(replayed).toBe(false);
    expect(transaction).toMatchObject({ type: 'reversal', status: 'posted' });
    expect([await desk.status(sent.id), await desk.status(received.id)]).toEqual(['reversed', 'reversed']);
    expect(await desk.balances(ann)).toEqual({ 'cash USD': '100.00000000', 'external USD': '-100.00000000' });
    expect(await desk.balances(bob)).toEqual({ 'cash USD': '0.00000000', 'external USD': '0.00000000' });
    const before = [await desk.everything(ann), await desk.everything(bob)];
    expect(await reverse(userId, id, 'r-1')).toMatchObject({ replayed: true, transaction: { id: transaction.id } });
    expect([await desk.everything(ann), await desk.everything(bob)]).toEqual(before);
    await desk.refused([ann, bob], 'transaction.not-reversible', () => reverse(ann, sent.id));
    await desk.refused([ann, bob], 'transaction.not-reversible', () => reverse(bob, received.id));
  });

  test('stays in both books when the recipient has spent it', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received } = await send(ann, bob);
    await desk.spend(bob, '0.00000001');
    for (const [userId, id] of [
      [ann, sent.id],
      [bob, received.id],
    ] as const)
      await desk.refused([ann, bob], 'ledger.insufficient-funds', () => reverse(userId, id));
  });

  test('stays as it is when its other half is reversed already, also for whoever goes on after the refusal', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received } = await send(ann, bob);
    const superuser = await desk.database.superuser();
    const mark = (status: string, at: string) =>
      superuser.query(`update transactions set status = '${status}', reversed_at = ${at} where id = $1`, [received.id]);
    await mark('reversed', 'now()');
    const wish = keyed({ userId: ann, transactionId: sent.id, reason: 'A wrong name.' });
    const before = await desk.everything(ann);
    const refusal = await desk.worker(em =>
      new LedgerReversalService(em, desk.clock).reverse(wish).catch(error => error.code),
    );
    expect(refusal).toBe('transaction.not-reversible');
    expect(await desk.everything(ann)).toEqual(before);
    // So that the books of this suite are sound in the end.
    await superuser.query('alter table transactions disable trigger transactions_keep');
    await mark('posted', 'null');
    await superuser.query('alter table transactions enable trigger transactions_keep');
  });

  test('is not kept by a key that the other party takes beforehand', async () => {
    const [ann, eve] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received } = await send(ann, eve);
    const wish = { userId: eve, assetCode: 'USD', amount: '5', source: 'bank', reference: randomUUID() };
    const open = (idempotencyKey: string) =>
      desk.user(eve, em => new DepositService(em, desk.clock).open({ ...wish, idempotencyKey }));
    await open(`reverse:${received.id}`);
    await desk.refused([eve], 'input.invalid', () => open(`reverse ${received.id}`));
    await reverse(ann, sent.id);
    expect(await desk.balances(ann)).toMatchObject({ 'cash USD': '100.00000000' });
  });

  test('is an operator’s doing', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent } = await send(ann, bob);
    const wish = keyed({ userId: ann, transactionId: sent.id, reason: 'I want it back.' });
    await desk.refused([ann, bob], 'context.not-allowed', () =>
      desk.user(ann, em => new LedgerReversalService(em, desk.clock).reverse(wish)),
    );
  });

  test('is taken back once, asked for in both books at the same moment', async () => {
    const [ann, bob] = [await desk.newSaver('100'), await desk.newUser()];
    const { sent, received } = await send(ann, bob);
    const outcomes = await Promise.allSettled([
      reverse(ann, sent.id),
      reverse(bob, received.id),
      reverse(ann, sent.id),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await desk.balances(ann)).toMatchObject({ 'cash USD': '100.00000000' });
    expect(await desk.balances(bob)).toMatchObject({ 'cash USD': '0.00000000' });
  });
});
