import type { Leg, Place, ReckonedFee } from '../ledger/index.js';
import type { Asset, LatestPrice } from '../market/index.js';
import { Decimal, roundDown, StateError, ZERO } from '../shared/index.js';
import type { Basket } from './basket.entity.js';
import type { Portfolio } from './portfolio.entity.js';
import type { PortfolioHolding } from './portfolio-holding.entity.js';

/** A holding and what of it may be sold. */
export interface Position {
  holding: PortfolioHolding;
  asset: Asset;
  /** Units held now. */
  held: Decimal;
  /** Units that were there at the instant of the trade and ever since; the same, unless that lies in the past. */
  available: Decimal;
}

/** Units that leave a holding, and what they bring before fees. */
export interface PlannedSale {
  position: Position;
  asset: Asset;
  price: Decimal;
  units: Decimal;
  proceeds: Decimal;
}

/** What is spent on an asset, and the units that buys. */
export interface Purchase {
  asset: Asset;
  price: Decimal;
  cost: Decimal;
  units: Decimal;
}

/** A price that a plan rests on, and the instant that it was observed for. */
export interface UsedPrice {
  asset: Asset;
  price: Decimal;
  asOf: Date;
}

/**
 * What trading for a value costs: what is paid for units or what they bring, fees left out. It is the operator's to say; no
 * input of a user names a fee.
 */
export type Charge = (value: Decimal) => ReckonedFee[];

export const totalOf = (fees: readonly ReckonedFee[]): Decimal =>
  Decimal.sum(ZERO, ...fees.map(({ amount }) => amount));

const CASH: Place = { kind: 'cash' };
const MARKET: Place = { kind: 'market' };
const FEES: Place = { kind: 'fees' };

/**
 * What a trade comes to, to the last digit: first the sales, then the fees, then the purchases. Quotes show it and commits
 * book it; there is no other calculation.
 */
export abstract class TradePlan {
  abstract readonly sales: readonly PlannedSale[];
  abstract readonly fees: readonly ReckonedFee[];
  abstract readonly purchases: readonly Purchase[];
  /** Every price that the plan rests on. */
  abstract readonly prices: readonly UsedPrice[];
  /** The basket through which is bought; none when bought directly. */
  abstract readonly basket?: Basket;

  /** What the sales bring, before fees. */
  get proceeds(): Decimal {
    return Decimal.sum(ZERO, ...this.sales.map(({ proceeds }) => proceeds));
  }

  /** What the purchases cost, before fees. */
  get cost(): Decimal {
    return Decimal.sum(ZERO, ...this.purchases.map(({ cost }) => cost));
  }

  get feeTotal(): Decimal {
    return totalOf(this.fees);
  }

  /** What cash gains; negative when it pays. */
  get cashChange(): Decimal {
    return this.proceeds.minus(this.feeTotal).minus(this.cost);
  }

  get isEmpty(): boolean {
    return this.sales.length === 0 && this.purchases.length === 0;
  }

  /** @param portfolio the one that is traded in, with its currency. */
  legsIn(portfolio: Portfolio): Leg[] {
    const money = portfolio.currency.id;
    const placeIn = (basketId?: string): Place => ({ kind: 'holding', portfolioId: portfolio.id, basketId });
    const sell = ({ position, asset, units, proceeds }: PlannedSale): Leg[] => [
      { from: placeIn(position.holding.basket?.id), to: MARKET, assetId: asset.id, amount: units },
      // The last units of something worthless bring nothing, and nothing is not booked.
      ...(proceeds.gt(0) ? [{ from: MARKET, to: CASH, assetId: money, amount: proceeds }] : []),
    ];
    const take = ({ kind, amount, rate }: ReckonedFee): Leg => ({
      ...{ from: CASH, to: FEES, assetId: money, amount },
      fee: { kind, rate },
    });
    const buy = ({ asset, cost, units }: Purchase): Leg[] => [
      { from: CASH, to: MARKET, assetId: money, amount: cost },
      { from: MARKET, to: placeIn(this.basket?.id), assetId: asset.id, amount: units },
    ];
    return [...this.sales.flatMap(sell), ...this.fees.map(take), ...this.purchases.flatMap(buy)];
  }
}

/** A sale at a price; what it brings is rounded down to the scale of the currency. */
export function saleOf(position: Position, units: Decimal, price: Decimal, scale: number): PlannedSale {
  return { position, asset: position.asset, price, units, proceeds: roundDown(units.mul(price), scale) };
}

/**
 * The fees on what sales bring.
 * @throws {StateError} `trade.fees-exceed-proceeds`: nobody pays to be rid of something.
 */
export function feesOnProceeds(charge: Charge, proceeds: Decimal): ReckonedFee[] {
  const fees = charge(proceeds);
  const total = totalOf(fees);
  if (total.gt(proceeds))
    throw new StateError('trade.fees-exceed-proceeds', `The fees, ${total}, are more than the sale brings.`, {
      fees: total.toFixed(),
      proceeds: proceeds.toFixed(),
    });
  return fees;
}

export const usedPrices = (assets: readonly Asset[], prices: ReadonlyMap<string, LatestPrice>): UsedPrice[] =>
  assets.map(asset => {
    const { price, asOf } = prices.get(asset.id)!;
    return { asset, price, asOf };
  });
