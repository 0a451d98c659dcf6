import { styleText } from 'node:util';
import { Decimal, HUNDRED, ZERO } from '../../src/shared/index.js';
import { growthChart, type Paint } from './chart.js';

/** What became of the money that was paid in. Amounts are in USD and not rounded for reading. */
export interface DemoStatement {
  /** Months `YYYY-MM`, both included. */
  period: { from: string; to: string; occurrences: number };
  /** The fee rate and the weights are percentages: 0.5 % is `0.5`. */
  plan: { monthly: Decimal; feeRate: Decimal; basket: string; weights: { code: string; weight: Decimal }[] };
  contributions: Decimal;
  fees: Decimal;
  invested: Decimal;
  /** What is left on the cash account. */
  cash: Decimal;
  assets: { code: string; units: Decimal; costBasis: Decimal; price: Decimal; value: Decimal; gain: Decimal }[];
  value: Decimal;
  /** The value less the contributions. */
  gain: Decimal;
  /** Fractions: 0.1234 is 12.34 %. */
  timeWeightedReturn: { total: Decimal; annual: Decimal | null };
  /** A fraction, a year; null when there is none. */
  moneyWeightedReturn: Decimal | null;
  /** One point per month, the oldest first. */
  history: { date: string; contributions: Decimal; value: Decimal }[];
  invariants: { name: string; checked: number; violations: number }[];
}

/** How a process ends that told this: with 0 when every invariant holds, with 1 when one is broken or none was looked at. */
export const exitCode = ({ invariants }: Pick<DemoStatement, 'invariants'>): number =>
  invariants.length > 0 && invariants.every(({ violations }) => violations === 0) ? 0 : 1;

