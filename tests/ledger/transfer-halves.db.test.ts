import { beforeAll, describe, expect, test } from 'vitest';
import { LEDGER_INVARIANTS, TransferService } from '../../src/index.js';
import { keyed, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();
const { sql } = LEDGER_INVARIANTS.find(({ name }) => name.startsWith('every transfer has its other half'))!;

beforeAll(async () => {
  const [ann, bob] = [await desk.newSaver('100'), await desk.newSaver('100')];
  for (const amount of ['1', '2.5']) {
    const transfer = keyed({ senderId: ann, recipientId: bob, assetCode: 'USD', amount });
    await desk.worker(em => new TransferService(em, desk.clock).send(transfer));
  }
});

/** What the invariant says after some SQL, which is undone. */
async function foundAfter(tampering: string): Promise<{ checked: string; violations: string }> {
  const superuser = await desk.database.superuser();
  await superuser.query('begin');
  try {
    await superuser.query(tampering);
    return (await superuser.query(sql)).rows[0];
  } finally {
    await superuser.query('rollback');
  }
}

const FIRST_HALF = `(user_id, id) = (select user_id, id from transactions where type = 'transfer' order by amount, id limit 1)`;

describe('the two halves of a transfer', () => {
  test('belong together', async () => {
    expect(await foundAfter('select')).toEqual({ checked: '4', violations: '0' });
  });

  test.each([
    ['was taken back alone', `update transactions set status = 'reversed', reversed_at = now() where ${FIRST_HALF}`],
    [
      'is of another amount',
      `alter table transactions disable trigger transactions_keep; update transactions set amount = 3 where ${FIRST_HALF}`,
    ],
    [
      'names another transfer',
      `alter table transactions disable trigger transactions_keep;
       update transactions set external_reference = 'another' where ${FIRST_HALF}`,
    ],
  ])('are missed, both of them, when one %s', async (_what, tampering) => {
    expect(await foundAfter(tampering)).toEqual({ checked: '4', violations: '2' });
  });
});
