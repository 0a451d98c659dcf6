import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { type Chain, canonicalAddress, EVM_CHAINS } from '../../src/shared/index.js';
import { refusal } from './examples.js';

const tokenList: { tokens: { chainId: number; address: string }[] } = createRequire(import.meta.url)(
  '@uniswap/default-token-list',
);

describe('an EVM address', () => {
  // The test vectors of EIP-55.
  const VECTORS = [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    // All capitals, all small.
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
    '0xde709f2102306220921060314715629080e2fb77',
    '0x27b1fdb04752bbc536007a920d24acb045561c26',
  ];

  test.each(VECTORS)('%s is its own canonical spelling', address => {
    expect(canonicalAddress('ethereum', address)).toBe(address);
  });

  test.each(VECTORS)('%s is found from small letters and from capitals, which carry no checksum', address => {
    expect(canonicalAddress('ethereum', address.toLowerCase())).toBe(address);
    expect(canonicalAddress('ethereum', `0x${address.slice(2).toUpperCase()}`)).toBe(address);
  });

  test('with any one letter in the wrong case is refused', () => {
    const [address] = VECTORS as [string];
    const turned = (letter: string) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
    const misspelt = [...address.slice(2)].flatMap((digit, i) =>
      /[a-f]/i.test(digit) ? [address.slice(0, i + 2) + turned(digit) + address.slice(i + 3)] : [],
    );
    // 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed has 18 letters.
    expect(misspelt).toHaveLength(18);
    for (const wrong of misspelt) {
      expect(() => canonicalAddress('ethereum', wrong), wrong).toThrow(refusal('address.bad-checksum'));
    }
  });

  test('with one digit mistyped is refused', () => {
    expect(() => canonicalAddress('ethereum', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe1')).toThrow(
      refusal('address.bad-checksum'),
    );
  });

  test.each(EVM_CHAINS)('is spelt the same on %s', chain => {
    expect(canonicalAddress(chain, '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed')).toBe(
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    );
  });

  test.each([
    ['39 digits', `0x${'a'.repeat(39)}`],
    ['41 digits', `0x${'a'.repeat(41)}`],
    ['no prefix', 'a'.repeat(40)],
    ['a capital X', `0X${'a'.repeat(40)}`],
    ['a digit that is none', `0x${'g'.repeat(40)}`],
    ['a space', ` 0x${'a'.repeat(40)}`],
    ['a line end', `0x${'a'.repeat(40)}\n`],
    ['full-width digits', `0x${'１'.repeat(40)}`],
    ['the form of ICAP', 'XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS'],
    ['a name', 'vitalik.eth'],
    ['the form of Solana', 'So11111111111111111111111111111111111111112'],
    ['nothing', ''],
  ])('with %s is refused', (_what, address) => {
    expect(() => canonicalAddress('ethereum', address)).toThrow(refusal('address.malformed'));
  });

  // Checksummed by others: Uniswap's own list.
  test('of every Ethereum token that Uniswap lists is canonical as it is listed', () => {
    const addresses = tokenList.tokens.filter(token => token.chainId === 1).map(token => token.address);
    expect(addresses.length).toBeGreaterThan(300);
    expect(addresses.map(address => canonicalAddress('ethereum', address))).toEqual(addresses);
    expect(addresses.map(address => canonicalAddress('ethereum', address.toLowerCase()))).toEqual(addresses);
  });
});

describe('a Solana address', () => {
  test.each([
    ['the system program, 32 zero bytes', '11111111111111111111111111111111'],
    ['wrapped SOL', 'So11111111111111111111111111111111111111112'],
    ['the token program', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'],
    ['USDC', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'],
    ['the largest, 32 bytes of 255', 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG'],
  ])('is taken as it is: %s', (_what, address) => {
    expect(canonicalAddress('solana', address)).toBe(address);
  });

  // Base58 leaves out the digits and letters that look alike.
  test.each(['0', 'O', 'I', 'l'])('with %s in it is refused', letter => {
    expect(() => canonicalAddress('solana', `So1111111111111111111111111111111111111111${letter}`)).toThrow(
      refusal('address.malformed'),
    );
  });

  test.each([
    ['31 bytes', '1111111111111111111111111111111'],
    ['33 bytes', '111111111111111111111111111111111'],
    ['31 bytes of 255', '4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofL'],
    ['33 bytes, the first of them 1', 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH'],
    ['45 characters', `${'1'.repeat(45)}`],
    ['a megabyte', 'z'.repeat(1_000_000)],
    ['a space', ' So11111111111111111111111111111111111111112'],
    ['the form of Ethereum', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
    ['nothing', ''],
  ])('of %s is refused', (_what, address) => {
    expect(() => canonicalAddress('solana', address)).toThrow(refusal('address.malformed'));
  });
});

test('the error for a wallet address does not repeat it', () => {
  for (const [chain, address] of [
    ['ethereum', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe1'],
    ['solana', 'So11111111111111111111111111111111111111110'],
  ] as [Chain, string][]) {
    expect(() => canonicalAddress(chain, address)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(address.slice(2, 12)) }),
    );
  }
});
