import { describe, expect, test } from 'vitest';
import { CashFeeSchedule, Decimal, feesOn } from '../../src/index.js';

const USD = { code: 'USD', scale: 8 };
const CENT = { code: 'CENT', scale: 2 };
const AT = new Date('2026-11-22T12:00:00Z');

const fees = (schedule: CashFeeSchedule, amount: string, asset = USD, at = AT) =>
  feesOn(CashFeeSchedule.parse(schedule), asset, new Decimal(amount), at).map(
    fee => `${fee.kind} ${fee.amount}${fee.rate ? ` at ${fee.rate} %` : ''}`,
  );

describe('a fee schedule', () => {
  test('reckons each line on the amount, in its order', () => {
    const schedule: CashFeeSchedule = [
      { kind: 'provider', rate: '1.4' },
      { kind: 'network', fixed: '0.25', assetCode: 'USD' },
      { kind: 'platform', rate: '0.1', assetCode: 'USD' },
    ];
    expect(fees(schedule, '200')).toEqual(['provider 2.8 at 1.4 %', 'network 0.25', 'platform 0.2 at 0.1 %']);
    expect(fees(schedule, '200', CENT)).toEqual(['provider 2.8 at 1.4 %']);
  });

  test('rounds up, to the digits of the asset', () => {
    expect(fees([{ kind: 'provider', rate: '0.0001' }], '0.00000001')).toEqual(['provider 0.00000001 at 0.0001 %']);
    expect(fees([{ kind: 'provider', rate: '1' }], '1.01', CENT)).toEqual(['provider 0.02 at 1 %']);
    expect(fees([{ kind: 'network', fixed: '0.001', assetCode: 'CENT' }], '5', CENT)).toEqual(['network 0.01']);
    expect(fees([{ kind: 'provider', rate: '100' }], '9999999999.99999999')).toEqual([
      'provider 9999999999.99999999 at 100 %',
    ]);
  });

  test('leaves out what comes to nothing', () => {
    expect(fees([{ kind: 'platform', rate: '0' }], '5')).toEqual([]);
    expect(fees([], '5')).toEqual([]);
  });

  test('counts from the first instant of its validity, and no longer at its end', () => {
    const change = new Date('2026-12-01T00:00:00Z');
    const schedule: CashFeeSchedule = [
      { kind: 'network', fixed: '1', assetCode: 'USD', validUntil: change },
      { kind: 'network', fixed: '2', assetCode: 'USD', validFrom: change },
    ];
    expect(fees(schedule, '5', USD, new Date('2026-11-30T23:59:59.999Z'))).toEqual(['network 1']);
    expect(fees(schedule, '5', USD, change)).toEqual(['network 2']);
  });
});
