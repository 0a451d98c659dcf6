import asciichart from 'asciichart';
import type { Decimal } from '../../src/shared/index.js';

export interface GrowthPoint {
  /** `YYYY-MM-DD` */
  date: string;
  contributions: Decimal;
  value: Decimal;
}

/** Marks a text in a style of `util.styleText`, or leaves it plain. */
export type Paint = (style: 'bold' | 'cyan' | 'green' | 'red', text: string) => string;

const ROWS = 14;
/** A year's label that starts on the last column still fits. */
const LABEL = 4;
//              first  axis           level down  up   down from, up from, upright
const SOLID = ['┤', '┤', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'];
const DASHED = ['┤', '┤', '╶', '╴', '╌', '╌', '╌', '╌', '╌', '╎'];

/** The lines of a chart of the value against what was paid in, from zero, at most `width` wide, and its legend. */
export function growthChart(history: readonly GrowthPoint[], width: number, paint: Paint): string[] {
  if (history.length === 0) return [];
  // The only place where money becomes a JS number: here it is ink.
  const highest = Math.max(...history.flatMap(point => [point.contributions.toNumber(), point.value.toNumber()]));
  const scale = scaleUpTo(highest);
  const left = scale.label(scale.top).length + ' ┤'.length;
  const shown = onePerColumn(history, Math.max(width - left - (LABEL - 1), 2 * LABEL));
  const plot = (amounts: Decimal[], symbols: string[]) => plotLines(amounts, symbols, scale);
  const paidIn = plot(
    shown.map(point => point.contributions),
    DASHED,
  );
  const value = plot(
    shown.map(point => point.value),
    SOLID,
  );
  const indent = ' '.repeat(left - 1);
  return [
    `${indent}${paint('green', '───')} value   ${paint('cyan', '╌╌╌')} contributions`,
    ...value.map((line, row) => line.slice(0, left) + overlay(line.slice(left), paidIn[row]!.slice(left), paint)),
    ...yearAxis(shown).map(line => indent + line),
  ].map(line => line.trimEnd());
}

interface Scale {
  rows: number;
  top: number;
  label: (amount: number) => string;
}

/** From zero to at least `highest` in at most ROWS steps of a round size. */
function scaleUpTo(highest: number): Scale {
  const finest = (highest || 1) / ROWS;
  const power = 10 ** Math.floor(Math.log10(finest));
  const step = power * [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(factor => factor * power >= finest)!;
  const rows = Math.ceil((highest || 1) / step);
  const digits = Number.isInteger(step) ? 0 : 2;
  const { format } = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return { rows, top: rows * step, label: format };
}

/** A month per column: evenly chosen months when there are more than fit, else each as often as it fits. */
function onePerColumn<T>(points: readonly T[], columns: number): T[] {
  const repeats = Math.floor(columns / points.length);
  if (repeats > 0) return points.flatMap(point => Array<T>(repeats).fill(point));
  return Array.from({ length: columns }, (_, i) => points[Math.round((i * (points.length - 1)) / (columns - 1))]!);
}

function plotLines(amounts: Decimal[], symbols: string[], { rows, top, label }: Scale): string[] {
  const widest = label(top).length;
  const format = (amount: number) => `${label(amount).padStart(widest)} `;
  // A column shows the way from its point to the next: the last point goes on level.
  const points = [...amounts, amounts.at(-1)!].map(amount => amount.toNumber());
  return asciichart.plot(points, { min: 0, max: top, height: rows, offset: 2, format, symbols }).split('\n');
}

/** The line of the value over that of the contributions. */
function overlay(value: string, paidIn: string, paint: Paint): string {
  const below = (at: number, length: number) =>
    paidIn.slice(at, at + length).replace(/[^ ]+/g, dashes => paint('cyan', dashes));
  return value.replace(/ +|[^ ]+/g, (run, at: number) =>
    run.startsWith(' ') ? below(at, run.length) : paint('green', run),
  );
}

/** A line with a tick where each year starts, and one with the years that have room, evenly chosen. */
function yearAxis(shown: readonly GrowthPoint[]): string[] {
  const years = shown.map(point => Number(point.date.slice(0, 4)));
  const starts = years.flatMap((year, column) => (year === years[column - 1] ? [] : [{ year, column }]));
  const columnsPerYear = years.length / (years.at(-1)! - years[0]! + 1);
  const every = [1, 2, 5, 10, 20, 50].find(count => count * columnsPerYear >= LABEL + 1) ?? 100;
  const group = (year: number) => Math.floor(year / every);
  const labelled = starts.filter(({ year }, i) => i === 0 || group(year) !== group(starts[i - 1]!.year));
  // A few months of a first year leave the room to the whole year after it.
  if (labelled[1] && labelled[1].column <= LABEL) labelled.shift();
  let labels = ' ';
  for (const { year, column } of labelled) {
    if (column + 1 >= labels.length) labels = `${labels.padEnd(column + 1)}${year} `;
  }
  const ticks = years.map((year, column) => (year === years[column - 1] ? '─' : '┬'));
  return [`└${ticks.join('')}`, labels];
}
