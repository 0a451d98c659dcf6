import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { CHAINS, type Chain, canonicalAddress, newId, ownedBy, Timestamped } from '../shared/index.js';
import type { User } from './user.entity.js';

/** A wallet of a user's own on some chain. One address belongs to one user in the whole app. */
@Entity({ tableName: 'user_wallets', ...ownedBy() })
@Unique({ name: 'user_wallets_chain_address_unique', properties: ['chain', 'address'] })
@Unique({ name: 'user_wallets_one_primary', properties: ['user'], where: 'is_primary' })
@Index({ name: 'user_wallets_user_id_index', properties: ['user'] })
@Check({
  name: 'user_wallets_address_shape',
  expression: `case when chain = 'solana' then address ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$' else address ~ '^0x[0-9a-fA-F]{40}$' end`,
})
export class UserWallet extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  @ManyToOne({ deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  /** The network that the wallet is on. */
  @Enum({ items: () => CHAINS })
  readonly chain: Chain;

  /** The address in its canonical form: EIP-55 checksum on EVM networks, base58 on Solana. */
  @Property({ length: 64 })
  readonly address: string;

  /** Whether this is the wallet that is proposed first; one per user. */
  @Property({ accessor: 'isPrimary' })
  private _isPrimary = false;

  constructor(user: User, chain: Chain, address: string) {
    super();
    this.user = ref(user);
    this.chain = chain;
    this.address = canonicalAddress(chain, address);
  }

  get isPrimary(): Opt<boolean> {
    return this._isPrimary;
  }

  makePrimary(): void {
    this._isPrimary = true;
  }

  stepDown(): void {
    this._isPrimary = false;
  }
}
