import {
  Asset,
  asWorker,
  Basket,
  Decimal,
  type EntityManager,
  InvestmentPlan,
  type LatestPrice,
  LedgerAccount,
  type Leg,
  ledger,
  NotificationPreference,
  type Place,
  Portfolio,
  PortfolioHolding,
  PriceService,
  Transaction,
  User,
  UserLevel,
  UserPreferences,
  UserProfile,
} from '../../src/index.js';
import { at, MONTHS, type Month } from '../world/calendar.js';
import { Draw } from '../world/draw.js';

export interface LargeWorld {
  /** How many users there are in the end, those of earlier runs included. */
  users: number;
  /** Names the world: the same seed makes the same users with the same histories. Lower-case letters and digits. */
  seed: string;
  /** Users per transaction. */
  batch?: number;
  /** Stops after the batch that is being made. */
  signal?: AbortSignal;
  /** Called first, with how many users are still to be made. */
  onStart?: (left: number) => void;
  /** Called when so many users more are stored. */
  onBatch?: (made: number) => void;
}

export interface LargeWorldMade {
  /** Users that were there before. */
  found: number;
  made: number;
  isComplete: boolean;
}

const BATCH = 100;

/**
 * Makes many users with a deposit and an investment each, a batch per transaction: what is interrupted is continued by the
 * next call, because users are numbered. Needs the market and the baskets. Memory does not grow with the number of users.
 */
export async function seedUsers(em: EntityManager, world: LargeWorld): Promise<LargeWorldMade> {
  const { users, batch = BATCH, signal, onStart, onBatch } = world;
  const found = await countUsers(em, world);
  if (found < users) onStart?.(users - found);
  const market = await asWorker(em, openMarket);
  let next = found + 1;
  while (next <= users && !signal?.aborted) {
    const numbers = Array.from({ length: Math.min(batch, users - next + 1) }, (_, i) => next + i);
    await asWorker(em, inner =>
      storeBatch(
        inner,
        market,
        numbers.map(number => newcomer(world.seed, market, number)),
      ),
    );
    next += numbers.length;
    onBatch?.(numbers.length);
  }
  return { found, made: next - 1 - found, isComplete: next > users };
}

const emailOf = (seed: string, number: number) => `${seed}-${String(number).padStart(8, '0')}@seeded.example.com`;

/** Batches are all or nothing and in order, so the users that are there are the first ones. */
const countUsers = (em: EntityManager, { seed, users }: LargeWorld): Promise<number> =>
  asWorker(em, async inner => {
    const [row] = await inner.execute<{ found: string }[]>(
      `select count(*)::text as found from users where email like ? and email <= ?`,
      [`${seed}-________@seeded.example.com`, emailOf(seed, users)],
    );
    return Number(row!.found);
  });

/** What everybody's history is made from; its entities are only read. */
interface Market {
  currency: Asset;
  baskets: Basket[];
  prices: Map<Month, Map<string, LatestPrice>>;
}

async function openMarket(em: EntityManager): Promise<Market> {
  const currency = await em.findOneOrFail(Asset, { code: 'USD' });
  const baskets = await em.find(Basket, { status: 'active' }, { populate: ['assets.asset'], orderBy: { slug: 'asc' } });
  const assets = new Map(
    baskets.flatMap(({ composition }) => composition.map(({ asset }) => [asset.id, asset.getEntity()])),
  );
  const prices: Market['prices'] = new Map();
  for (const month of MONTHS)
    prices.set(month, await new PriceService(em).fresh([...assets.values()], currency, investedAt(month)));
  return { currency, baskets, prices };
}

const investedAt = (month: Month): Date => at(`${month}-05`, '21:00');

interface Newcomer {
  userId: string;
  email: string;
  name: string;
  timeZone: string;
  month: Month;
  deposit: Decimal;
  plan: InvestmentPlan;
}

function newcomer(seed: string, { baskets, prices }: Market, number: number): Newcomer {
  const draw = new Draw(seed);
  const email = emailOf(seed, number);
  const month = draw.pick(`${email} month`, MONTHS);
  const deposit = new Decimal(draw.whole(`${email} deposit`, 2_000, 200_000)).div(100);
  const share = draw.whole(`${email} share`, 40, 100);
  const amount = deposit.mul(share).div(100).toDecimalPlaces(2, Decimal.ROUND_DOWN);
  const basket = draw.pick(`${email} basket`, baskets)!;
  return {
    ...{ email, month, deposit },
    userId: draw.id(email, at(`${month}-01`)),
    name: `Saver ${number}`,
    timeZone: draw.pick(`${email} zone`, ['America/New_York', 'Europe/Rome', 'Asia/Tokyo', 'Africa/Nairobi']),
    plan: new InvestmentPlan(basket, amount, prices.get(month)!),
  };
}

