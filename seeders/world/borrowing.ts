import {
  type Asset,
  type CollateralOffers,
  Decimal,
  DepositService,
  type EntityManager,
  HUNDRED,
  type LatestPrice,
  LedgerAccount,
  type Leg,
  Loan,
  LoanApplication,
  LoanCollateral,
  type LoanTerms,
  ledger,
  type Place,
  type Portfolio,
  PortfolioHolding,
  PriceService,
  roundDown,
  roundUp,
  SnapshotService,
  type Transaction,
  type TransactionType,
  type User,
  ZERO,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { at, type Month } from './calendar.js';
import type { Life } from './lives.js';

/** The terms that most loans have. */
export const USUAL_TERMS: LoanTerms = {
  apr: new Decimal('9.5'),
  dayCount: 'actual/365',
  ltvMax: new Decimal(50),
  liquidationThreshold: new Decimal(75),
  liquidationBonus: new Decimal(5),
  allocationOrder: 'fees_interest_principal',
};

export interface LoanPlan {
  /** The loan in percent of its collateral. */
  ltv: number;
  threshold?: number;
  termMonths: number;
  /** What is pledged, by code; everything when left out. */
  assets?: readonly string[];
}

interface Pledge {
  holding: PortfolioHolding;
  asset: Asset;
  held: Decimal;
  quantity: Decimal;
  place: Place;
}

const LATE_FEE = new Decimal(15);
const DEBT: Place = { kind: 'debt' };
const CASH: Place = { kind: 'cash' };
const MARKET: Place = { kind: 'market' };

/** A borrower's months: every movement of money is posted to the book, every state is reached by the loan's own verbs. */
export class Borrowing {
  loan!: Loan;
  private pledges: { pledge: Pledge; collateral: LoanCollateral }[] = [];

  constructor(
    private readonly em: EntityManager,
    private readonly life: Life,
    private readonly officer: User,
  ) {}

  /** Half of every holding, as an application offers it. */
  static async offer(em: EntityManager, portfolio: Portfolio): Promise<CollateralOffers> {
    return (await pledgesOf(em, portfolio)).map(offered);
  }

  async saveAndLookBack(month: Month): Promise<void> {
    const { userId, monthly } = this.life.person;
    const clock = new FixedClock(at(`${month}-03`, '09:00'));
    const deposits = new DepositService(this.em, clock);
    const { transaction } = await deposits.open({
      ...{ userId, assetCode: 'USD', amount: `${monthly}`, source: 'bank', reference: `salary-${month}` },
      idempotencyKey: `seed:deposit:${month}`,
    });
    await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: `seed:settle:${month}` });
    clock.moveTo(at(`${month}-05`, '22:00'));
    await new SnapshotService(this.em, clock).take({ userId, portfolioId: this.life.portfolio.id });
  }

  /** Applies on the 8th, is approved, locks the collateral and gets the money on the 12th. */
  async takeOut(month: Month, { ltv, threshold = 75, termMonths, assets }: LoanPlan): Promise<void> {
    const { em, life, officer } = this;
    const paidOutAt = at(`${month}-12`);
    const pledges = await pledgesOf(em, life.portfolio, assets);
    const value = await this.valueOf(pledges, paidOutAt);
    const amount = roundDown(value.mul(ltv).div(HUNDRED), 2);
    const usd = life.portfolio.currency.getEntity();
    const wish = { amount, termMonths, purpose: 'vehicle', collateral: pledges.map(offered) } as const;
    const application = new LoanApplication(life.user, usd, wish);
    application.submit(at(`${month}-08`));
    application.startReview(at(`${month}-09`));
    application.rate(640);
    const decision = { by: officer, byName: 'Loan desk', reasons: ['Covered by what you hold.'] };
    application.approve({ amount, expiresAt: at(`${month}-28`) }, decision, at(`${month}-10`));
    const limits = { ltvMax: new Decimal(ltv), liquidationThreshold: new Decimal(threshold) };
    this.loan = new Loan(application, { ...USUAL_TERMS, ...limits });
    this.loan.requireCovered(value);
    em.persist([application, this.loan]);
    for (const pledge of pledges) this.pledges.push({ pledge, collateral: await this.lock(pledge, paidOutAt) });
    const paidOut = await this.post('loan_disbursement', `${month}-12`, amount, [
      { from: DEBT, to: CASH, assetId: usd.id, amount },
    ]);
    this.loan.disburse(paidOut, `${month}-12`, paidOutAt);
  }

  /** Pays on the 10th what is due on the 12th. */
  async payInstallment(month: Month): Promise<void> {
    this.accrue(`${month}-10`);
    await this.pay(`${month}-10`, this.loan.dueBy(`${month}-12`));
  }

  /** Pays all that is owed, and gets the collateral back. */
  async payOff(month: Month): Promise<void> {
    this.accrue(`${month}-10`);
    await this.pay(`${month}-10`, this.loan.debt);
    await this.releaseAll(`${month}-10`);
  }

  /** The instalment of the 12th did not come: interest runs on, and the late fee is charged. */
  fallLate(month: Month): void {
    this.accrue(`${month}-20`);
    this.loan.markLate(at(`${month}-20`));
    const overdue = this.loan.installments.getItems().find(installment => installment.isOverdue(`${month}-20`))!;
    this.loan.chargeLateFee(overdue, LATE_FEE, at(`${month}-20`));
  }

  accrue(date: string): void {
    this.loan.accrueInterest(date);
  }

  /** Sells as much of the collateral as pays the debt and the bonus, and returns the rest. */
  async beLiquidated(date: string): Promise<void> {
    this.accrue(date);
    const debt = this.loan.debt;
    const value = await this.valueOf(
      this.pledges.map(({ pledge }) => pledge),
      at(date),
    );
    const part = debt.mul(HUNDRED.plus(this.loan.liquidationBonus)).div(HUNDRED).div(value);
    const legs: Leg[] = [];
    for (const { pledge, collateral } of this.pledges) {
      const sold = roundUp(pledge.quantity.mul(part), 8);
      legs.push({ from: lockedPlace(pledge), to: MARKET, assetId: pledge.asset.id, amount: sold });
      collateral.remove(sold, at(date));
    }
    const bonus = roundDown(debt.mul(this.loan.liquidationBonus).div(HUNDRED), 2);
    legs.push(...this.debtLegs(MARKET, debt), this.money(MARKET, { kind: 'fees' }, bonus));
    const sale = await this.post('liquidation', date, debt, legs);
    this.em.persist(this.loan.liquidate(debt, sale, at(date)));
    await this.releaseAll(date);
  }

  private async pay(date: string, amount: Decimal): Promise<void> {
    const transaction = await this.post('loan_repayment', date, amount, this.debtLegs(CASH, amount));
    this.em.persist(this.loan.repay(amount, transaction, at(date)));
  }

  /** A payment's parts on their way from where the money is. */
  private debtLegs(from: Place, amount: Decimal): Leg[] {
    const { fees, interest, principal } = this.loan.allocate(amount);
    return [
      this.money(from, { kind: 'fees' }, fees),
      this.money(from, { kind: 'interest' }, interest),
      this.money(from, DEBT, principal),
    ].filter(leg => leg.amount.gt(0));
  }

  private async lock(pledge: Pledge, now: Date): Promise<LoanCollateral> {
    const { holding, asset, held, quantity, place } = pledge;
    const date = now.toISOString().slice(0, 10);
    const leg = { from: place, to: lockedPlace(pledge), assetId: asset.id, amount: quantity };
    const { entries, transaction } = await this.postIn(
      'collateral_lock',
      `${date}:${asset.code}`,
      now,
      quantity,
      asset,
      [leg],
    );
    // Cost moves with the units: as a sale at cost, which realises no gain.
    const cost = quantity.eq(held) ? holding.costBasis : roundDown(holding.costBasis.mul(quantity).div(held), 8);
    const collateral = new LoanCollateral(this.loan, entries[0]!.credit.getEntity(), quantity, cost);
    this.em.persist([collateral, holding.recordSale(transaction, quantity, held, cost)]);
    return collateral;
  }

  private async releaseAll(date: string): Promise<void> {
    for (const { pledge, collateral } of this.pledges) {
      const { quantity } = collateral;
      const leg = { from: lockedPlace(pledge), to: pledge.place, assetId: pledge.asset.id, amount: quantity };
      const name = `${date}:${pledge.asset.code}`;
      const { transaction } = await this.postIn('collateral_release', name, at(date), quantity, pledge.asset, [leg]);
      const cost = collateral.remove(quantity, at(date));
      this.em.persist(pledge.holding.recordPurchase(transaction, quantity, cost));
    }
  }

  private async valueOf(pledges: readonly Pledge[], now: Date): Promise<Decimal> {
    const assets = pledges.map(({ asset }) => asset);
    const quote = this.life.portfolio.currency.getEntity();
    const prices: Map<string, LatestPrice> = await new PriceService(this.em).fresh(assets, quote, now);
    return Decimal.sum(ZERO, ...pledges.map(({ asset, quantity }) => quantity.mul(prices.get(asset.id)!.price)));
  }

  private money(from: Place, to: Place, amount: Decimal): Leg {
    return { from, to, assetId: this.life.portfolio.currency.id, amount };
  }

  private async post(type: TransactionType, date: string, amount: Decimal, legs: Leg[]): Promise<Transaction> {
    const currency = this.life.portfolio.currency.getEntity();
    return (await this.postIn(type, date, at(date), amount, currency, legs)).transaction;
  }

  private postIn(type: TransactionType, name: string, now: Date, amount: Decimal, asset: Asset, legs: Leg[]) {
    const { portfolio, person } = this.life;
    // Collateral leaves a portfolio; the money of a loan is the user's, outside of any.
    const place = type.startsWith('collateral') ? { portfolioId: portfolio.id } : {};
    return ledger.post(this.em, person.userId, {
      ...place,
      type,
      assetId: asset.id,
      amount,
      occurredAt: now,
      idempotencyKey: `seed:${type}:${name}`,
      request: { useCase: `seed-${type}`, name },
      legs,
    });
  }
}

