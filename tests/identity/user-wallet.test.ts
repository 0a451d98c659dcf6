import { describe, expect, test } from 'vitest';
import { UserWallet } from '../../src/identity/index.js';
import { aUser, refusal } from '../shared/examples.js';

describe('a wallet', () => {
  test('is kept under the canonical spelling of its address', () => {
    // A vector of EIP-55.
    const wallet = new UserWallet(aUser(), 'ethereum', '0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359');
    expect(wallet.address).toBe('0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359');
  });

  test('may be on Solana', () => {
    expect(new UserWallet(aUser(), 'solana', 'So11111111111111111111111111111111111111112')).toMatchObject({
      chain: 'solana',
      address: 'So11111111111111111111111111111111111111112',
    });
  });

  test('with an address of another chain is refused', () => {
    const onSolana = 'So11111111111111111111111111111111111111112';
    expect(() => new UserWallet(aUser(), 'polygon', onSolana)).toThrow(refusal('address.malformed'));
    expect(() => new UserWallet(aUser(), 'solana', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359')).toThrow(
      refusal('address.malformed'),
    );
  });

  test('with a mistyped address is refused', () => {
    expect(() => new UserWallet(aUser(), 'base', '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d358')).toThrow(
      refusal('address.bad-checksum'),
    );
  });

  test('is not the primary one until it is made so, and can step down', () => {
    const user = aUser();
    const wallet = new UserWallet(user, 'solana', 'So11111111111111111111111111111111111111112');
    expect(wallet.isPrimary).toBe(false);
    wallet.makePrimary();
    expect(wallet.isPrimary).toBe(true);
    wallet.stepDown();
    expect(wallet.isPrimary).toBe(false);
    expect(wallet.user.unwrap()).toBe(user);
  });
});
