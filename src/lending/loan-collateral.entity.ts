import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import type { LedgerAccount } from '../ledger/index.js';
import type { Asset } from '../market/index.js';
import {
  AmountType,
  type Decimal,
  newId,
  ownedBy,
  roundDown,
  Timestamped,
  ValidationError,
  ZERO,
} from '../shared/index.js';
import type { Loan } from './loan.entity.js';

/**
 * What of one collateral account covers one loan: the part of a ledger hold that is this loan's. All loans of an account
 * together hold its balance. The cost of the units comes along, and goes back with them.
 */
@Entity({ tableName: 'loan_collaterals', ...ownedBy() })
@Unique({ name: 'loan_collaterals_account_unique', properties: ['user', 'loan', 'account'] })
@Index({ name: 'loan_collaterals_account_index', properties: ['user', 'account', 'asset'] })
@Index({ name: 'loan_collaterals_asset_id_index', properties: ['asset'] })
@Check({ name: 'loan_collaterals_quantity_not_negative', expression: `quantity >= 0` })
@Check({ name: 'loan_collaterals_cost_not_negative', expression: `cost_basis >= 0` })
@Check({ name: 'loan_collaterals_no_cost_without_quantity', expression: `quantity > 0 or cost_basis = 0` })
@Check({ name: 'loan_collaterals_emptied_at', expression: `(quantity = 0) = (emptied_at is not null)` })
export class LoanCollateral extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The loan that it covers. */
  @ManyToOne({ joinColumns: ['user_id', 'loan_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly loan: Ref<Loan>;

  // Before `account`, which shares the column: of two writers of a column MikroORM takes the first, and a loaded account
  // says only its key.
  /** What is pledged; the asset that the account holds. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly asset: Ref<Asset>;

  /** The collateral account of the borrower's book that holds the units; it says which portfolio and basket they go back to. */
  @ManyToOne({
    joinColumns: ['user_id', 'account_id', 'asset_id'],
    referencedColumnNames: ['user_id', 'id', 'asset_id'],
    deleteRule: 'restrict',
    updateRule: 'no action',
  })
  readonly account: Ref<LedgerAccount>;

  /** Units locked now. */
  @Property({ type: AmountType, accessor: 'quantity' })
  private _quantity: Decimal = ZERO;

  /** What the locked units have cost, in the currency of their portfolio. */
  @Property({ type: AmountType, accessor: 'costBasis' })
  private _costBasis: Decimal = ZERO;

  /** When the last unit was released or sold; absent while something is locked. */
  @Property({ nullable: true, accessor: 'emptiedAt' })
  private _emptiedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(loan: Loan, account: LedgerAccount, quantity: Decimal, cost: Decimal) {
    super();
    if (account.kind !== 'collateral')
      throw new ValidationError(
        'loan-collateral.not-a-hold',
        `Collateral is in a collateral account, not in ${account.kind}.`,
      );
    this.user = loan.user;
    this.loan = ref(loan);
    this.account = ref(account);
    this.asset = account.asset;
    this.add(quantity, cost);
  }

  get quantity(): Opt<Decimal> {
    return this._quantity;
  }

  get costBasis(): Opt<Decimal> {
    return this._costBasis;
  }

  get emptiedAt(): Date | undefined {
    return this._emptiedAt;
  }

  /** Locks more. */
  add(quantity: Decimal, cost: Decimal): void {
    if (!quantity.gt(0)) throw new ValidationError('loan-collateral.quantity-range', 'Collateral is of more than 0.');
    if (!cost.gte(0)) throw new ValidationError('loan-collateral.negative-cost', 'Nothing has cost less than 0.');
    this._quantity = this._quantity.plus(quantity);
    this._costBasis = this._costBasis.plus(cost);
    this._emptiedAt = undefined;
  }

  /**
   * Takes units out, back to their owner or to be sold.
   * @returns what they have cost: in proportion, rounded down; all of it when nothing stays.
   */
  remove(quantity: Decimal, now: Date): Decimal {
    if (!(quantity.gt(0) && quantity.lte(this._quantity)))
      throw new ValidationError(
        'loan-collateral.quantity-range',
        'More than 0 and at most what is locked can be taken out.',
      );
    const isAll = quantity.eq(this._quantity);
    const cost = isAll ? this._costBasis : roundDown(this._costBasis.mul(quantity).div(this._quantity));
    this._quantity = this._quantity.minus(quantity);
    this._costBasis = this._costBasis.minus(cost);
    if (isAll) this._emptiedAt = now;
    return cost;
  }
}
