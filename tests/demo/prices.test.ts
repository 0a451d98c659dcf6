import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundledPrices, bundledTokens, PriceFileError, parsePrices, readPrices } from '../../seeders/demo/prices.js';
import { canonicalAddress } from '../../src/shared/index.js';

const HEADER = 'symbol,date,price\n';

const parse = (text: string) =>
  parsePrices(text, '/data/mine.csv').map(({ symbol, date, price }) => `${symbol} ${date} ${price.toFixed()}`);

function refusal(text: string): PriceFileError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PriceFileError) return error;
    throw error;
  }
  throw new Error('The text was taken.');
}

describe('the bundled prices', () => {
  test('are 123 months of four companies and 68 of Google', async () => {
    const prices = await readPrices(bundledPrices());
    const counts: Record<string, number> = {};
    for (const { symbol } of prices) counts[symbol] = (counts[symbol] ?? 0) + 1;
    expect(prices).toHaveLength(560);
    expect(counts).toEqual({ MSFT: 123, AMZN: 123, IBM: 123, GOOG: 68, AAPL: 123 });
  });

  test('of Apple go from January 2000 to March 2010', async () => {
    const apple = (await readPrices(bundledPrices())).filter(({ symbol }) => symbol === 'AAPL');
    expect(apple[0]).toMatchObject({ date: '2000-01-01' });
    expect(apple[0]!.price.toFixed()).toBe('25.94');
    expect(apple.at(-1)).toMatchObject({ date: '2010-03-01' });
    expect(apple.at(-1)!.price.toFixed()).toBe('223.02');
  });
});

describe('the bundled tokens', () => {
  test('are those of the main network of Ethereum', () => {
    const tokens = bundledTokens();
    expect(tokens).toHaveLength(407);
    expect(tokens.find(({ symbol }) => symbol === 'USDC')).toEqual({
      symbol: 'USDC',
      name: 'USDCoin',
      address: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
      decimals: 6,
    });
  });

  test('have one true address each', () => {
    const addresses = bundledTokens().map(({ address }) => address);
    expect(addresses.map(address => canonicalAddress('ethereum', address))).toEqual(addresses);
    expect(new Set(addresses).size).toBe(407);
  });
});

describe('a price file', () => {
  test('is taken with dates of both forms, in its own order', () => {
    expect(parse(`${HEADER}MSFT,Feb 29 2000,36.350\nBRK.B,2000-01-01,1\nAAPL,Jan 1 2000,0.000000000001\n`)).toEqual([
      'MSFT 2000-02-29 36.35',
      'BRK.B 2000-01-01 1',
      'AAPL 2000-01-01 0.000000000001',
    ]);
  });

  test.each([
    ['Windows line ends', 'symbol,date,price\r\nAAPL,2000-01-01,1\r\nIBM,2000-01-01,2\r\n'],
    ['mixed line ends', 'symbol,date,price\r\nAAPL,2000-01-01,1\nIBM,2000-01-01,2\r'],
    ['a byte order mark', '\uFEFFsymbol,date,price\nAAPL,2000-01-01,1\nIBM,2000-01-01,2\n'],
    ['no newline at the end', 'symbol,date,price\nAAPL,2000-01-01,1\nIBM,2000-01-01,2'],
    ['blank lines', '\nsymbol,date,price\n\nAAPL,2000-01-01,1\n\n\nIBM,2000-01-01,2\n\n\n'],
    ['quoted fields', '"symbol","date","price"\n"AAPL","Jan 1 2000","1"\nIBM,"2000-01-01",2\n'],
  ])('may have %s', (_, text) => {
    expect(parse(text)).toEqual(['AAPL 2000-01-01 1', 'IBM 2000-01-01 2']);
  });

  test('may price one asset on several days and several assets on one day', () => {
    expect(parse(`${HEADER}AAPL,2000-01-01,1\nAAPL,2000-01-02,1\naapl,2000-01-01,1\n`)).toHaveLength(3);
  });
});

