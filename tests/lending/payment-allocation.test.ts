import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALLOCATION_ORDERS, type AllocationOrder, allocatePayment } from '../../src/lending/index.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { decimal, refusal } from '../shared/examples.js';

const owed = { fees: decimal('5'), interest: decimal('10'), principal: decimal('100') };
const split = (amount: string, order: AllocationOrder) => {
  const { fees, interest, principal, surplus } = allocatePayment(decimal(amount), owed, order);
  return [fees, interest, principal, surplus].map(part => part.toFixed());
};

// By hand; 5 of fees, 10 of interest and 100 of principal are owed. The columns: fees, interest, principal, surplus.
describe('a payment', () => {
  test.each<[AllocationOrder, string, string[]]>([
    ['fees_interest_principal', '3', ['3', '0', '0', '0']],
    ['fees_interest_principal', '5', ['5', '0', '0', '0']],
    ['fees_interest_principal', '12', ['5', '7', '0', '0']],
    ['fees_interest_principal', '20', ['5', '10', '5', '0']],
    ['interest_fees_principal', '3', ['0', '3', '0', '0']],
    ['interest_fees_principal', '12', ['2', '10', '0', '0']],
    ['interest_fees_principal', '20', ['5', '10', '5', '0']],
    ['interest_principal_fees', '12', ['0', '10', '2', '0']],
    ['interest_principal_fees', '112', ['2', '10', '100', '0']],
    ['interest_principal_fees', '0.00000001', ['0', '0.00000001', '0', '0']],
  ])('goes %s: of %s', (order, amount, parts) => {
    expect(split(amount, order)).toEqual(parts);
  });

  test.each(ALLOCATION_ORDERS)('of all that is owed, or more, covers it in any order: %s', order => {
    expect(split('115', order)).toEqual(['5', '10', '100', '0']);
    expect(split('115.01', order)).toEqual(['5', '10', '100', '0.01']);
  });

  test('is all surplus when nothing is owed', () => {
    const nothing = { fees: ZERO, interest: ZERO, principal: ZERO };
    const { surplus } = allocatePayment(decimal('7'), nothing, 'fees_interest_principal');
    expect(surplus.toFixed()).toBe('7');
  });

  test('has parts that sum to it and exceed no part of the debt', () => {
    const amounts = fc.bigInt({ min: 0n, max: 10n ** 17n }).map(units => new Decimal(units.toString()).div('1e8'));
    const debts = fc.record({ fees: amounts, interest: amounts, principal: amounts });
    const paid = amounts.filter(amount => amount.gt(0));
    fc.assert(
      fc.property(paid, debts, fc.constantFrom(...ALLOCATION_ORDERS), (amount, debt, order) => {
        const { fees, interest, principal, surplus } = allocatePayment(amount, debt, order);
        expect(Decimal.sum(fees, interest, principal, surplus).toFixed()).toBe(amount.toFixed());
        expect(fees.lte(debt.fees) && interest.lte(debt.interest) && principal.lte(debt.principal)).toBe(true);
        expect([fees, interest, principal, surplus].every(part => part.gte(0))).toBe(true);
      }),
    );
  });

  test.each(['0', '-1', 'NaN'])('of %s is refused', amount => {
    expect(() => split(amount, 'fees_interest_principal')).toThrow(refusal('loan.payment-not-positive'));
  });

  test.each(['fees', 'interest', 'principal'])('is not split over %s below 0', part => {
    const wrong = { ...owed, [part]: decimal('-0.01') };
    expect(() => allocatePayment(decimal('200'), wrong, 'fees_interest_principal')).toThrow(
      refusal('loan.negative-debt'),
    );
  });
});