async function storeBatch(em: EntityManager, { currency }: Market, people: readonly Newcomer[]): Promise<void> {
  const ofThisBatch = await em.findOneOrFail(Asset, { id: currency.id });
  const portfolioIds = people.map(person => settleIn(em, ofThisBatch, person));
  await em.flush();
  em.clear();
  const holdings: HoldingRow[] = [];
  for (const [index, person] of people.entries()) {
    holdings.push(...(await moveMoney(em, currency.id, person, portfolioIds[index]!)));
    // Every posting flushes first, and a flush looks at all that is managed.
    em.clear();
  }
  for (const { userId, portfolioId, basketId, assetId, accountId, transactionId, units, cost } of holdings) {
    const holding = new PortfolioHolding(
      em.getReference(Portfolio, [userId, portfolioId]),
      em.getReference(Asset, assetId),
      em.getReference(Basket, basketId),
      em.getReference(LedgerAccount, [userId, accountId]),
    );
    const transaction = em.getReference(Transaction, [userId, transactionId]);
    em.persist([holding, holding.recordPurchase(transaction, units, cost)]);
  }
}

/** What `registerUser` starts an account with, without a flush per person; returns the portfolio's id. */
function settleIn(em: EntityManager, currency: Asset, { userId, email, name, timeZone }: Newcomer): string {
  const user = new User(email, userId);
  const profile = new UserProfile(user);
  profile.displayName = name;
  const portfolio = new Portfolio(user, 'My portfolio', currency, { isDefault: true });
  em.persist([user, profile, new UserPreferences(user, timeZone), new UserLevel(user), portfolio]);
  em.persist(NotificationPreference.defaultsOf(user));
  return portfolio.id;
}

interface HoldingRow {
  userId: string;
  portfolioId: string;
  basketId: string;
  assetId: string;
  accountId: string;
  transactionId: string;
  units: Decimal;
  cost: Decimal;
}

const CASH: Place = { kind: 'cash' };
const MARKET: Place = { kind: 'market' };

async function moveMoney(
  em: EntityManager,
  currencyId: string,
  { userId, month, deposit, plan }: Newcomer,
  portfolioId: string,
): Promise<HoldingRow[]> {
  const { basket, amount, purchases } = plan;
  await ledger.post(em, userId, {
    type: 'deposit',
    assetId: currencyId,
    amount: deposit,
    occurredAt: at(`${month}-03`),
    external: { source: 'bank', reference: `first-${month}` },
    idempotencyKey: 'seed:deposit',
    request: { useCase: 'seed-deposit', amount: deposit },
    legs: [{ from: { kind: 'external' }, to: CASH, assetId: currencyId, amount: deposit }],
  });
  const { transaction, entries } = await ledger.post(em, userId, {
    type: 'basket_investment',
    assetId: currencyId,
    amount,
    occurredAt: investedAt(month),
    portfolioId,
    basketId: basket.id,
    idempotencyKey: 'seed:invest',
    request: { useCase: 'seed-investment', basketSlug: basket.slug, amount },
    legs: legsOf(plan, currencyId, portfolioId),
  });
  const bought = entries.map(({ credit }) => credit.getEntity()).filter(({ kind }) => kind === 'holding');
  return purchases.map(({ asset, units, cost }, index) => ({
    ...{ userId, portfolioId, basketId: basket.id, assetId: asset.id, units, cost },
    accountId: bought[index]!.id,
    transactionId: transaction.id,
  }));
}

/** As an investment through the service moves them: the fee, then each asset against its cost. */
function legsOf({ fee, feeRate, purchases, basket }: InvestmentPlan, currencyId: string, portfolioId: string): Leg[] {
  const place: Place = { kind: 'holding', portfolioId, basketId: basket.id };
  const feeLeg: Leg = {
    ...{ from: CASH, to: { kind: 'fees' }, assetId: currencyId, amount: fee },
    fee: { kind: 'platform', rate: feeRate },
  };
  const buys = purchases.flatMap(({ asset, cost, units }): Leg[] => [
    { from: CASH, to: MARKET, assetId: currencyId, amount: cost },
    { from: MARKET, to: place, assetId: asset.id, amount: units },
  ]);
  return fee.gt(0) ? [feeLeg, ...buys] : buys;
}