describe('a price file is refused', () => {
  test.each([
    ['two columns', 'AAPL,Jan 1 2000', 'the number of columns is 2; write three, symbol,date,price.'],
    ['four columns', 'AAPL,Jan 1 2000,1,2', 'the number of columns is 4; write three, symbol,date,price.'],
    ['no symbol', ',Jan 1 2000,1', 'the symbol is empty; write one such as AAPL.'],
    [
      'a symbol with a space',
      'AA PL,Jan 1 2000,1',
      '"AA PL" is not a symbol; write 1 to 32 letters, digits, dots, dashes or underscores, starting with a letter or digit.',
    ],
    [
      'an unknown month',
      'AAPL,Foo 1 2000,1',
      '"Foo" is not a month; write one of Jan, Feb, Mar, Apr, May, Jun, Jul, Aug, Sep, Oct, Nov, Dec.',
    ],
    ['the 30th of February', 'AAPL,Feb 30 2000,1', 'the calendar has no day "Feb 30 2000"; correct the date.'],
    ['the 29th of February 2001', 'AAPL,2001-02-29,1', 'the calendar has no day "2001-02-29"; correct the date.'],
    ['a day 0', 'AAPL,Jan 0 2000,1', 'the calendar has no day "Jan 0 2000"; correct the date.'],
    ['a 13th month', 'AAPL,2000-13-01,1', 'the calendar has no day "2000-13-01"; correct the date.'],
    [
      'a date of another form',
      'AAPL,01/02/2000,1',
      '"01/02/2000" is not a date; write it as 2000-01-31 or Jan 31 2000.',
    ],
    ['no date', 'AAPL,,1', '"" is not a date; write it as 2000-01-31 or Jan 31 2000.'],
    ['a price of 0', 'AAPL,Jan 1 2000,0.00', 'a price must be greater than 0, and this is 0.00; correct it.'],
    ['a price below 0', 'AAPL,Jan 1 2000,-1', 'a price must be greater than 0, and this is -1; correct it.'],
    [
      'a price that is no number',
      'AAPL,Jan 1 2000,NaN',
      '"NaN" is not a price; write a plain decimal such as 25.94, at most 16 digits before the point and 12 after it.',
    ],
    [
      'a price with 13 decimals',
      'AAPL,Jan 1 2000,1.0000000000001',
      '"1.0000000000001" is not a price; write a plain decimal such as 25.94, at most 16 digits before the point and 12 after it.',
    ],
    [
      'a price with an exponent',
      'AAPL,Jan 1 2000,1e3',
      '"1e3" is not a price; write a plain decimal such as 25.94, at most 16 digits before the point and 12 after it.',
    ],
    [
      'a price with a space',
      'AAPL,Jan 1 2000, 1',
      '" 1" is not a price; write a plain decimal such as 25.94, at most 16 digits before the point and 12 after it.',
    ],
    [
      'a price too large for the column',
      'AAPL,Jan 1 2000,10000000000000000',
      '"10000000000000000" is not a price; write a plain decimal such as 25.94, at most 16 digits before the point and 12 after it.',
    ],
    ['a second price for a day', 'IBM,2000-01-01,2', 'line 2 has the price of IBM on 2000-01-01 already; remove one.'],
    [
      'a quote that is not closed',
      'AAPL,"Jan 1 2000,1',
      'the quotes do not match; open and close a quoted field with ".',
    ],
    ['a quote inside a field', 'AA"PL,Jan 1 2000,1', 'the quotes do not match; open and close a quoted field with ".'],
  ])('for %s', (_, line, problem) => {
    const error = refusal(`${HEADER}IBM,Jan 1 2000,1\n${line}\nMSFT,Jan 1 2000,1\n`);
    expect(error).toMatchObject({ code: 'prices.bad-line', details: { line: 3 } });
    expect(error.message).toBe(`mine.csv, line 3: ${problem}`);
  });

  test.each([
    ['is empty', '', 'mine.csv, line 1: the file is empty; start it with the header symbol,date,price.'],
    [
      'has no header',
      'AAPL,Jan 1 2000,1\n',
      'mine.csv, line 1: the header symbol,date,price is missing; make it the first line.',
    ],
    [
      'has another header',
      'date,symbol,price\nJan 1 2000,AAPL,1\n',
      'mine.csv, line 1: the header symbol,date,price is missing; make it the first line.',
    ],
    ['has only a header', HEADER, 'mine.csv, line 2: no prices follow the header; add at least one line.'],
  ])('when it %s', (_, text, message) => {
    expect(refusal(text).message).toBe(message);
  });

  test('with the number of the line in the file, whatever blank lines and line ends come before it', () => {
    expect(refusal('\r\nsymbol,date,price\r\n\r\n\r\nIBM,Jan 1 2000,1\r\n\r\nAAPL,Jan 1 2000,x\r\n').details.line).toBe(
      7,
    );
  });

  test('with the number of the line that a record starts on, and the right one after it', () => {
    const wrapped = `${HEADER}"IBM\r\n\r\nInc",Jan 1 2000,1\n`;
    expect(refusal(wrapped).details.line).toBe(2);
    expect(refusal(`"symbol",date,price\n\nIBM,Jan 1 2000,1\n\n"AAPL",Jan 1 2000,"1\n2"\n`).details.line).toBe(5);
    expect(refusal(`${HEADER}IBM,Jan 1 2000,1\n"AAPL,Jan 1 2000,1\nMSFT,Jan 1 2000,1\n"`).details.line).toBe(3);
  });

  test('with a short piece of a long value', () => {
    expect(refusal(`${HEADER}${'A'.repeat(500)},Jan 1 2000,1\n`).message).toContain(`"${'A'.repeat(40)}…"`);
  });
});

