import { createHash } from 'node:crypto';

/**
 * Chance from a seed. Every choice is drawn by its name, so the same seed makes the same choices in any order, and a new
 * choice moves none of the others.
 */
export class Draw {
  constructor(readonly seed: string) {}

  /** A whole number from `min` to `max`, both included. */
  whole(name: string, min: number, max: number): number {
    return min + (this.hash(name).readUInt32BE(0) % (max - min + 1));
  }

  pick<const T extends readonly unknown[]>(name: string, choices: T): T[number] {
    return choices[this.whole(name, 0, choices.length - 1)];
  }

  /** An id as UUIDv7 has it (RFC 9562): the instant in front, and the name's hash in place of chance. */
  id(name: string, at: Date): string {
    const bytes = this.hash(name).subarray(0, 16);
    bytes.writeUIntBE(at.getTime(), 0, 6);
    bytes[6] = 0x70 | (bytes[6]! & 0x0f);
    bytes[8] = 0x80 | (bytes[8]! & 0x3f);
    const hex = bytes.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  private hash(name: string): Buffer {
    return createHash('sha256').update(`${this.seed}\n${name}`).digest();
  }
}
