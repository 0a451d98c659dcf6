import { CashFeeSchedule, feesOn, LedgerAccount } from '../../src/ledger/index.js';
import { Asset, type AssetDetails, type LatestPrice } from '../../src/market/index.js';
import {
  type Basket,
  PortfolioHolding,
  type Position,
  type TradePlan,
  type Weighting,
} from '../../src/portfolio/index.js';
import type { Charge } from '../../src/portfolio/trade-plan.js';
import { aPortfolio, decimal, draftBasket, NOW, usd } from '../shared/examples.js';

/** A token with so many decimals; without, a share. */
export const anAsset = (code: string, decimals?: number): Asset =>
  new Asset({
    ...{ code, name: code, kind: 'equity' },
    ...(decimals !== undefined && {
      kind: 'crypto',
      contract: { chain: 'ethereum', decimals },
    }),
  } as AssetDetails);

export const at = (price: string): LatestPrice => ({ price: decimal(price), asOf: NOW, ageSeconds: 0 });

/** So many units of an asset, all of them there all the time. */
export function positionOf(asset: Asset, held: string, basket?: Basket, available = held): Position {
  const holding = new PortfolioHolding(aPortfolio(), asset, basket, new LedgerAccount());
  return { holding, asset, held: decimal(held), available: decimal(available) };
}

export const free: Charge = () => [];

/** What a schedule charges in US dollars. */
export const charging =
  (...schedule: CashFeeSchedule): Charge =>
  value =>
    feesOn(CashFeeSchedule.parse(schedule), usd(), value, NOW);

/** A basket that takes investments. */
export function basketOf(...weightings: [asset: Asset, weight: string, min?: string, max?: string][]): Basket {
  const basket = draftBasket();
  basket.publish(
    weightings.map(
      ([asset, weight, min, max]): Weighting => ({
        ...{ asset, weight: decimal(weight) },
        ...(min && { minWeight: decimal(min) }),
        ...(max && { maxWeight: decimal(max) }),
      }),
    ),
  );
  basket.activate();
  return basket;
}

export const feesOf = ({ fees }: TradePlan) =>
  fees.map(({ kind, amount, rate }) => [kind, amount.toFixed(), rate ? `${rate}%` : 'fixed'].join(' '));
export const salesOf = ({ sales }: TradePlan) =>
  sales.map(({ asset, units, proceeds }) => `${units.toFixed()} ${asset.code} for ${proceeds.toFixed()}`);
export const purchasesOf = ({ purchases }: TradePlan) =>
  purchases.map(({ asset, units, cost }) => `${units.toFixed()} ${asset.code} for ${cost.toFixed()}`);
