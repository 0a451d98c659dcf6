import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, Enum, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { RISK_LEVELS, type RiskLevel, type User } from '../identity/index.js';
import type { Asset } from '../market/index.js';
import {
  AmountType,
  type Decimal,
  newId,
  ownedBy,
  StateError,
  Timestamped,
  type Transitions,
  transition,
  ValidationError,
} from '../shared/index.js';

export const PORTFOLIO_STATUSES = ['active', 'closed'] as const;
export type PortfolioStatus = (typeof PORTFOLIO_STATUSES)[number];

const STATUS_AFTER: Transitions<PortfolioStatus> = { active: ['closed'], closed: [] };

export interface Goal {
  amount: Decimal;
  /** Local date by which it should be reached. */
  date?: string;
}

/** Holdings with one purpose, valued in one currency. */
@Entity({ tableName: 'portfolios', ...ownedBy() })
@Unique({ name: 'portfolios_name_unique', properties: ['user', '_name' as never], where: `status = 'active'` })
@Unique({ name: 'portfolios_one_default', properties: ['user'], where: 'is_default' })
@Index({ name: 'portfolios_currency_id_index', properties: ['currency'] })
@Check({ name: 'portfolios_goal_amount_positive', expression: `goal_amount > 0` })
@Check({ name: 'portfolios_goal_date_has_amount', expression: `goal_date is null or goal_amount is not null` })
@Check({ name: 'portfolios_closed_at', expression: `(status = 'closed') = (closed_at is not null)` })
@Check({ name: 'portfolios_default_is_active', expression: `status = 'active' or not is_default` })
export class Portfolio extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The owner's name for it, unique among open ones. */
  @Property({ length: 80, accessor: 'name' })
  private _name: string;

  /** The currency that it is valued and invested in. */
  @ManyToOne({ deleteRule: 'restrict', updateRule: 'no action' })
  readonly currency: Ref<Asset>;

  /** How much risk the owner wants here. */
  @Enum({ items: () => RISK_LEVELS })
  risk: Opt<RiskLevel> = 'moderate';

  /** The value that the owner aims for. */
  @Property({ type: AmountType, nullable: true, accessor: 'goalAmount' })
  private _goalAmount?: Decimal;

  /** The local date by which the goal should be reached. */
  @Property({ type: 'date', nullable: true, accessor: 'goalDate' })
  private _goalDate?: string;

  /** Whether it is used when none is named; one per user. */
  @Property({ accessor: 'isDefault' })
  private _isDefault: boolean;

  /** Whether it takes business: `active → closed`. */
  @Enum({ items: () => PORTFOLIO_STATUSES, accessor: 'status' })
  private _status: PortfolioStatus = 'active';

  /** When it was closed. */
  @Property({ nullable: true })
  closedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(user: User, name: string, currency: Asset, { isDefault = false }: { isDefault?: boolean } = {}) {
    super();
    if (currency.kind !== 'fiat' && currency.kind !== 'stablecoin') {
      throw new ValidationError(
        'portfolio.not-a-currency',
        `A portfolio is valued in a currency, not in ${currency.code}.`,
        { code: currency.code },
      );
    }
    this.user = ref(user);
    this._name = name;
    this.currency = ref(currency);
    this._isDefault = isDefault;
  }

  get name(): string {
    return this._name;
  }

  get goalAmount(): Decimal | undefined {
    return this._goalAmount;
  }

  get goalDate(): string | undefined {
    return this._goalDate;
  }

  get isDefault(): Opt<boolean> {
    return this._isDefault;
  }

  get status(): Opt<PortfolioStatus> {
    return this._status;
  }

  rename(name: string): void {
    this.requireOpen();
    this._name = name;
  }

  aimFor({ amount, date }: Goal): void {
    this.requireOpen();
    if (!amount.gt(0)) throw new ValidationError('portfolio.goal-not-positive', 'A goal must be greater than 0.');
    this._goalAmount = amount;
    this._goalDate = date;
  }

  /** Aims for nothing any more. */
  dropGoal(): void {
    this.requireOpen();
    this._goalAmount = undefined;
    this._goalDate = undefined;
  }

  /** Whoever calls has made the default of before give way: a user has one. */
  becomeDefault(): void {
    this.requireOpen();
    this._isDefault = true;
  }

  /** Another one becomes the default. */
  giveWay(): void {
    this._isDefault = false;
  }

  /** Only an empty portfolio closes; whoever calls has looked at its holdings under a lock. */
  close(now: Date): void {
    this._status = transition('portfolio', STATUS_AFTER, this._status, 'closed');
    this._isDefault = false;
    this.closedAt = now;
  }

  /** @throws {StateError} `portfolio.closed`: nothing goes into a closed portfolio. */
  requireOpen(): void {
    if (this._status !== 'active') throw new StateError('portfolio.closed', 'This portfolio is closed.');
  }
}
