import { describe, expect, test } from 'vitest';
import { Asset, type AssetDetails, type AssetStatus } from '../../src/market/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { refusal, share, usd } from '../shared/examples.js';

// USDC on Ethereum, as its issuer publishes it.
const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const token = (details: Partial<AssetDetails> = {}) =>
  new Asset({
    code: 'USDC',
    name: 'USD Coin',
    kind: 'stablecoin',
    contract: { chain: 'ethereum', address: USDC, decimals: 6 },
    ...details,
  });
const ofDecimals = (decimals: number) =>
  token({ kind: 'crypto', contract: { chain: 'ethereum', address: USDC, decimals } });

describe('an asset', () => {
  test('on a chain keeps the canonical spelling of its contract', () => {
    const usdc = token({ contract: { chain: 'ethereum', address: USDC.toLowerCase(), decimals: 6 } });
    expect(usdc).toMatchObject({ chain: 'ethereum', contractAddress: USDC, decimals: 6, status: 'active' });
  });

  test('with a mistyped contract is refused', () => {
    const mistyped = USDC.replace('0xA0b', '0xa0b');
    expect(() => token({ contract: { chain: 'ethereum', address: mistyped, decimals: 6 } })).toThrow(
      refusal('address.bad-checksum'),
    );
  });

  test("that is a chain's own coin has no contract", () => {
    const sol = new Asset({ code: 'SOL', name: 'Solana', kind: 'crypto', contract: { chain: 'solana', decimals: 9 } });
    expect(sol.chain).toBe('solana');
    expect(sol.contractAddress).toBeUndefined();
  });

  test.each(['crypto', 'stablecoin'] as const)('of the kind %s says which chain it lives on', kind => {
    expect(() => token({ kind, contract: undefined })).toThrow(
      expect.objectContaining({
        code: 'asset.no-chain',
        message: `USDC is a ${kind}: say which chain it lives on.`,
      }),
    );
  });

  test('has a code, a name and a kind', () => {
    expect(usd()).toMatchObject({ code: 'USD', name: 'US dollar', kind: 'fiat' });
    expect(token()).toMatchObject({ code: 'USDC', name: 'USD Coin', kind: 'stablecoin' });
  });

  test('that is a currency or a share lives on no chain', () => {
    for (const asset of [usd(), share()]) {
      expect([asset.chain, asset.contractAddress, asset.decimals]).toEqual([undefined, undefined, undefined]);
    }
  });
});

describe('the scale of an asset in the books', () => {
  test.each([
    [0, 0],
    [2, 2],
    [6, 6],
    [8, 8],
    [9, 8],
    [18, 8],
    [36, 8],
  ])('is, with %i decimals on its chain, %i', (decimals, scale) => {
    expect(ofDecimals(decimals).scale).toBe(scale);
  });

  test('is 8 where there is no chain', () => {
    expect(usd().scale).toBe(8);
    expect(share().scale).toBe(8);
  });
});

test('people see two decimals of a currency and eight of anything else, unless it is said otherwise', () => {
  expect(usd().displayScale).toBe(2);
  expect(share().displayScale).toBe(8);
  expect(token().displayScale).toBe(8);
  expect(token({ displayScale: 0 }).displayScale).toBe(0);
});

test('a price counts for a day unless it is said otherwise', () => {
  expect(usd().priceMaxAgeSeconds).toBe(86_400);
  expect(token({ priceMaxAgeSeconds: 60 }).priceMaxAgeSeconds).toBe(60);
});

describe('the trade in an asset', () => {
  const halted = () => {
    const asset = share();
    asset.halt();
    return asset;
  };
  const retired = () => {
    const asset = share();
    asset.retire();
    return asset;
  };

  everyTransition<Asset, AssetStatus, 'be halted' | 'be resumed' | 'be retired'>({
    a: 'an asset',
    reach: { active: share, halted, retired },
    verbs: {
      'be halted': asset => asset.halt(),
      'be resumed': asset => asset.resume(),
      'be retired': asset => asset.retire(),
    },
    allowed: {
      active: { 'be halted': 'halted', 'be retired': 'retired' },
      halted: { 'be resumed': 'active', 'be retired': 'retired' },
      retired: {},
    },
    stateOf: asset => asset.status,
  });

  test('is open while the asset is active', () => {
    expect(() => share().requireBuyable()).not.toThrow();
    const resumed = halted();
    resumed.resume();
    expect(() => resumed.requireBuyable()).not.toThrow();
  });

  test.each([
    ['halted', halted],
    ['retired', retired],
  ])('is closed to buyers once it is %s', (status, reach) => {
    expect(() => reach().requireBuyable()).toThrow(
      expect.objectContaining({ code: 'asset.not-buyable', message: `ACME is ${status} and cannot be bought.` }),
    );
  });
});
