import { type Opt, PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import type { User } from '../identity/index.js';
import { AmountType, type Decimal, newId, ownedBy, Timestamped, ZERO } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';

export interface SnapshotFigures {
  value: Decimal;
  netDeposits: Decimal;
  fees: Decimal;
  oldestPriceAgeSeconds: number;
}

/** What the market did: start + deposits + market − fees = value, to the last digit. */
export const marketChangeOf = (
  startValue: Decimal,
  { value, netDeposits, fees }: Omit<SnapshotFigures, 'oldestPriceAgeSeconds'>,
): Decimal => value.minus(startValue).minus(netDeposits).plus(fees);

/** A portfolio's value on a local date, and what made it differ from the snapshot before: deposits, the market, fees. */
@Entity({ tableName: 'portfolio_snapshots', ...ownedBy() })
@Unique({ name: 'portfolio_snapshots_date_unique', properties: ['user', 'portfolio', 'date'] })
@Check({ name: 'portfolio_snapshots_bridge', expression: `start_value + net_deposits + market_change - fees = value` })
@Check({ name: 'portfolio_snapshots_not_negative', expression: `start_value >= 0 and value >= 0` })
@Check({ name: 'portfolio_snapshots_price_age', expression: `oldest_price_age_seconds >= 0` })
export class PortfolioSnapshot extends Timestamped {
  [PrimaryKeyProp]?: ['user', 'id'];

  @ManyToOne({ primary: true, deleteRule: 'restrict', updateRule: 'no action' })
  readonly user: Ref<User>;

  @PrimaryKey({ type: 'uuid' })
  readonly id: string = newId();

  /** The portfolio that was valued. */
  @ManyToOne({ joinColumns: ['user_id', 'portfolio_id'], deleteRule: 'restrict', updateRule: 'no action' })
  readonly portfolio: Ref<Portfolio>;

  /** The local date of the portfolio's owner, `YYYY-MM-DD`. */
  @Property({ type: 'date' })
  readonly date: string;

  /** The instant that it was valued at. */
  @Property()
  readonly takenAt: Date;

  /** The value of the snapshot before; 0 for the first. */
  @Property({ type: AmountType })
  readonly startValue: Decimal;

  /** What went into the portfolio since then less what came out, fees included. */
  @Property({ type: AmountType })
  readonly netDeposits: Decimal;

  /** Fees paid in the portfolio since the snapshot before, less those given back. */
  @Property({ type: AmountType })
  readonly fees: Decimal;

  /** What the market did to the value since then, rounding included. */
  @Property({ type: AmountType })
  readonly marketChange: Decimal;

  /** What the holdings were worth. */
  @Property({ type: AmountType })
  readonly value: Decimal;

  /** Age of the oldest price used, in seconds. */
  @Property({ type: 'integer' })
  readonly oldestPriceAgeSeconds: number;

  /** When its figures were last reckoned anew, after something was booked for a time before it was taken. */
  @Property({ nullable: true })
  restatedAt?: Date;

  constructor(
    portfolio: Portfolio,
    date: string,
    takenAt: Date,
    previous: Pick<PortfolioSnapshot, 'value'> | undefined,
    figures: SnapshotFigures,
  ) {
    super();
    this.user = portfolio.user;
    this.portfolio = ref(portfolio);
    this.date = date;
    this.takenAt = takenAt;
    this.startValue = previous?.value ?? ZERO;
    this.netDeposits = figures.netDeposits;
    this.fees = figures.fees;
    this.value = figures.value;
    this.marketChange = marketChangeOf(this.startValue, figures);
    this.oldestPriceAgeSeconds = figures.oldestPriceAgeSeconds;
  }

  /** The value just before the period's deposits and fees, which count as made at its end. */
  get valueBeforeFlows(): Opt<Decimal> {
    return this.startValue.plus(this.marketChange);
  }
}
