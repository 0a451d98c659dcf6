import { describe, expect, test } from 'vitest';
import {
  collateralValue,
  HEALTH_LEVELS,
  type HealthLevel,
  healthFactor,
  healthLevel,
  loanToValue,
} from '../../src/lending/index.js';
import { ZERO } from '../../src/shared/index.js';
import { decimal } from '../shared/examples.js';

describe('the value of collateral', () => {
  test('is what all of it would be sold for, to the last digit', () => {
    const collateral = [
      { quantity: decimal('1.5'), price: decimal('2000') },
      { quantity: decimal('0.00000001'), price: decimal('0.000000000001') },
    ];
    expect(collateralValue(collateral).toFixed()).toBe('3000.00000000000000000001');
  });

  test('is nothing without any', () => {
    expect(collateralValue([]).toFixed()).toBe('0');
  });
});

describe('loan to value', () => {
  test.each([
    ['500', '1000', '50'],
    ['1000', '1000', '100'],
    ['1500', '1000', '150'],
    ['0', '1000', '0'],
    ['0', '0', '0'],
  ])('of %s against %s is %s percent', (debt, value, ltv) => {
    expect(loanToValue(decimal(debt), decimal(value))?.toFixed()).toBe(ltv);
  });

  test('cannot be said when nothing covers a debt', () => {
    expect(loanToValue(decimal('1'), ZERO)).toBeUndefined();
  });
});

describe('the health factor', () => {
  test.each([
    // aave.com/help/borrowing/liquidations: 10,000 at a threshold of 80 %, 6,000 borrowed: 1.333.
    ['6000', '10000', '80', '1.3333'],
    ['8000', '10000', '80', '1'],
    ['8000.01', '10000', '80', '1'],
    ['10000', '10000', '80', '0.8'],
    ['1', '0', '80', '0'],
  ])('of a debt of %s against %s at %s percent is about %s', (debt, value, threshold, factor) => {
    const exact = healthFactor(decimal(debt), decimal(value), decimal(threshold));
    expect(exact?.toDecimalPlaces(4).toFixed()).toBe(factor);
  });

  test('is exact: a cent above the threshold is below 1', () => {
    expect(healthFactor(decimal('8000.01'), decimal('10000'), decimal('80'))?.lt(1)).toBe(true);
    expect(healthFactor(decimal('8000'), decimal('10000'), decimal('80'))?.eq(1)).toBe(true);
  });

  test('is absent when nothing is owed', () => {
    expect(healthFactor(ZERO, decimal('10000'), decimal('80'))).toBeUndefined();
  });
});

describe('the warning ladder', () => {
  test.each<[string, HealthLevel]>([
    ['0', 'liquidation'],
    ['0.999999999999', 'liquidation'],
    ['1', 'margin_call'],
    ['1.0999', 'margin_call'],
    ['1.1', 'warning'],
    ['1.2499', 'warning'],
    ['1.25', 'notice'],
    ['1.4999', 'notice'],
    ['1.5', 'healthy'],
    ['100', 'healthy'],
  ])('of a health factor of %s says %s', (factor, level) => {
    expect(healthLevel(decimal(factor))).toBe(level);
  });

  test('says healthy when nothing is owed', () => {
    expect(healthLevel(undefined)).toBe('healthy');
  });

  test('has a rung for every level', () => {
    const reached = ['2', '1.3', '1.2', '1.05', '0.5'].map(factor => healthLevel(decimal(factor)));
    expect(reached).toEqual([...HEALTH_LEVELS]);
  });
});
