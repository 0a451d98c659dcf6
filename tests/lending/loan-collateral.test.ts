import { beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNT_KINDS } from '../../src/ledger/index.js';
import { LoanCollateral } from '../../src/lending/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { decimal, NOW, refusal, share } from '../shared/examples.js';
import { aLoan, anAccount, LATER } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const locked = (quantity = '10', cost = '90') =>
  new LoanCollateral(aLoan(), anAccount(), decimal(quantity), decimal(cost));

describe('the collateral of a loan', () => {
  test('is what one collateral account holds for it', () => {
    const [loan, asset] = [aLoan(), share()];
    const account = anAccount('collateral', asset);
    const collateral = new LoanCollateral(loan, account, decimal('10'), decimal('90'));
    expect(collateral.user).toBe(loan.user);
    expect(collateral.loan.unwrap()).toBe(loan);
    expect(collateral.account.unwrap()).toBe(account);
    expect(collateral.asset).toBe(asset);
    expect([collateral.quantity, collateral.costBasis].map(String)).toEqual(['10', '90']);
    expect(collateral.emptiedAt).toBeUndefined();
  });

  test.each(ACCOUNT_KINDS.filter(kind => kind !== 'collateral'))('is not in an account of the kind %s', kind => {
    expect(() => new LoanCollateral(aLoan(), anAccount(kind), decimal('10'), decimal('90'))).toThrow(
      refusal('loan-collateral.not-a-hold'),
    );
  });

  test('is of more than nothing, and has not cost less than nothing', () => {
    expect(locked('0.00000001', '0').costBasis.toFixed()).toBe('0');
    for (const quantity of ['0', '-1', 'NaN'])
      expect(() => locked(quantity), quantity).toThrow(refusal('loan-collateral.quantity-range'));
    for (const cost of ['-0.01', 'NaN'])
      expect(() => locked('10', cost), cost).toThrow(refusal('loan-collateral.negative-cost'));
  });

  test('grows with its cost', () => {
    const collateral = locked();
    collateral.add(decimal('5'), decimal('60'));
    expect([collateral.quantity, collateral.costBasis].map(String)).toEqual(['15', '150']);
  });

  // By hand: 3 of 10 units that cost 100 take 30; 1 of 3 that cost 100 takes 33.33333333, rounded down.
  test.each([
    ['10', '100', '3', '30', '70'],
    ['3', '100', '1', '33.33333333', '66.66666667'],
    ['3', '0', '1', '0', '0'],
  ])('of %s units at a cost of %s gives %s back for %s', (quantity, cost, removed, costOut, costLeft) => {
    const collateral = locked(quantity, cost);
    expect(collateral.remove(decimal(removed), NOW).toFixed()).toBe(costOut);
    expect(collateral.costBasis.toFixed()).toBe(costLeft);
    expect(collateral.emptiedAt).toBeUndefined();
  });

  test('leaves nothing when all of it goes, and can come again', () => {
    const collateral = locked('3', '100');
    collateral.remove(decimal('1'), NOW);
    expect(collateral.remove(decimal('2'), LATER).toFixed()).toBe('66.66666667');
    expect([collateral.quantity, collateral.costBasis].map(String)).toEqual(['0', '0']);
    expect(collateral.emptiedAt).toEqual(LATER);
    collateral.add(decimal('1'), decimal('10'));
    expect(collateral.emptiedAt).toBeUndefined();
  });

  test.each(['0', '-1', '10.00000001', 'NaN'])('does not give %s of 10 units back', quantity => {
    const collateral = locked();
    expect(() => collateral.remove(decimal(quantity), NOW)).toThrow(refusal('loan-collateral.quantity-range'));
    expect(collateral.quantity.toFixed()).toBe('10');
  });
});
