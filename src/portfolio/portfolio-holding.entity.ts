import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, OneToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { LedgerAccount, Transaction } from '../ledger/index.js';
import type { Asset } from '../market/index.js';
import {
  AMOUNT,
  AmountType,
  type Decimal,
  newId,
  ownedBy,
  roundDown,
  Timestamped,
  ValidationError,
  ZERO,
} from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import { HoldingMovement, type MovementFigures } from './holding-movement.entity.js';
import type { Portfolio } from './portfolio.entity.js';

/**
 * What a portfolio holds of one asset, through one basket or directly, and what that cost.
 * The quantity lives in the ledger account; the average cost lives here. No quantity, no cost.
 */
@Entity({ tableName: 'portfolio_holdings', ...ownedBy() })
@Unique({
  name: 'portfolio_holdings_place_unique',
  expression: `create unique index portfolio_holdings_place_unique on portfolio_holdings (user_id, portfolio_id, asset_id, basket_id) nulls not distinct`,
})
@Index({ name: 'portfolio_holdings_asset_id_index', properties: ['asset'] })
@Index({ name: 'portfolio_holdings_basket_id_index', properties: ['basket'] })
@Check({ name: 'portfolio_holdings_cost_basis_not_negative', expression: `cost_basis >= 0` })
export class PortfolioHolding extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The portfolio that holds it. */
  @ManyToOne({ joinColumns: ['user_id', 'portfolio_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly portfolio: Ref<Portfolio>;

  /** What is held. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset: Ref<Asset>;

  /** The basket through which it was bought; absent when bought directly. */
  @ManyToOne({ nullable: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly basket?: Ref<Basket>;

  /** The ledger account where the quantity is. */
  @OneToOne({
    joinColumns: ['user_id', 'account_id', 'asset_id'],
    referencedColumnNames: ['user_id', 'id', 'asset_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly account: Ref<LedgerAccount>;

  /** What the units held have cost, in the portfolio's currency. */
  @Property({ type: AmountType, accessor: 'costBasis' })
  private _costBasis: Decimal = ZERO;

  /** What sales have brought beyond the cost of what was sold. */
  @Property({ type: AmountType, accessor: 'realisedGain' })
  private _realisedGain: Decimal = ZERO;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(portfolio: Portfolio, asset: Asset, basket: Basket | undefined, account: LedgerAccount) {
    super();
    this.user = portfolio.user;
    this.portfolio = ref(portfolio);
    this.asset = ref(asset);
    this.basket = basket && ref(basket);
    this.account = ref(account);
  }

  /** What the units held have cost, in the portfolio's currency. */
  get costBasis(): Opt<Decimal> {
    return this._costBasis;
  }

  /** What sales have brought beyond the cost of what was sold. */
  get realisedGain(): Opt<Decimal> {
    return this._realisedGain;
  }

  /** @returns what the purchase did, to be persisted with it. */
  recordPurchase(transaction: Transaction, quantity: Decimal, cost: Decimal): HoldingMovement {
    if (!quantity.gt(0)) throw new ValidationError('holding.quantity-range', 'A purchase is of more than 0 units.');
    if (!cost.gt(0)) throw new ValidationError('holding.cost-not-positive', 'A purchase costs more than 0.');
    return this.move(transaction, { quantity, cost, gain: ZERO });
  }

  /**
   * Average cost: a sale takes cost in proportion to the quantity, rounded down to 8 decimals; a full exit takes all of it.
   * @param quantity units sold, at most those held.
   * @param held units held before the sale.
   * @param proceeds what the sale brought, before fees.
   * @returns what the sale did, to be persisted with it; the gain is proceeds less the cost of what was sold.
   */
  recordSale(transaction: Transaction, quantity: Decimal, held: Decimal, proceeds: Decimal): HoldingMovement {
    if (!(quantity.gt(0) && quantity.lte(held)))
      throw new ValidationError('holding.quantity-range', 'A sale is of more than 0 and at most what is held.');
    const cost = quantity.eq(held) ? this._costBasis : roundDown(this._costBasis.mul(quantity).div(held), AMOUNT.scale);
    return this.move(transaction, { quantity: quantity.neg(), cost: cost.neg(), gain: proceeds.minus(cost) });
  }

  /** Takes back what a transaction did, exactly; whoever calls has made sure that no later sale rests on it. */
  recordReversal(reversal: Transaction, { quantity, cost, gain }: HoldingMovement): HoldingMovement {
    return this.move(reversal, { quantity: quantity.neg(), cost: cost.neg(), gain: gain.neg() });
  }

  private move(transaction: Transaction, { quantity, cost, gain }: MovementFigures): HoldingMovement {
    // Nothing taken back is nothing: as a decimal it would be a negative zero, and say so in JSON.
    const figures = { quantity, cost: cost.plus(0), gain: gain.plus(0) };
    this._costBasis = this._costBasis.plus(figures.cost);
    this._realisedGain = this._realisedGain.plus(figures.gain);
    return new HoldingMovement(this, transaction, figures);
  }
}
