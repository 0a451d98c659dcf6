import { describe, expect, test } from 'vitest';
import { asUser, BalanceService, ValidationError, WithdrawalService } from '../../src/index.js';
import { keyed, useCashDesk } from './cash-desk.js';

const desk = useCashDesk();

/** As a user asks, in a read that a replica may answer. */
const balances = async (userId: string, asking = userId) => {
  const read = await asUser(desk.database.orm.em, asking, em => new BalanceService(em).list({ userId }), {
    reads: 'replica',
  });
  return read.map(({ assetCode, available, reserved }) => [assetCode, available.toFixed(), reserved.toFixed()]);
};

describe('balances', () => {
  test('are what may be spent and what is held for payments, asset by asset', async () => {
    const userId = await desk.newSaver('100');
    await desk.grant(userId, 'MICRO', '2.000001');
    const request = keyed({ userId, assetCode: 'USD', amount: '30.5' });
    await desk.user(userId, em => new WithdrawalService(em, desk.clock).request(request));
    expect(await balances(userId)).toEqual([
      ['MICRO', '2.000001', '0'],
      ['USD', '69.5', '30.5'],
    ]);
  });

  test('of somebody who never had anything are none', async () => {
    expect(await balances(await desk.newUser())).toEqual([]);
  });

  test("of somebody else are nobody's to see", async () => {
    const [ann, bob] = [await desk.newUserWith('100'), await desk.newUserWith('1')];
    expect(await balances(ann, bob)).toEqual([]);
    expect(await balances(bob)).toEqual([['USD', '1', '0']]);
  });

  test('of nobody are refused', async () => {
    const userId = await desk.newUser();
    const asked = desk.user(userId, em => new BalanceService(em).list({ userId: 'nobody' }));
    await expect(asked).rejects.toThrow(ValidationError);
  });
});
