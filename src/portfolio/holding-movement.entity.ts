import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { Transaction } from '../ledger/index.js';
import { AmountType, type Decimal, newId, ownedBy } from '../shared/index.js';
import type { PortfolioHolding } from './portfolio-holding.entity.js';

/** What a transaction did to a holding. Units and cost that went out are negative. */
export interface MovementFigures {
  quantity: Decimal;
  cost: Decimal;
  gain: Decimal;
}

/**
 * What one transaction did to one holding: units, what they cost, and what a sale brought beyond it. Never changed; a
 * reversal adds the opposite. A holding's quantity, cost basis and realised gain are the sums of its movements.
 */
@Entity({ tableName: 'holding_movements', ...ownedBy() })
@Unique({ name: 'holding_movements_once', properties: ['user', 'transaction', 'holding'] })
@Index({ name: 'holding_movements_holding_index', properties: ['user', 'holding', 'id'] })
@Check({
  name: 'holding_movements_direction',
  expression: `case when quantity > 0 then cost >= 0 else quantity < 0 and cost <= 0 end`,
})
export class HoldingMovement {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The holding that changed. */
  @ManyToOne({ joinColumns: ['user_id', 'holding_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly holding: Ref<PortfolioHolding>;

  /** The transaction that changed it. */
  @ManyToOne({ joinColumns: ['user_id', 'transaction_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly transaction: Ref<Transaction>;

  /** Units that came in; negative when they went out. */
  @Property({ type: AmountType })
  readonly quantity: Decimal;

  /** What these units have cost, in the portfolio's currency; negative when they went out. */
  @Property({ type: AmountType })
  readonly cost: Decimal;

  /** What a sale brought beyond the cost of what was sold; negative for a loss, or when a sale is taken back. */
  @Property({ type: AmountType })
  readonly gain: Decimal;

  @Property({ type: 'datetime', defaultRaw: 'now()' })
  readonly createdAt!: Opt<Date>;

  constructor(holding: PortfolioHolding, transaction: Transaction, { quantity, cost, gain }: MovementFigures) {
    this.user = holding.user;
    this.holding = ref(holding);
    this.transaction = ref(transaction);
    this.quantity = quantity;
    this.cost = cost;
    this.gain = gain;
  }
}