const lockedPlace = ({ place }: Pledge): Place => ({ ...place, kind: 'collateral' });

const offered = ({ holding, asset, quantity }: Pledge): CollateralOffers[number] => ({
  holdingId: holding.id,
  assetCode: asset.code,
  quantity: quantity.toFixed(),
});

/** Half of what is held, in the order of the assets' codes. */
async function pledgesOf(em: EntityManager, portfolio: Portfolio, codes?: readonly string[]): Promise<Pledge[]> {
  const holdings = await em.find(
    PortfolioHolding,
    { user: portfolio.user.id, portfolio: [portfolio.user.id, portfolio.id] },
    { populate: ['asset'] },
  );
  const pledges: Pledge[] = [];
  for (const holding of holdings) {
    const asset = holding.asset.getEntity();
    if (codes && !codes.includes(asset.code)) continue;
    const account = await em.findOneOrFail(LedgerAccount, { user: portfolio.user.id, id: holding.account.id });
    const place: Place = { kind: 'holding', portfolioId: portfolio.id, basketId: holding.basket?.id };
    const quantity = roundDown(account.balance.div(2), 8);
    pledges.push({ holding, asset, held: account.balance, quantity, place });
  }
  return pledges.sort((a, b) => (a.asset.code < b.asset.code ? -1 : 1));
}
