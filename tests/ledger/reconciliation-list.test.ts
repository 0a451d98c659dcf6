import { describe, expect, test } from 'vitest';
import { linesFromCsv, linesFromJson, ValidationError } from '../../src/index.js';

const refusal = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    const { code, details, message } = error as ValidationError;
    expect(error).toBeInstanceOf(ValidationError);
    return { code, details, message };
  }
};

describe('a list in CSV', () => {
  test('is read line by line, as the file numbers them, whatever else is in it', () => {
    const text =
      '\uFEFFreference,amount,asset,status,note\r\nR-1,10.50,USD,settled,"a, ""b"""\r\n\r\n"R 2",7,EUR,,\r\n';
    expect(linesFromCsv(text)).toEqual([
      { line: 2, reference: 'R-1', amount: '10.50', assetCode: 'USD', status: 'settled' },
      { line: 4, reference: 'R 2', amount: '7', assetCode: 'EUR' },
    ]);
  });

  test('may call its columns as it likes', () => {
    const text = 'Id,Gross,Currency,State\nR-1,10.50,USD,pending\n';
    const columns = { reference: 'Id', amount: 'Gross', assetCode: 'Currency', status: 'State' };
    expect(linesFromCsv(text, columns)).toEqual([
      { line: 2, reference: 'R-1', amount: '10.50', assetCode: 'USD', status: 'pending' },
    ]);
  });

  test('may hold nothing', () => {
    expect(linesFromCsv('')).toEqual([]);
    expect(linesFromCsv('reference,amount,asset\n')).toEqual([]);
  });

  test('keeps every digit of an amount, and takes no other spelling of one', () => {
    const list = (amount: string) => `reference,amount,asset\nR-1,"${amount}",USD\n`;
    expect(linesFromCsv(list('9999999999.99999999'))).toMatchObject([{ amount: '9999999999.99999999' }]);
    for (const amount of ['1,5', '1e3', '-5', '0', '0.000000001', '10000000000', '٥', 'NaN'])
      expect(
        refusal(() => linesFromCsv(list(amount))),
        amount,
      ).toEqual({
        code: 'reconciliation.malformed-line',
        details: { line: 2, fields: 'amount' },
        message: 'Line 2 of the list is wrong: amount.',
      });
  });

  test('is refused where a line is wrong, by its number and never by what it says', () => {
    const head = 'reference,amount,asset,status\n';
    expect(refusal(() => linesFromCsv(`${head}R-1,1,USD,\n,1,dollars & cents,paid\n`))).toMatchObject({
      code: 'reconciliation.malformed-line',
      details: { line: 3, fields: 'reference, assetCode, status' },
    });
    expect(refusal(() => linesFromCsv('reference,amount\nR-1,1\n'))).toMatchObject({
      details: { line: 2, fields: 'assetCode' },
    });
    for (const broken of [`${head}R-1,1\n`, `${head}"R-1,1,USD,\n`])
      expect(refusal(() => linesFromCsv(broken))).toMatchObject({ code: 'reconciliation.malformed-list', details: {} });
  });
});

describe('a list in JSON', () => {
  test('is an array of objects', () => {
    const text =
      '[{"reference":"R-1","amount":"1.5","assetCode":"USD"},{"reference":"R-2","amount":"2","assetCode":"EUR","status":"failed"}]';
    expect(linesFromJson(text)).toEqual([
      { line: 1, reference: 'R-1', amount: '1.5', assetCode: 'USD' },
      { line: 2, reference: 'R-2', amount: '2', assetCode: 'EUR', status: 'failed' },
    ]);
  });

  test.each(['', '{}', '[1]', '[{"reference":', 'null'])('is not %j', text => {
    expect(refusal(() => linesFromJson(text))).toMatchObject({ code: 'reconciliation.malformed-list' });
  });

  test('has amounts as text: a number has lost digits already', () => {
    expect(refusal(() => linesFromJson('[{"reference":"R-1","amount":1.5,"assetCode":"USD"}]'))).toMatchObject({
      code: 'reconciliation.malformed-line',
      details: { line: 1, fields: 'amount' },
    });
    expect(refusal(() => linesFromJson('[{"reference":"R","amount":"1","assetCode":"USD","x":1}]'))).toMatchObject({
      details: { line: 1, fields: 'unknown field' },
    });
  });
});
