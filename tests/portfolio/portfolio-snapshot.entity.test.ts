import { describe, expect, test } from 'vitest';
import { PortfolioSnapshot, type SnapshotFigures } from '../../src/portfolio/index.js';
import { aPortfolio, decimal, NOW } from '../shared/examples.js';

const figuresOf = (value: string, netDeposits: string, fees: string): SnapshotFigures => ({
  value: decimal(value),
  netDeposits: decimal(netDeposits),
  fees: decimal(fees),
  oldestPriceAgeSeconds: 60,
});
const portfolio = aPortfolio();
const first = new PortfolioSnapshot(portfolio, '2026-06-15', NOW, undefined, figuresOf('101.20', '100', '0.50'));
const bridge = ({ startValue, netDeposits, marketChange, fees, value }: PortfolioSnapshot) =>
  [startValue, netDeposits, marketChange, fees, value].map(figure => figure.toFixed());

describe('a snapshot', () => {
  test('is of a portfolio on a local date', () => {
    expect(first.portfolio.unwrap()).toBe(portfolio);
    expect(first.user).toBe(portfolio.user);
    expect(first).toMatchObject({ date: '2026-06-15', takenAt: NOW, oldestPriceAgeSeconds: 60 });
  });

  // By hand: 0 + 100 + 1.70 − 0.50 = 101.20.
  test('that is the first starts from nothing: what is not deposits and fees is the market', () => {
    expect(bridge(first)).toEqual(['0', '100', '1.7', '0.5', '101.2']);
  });

  // By hand: 101.20 − 20 + 1.80 − 0 = 83; the market alone had made it 103.
  test('starts where the one before ended; money taken out is no loss', () => {
    const second = new PortfolioSnapshot(portfolio, '2026-06-16', NOW, first, figuresOf('83', '-20', '0'));
    expect(bridge(second)).toEqual(['101.2', '-20', '1.8', '0', '83']);
    expect(second.valueBeforeFlows.toFixed()).toBe('103');
  });

  // By hand: 101.20 + 0 − 11.20 − 0 = 90.
  test('of a falling market has a change below 0', () => {
    const second = new PortfolioSnapshot(portfolio, '2026-06-16', NOW, first, figuresOf('90', '0', '0'));
    expect(bridge(second)).toEqual(['101.2', '0', '-11.2', '0', '90']);
  });

  test('of a portfolio that was emptied ends at 0 and the next starts there', () => {
    const emptied = new PortfolioSnapshot(portfolio, '2026-06-16', NOW, first, figuresOf('0', '-101.2', '0'));
    const next = new PortfolioSnapshot(portfolio, '2026-06-17', NOW, emptied, figuresOf('0', '0', '0'));
    expect(bridge(emptied)).toEqual(['101.2', '-101.2', '0', '0', '0']);
    expect(bridge(next)).toEqual(['0', '0', '0', '0', '0']);
  });

  test('keeps the last decimal of a large value', () => {
    const large = new PortfolioSnapshot(
      portfolio,
      '2026-06-15',
      NOW,
      undefined,
      figuresOf('90071993.00000002', '90071993.00000001', '0'),
    );
    expect(large.marketChange.toFixed()).toBe('0.00000001');
  });
});
