import type { User } from '../../identity/index.js';
import type { LedgerAccount, Transaction } from '../../ledger/index.js';
import type { Asset } from '../../market/index.js';
import {
  Basket,
  type BasketAsset,
  type BasketDetails,
  type HoldingMovement,
  Portfolio,
  PortfolioHolding,
  PortfolioSnapshot,
  type SnapshotFigures,
  type Weighting,
} from '../../portfolio/index.js';
import type { Decimal } from '../../shared/index.js';
import { userFactory } from './identity.factory.js';
import { ledgerAccountFactory, transactionFactory } from './ledger.factory.js';
import { assetFactory } from './market.factory.js';
import { after, decimal, FACTORY_NOW, later, next } from './sequence.js';

export interface PortfolioOverrides {
  user?: User;
  name?: string;
  currency?: Asset;
  isDefault?: boolean;
}

const open = ({
  user = userFactory.active(),
  name = `Portfolio ${next('portfolio')}`,
  currency = assetFactory.currency(),
  isDefault,
}: PortfolioOverrides = {}): Portfolio => new Portfolio(user, name, currency, { isDefault });

export const portfolioFactory = {
  open,
  /** Aims for 5000 within two years. */
  withGoal: after(open, portfolio => portfolio.aimFor({ amount: decimal(5000), date: '2028-06-15' })),
  closed: after(open, portfolio => portfolio.close(FACTORY_NOW)),
};

export interface BasketOverrides extends Partial<BasketDetails> {
  /** What is published; two shares of 60 and 40 percent unless told otherwise. */
  composition?: readonly Weighting[];
}

const draft = ({ composition: _, ...details }: BasketOverrides = {}): Basket =>
  new Basket({
    slug: `basket-${next('basket')}`,
    name: 'Sun and wind',
    description: 'Two shares of the factory.',
    risk: 'moderate',
    category: 'climate',
    minimumInvestment: decimal(10),
    feeRate: decimal('0.5'),
    curator: 'Nestegg',
    ...details,
  });

const twoShares = (): Weighting[] => [
  { asset: assetFactory.equity(), weight: decimal(60), minWeight: decimal(50), maxWeight: decimal(70) },
  { asset: assetFactory.equity(), weight: decimal(40) },
];

/** A draft with a composition. */
const composed = (overrides: BasketOverrides = {}): Basket => {
  const basket = draft(overrides);
  basket.publish(overrides.composition ?? twoShares());
  return basket;
};
const active = after(composed, basket => basket.activate());

export const basketFactory = {
  draft,
  composed,
  active,
  paused: after(active, basket => basket.pause()),
  retired: after(active, basket => basket.retire(FACTORY_NOW)),
};

export const basketAssetFactory = {
  /** One asset of the composition that counts in a basket; `position` from 1. */
  of: ({ basket = active(), position = 1 }: { basket?: Basket; position?: number } = {}): BasketAsset =>
    basket.composition[position - 1]!,
};

export interface PortfolioHoldingOverrides {
  portfolio?: Portfolio;
  asset?: Asset;
  basket?: Basket;
  account?: LedgerAccount;
}

const empty = ({
  portfolio = open(),
  asset = assetFactory.equity(),
  basket,
  account = ledgerAccountFactory.holding({
    user: portfolio.user,
    asset,
    portfolioId: portfolio.id,
    basketId: basket?.id,
  }),
}: PortfolioHoldingOverrides = {}): PortfolioHolding => new PortfolioHolding(portfolio, asset, basket, account);

/** The transaction behind a movement, of the holding's owner. */
const tradeOf = ({ user }: PortfolioHolding, type: Transaction['type'], amount: Decimal): Transaction =>
  transactionFactory.posted({ type, user, amount });

export interface PurchaseOverrides {
  holding?: PortfolioHolding;
  transaction?: Transaction;
  quantity?: Decimal;
  cost?: Decimal;
}

/** One unit for 100, unless told otherwise. */
const purchase = ({
  holding = empty(),
  quantity = decimal(1),
  cost = decimal(100),
  transaction = tradeOf(holding, 'buy', cost),
}: PurchaseOverrides = {}): HoldingMovement => holding.recordPurchase(transaction, quantity, cost);

export interface SaleOverrides {
  holding?: PortfolioHolding;
  transaction?: Transaction;
  /** Units held before, of which `quantity` are sold: all of them unless told otherwise. */
  held?: Decimal;
  quantity?: Decimal;
  proceeds?: Decimal;
}

/** All of what was bought before, for a tenth more than it had cost. */
const sale = ({
  holding = bought(),
  held = decimal(1),
  quantity = held,
  proceeds = holding.costBasis.mul('1.1').toDecimalPlaces(8),
  transaction = tradeOf(holding, 'sell', proceeds),
}: SaleOverrides = {}): HoldingMovement => holding.recordSale(transaction, quantity, held, proceeds);

export interface MovementReversalOverrides {
  holding?: PortfolioHolding;
  /** The movement of the holding that is taken back: a purchase unless told otherwise. */
  movement?: HoldingMovement;
  transaction?: Transaction;
}

const reversal = ({
  holding = empty(),
  movement = purchase({ holding }),
  transaction = transactionFactory.reversal({ reverses: movement.transaction.getEntity() }),
}: MovementReversalOverrides = {}): HoldingMovement => holding.recordReversal(transaction, movement);

function bought({
  cost = decimal(100),
  ...overrides
}: PortfolioHoldingOverrides & { cost?: Decimal } = {}): PortfolioHolding {
  const holding = empty(overrides);
  purchase({ holding, cost });
  return holding;
}

export const portfolioHoldingFactory = {
  empty,
  /** One unit, bought for 100 unless told otherwise. */
  bought,
  /** Sold again, all of it, for a tenth more than it had cost. */
  sold: after(bought, holding => void sale({ holding })),
};

/** What transactions do to holdings, and with that the holding as it is afterwards. */
export const holdingMovementFactory = { purchase, sale, reversal };

export interface PortfolioSnapshotOverrides extends Partial<SnapshotFigures> {
  portfolio?: Portfolio;
  date?: string;
  takenAt?: Date;
}

const snapshotOf = (
  { portfolio = open(), date = '2026-06-15', takenAt = FACTORY_NOW, ...figures }: PortfolioSnapshotOverrides,
  previous?: PortfolioSnapshot,
): PortfolioSnapshot =>
  new PortfolioSnapshot(portfolio, date, takenAt, previous, {
    value: decimal('101.5'),
    netDeposits: decimal(100),
    fees: decimal('0.5'),
    oldestPriceAgeSeconds: 60,
    ...figures,
  });

export const portfolioSnapshotFactory = {
  /** The first of its portfolio: 100 in, 0.5 of fees, 2 of market. */
  first: (overrides: PortfolioSnapshotOverrides = {}): PortfolioSnapshot => snapshotOf(overrides),
  /** The one of the day after. */
  following: (previous: PortfolioSnapshot, overrides: PortfolioSnapshotOverrides = {}): PortfolioSnapshot => {
    const takenAt = later(1, previous.takenAt);
    const portfolio = previous.portfolio.unwrap();
    const date = later(1, new Date(previous.date)).toISOString().slice(0, 10);
    const quiet = { value: previous.value, netDeposits: decimal(0), fees: decimal(0) };
    return snapshotOf({ portfolio, takenAt, date, ...quiet, ...overrides }, previous);
  },
};
