import {
  AutoInvestService,
  annualised,
  asReader,
  asUser,
  asWorker,
  BasketService,
  type CashFlow,
  checkInvariants,
  Decimal,
  DepositService,
  type EntityManager,
  instantOf,
  LedgerAccount,
  moneyWeightedReturn,
  NesteggError,
  newId,
  PriceService,
  registerUser,
  runDueAutoInvestRules,
  SnapshotService,
  timeWeightedReturn,
  ValidationError,
  ValuationService,
  ZERO,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { listCatalogue } from '../catalogue.js';
import type { DemoArguments } from './arguments.js';
import type { PriceLine } from './prices.js';
import type { DemoStatement } from './statement.js';

const ZONE = 'America/New_York';
const BASKET = 'four-giants';
const WEIGHTS = [
  { assetCode: 'AAPL', weight: '30' },
  { assetCode: 'AMZN', weight: '20' },
  { assetCode: 'IBM', weight: '25' },
  { assetCode: 'MSFT', weight: '25' },
];

/** The rule fires at half past nine; the deposit has settled before, the snapshot is taken after. */
const DAY = { deposit: '09:00', settle: '09:15', invest: '09:30', snapshot: '17:00' };

/** A month's price of every asset: the last line of each month, counted from the month's first day on. */
type MonthlyPrices = Map<string, Map<string, Decimal>>;

/** An investor's years, told to a stranger: everything goes through the services, under the roles of the application. */
export class Replay {
  private readonly clock: FixedClock;
  private readonly userId = newId();
  private readonly history: DemoStatement['history'] = [];
  private portfolioId = '';

  constructor(
    private readonly em: EntityManager,
    private readonly plan: Pick<DemoArguments, 'monthly' | 'fee'>,
    private readonly months: readonly string[],
    private readonly prices: MonthlyPrices,
  ) {
    this.clock = new FixedClock(instantOf(`${months[0]}-01`, '08:00', ZONE));
  }

  async run(onMonth: (month: string) => void): Promise<DemoStatement> {
    await this.openMarket();
    await this.openAccount();
    for (const month of this.months) {
      await this.live(`${month}-01`);
      onMonth(month);
    }
    return this.statement();
  }

  private async openMarket(): Promise<void> {
    const lines = [...this.prices].flatMap(([month, ofMonth]) =>
      [...ofMonth].map(([code, price]) => ({
        code,
        asOf: instantOf(`${month}-01`, '00:00', ZONE),
        price: price.toFixed(),
      })),
    );
    await asWorker(this.em, async em => {
      await listCatalogue(em, [...new Set(lines.map(({ code }) => code))]);
      await new PriceService(em).import({ quoteCode: 'USD', source: 'monthly-close', prices: lines });
      const baskets = new BasketService(em, this.clock);
      await baskets.draft({
        slug: BASKET,
        name: 'Four giants',
        description: 'Four large American companies that were there all along.',
        risk: 'aggressive',
        category: 'Technology',
        minimumInvestment: '0.01',
        feeRate: this.plan.fee.toFixed(),
        curator: 'Nestegg',
      });
      await baskets.publish({ slug: BASKET, composition: WEIGHTS });
      await baskets.activate(BASKET);
    });
  }

  private async openAccount(): Promise<void> {
    await asUser(this.em, this.userId, async em => {
      const { portfolio } = await registerUser(em, {
        userId: this.userId,
        email: 'investor@example.com',
        displayName: 'Demo investor',
        timeZone: ZONE,
      });
      this.portfolioId = portfolio.id;
      await new AutoInvestService(em, this.clock).create({
        userId: this.userId,
        portfolioId: portfolio.id,
        basketSlug: BASKET,
        amount: this.plan.monthly.toFixed(),
        frequency: 'monthly',
        anchorDate: `${this.months[0]}-01`,
        localTime: DAY.invest,
      });
    });
  }

  /** One first of the month: money comes in, the rule invests it, the day is recorded. */
  private async live(date: string): Promise<void> {
    const { userId, portfolioId, clock } = this;
    const at = (time: string) => clock.moveTo(instantOf(date, time, ZONE));
    at(DAY.deposit);
    const { transaction } = await asUser(this.em, userId, em =>
      new DepositService(em, clock).open({
        userId,
        assetCode: 'USD',
        amount: this.plan.monthly.toFixed(),
        source: 'demo-bank',
        reference: `salary-${date}`,
        idempotencyKey: `deposit:${date}`,
      }),
    );
    at(DAY.settle);
    await asUser(this.em, userId, em =>
      new DepositService(em, clock).settle({ userId, transactionId: transaction.id, idempotencyKey: `settle:${date}` }),
    );
    at(DAY.invest);
    const [run] = await runDueAutoInvestRules(this.em, clock);
    if (run?.status !== 'succeeded') throw new DemoFailedError(date, run?.reason ?? 'no rule was due');
    at(DAY.snapshot);
    const snapshot = await asUser(this.em, userId, em => new SnapshotService(em, clock).take({ userId, portfolioId }));
    const before = this.history.at(-1)?.contributions ?? ZERO;
    this.history.push({ date: snapshot.date, contributions: before.plus(snapshot.netDeposits), value: snapshot.value });
  }

  private async statement(): Promise<DemoStatement> {
    const { userId, portfolioId, clock } = this;
    const { valuation, snapshots, cash } = await asUser(this.em, userId, async em => {
      const place = { userId, portfolioId };
      const account = await em.findOne(LedgerAccount, { user: userId, kind: 'cash' });
      return {
        valuation: await new ValuationService(em, clock).value(place),
        snapshots: await new SnapshotService(em, clock).history(place),
        cash: account?.balance ?? ZERO,
      };
    });
    const sum = (values: Decimal[]) => Decimal.sum(ZERO, ...values);
    const contributions = sum(snapshots.map(({ netDeposits }) => netDeposits));
    const fees = sum(snapshots.map(snapshot => snapshot.fees));
    const last = snapshots.at(-1)!;
    const days = (Date.parse(last.date) - Date.parse(snapshots[0]!.date)) / 86_400_000;
    const total = timeWeightedReturn(snapshots);
    const flows: CashFlow[] = snapshots.map(({ date, netDeposits }) => ({ date, amount: netDeposits.neg() }));
    return {
      period: { from: this.months[0]!, to: this.months.at(-1)!, occurrences: this.months.length },
      plan: {
        monthly: this.plan.monthly,
        feeRate: this.plan.fee,
        basket: 'Four giants',
        weights: WEIGHTS.map(({ assetCode, weight }) => ({ code: assetCode, weight: new Decimal(weight) })),
      },
      contributions,
      fees,
      invested: contributions.minus(fees),
      cash,
      assets: valuation.holdings.map(({ asset, units, costBasis, price, value }) => ({
        code: asset.code,
        units,
        costBasis,
        price,
        value,
        gain: value.minus(costBasis),
      })),
      value: valuation.value,
      gain: valuation.value.minus(contributions),
      timeWeightedReturn: { total, annual: annualised(total, days) ?? null },
      moneyWeightedReturn:
        days > 0 ? (moneyWeightedReturn([...flows, { date: last.date, amount: valuation.value }]) ?? null) : null,
      history: this.history,
      invariants: await asReader(this.em, checkInvariants),
    };
  }
}

/** A month in which the rule did not invest. */
class DemoFailedError extends NesteggError {
  constructor(date: string, reason: string) {
    super('demo.failed', `Nothing was invested on ${date}: ${reason}.`, { date, reason });
  }
}

/** By month and code, in the order of time; of several lines in a month the last in time counts. */
export function monthly(lines: readonly PriceLine[]): MonthlyPrices {
  const months: MonthlyPrices = new Map();
  for (const { symbol, date, price } of [...lines].sort((a, b) => (a.date < b.date ? -1 : 1))) {
    const month = date.slice(0, 7);
    if (!months.has(month)) months.set(month, new Map());
    months.get(month)!.set(symbol, price);
  }
  return months;
}

/**
 * The months to replay: all that are asked for, or all from the first to the last in which every asset of the basket has a price.
 * @throws {ValidationError} `demo.no-price` for a month without a price, naming both.
 */
export function monthsToReplay(prices: MonthlyPrices, from?: string, to?: string): string[] {
  const complete = [...prices]
    .filter(([, ofMonth]) => WEIGHTS.every(({ assetCode }) => ofMonth.has(assetCode)))
    .map(([month]) => month);
  const first = from ?? complete[0];
  const last = to ?? complete.at(-1);
  if (!first || !last)
    throw new ValidationError(
      'demo.no-price',
      `The prices hold no month in which ${WEIGHTS.map(w => w.assetCode).join(', ')} all have one.`,
    );
  const months = [];
  for (let month = first; month <= last; month = nextMonth(month)) {
    const missing = WEIGHTS.find(({ assetCode }) => !prices.get(month)?.has(assetCode));
    if (missing)
      throw new ValidationError(
        'demo.no-price',
        `There is no price of ${missing.assetCode} for ${month}; prices go from ${complete[0]} to ${complete.at(-1)}.`,
      );
    months.push(month);
  }
  return months;
}

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