/** The statement as JSON: decimals as plain strings, keys always in the same order, a newline at the end. */
export function statementJson(statement: DemoStatement): string {
  const { period, plan, timeWeightedReturn, moneyWeightedReturn } = statement;
  const ordered = {
    period: { from: period.from, to: period.to, occurrences: period.occurrences },
    plan: {
      monthly: plain(plan.monthly),
      feeRate: plain(plan.feeRate),
      basket: plan.basket,
      weights: plan.weights.map(({ code, weight }) => ({ code, weight: plain(weight) })),
    },
    contributions: plain(statement.contributions),
    fees: plain(statement.fees),
    invested: plain(statement.invested),
    cash: plain(statement.cash),
    assets: statement.assets.map(asset => ({
      code: asset.code,
      units: plain(asset.units),
      costBasis: plain(asset.costBasis),
      price: plain(asset.price),
      value: plain(asset.value),
      gain: plain(asset.gain),
    })),
    value: plain(statement.value),
    gain: plain(statement.gain),
    timeWeightedReturn: {
      total: plain(timeWeightedReturn.total),
      annual: timeWeightedReturn.annual && plain(timeWeightedReturn.annual),
    },
    moneyWeightedReturn: moneyWeightedReturn && plain(moneyWeightedReturn),
    history: statement.history.map(({ date, contributions, value }) => ({
      date,
      contributions: plain(contributions),
      value: plain(value),
    })),
    invariants: statement.invariants.map(({ name, checked, violations }) => ({ name, checked, violations })),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

const plain = (value: Decimal) => value.plus(0).toFixed();

/** The statement for a terminal, a newline at the end. Amounts are rounded half-even here, and only for reading. */
export function renderStatement(statement: DemoStatement, options: { width: number; color: boolean }): string {
  const { width, color } = options;
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const sections = [
    title(statement, width, paint),
    totals(statement, paint),
    assetTable(statement, width, paint),
    returns(statement),
    growthChart(statement.history, width, paint),
    invariants(statement, width, paint),
  ];
  return `${sections
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function title({ period, plan }: DemoStatement, width: number, paint: Paint): string[] {
  const months = [...new Set([monthName(period.from), monthName(period.to)])].join(' to ');
  const heading = `${plan.basket}: ${unrounded(plan.monthly)} USD a month, ${months}`;
  const weights = plan.weights.map(({ code, weight }) => `${code} ${unrounded(weight, 0)} %`).join(', ');
  const details = `${count(period.occurrences, 'contribution')}, fee ${unrounded(plan.feeRate, 0)} %, into ${weights}. Amounts are in USD.`;
  const lines = wrap(heading, width);
  const rule = '═'.repeat(Math.max(...lines.map(line => line.length)));
  return [...lines.map(line => paint('bold', line)), rule, ...wrap(details, width)];
}

function totals(statement: DemoStatement, paint: Paint): string[] {
  const rows: Row[] = [
    ['Contributions', money(statement.contributions)],
    ['Fees', money(statement.fees)],
    ['Invested', money(statement.invested)],
    ['Cash left', money(statement.cash)],
    ['Value', money(statement.value)],
    ['Gain', signed(statement.gain)],
  ];
  return align(rows, Number.POSITIVE_INFINITY).map((line, i) => (i < 4 ? line : paint('bold', line)));
}

function assetTable({ assets }: DemoStatement, width: number, paint: Paint): string[] {
  const sum = (key: 'costBasis' | 'value' | 'gain') => Decimal.sum(ZERO, ...assets.map(asset => asset[key]));
  const [head, ...rows] = align(
    [
      ['Asset', 'Units', 'Cost basis', 'Price', 'Value', 'Gain'],
      ...assets.map(asset => [
        asset.code,
        grouped(asset.units.toFixed(8)),
        money(asset.costBasis),
        price(asset.price),
        money(asset.value),
        signed(asset.gain),
      ]),
      ['Total', '', money(sum('costBasis')), '', money(sum('value')), signed(sum('gain'))],
    ],
    width,
  ) as [string, ...string[]];
  const rule = '─'.repeat(head.length);
  return [paint('bold', head), rule, ...rows.slice(0, -1), rule, paint('bold', rows.at(-1)!)];
}

function returns({ timeWeightedReturn, moneyWeightedReturn }: DemoStatement): string[] {
  return align(
    [
      ['Time-weighted return', percent(timeWeightedReturn.total)],
      ['Time-weighted return a year', percent(timeWeightedReturn.annual)],
      ['Money-weighted return a year', percent(moneyWeightedReturn)],
    ],
    Number.POSITIVE_INFINITY,
  );
}

function invariants({ invariants: results }: DemoStatement, width: number, paint: Paint): string[] {
  const [head, ...lines] = align(
    [
      ['Invariant', 'checked', 'violations'],
      ...results.map(({ name, checked, violations }) => [name, grouped(`${checked}`), grouped(`${violations}`)]),
    ],
    width - '  BROKEN'.length,
  ) as [string, ...string[]];
  const verdict = ({ violations }: { violations: number }) =>
    violations === 0 ? paint('green', 'ok') : paint('red', 'BROKEN');
  const rows = results.map((result, i) => `${lines[i]}  ${verdict(result)}`);
  const broken = results.filter(({ violations }) => violations > 0).length;
  const closing =
    results.length === 0
      ? paint('red', 'No invariant was checked.')
      : broken === 0
        ? paint('green', `The books are sound: ${count(results.length, 'invariant')} checked, none broken.`)
        : paint('red', `The books are BROKEN: ${broken} of ${count(results.length, 'invariant')} violated.`);
  return results.length === 0 ? [closing] : [paint('bold', head), ...rows, '', closing];
}

type Row = string[];

/** The first column to the left, the others to the right, as far apart as the width allows. */
function align(rows: Row[], width: number): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  const bare = widths.reduce((sum, each) => sum + each, 0);
  const gap = [3, 2].find(each => bare + each * (widths.length - 1) <= width) ?? 1;
  return rows.map(row =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' '.repeat(gap)),
  );
}

/** Breaks a text between words. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const money = (amount: Decimal) => grouped(rounded(amount, 2));
const signed = (amount: Decimal) => (amount.toDecimalPlaces(2).gt(0) ? `+${money(amount)}` : money(amount));
const percent = (fraction: Decimal | null) => (fraction ? `${grouped(rounded(fraction.mul(HUNDRED), 2))} %` : 'n/a');
/** Cents, or four significant digits of a price below one. */
const price = (amount: Decimal) =>
  amount.abs().lt(1) ? unrounded(amount.toSignificantDigits(4, Decimal.ROUND_HALF_EVEN)) : money(amount);
const unrounded = (value: Decimal, decimalsMin = 2) =>
  grouped(value.toFixed(Math.max(decimalsMin, value.decimalPlaces())));

/** Half-even, and never a zero with a minus. */
const rounded = (value: Decimal, decimals: number) =>
  value.toDecimalPlaces(decimals, Decimal.ROUND_HALF_EVEN).plus(0).toFixed(decimals);

/** 1234.5 as 1,234.5: the digits after the point stay together. */
const grouped = (text: string) => text.replace(/^-?\d+/, digits => digits.replace(/\B(?=(\d{3})+$)/g, ','));

const count = (many: number, noun: string) => `${grouped(`${many}`)} ${noun}${many === 1 ? '' : 's'}`;

const monthName = (month: string) =>
  new Date(`${month}-01T00:00:00Z`).toLocaleDateString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });
