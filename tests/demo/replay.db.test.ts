import { beforeAll, describe, expect, test } from 'vitest';
import { bundledPrices, readPrices } from '../../seeders/demo/prices.js';
import { monthly, monthsToReplay, Replay } from '../../seeders/demo/replay.js';
import { type DemoStatement, statementJson } from '../../seeders/demo/statement.js';
import { Decimal, type EntityManager } from '../../src/index.js';
import { useDatabase } from '../support/database.js';

const database = useDatabase();

let statement: DemoStatement;
const ticks: string[] = [];

beforeAll(async () => {
  const prices = monthly(await readPrices(bundledPrices()));
  const months = monthsToReplay(prices, '2000-01', '2000-03');
  const plan = { monthly: new Decimal(100), fee: new Decimal('0.5') };
  const replay = new Replay(database.orm.em as EntityManager, plan, months, prices);
  statement = await replay.run(month => ticks.push(month));
});

/** The statement as people get it. */
const told = () => JSON.parse(statementJson(statement));

/*
 * Fee 0.5 % of 100 = 0.50; 99.50 is split into 29.85, 19.90, 24.875 and 24.875. Units are cost / price, cut off.
 *
 *            AAPL                  AMZN                 IBM                   MSFT                  value
 *   Jan   25.94   1.15073245|95   64.56  0.30824039|65  100.52  0.24746319|14  39.81  0.62484300|42   99.49999900
 *   Feb   28.66   1.04152128|40   68.87  0.28895019|60   92.11  0.27005753|98  36.35  0.68431911|96  199.21538334
 *   Mar   33.95   0.87923416|78   67     0.29701492|53  106.11  0.23442653|84  43.22  0.57554372|97  325.43489102
 *   units         3.07148789             0.89420550             0.75194725            1.88470583
 *   value       104.27701386            59.91176850            79.78912269           81.45698597
 *
 * Time-weighted: the growth of the three months, each month's deposit at its end:
 *   (99.499999 / 100) · (99.71538334 / 99.499999) · (199.21538334 / 199.71538334) · (225.93489102 / 199.21538334)
 *   · (325.43489102 / 325.93489102) − 1 = 0.126334048513; a year of it, ^(365/60): 1.062095991221
 * Money-weighted: the root of −100 − 100·v^31 + 225.43489102·v^60, v = (1 + r)^(−1/365), is 1.650893924143.
 */
describe('three months of the demo', () => {
  test('take in 300, of which 1.50 goes in fees and nothing stays in cash', () => {
    expect(told()).toMatchObject({
      period: { from: '2000-01', to: '2000-03', occurrences: 3 },
      plan: {
        monthly: '100',
        feeRate: '0.5',
        basket: 'Four giants',
        weights: [
          { code: 'AAPL', weight: '30' },
          { code: 'AMZN', weight: '20' },
          { code: 'IBM', weight: '25' },
          { code: 'MSFT', weight: '25' },
        ],
      },
      contributions: '300',
      fees: '1.5',
      invested: '298.5',
      cash: '0',
    });
  });

  test('buy what their prices give, to the last digit', () => {
    expect(told().assets).toEqual([
      {
        code: 'AAPL',
        units: '3.07148789',
        costBasis: '89.55',
        price: '33.95',
        value: '104.27701386',
        gain: '14.72701386',
      },
      { code: 'AMZN', units: '0.8942055', costBasis: '59.7', price: '67', value: '59.9117685', gain: '0.2117685' },
      {
        code: 'IBM',
        units: '0.75194725',
        costBasis: '74.625',
        price: '106.11',
        value: '79.78912269',
        gain: '5.16412269',
      },
      {
        code: 'MSFT',
        units: '1.88470583',
        costBasis: '74.625',
        price: '43.22',
        value: '81.45698597',
        gain: '6.83198597',
      },
    ]);
  });

  test('end at 325.43489102', () => {
    expect(told()).toMatchObject({
      value: '325.43489102',
      gain: '25.43489102',
      history: [
        { date: '2000-01-01', contributions: '100', value: '99.499999' },
        { date: '2000-02-01', contributions: '200', value: '199.21538334' },
        { date: '2000-03-01', contributions: '300', value: '325.43489102' },
      ],
    });
  });

  test('have gained 12.6 % by time, and 165 % a year by money', () => {
    expect(told()).toMatchObject({
      timeWeightedReturn: { total: '0.126334048513', annual: '1.062095991221' },
      moneyWeightedReturn: '1.650893924143',
    });
  });

  test('leave the books sound', () => {
    expect(statement.invariants.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(Object.fromEntries(statement.invariants.map(({ name, checked }) => [name, checked]))).toMatchObject({
      // Cash, external, fees and market in US dollars, a holding and a market of each of the four.
      'every balance equals the sum of its entries': 12,
      'every book closes to zero per asset': 5,
      "no account of a user's own is below zero": 5,
      'every fee was taken by its entry': 3,
      'every posted transaction moved something, no failed one did': 6,
      'every holding and its account match': 4,
      'a holding has a cost if and only if it has a quantity': 4,
      'the weights of every published composition sum to 100': 1,
      'every snapshot starts from the one before': 3,
      "every run that succeeded invested its rule's amount": 3,
    });
  });

  test('are told month by month', () => {
    expect(ticks).toEqual(['2000-01', '2000-02', '2000-03']);
  });
});
