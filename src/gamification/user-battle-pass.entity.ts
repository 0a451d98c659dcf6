import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import { newId, ownedBy, StateError, Timestamped, ValidationError } from '../shared/index.js';
import type { BattlePass } from './battle-pass.entity.js';
import { requireTotalXp, XP_MAX } from './level-curve.js';

/** One user in one season: the XP gained in it, and whether the premium track is theirs. */
@Entity({ tableName: 'user_battle_passes', ...ownedBy() })
@Unique({ name: 'user_battle_passes_battle_pass_unique', properties: ['user', 'battlePass'] })
@Unique({ name: 'user_battle_passes_id_battle_pass_unique', properties: ['user', 'id', 'battlePass'] })
@Unique({ name: 'user_battle_passes_premium_transaction_unique', properties: ['user', '_premiumTransaction' as never] })
@Index({ name: 'user_battle_passes_battle_pass_id_index', properties: ['battlePass'] })
@Check({ name: 'user_battle_passes_xp_range', expression: `xp >= 0 and xp <= ${XP_MAX}` })
@Check({
  name: 'user_battle_passes_premium_paid',
  expression: `(premium_since is null) = (premium_transaction_id is null)`,
})
export class UserBattlePass extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The season. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly battlePass: Ref<BattlePass>;

  /** XP gained in the season, 0 or more. */
  @Property({ type: 'integer', accessor: 'xp' })
  private _xp = 0;

  /** When the premium track was bought; absent until then, never unset. It counts for all tiers, those reached before too. */
  @Property({ nullable: true, accessor: 'premiumSince' })
  private _premiumSince?: Date;

  /** The transaction that paid for the premium track; absent until then. */
  @ManyToOne({
    joinColumns: ['user_id', 'premium_transaction_id'],
    nullable: true,
    deleteRule: 'restrict',
    updateRule: 'no action',
    accessor: 'premiumTransaction',
  })
  private _premiumTransaction?: Ref<Transaction>;

  @Property({ version: true })
  readonly version!: Opt<number>;

  /** @throws {StateError} `battle-pass.not-running`. */
  constructor(user: User, battlePass: BattlePass, now: Date) {
    super();
    if (!battlePass.isRunning(now)) throw notRunning();
    this.user = ref(user);
    this.battlePass = ref(battlePass);
  }

  get xp(): Opt<number> {
    return this._xp;
  }

  get premiumSince(): Opt<Date> | undefined {
    return this._premiumSince;
  }

  get premiumTransaction(): Opt<Ref<Transaction>> | undefined {
    return this._premiumTransaction;
  }

  get isPremium(): Opt<boolean> {
    return this._premiumSince !== undefined;
  }

  /** Gains the XP of an event that happened in the season; 0 when a daily cap left nothing. Needs `battlePass` loaded. */
  gain(xp: number, occurredAt: Date): void {
    if (!this.battlePass.getEntity().isInWindow(occurredAt)) throw notRunning();
    this._xp = requireTotalXp(this._xp + requireXp(xp));
  }

  /** Takes back what an event gave, because its cause was undone. What was claimed stays claimed. */
  takeBack(xp: number): void {
    this._xp = requireTotalXp(this._xp - requireXp(xp));
  }

  /**
   * Makes the premium track the user's, for all tiers of the season. Needs `battlePass` loaded.
   * @param payment the posted transaction of its price, in the same commit.
   * @throws {StateError} `battle-pass.premium-already`, `battle-pass.not-running`
   * @throws {ValidationError} `battle-pass.other-price`
   */
  goPremium(payment: Transaction, now: Date): void {
    const pass = this.battlePass.getEntity();
    if (this.isPremium)
      throw new StateError('battle-pass.premium-already', 'The premium track of this season is yours already.');
    if (!pass.isRunning(now)) throw notRunning();
    if (payment.status !== 'posted' || payment.asset.id !== pass.currency.id || !payment.amount.eq(pass.premiumPrice))
      throw new ValidationError('battle-pass.other-price', `The premium track costs ${pass.premiumPrice}, posted.`);
    this._premiumSince = now;
    this._premiumTransaction = ref(payment);
  }
}

const notRunning = (): StateError => new StateError('battle-pass.not-running', 'This season is not running.');

function requireXp(xp: number): number {
  if (!Number.isInteger(xp) || xp < 0)
    throw new ValidationError('xp.not-positive', 'XP moves by whole numbers from 0.');
  return xp;
}
