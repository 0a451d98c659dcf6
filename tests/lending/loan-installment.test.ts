import { beforeAll, describe, expect, test } from 'vitest';
import { LoanInstallment, type ScheduledInstallment } from '../../src/lending/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { decimal, NOW, refusal } from '../shared/examples.js';
import { aLoan, LATER } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const anInstallment = (details: Partial<ScheduledInstallment> = {}) =>
  new LoanInstallment(aLoan(), {
    number: 1,
    dueOn: '2026-07-15',
    principal: decimal('78.85'),
    interest: decimal('10'),
    ...details,
  });

describe('an instalment', () => {
  test('says what is to be paid by when', () => {
    const installment = anInstallment();
    expect(installment).toMatchObject({ number: 1, dueOn: '2026-07-15', isPaid: false, paidAt: undefined });
    const { principal, interest, lateFee, paidPrincipal, paidInterest, paidLateFee } = installment;
    expect([principal, interest, lateFee, paidPrincipal, paidInterest, paidLateFee].map(String)).toEqual([
      '78.85',
      '10',
      '0',
      '0',
      '0',
      '0',
    ]);
    expect(installment.user).toBe(installment.loan.unwrap().user);
  });

  test('has a number from 1, and repays something, with interest or without', () => {
    expect(anInstallment({ interest: decimal('0') }).interest.toFixed()).toBe('0');
    for (const number of [0, -1, 1.5])
      expect(() => anInstallment({ number }), `${number}`).toThrow(refusal('loan-installment.number'));
    for (const wrong of [
      { principal: '0' },
      { principal: '-1' },
      { principal: 'NaN' },
      { interest: '-0.01' },
      { interest: 'NaN' },
    ])
      expect(
        () => anInstallment(Object.fromEntries(Object.entries(wrong).map(([part, text]) => [part, decimal(text)]))),
        JSON.stringify(wrong),
      ).toThrow(refusal('loan-installment.amounts'));
  });

  test('is paid when its principal is, and takes no more than that', () => {
    const installment = anInstallment();
    expect(installment.takePrincipal(decimal('78.84'), NOW).toFixed()).toBe('78.84');
    expect(installment.isPaid).toBe(false);
    expect(installment.takePrincipal(decimal('10'), LATER).toFixed()).toBe('0.01');
    expect(installment).toMatchObject({ isPaid: true, paidAt: LATER });
    expect(installment.takePrincipal(decimal('10'), at3()).toFixed()).toBe('0');
    expect(installment.paidAt).toEqual(LATER);
  });

  test('takes interest as it really was', () => {
    const installment = anInstallment();
    installment.takeInterest(decimal('9.5'));
    installment.takeInterest(decimal('1'));
    expect(installment.paidInterest.toFixed()).toBe('10.5');
  });

  test('is overdue from the day after its date until it is paid', () => {
    const installment = anInstallment();
    expect(['2026-07-14', '2026-07-15', '2026-07-16'].map(today => installment.isOverdue(today))).toEqual([
      false,
      false,
      true,
    ]);
    installment.takePrincipal(decimal('78.85'), NOW);
    expect(installment.isOverdue('2026-07-16')).toBe(false);
  });

  test('costs one late fee, which is paid up to its amount', () => {
    const installment = anInstallment();
    expect(installment.takeFee(decimal('5')).toFixed()).toBe('0');
    installment.chargeLateFee(decimal('5'), NOW);
    expect(installment.lateFeeChargedAt).toEqual(NOW);
    expect(() => installment.chargeLateFee(decimal('5'), LATER)).toThrow(refusal('loan-installment.late-fee-charged'));
    expect(installment.takeFee(decimal('3')).toFixed()).toBe('3');
    expect(installment.takeFee(decimal('3')).toFixed()).toBe('2');
    expect([installment.lateFee, installment.paidLateFee].map(String)).toEqual(['5', '5']);
  });

  test.each(['0', '-5', 'NaN'])('costs no late fee of %s', fee => {
    expect(() => anInstallment().chargeLateFee(decimal(fee), NOW)).toThrow(refusal('loan-installment.late-fee'));
  });

  test('that is paid costs no late fee', () => {
    const installment = anInstallment();
    installment.takePrincipal(decimal('78.85'), NOW);
    expect(() => installment.chargeLateFee(decimal('5'), NOW)).toThrow(refusal('loan-installment.paid'));
  });
});

const at3 = () => new Date('2026-06-17T12:00:00Z');
