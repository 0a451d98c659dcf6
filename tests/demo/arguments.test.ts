import { describe, expect, test } from 'vitest';
import { ArgumentError, type DemoArguments, helpText, parseArguments } from '../../seeders/demo/arguments.js';

const plain = ({ monthly, fee, ...rest }: DemoArguments) => ({
  monthly: monthly.toFixed(),
  fee: fee.toFixed(),
  ...rest,
});

const parse = (...argv: string[]) => plain(parseArguments(argv));

function refusal(...argv: string[]): string {
  try {
    parseArguments(argv);
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ code: 'arguments.invalid' });
    return (error as Error).message;
  }
  throw new Error('The arguments were taken.');
}

const AMOUNT = '--monthly takes an amount greater than 0 with at most 8 decimals, such as --monthly 250.';
const FEE = '--fee takes a percentage from 0 to less than 100 with at most 4 decimals, such as --fee 0.5.';
const FROM = '--from takes a month as YYYY-MM, such as --from 2005-01.';
const TO = '--to takes a month as YYYY-MM, such as --to 2008-12.';

test('without options the demo pays in 100 a month at a fee of half a percent', () => {
  expect(parse()).toEqual({ monthly: '100', fee: '0.5', json: false, help: false });
});

test('every option is taken', () => {
  expect(
    parse('--monthly', '250.5', '--fee=0', '--from', '2005-01', '--to=2008-12', '--prices', 'my prices.csv', '--json'),
  ).toEqual({
    monthly: '250.5',
    fee: '0',
    from: '2005-01',
    to: '2008-12',
    prices: 'my prices.csv',
    json: true,
    help: false,
  });
  expect(parse('--help').help).toBe(true);
});

test('the limits of each option are taken', () => {
  expect(parse('--monthly', '0.00000001').monthly).toBe('0.00000001');
  expect(parse('--monthly', '9999999999.99999999').monthly).toBe('9999999999.99999999');
  expect(parse('--fee', '99.9999').fee).toBe('99.9999');
  expect(parse('--from', '2005-01', '--to', '2005-01')).toMatchObject({ from: '2005-01', to: '2005-01' });
});

describe('is refused, with the option and the form it must have:', () => {
  test.each([
    ['an amount of 0', ['--monthly', '0'], AMOUNT],
    ['an amount below 0', ['--monthly=-5'], AMOUNT],
    ['an amount that looks like an option', ['--monthly', '-5'], AMOUNT],
    ['an amount with a sign of currency', ['--monthly', '$250'], AMOUNT],
    ['an amount with a comma', ['--monthly', '1,000'], AMOUNT],
    ['an amount with an exponent', ['--monthly', '1e3'], AMOUNT],
    ['an amount with 9 decimals', ['--monthly', '1.000000001'], AMOUNT],
    ['an amount too large for the books', ['--monthly', '10000000000'], AMOUNT],
    ['no amount', ['--monthly'], AMOUNT],
    ['an empty amount', ['--monthly='], AMOUNT],
    ['a fee of 100 %', ['--fee', '100'], FEE],
    ['a fee below 0', ['--fee=-0.1'], FEE],
    ['a fee of minus 0', ['--fee=-0'], FEE],
    ['a fee with 5 decimals', ['--fee', '0.00001'], FEE],
    ['a fee with a percent sign', ['--fee', '1%'], FEE],
    ['a day for a month', ['--from', '2005-01-01'], FROM],
    ['a month 0', ['--from', '2005-00'], FROM],
    ['a month 13', ['--to', '2005-13'], TO],
    ['a month without a zero', ['--to', '2005-1'], TO],
    [
      'a first month after the last',
      ['--from', '2008-12', '--to', '2008-11'],
      '--from 2008-12 is after --to 2008-11; the first month cannot come last.',
    ],
    ['a file without a name', ['--prices='], '--prices takes the name of a CSV file, such as --prices prices.csv.'],
    ['a value for a switch', ['--json=yes'], '--json takes no value: --json.'],
    [
      'an unknown option',
      ['--months', '12'],
      'There is no option --months; the options are --monthly, --fee, --from, --to, --prices, --json, --help.',
    ],
    [
      'a word that belongs to no option',
      ['two words'],
      '"two words" belongs to no option; the options are --monthly, --fee, --from, --to, --prices, --json, --help.',
    ],
  ])('%s', (_, argv, message) => {
    expect(refusal(...argv)).toBe(message);
  });
});

test('the help names every option and fits 80 columns', () => {
  for (const option of ['--monthly', '--fee', '--from', '--to', '--prices', '--json', '--help']) {
    expect(helpText).toContain(`\n  ${option} `);
  }
  expect(Math.max(...helpText.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
});