describe('a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestegg-prices-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const file = (content: string | Buffer) => {
    const path = join(folder, 'prices.csv');
    writeFileSync(path, content);
    return path;
  };

  test('is read as UTF-8, with or without a byte order mark', async () => {
    expect(await readPrices(file(`\uFEFF${HEADER}AAPL,2000-01-01,1\n`))).toHaveLength(1);
    expect(await readPrices(file(`${HEADER}AAPL,2000-01-01,1\n`))).toHaveLength(1);
  });

  test('is refused by its name and line when a line is bad', async () => {
    await expect(readPrices(file(`${HEADER}AAPL,2000-01-01,0\n`))).rejects.toThrow(
      'prices.csv, line 2: a price must be greater than 0, and this is 0; correct it.',
    );
  });

  test.each([
    ['in a line', Buffer.from(`${HEADER}IBM,2000-01-01,1\nCAF\xc9,2000-01-01,1\n`, 'latin1'), 3],
    ['in the last line, without a newline', Buffer.from(`${HEADER}CAF\xc9`, 'latin1'), 2],
    ['as UTF-16', Buffer.from(`\uFEFF${HEADER}IBM,2000-01-01,1\n`, 'utf16le'), 1],
  ])('is refused when it is not UTF-8 %s', async (_, content, line) => {
    await expect(readPrices(file(content))).rejects.toMatchObject({
      name: 'PriceFileError',
      code: 'prices.unreadable',
      message: `prices.csv, line ${line}: the text is not UTF-8; save the file as UTF-8.`,
    });
  });

  test('is refused when it does not exist or is a folder', async () => {
    await expect(readPrices(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'prices.unreadable',
      message: 'none.csv: there is no such file; name a CSV file with the columns symbol,date,price.',
    });
    await expect(readPrices(tmpdir())).rejects.toMatchObject({
      code: 'prices.unreadable',
      message: expect.stringContaining(': it is a folder; name a CSV file'),
    });
  });
});
