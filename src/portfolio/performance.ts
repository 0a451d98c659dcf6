import { Decimal } from '../shared/index.js';
import type { PortfolioSnapshot } from './portfolio-snapshot.entity.js';

/** Days of a year in annual rates: actual/365, as spreadsheets' XIRR has it. */
const DAYS_PER_YEAR = 365;
const DAY_MS = 86_400_000;
/** Returns are fractions with twelve decimals. */
const RATE_DECIMALS = 12;

type Period = Pick<PortfolioSnapshot, 'startValue' | 'marketChange' | 'netDeposits' | 'value'>;

/**
 * Time-weighted return, after fees, as a fraction: what one unit of money invested all along would have gained.
 *
 * Each period grows by what the market did, then takes in its deposits and pays its fees, which count as made at its end;
 * the growth factors are multiplied. Source: CFA Institute, Global Investment Performance Standards 2020, "time-weighted return".
 * @param periods snapshots, oldest first.
 */
export function timeWeightedReturn(periods: readonly Period[]): Decimal {
  let growth = new Decimal(1);
  for (const { startValue, marketChange, netDeposits, value } of periods) {
    const beforeFlows = startValue.plus(marketChange);
    const afterDeposits = beforeFlows.plus(netDeposits);
    if (startValue.gt(0)) growth = growth.mul(beforeFlows).div(startValue);
    if (afterDeposits.gt(0)) growth = growth.mul(value).div(afterDeposits);
  }
  return growth.minus(1).toDecimalPlaces(RATE_DECIMALS);
}

/** A return over a number of days as the return per year that compounds to it; nothing for less than a day or a total loss. */
export function annualised(total: Decimal, days: number): Decimal | undefined {
  if (days < 1 || total.lte(-1)) return undefined;
  return total.plus(1).pow(new Decimal(DAYS_PER_YEAR).div(days)).minus(1).toDecimalPlaces(RATE_DECIMALS);
}

/** Money that an investor paid in (negative) or got out (positive) on a local date, `YYYY-MM-DD`. */
export interface CashFlow {
  date: string;
  amount: Decimal;
}

/**
 * Money-weighted return per year, as a fraction: the rate at which the flows' present values sum to zero, correct to 1e-12.
 * Σ amountᵢ · (1 + rate)^(−daysᵢ / 365) = 0, the XIRR of spreadsheets (internal rate of return of dated flows).
 * @param flows at least one paid in and one got out, in any order; the value at the end counts as got out on that date.
 * @returns nothing when no rate between −99.99 % and 1,000,000 % a year solves it.
 */
export function moneyWeightedReturn(flows: readonly CashFlow[]): Decimal | undefined {
  const newestFirst = flows
    .map(({ date, amount }) => ({ day: Date.parse(`${date}T00:00:00Z`) / DAY_MS, amount }))
    .sort((a, b) => b.day - a.day);
  const presentValue = (rate: Decimal): Decimal => {
    const perDay = new Precise(rate.plus(1)).pow(new Precise(-1).div(DAYS_PER_YEAR));
    // Horner's scheme from the newest flow to the oldest, which is not discounted.
    return newestFirst.reduce<Decimal>((sum, { day, amount }, index) => {
      const next = newestFirst[index + 1];
      return sum.plus(amount).mul(perDay.pow(next ? day - next.day : 0));
    }, new Precise(0));
  };
  return bisect(presentValue, new Decimal('-0.9999'), new Decimal(10_000));
}

/** Enough digits for a rate correct to 1e-12 over a lifetime of daily flows. */
const Precise = Decimal.clone({ precision: 36 });

/** The root of a function that changes its sign between two points, by halving the interval. */
function bisect(f: (x: Decimal) => Decimal, low: Decimal, high: Decimal): Decimal | undefined {
  const sign = f(low).s;
  if (sign === f(high).s) return undefined;
  let [a, b] = [low, high];
  while (b.minus(a).gt('1e-13')) {
    const middle = a.plus(b).div(2);
    if (f(middle).s === sign) a = middle;
    else b = middle;
  }
  return a.plus(b).div(2).toDecimalPlaces(RATE_DECIMALS);
}
