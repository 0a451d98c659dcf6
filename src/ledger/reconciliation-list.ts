import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { parseInput, ValidationError } from '../shared/index.js';
import { ReconciliationLine } from './reconciliation.input.js';

/** What the columns of a provider's file are called. Other columns are left out. */
const Columns = z.strictObject({
  reference: z.string().min(1).max(80).default('reference'),
  amount: z.string().min(1).max(80).default('amount'),
  assetCode: z.string().min(1).max(80).default('asset'),
  /** Every payment counts as settled when there is no such column, or nothing in it. */
  status: z.string().min(1).max(80).default('status'),
});
export type ReconciliationColumns = z.input<typeof Columns>;

const TEXT_MAX = 16_777_216;

/**
 * The lines of a CSV file (RFC 4180; UTF-8 with or without a byte order mark) whose first line names the columns. Lines are
 * numbered as in the file.
 * @throws {ValidationError} `reconciliation.malformed-list`, `reconciliation.malformed-line` (`details.line`, `details.fields`)
 */
export function linesFromCsv(text: string, columns: ReconciliationColumns = {}): ReconciliationLine[] {
  const names = parseInput(Columns, columns);
  return recordsOf(text).map(({ record, info: { lines } }) => {
    const status = record[names.status];
    return checked(lines, {
      reference: record[names.reference],
      amount: record[names.amount],
      assetCode: record[names.assetCode],
      ...(status && { status }),
    });
  });
}

/**
 * The lines of a JSON array of objects with `reference`, `amount` (text), `assetCode` and perhaps `status`, numbered from 1.
 * @throws as {@link linesFromCsv}
 */
export function linesFromJson(text: string): ReconciliationLine[] {
  const items = z.array(z.record(z.string(), z.unknown())).safeParse(jsonIn(requireSize(text)));
  if (!items.success) throw malformedList('It is not a JSON array of objects.');
  return items.data.map((item, index) => checked(index + 1, item));
}

interface CsvRecord {
  record: Record<string, string>;
  info: { lines: number };
}

function recordsOf(text: string): CsvRecord[] {
  try {
    const options = { columns: true, info: true, bom: true, trim: true, skip_empty_lines: true } as const;
    return parse(requireSize(text), options) as unknown as CsvRecord[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformedList('It is not a CSV file whose lines have as many fields as the first.');
  }
}

/** A line as `reconcile` takes it; here it still has its place in the file to be named by. */
function checked(line: number, fields: Record<string, unknown>): ReconciliationLine {
  const candidate = { ...fields, line };
  const result = ReconciliationLine.safeParse(candidate);
  if (result.success) return candidate as ReconciliationLine;
  const wrong = [...new Set(result.error.issues.map(({ path }) => String(path[0] ?? 'unknown field')))].join(', ');
  throw new ValidationError('reconciliation.malformed-line', `Line ${line} of the list is wrong: ${wrong}.`, {
    line,
    fields: wrong,
  });
}

function requireSize(text: string): string {
  if (text.length > TEXT_MAX) throw malformedList(`It is longer than ${TEXT_MAX} characters.`);
  return text;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const malformedList = (problem: string): ValidationError =>
  new ValidationError('reconciliation.malformed-list', `The list cannot be read. ${problem}`);
