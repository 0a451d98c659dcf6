import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { ValidationError } from './errors.js';

/** Networks whose addresses Nestegg can verify. EVM networks share one address format. */
export const EVM_CHAINS = ['ethereum', 'polygon', 'arbitrum', 'optimism', 'base'] as const;
export const CHAINS = [...EVM_CHAINS, 'solana'] as const;
export type Chain = (typeof CHAINS)[number];

const isEvm = (chain: Chain): boolean => (EVM_CHAINS as readonly string[]).includes(chain);

/**
 * Returns the one spelling under which an address is stored.
 *
 * EVM: 20 bytes in hex with the mixed-case checksum of EIP-55; all lower or all upper case carries no checksum and is
 * taken as it is. Solana: base58 of exactly 32 bytes.
 * @throws {ValidationError} `address.malformed` or `address.bad-checksum`.
 */
export function canonicalAddress(chain: Chain, address: string): string {
  return isEvm(chain) ? canonicalEvmAddress(address) : canonicalSolanaAddress(address);
}

function canonicalEvmAddress(address: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw new ValidationError('address.malformed', 'An EVM address is 0x and 40 hexadecimal digits.');
  }
  const digits = address.slice(2);
  const checksummed = `0x${withChecksum(digits.toLowerCase())}`;
  const hasChecksum = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
  if (hasChecksum && checksummed !== address) {
    throw new ValidationError(
      'address.bad-checksum',
      'The capital letters of this EVM address do not match its checksum (EIP-55); check it for typing errors.',
    );
  }
  return checksummed;
}

/** EIP-55: a letter is a capital when the same digit of the keccak-256 hash of the lower-case text is 8 or more. */
function withChecksum(lowerCaseDigits: string): string {
  const hash = bytesToHex(keccak_256(utf8ToBytes(lowerCaseDigits)));
  return [...lowerCaseDigits]
    .map((digit, i) => (Number.parseInt(hash.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit))
    .join('');
}

function canonicalSolanaAddress(address: string): string {
  try {
    if (address.length <= 44 && base58.decode(address).length === 32) return address;
  } catch {
    // falls through to the one error for all malformed addresses
  }
  throw new ValidationError('address.malformed', 'A Solana address is the base58 text of 32 bytes.');
}
