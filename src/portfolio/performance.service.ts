import type { ReadingEntityManager } from '../database/index.js';
import { Decimal, parseInput, StateError, ZERO } from '../shared/index.js';
import { annualised, type CashFlow, moneyWeightedReturn, timeWeightedReturn } from './performance.js';
import { findPortfolio } from './portfolio.service.js';
import { PortfolioSnapshot } from './portfolio-snapshot.entity.js';
import { MeasurePerformance } from './valuation.input.js';

const DAY_MS = 86_400_000;

/** How a portfolio has done from one snapshot to another. `startValue + netDeposits + marketChange − fees = endValue`. */
export interface Performance {
  /** Local date of the snapshot that it starts from; of the first one there is, when nothing came before it. */
  from: string;
  /** Local date of the snapshot that it ends at. */
  to: string;
  days: number;
  /** How many snapshots it follows; a date without one is bridged by the next. */
  snapshots: number;
  startValue: Decimal;
  netDeposits: Decimal;
  marketChange: Decimal;
  fees: Decimal;
  endValue: Decimal;
  /** Returns are fractions, after fees; per year there is none for less than a day or after a total loss. */
  timeWeighted: { total: Decimal; annual?: Decimal };
  /** Per year; absent when no rate explains the flows. */
  moneyWeighted?: Decimal;
}

/** Returns over the stored snapshots. Changes nothing. */
export class PerformanceService {
  constructor(private readonly em: ReadingEntityManager) {}

  /**
   * From the newest snapshot at or before `from` to the newest at or before `to`. Where the portfolio is younger than `from`,
   * it starts with nothing before its first snapshot, whose deposits then count as made on that date.
   * @throws {NotFoundError}; {@link ValidationError} `input.invalid` when `to` is before `from`; {@link StateError}
   * `performance.no-snapshots` when there is none up to `to`.
   */
  async between(input: MeasurePerformance): Promise<Performance> {
    const { userId, portfolioId, from, to } = parseInput(MeasurePerformance, input);
    await findPortfolio(this.em, userId, portfolioId);
    const place = { user: userId, portfolio: [userId, portfolioId] as [string, string] };
    const start = await this.em.findOne(
      PortfolioSnapshot,
      { ...place, date: { $lte: from } },
      { orderBy: { date: 'desc' }, refresh: true },
    );
    const periods = await this.em.find(
      PortfolioSnapshot,
      { ...place, date: { $lte: to, ...(start && { $gt: start.date }) } },
      { orderBy: { date: 'asc' }, refresh: true },
    );
    const end = periods.at(-1) ?? start;
    if (!end) throw new StateError('performance.no-snapshots', 'There is no snapshot of this portfolio up to then.');
    return performanceOf(start ?? undefined, periods, end);
  }
}

function performanceOf(
  start: PortfolioSnapshot | undefined,
  periods: readonly PortfolioSnapshot[],
  end: PortfolioSnapshot,
): Performance {
  const startValue = start?.value ?? ZERO;
  const from = start?.date ?? periods[0]!.date;
  const days = Math.round((Date.parse(end.date) - Date.parse(from)) / DAY_MS);
  const total = timeWeightedReturn(periods);
  const flows: CashFlow[] = [
    { date: from, amount: startValue.neg() },
    ...periods.map(({ date, netDeposits }) => ({ date, amount: netDeposits.neg() })),
    { date: end.date, amount: end.value },
  ];
  const sum = (figures: Decimal[]) => Decimal.sum(ZERO, ...figures);
  return {
    ...{ from, to: end.date, days, snapshots: periods.length, startValue },
    netDeposits: sum(periods.map(({ netDeposits }) => netDeposits)),
    marketChange: sum(periods.map(({ marketChange }) => marketChange)),
    fees: sum(periods.map(({ fees }) => fees)),
    endValue: end.value,
    timeWeighted: { total, annual: annualised(total, days) },
    moneyWeighted: days > 0 ? moneyWeightedReturn(flows) : undefined,
  };
}
