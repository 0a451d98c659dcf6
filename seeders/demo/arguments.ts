import { parseArgs } from 'node:util';
import {
  AMOUNT,
  type Decimal,
  HUNDRED,
  NesteggError,
  type NumericScale,
  PERCENT,
  parseDecimal,
} from '../../src/shared/index.js';

/** What the demo is asked to replay. */
export interface DemoArguments {
  /** What is paid in each month, in USD. */
  monthly: Decimal;
  /** The fee on what is paid in, in percent. */
  fee: Decimal;
  /** First month, `YYYY-MM`; without it the first one that the prices allow. */
  from?: string;
  /** Last month, `YYYY-MM`, not before `from`; without it the last one that the prices allow. */
  to?: string;
  /** A CSV file to take the prices from instead of the bundled ones. */
  prices?: string;
  json: boolean;
  help: boolean;
}

/** An option that does not exist or does not have the form it must: the message names both. */
export class ArgumentError extends NesteggError {}

export const helpText = `Replays monthly auto-investing on historical prices through Nestegg's services.

Usage: npm run demo -- [options]

  --monthly AMOUNT   USD paid in each month: greater than 0, at most 8 decimals
                     (default 100)
  --fee PERCENT      fee on each payment: from 0 to less than 100, at most
                     4 decimals (default 0.5)
  --from YYYY-MM     first month (default: the first one with prices)
  --to YYYY-MM       last month (default: the last one with prices)
  --prices FILE.csv  prices of your own, with the columns symbol,date,price;
                     dates as 2000-01-31 or Jan 31 2000
  --json             print the statement as JSON
  --help             print this help

Examples:
  npm run demo
  npm run demo -- --monthly 250 --fee 0
  npm run demo -- --from 2005-01 --to 2008-12 --json > statement.json
`;

const OPTIONS = {
  monthly: { type: 'string', default: '100' },
  fee: { type: 'string', default: '0.5' },
  from: { type: 'string' },
  to: { type: 'string' },
  prices: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const FORMS: Record<keyof typeof OPTIONS, string> = {
  monthly: 'an amount greater than 0 with at most 8 decimals, such as --monthly 250',
  fee: 'a percentage from 0 to less than 100 with at most 4 decimals, such as --fee 0.5',
  from: 'a month as YYYY-MM, such as --from 2005-01',
  to: 'a month as YYYY-MM, such as --to 2008-12',
  prices: 'the name of a CSV file, such as --prices prices.csv',
  json: 'no value: --json',
  help: 'no value: --help',
};

/**
 * Reads the options of the demo, without `node` and the script's name.
 * @throws {ArgumentError} `arguments.invalid`.
 */
export function parseArguments(argv: string[]): DemoArguments {
  const { from, to, prices, json, help, ...texts } = parseOptions(argv);
  const monthly = readDecimal('monthly', texts.monthly, AMOUNT);
  const fee = readDecimal('fee', texts.fee, PERCENT);
  if (!monthly.gt(0)) throw wrongForm('monthly');
  if (fee.isNegative() || fee.gte(HUNDRED)) throw wrongForm('fee');
  if (from !== undefined && !isMonth(from)) throw wrongForm('from');
  if (to !== undefined && !isMonth(to)) throw wrongForm('to');
  if (from && to && from > to) throw invalid(`--from ${from} is after --to ${to}; the first month cannot come last.`);
  if (prices === '') throw wrongForm('prices');
  return { monthly, fee, from, to, prices, json, help };
}

function parseOptions(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException);
  }
}

/** What parseArgs refuses, in the words of this command. Its messages have the option or word in question in quotes first. */
function explain(error: NodeJS.ErrnoException): unknown {
  const [, culprit = ''] = /'(--?[^' ]+|[^']*)/.exec(error.message) ?? [];
  switch (error.code) {
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return wrongForm(culprit.slice(2) as keyof typeof OPTIONS, error);
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return invalid(`There is no option ${culprit}; the options are ${ALL_OPTIONS}.`, error);
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return invalid(`"${culprit}" belongs to no option; the options are ${ALL_OPTIONS}.`, error);
    default:
      return error;
  }
}

const ALL_OPTIONS = Object.keys(OPTIONS)
  .map(name => `--${name}`)
  .join(', ');

function readDecimal(option: 'monthly' | 'fee', text: string, scale: NumericScale): Decimal {
  try {
    return parseDecimal(text, scale);
  } catch (error) {
    throw error instanceof NesteggError ? wrongForm(option, error) : error;
  }
}

const isMonth = (text: string) => /^[1-9]\d{3}-(0[1-9]|1[0-2])$/.test(text);

const wrongForm = (option: keyof typeof OPTIONS, cause?: unknown) =>
  invalid(`--${option} takes ${FORMS[option]}.`, cause);

const invalid = (message: string, cause?: unknown) => new ArgumentError('arguments.invalid', message, {}, { cause });
