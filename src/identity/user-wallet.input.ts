import { z } from 'zod';
import { CHAINS, Id } from '../shared/index.js';

/** A wallet that the person has proved to be theirs, such as by a signature. */
export const LinkWallet = z.strictObject({
  userId: Id,
  chain: z.enum(CHAINS),
  /** In any spelling; checked against the chain's rules when it is linked. */
  address: z.string().max(64),
  /** Whether it is to be proposed first from now on; a person's first wallet is in any case. */
  makePrimary: z.boolean().default(false),
});
export type LinkWallet = z.input<typeof LinkWallet>;

export const WalletAt = z.strictObject({ userId: Id, walletId: Id });
export type WalletAt = z.input<typeof WalletAt>;
