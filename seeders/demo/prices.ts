import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CsvError, parse } from 'csv-parse/sync';
import { Temporal } from 'temporal-polyfill';
import { type Decimal, NesteggError, PRICE, parseDecimal } from '../../src/shared/index.js';

/** What one unit of an asset cost on a day. */
export interface PriceLine {
  symbol: string;
  /** `YYYY-MM-DD` */
  date: string;
  price: Decimal;
}

/** A token as a token list describes it. */
export interface BundledToken {
  symbol: string;
  name: string;
  address: string;
  decimals: number;
}

/** A price file is taken whole or not at all: the message names the file, the line and what to do about it. */
export class PriceFileError extends NesteggError {}

const HEADER = 'symbol,date,price';
const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The monthly prices of five companies, January 2000 to March 2010, that come with vega-datasets. */
export const bundledPrices = (): string =>
  fileURLToPath(new URL('../data/stocks.csv', import.meta.resolve('vega-datasets')));

/** The tokens of Ethereum's main network on the default list of Uniswap. Two may share a symbol, but never an address. */
export function bundledTokens(): BundledToken[] {
  const require = createRequire(import.meta.url);
  const list: { tokens: (BundledToken & { chainId: number })[] } = require('@uniswap/default-token-list');
  return list.tokens
    .filter(token => token.chainId === 1)
    .map(({ symbol, name, address, decimals }) => ({ symbol, name, address, decimals }));
}

/**
 * The prices in a CSV file, see {@link parsePrices}.
 * @throws {PriceFileError} `prices.unreadable` or `prices.bad-line`.
 */
export async function readPrices(file: string): Promise<PriceLine[]> {
  const bytes = await readFile(file).catch(cause => {
    throw unreadable(file, cause);
  });
  if (!isUtf8(bytes)) {
    const problem = `${basename(file)}, line ${firstLineNotUtf8(bytes)}: the text is not UTF-8; save the file as UTF-8.`;
    throw new PriceFileError('prices.unreadable', problem);
  }
  return parsePrices(bytes.toString('utf8'), file);
}

/**
 * The prices in the text of a CSV file with the columns symbol, date (`2000-01-31` or `Jan 31 2000`) and price, in its order.
 * @param file names the text in errors.
 * @throws {PriceFileError} `prices.bad-line` at the first line that is wrong.
 */
export function parsePrices(text: string, file: string): PriceLine[] {
  const lines = withoutMark(text).split(/\r\n|\r|\n/);
  const book = new PriceBook();
  let lastLine = 0;
  try {
    parse(lines.join('\n'), {
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      on_record(fields: string[], info) {
        book.add(fields, lineAfter(lastLine, lines));
        lastLine = info.lines;
        return null;
      },
    });
    book.requirePrices();
  } catch (error) {
    throw badLine(file, lineAfter(lastLine, lines), error);
  }
  return book.prices;
}

const withoutMark = (text: string) => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/** Where the next record starts: on the first line that is not blank after the one on which the last record ended. */
function lineAfter(lastLine: number, lines: string[]): number {
  const last = lines.length;
  let line = lastLine + 1;
  while (line < last && lines[line - 1] === '') line++;
  return Math.min(line, last);
}

/** What is wrong with a line and what to do about it. */
class Flaw extends Error {}

class PriceBook {
  readonly prices: PriceLine[] = [];
  private header = false;
  private readonly lineOf = new Map<string, number>();

  add(fields: string[], line: number): void {
    if (this.header) this.addPrice(fields, line);
    else this.checkHeader(fields);
  }

  requirePrices(): void {
    if (!this.header) throw new Flaw(`the file is empty; start it with the header ${HEADER}`);
    if (this.prices.length === 0) throw new Flaw('no prices follow the header; add at least one line');
  }

  private checkHeader(fields: string[]): void {
    if (fields.length !== 3 || fields.join() !== HEADER) {
      throw new Flaw(`the header ${HEADER} is missing; make it the first line`);
    }
    this.header = true;
  }

  private addPrice(fields: string[], line: number): void {
    if (fields.length !== 3) throw new Flaw(`the number of columns is ${fields.length}; write three, ${HEADER}`);
    const [symbol = '', date = '', price = ''] = fields;
    const read = { symbol: readSymbol(symbol), date: readDate(date), price: readPrice(price) };
    const key = `${read.symbol} ${read.date}`;
    const earlier = this.lineOf.get(key);
    if (earlier) throw new Flaw(`line ${earlier} has the price of ${read.symbol} on ${read.date} already; remove one`);
    this.lineOf.set(key, line);
    this.prices.push(read);
  }
}

function readSymbol(text: string): string {
  if (text === '') throw new Flaw('the symbol is empty; write one such as AAPL');
  if (SYMBOL.test(text)) return text;
  throw new Flaw(
    `${quoted(text)} is not a symbol; write 1 to 32 letters, digits, dots, dashes or underscores, starting with a letter or digit`,
  );
}

function readDate(text: string): string {
  const [year, month, day] = readIsoDate(text) ?? readSpokenDate(text) ?? [];
  if (!year) throw new Flaw(`${quoted(text)} is not a date; write it as 2000-01-31 or Jan 31 2000`);
  try {
    return Temporal.PlainDate.from({ year, month: month!, day: day! }, { overflow: 'reject' }).toString();
  } catch (cause) {
    throw new Flaw(`the calendar has no day ${quoted(text)}; correct the date`, { cause });
  }
}

type DateParts = [year: number, month: number, day: number];

function readIsoDate(text: string): DateParts | undefined {
  const [, year, month, day] = /^([1-9]\d{3})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return year ? [Number(year), Number(month), Number(day)] : undefined;
}

function readSpokenDate(text: string): DateParts | undefined {
  const [, name = '', day, year] = /^([A-Za-z]+) (\d\d?) ([1-9]\d{3})$/.exec(text) ?? [];
  if (!year) return undefined;
  const month = MONTHS.indexOf(name) + 1;
  if (!month) throw new Flaw(`${quoted(name)} is not a month; write one of ${MONTHS.join(', ')}`);
  return [Number(year), month, Number(day)];
}

function readPrice(text: string): Decimal {
  try {
    const price = parseDecimal(text, PRICE);
    if (price.gt(0)) return price;
  } catch (cause) {
    const digits = `at most ${PRICE.precision - PRICE.scale} digits before the point and ${PRICE.scale} after it`;
    throw new Flaw(`${quoted(text)} is not a price; write a plain decimal such as 25.94, ${digits}`, { cause });
  }
  throw new Flaw(`a price must be greater than 0, and this is ${text}; correct it`);
}

const quoted = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function badLine(file: string, line: number, error: unknown): unknown {
  if (error instanceof CsvError) {
    return badLine(
      file,
      line,
      new Flaw('the quotes do not match; open and close a quoted field with "', { cause: error }),
    );
  }
  if (!(error instanceof Flaw)) return error;
  const { message, cause } = error;
  return new PriceFileError('prices.bad-line', `${basename(file)}, line ${line}: ${message}.`, { line }, { cause });
}

function unreadable(file: string, cause: NodeJS.ErrnoException): PriceFileError {
  const problem =
    { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }[`${cause.code}`] ??
    `it cannot be read (${cause.code})`;
  const message = `${basename(file)}: ${problem}; name a CSV file with the columns ${HEADER}.`;
  return new PriceFileError('prices.unreadable', message, {}, { cause });
}

function firstLineNotUtf8(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf('\n', start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return line;
}
