import { beforeAll, describe, expect, test } from 'vitest';
import { Transaction } from '../../src/ledger/index.js';
import { type Allocation, LoanPayment } from '../../src/lending/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { decimal, NOW, refusal } from '../shared/examples.js';
import { activeLoan } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const parts = (details: Partial<Record<keyof Allocation, string>> = {}): Allocation => {
  const texts = { amount: '100', fees: '5', interest: '10', principal: '80', surplus: '5', ...details };
  return {
    amount: decimal(texts.amount),
    fees: decimal(texts.fees),
    interest: decimal(texts.interest),
    principal: decimal(texts.principal),
    surplus: decimal(texts.surplus),
  };
};

describe('a payment of a loan', () => {
  test('keeps its parts and the transaction that brought it', () => {
    const [loan, transaction] = [activeLoan(), new Transaction()];
    const payment = new LoanPayment(loan, 'repayment', transaction, parts(), NOW);
    expect(payment.user).toBe(loan.user);
    expect(payment.loan.unwrap()).toBe(loan);
    expect(payment.transaction.unwrap()).toBe(transaction);
    expect(payment).toMatchObject({ kind: 'repayment', receivedAt: NOW });
    const { amount, fees, interest, principal, surplus } = payment;
    expect([amount, fees, interest, principal, surplus].map(String)).toEqual(['100', '5', '10', '80', '5']);
  });

  test.each([
    ['sum to less', { principal: '79.99' }],
    ['sum to more', { principal: '80.01' }],
    ['are below 0', { fees: '-5', principal: '90' }],
    ['are no numbers', { fees: 'NaN' }],
    ['sum to nothing', { amount: '0', fees: '0', interest: '0', principal: '0', surplus: '0' }],
  ])('whose parts %s is refused', (_what, wrong) => {
    expect(() => new LoanPayment(activeLoan(), 'repayment', new Transaction(), parts(wrong), NOW)).toThrow(
      refusal('loan-payment.parts'),
    );
  });
});
