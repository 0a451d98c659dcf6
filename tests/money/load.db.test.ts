import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NesteggError, openDatabase, transact } from '../../src/index.js';
import { type SuiteDatabase, useDatabase } from '../support/database.js';
import { Crowd, diceOf } from './crowd.js';
import { expectSoundBooks, fillPockets } from './crowded-books.js';
import { portfolioOf } from './draws.js';
import { type Stage, useStage } from './stage.js';
import { textOf, units } from './units.js';
import type { Wish } from './wishes.js';

/** The same dice again with MONEY_SEED; fewer operations while developing, or more, with MONEY_LOAD. */
const SEED = Number(process.env.MONEY_SEED) || randomInt(2 ** 31);
const OPERATIONS = Number(process.env.MONEY_LOAD) || 5_000;
const CLIENTS = 16;
const USERS = 6;

const database = useDatabase();

/** Without the proxy that listens to every other suite: at this load it would cost more than what it listens to. */
let orm: SuiteDatabase['orm'];
beforeAll(async () => {
  orm = await openDatabase({ kind: 'server', url: database.fork.serviceUrl, profile: 'server' });
});
afterAll(() => orm.close(true));

const stage = useStage(Object.create(database, { orm: { get: (): SuiteDatabase['orm'] => orm } }) as SuiteDatabase);

const EVERYDAY: Wish['what'][] = [
  ...(['transfer', 'transfer', 'transfer', 'transfer', 'open-deposit', 'settle-deposit', 'adjust'] as const),
  ...(['buy', 'buy', 'buy', 'sell', 'sell', 'invest', 'invest', 'redeem', 'request-withdrawal'] as const),
];

test('of thousands of operations by sixteen clients none is lost, done twice or in the way of another', async () => {
  console.log(`MONEY_SEED=${SEED}`);
  const on = await stage.newStory(USERS);
  const crowd = new Crowd(on);
  await fillPockets(on, crowd, '2500');

  let left = OPERATIONS;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const dice = diceOf(SEED + client);
    while (left > 0) {
      // Some keys are sent twice at the same moment, as by a client that has lost patience.
      const times = dice(12) === 0 ? 2 : 1;
      left -= times;
      await crowd.ask(crowd.wish(dice(USERS), dice, EVERYDAY), times);
    }
  });
  await Promise.all(clients);

  await expectSoundBooks(stage, on, crowd);
  const acknowledged = [...crowd.verdicts.values()].filter(verdict => verdict === 'acknowledged');
  // Of what is asked for, some has been sold, spent or settled already.
  expect(acknowledged.length).toBeGreaterThan(OPERATIONS / 2);
}, 120_000);

describe('one portfolio that is redeemed, rebalanced and drawn from at the same moment', () => {
  const ROUNDS = 12;
  const AT_ONCE = 4;
  const key = () => `round-${randomUUID()}`;

  const cashOf = async (userId: string): Promise<string> => {
    const [row] = await stage.rows<{ cash: string }>(
      `select trim_scale(balance)::text as cash from ledger_accounts l join assets a on a.id = l.asset_id
       where l.user_id = $1 and l.kind = 'cash' and a.code = 'USD'`,
      [userId],
    );
    return row!.cash;
  };

  async function race(on: Stage, user: number, cash: string): Promise<string[]> {
    const place = () => ({ user, key: key(), portfolio: portfolioOf(user, 0), basket: 'trio' });
    const wishes: [Wish, string][] = [
      [{ ...place(), what: 'redeem', amount: 'all' }, 'redeem all'],
      [{ ...place(), what: 'rebalance' }, 'rebalance'],
      [{ ...place(), what: 'redeem', amount: '10' }, 'redeem a part'],
      // There is this much only after all was redeemed.
      [
        { user, key: key(), what: 'request-withdrawal', asset: 'USD', amount: textOf(units(cash) + units('30')) },
        'withdraw more than cash',
      ],
      [{ ...place(), what: 'rebalance' }, 'rebalance'],
      [{ ...place(), what: 'invest', amount: '1' }, 'invest too little'],
    ];
    const first = randomInt(wishes.length);
    const inAnyOrder = [...wishes.slice(first), ...wishes.slice(0, first)];
    return Promise.all(
      inAnyOrder.map(async ([wish, name]) => {
        const answer = await on
          .fulfil(wish, work => transact(work, { deadlineMs: 60_000 }))
          .catch((error: Error) => error);
        if (answer instanceof NesteggError) return `${name}: ${answer.code}`;
        if (answer instanceof Error) throw answer;
        return `${name}: ${answer === 'nothing' ? answer : 'done'}`;
      }),
    );
  }

  test('ends with exactly nothing in it, whoever came first', async () => {
    const on = await stage.newStory(AT_ONCE);
    await fillPockets(on, new Crowd(on), '500');
    const users = [...on.people.keys()];
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      on.pass(1);
      await on.happen({ event: 'price', prices: { WBTC: '64250.5' } });
      for (const user of users) {
        await on.fulfil({ user, key: key(), what: 'adjust', direction: 'credit', asset: 'USD', amount: '110' });
        await on.fulfil({
          ...{ user, key: key(), what: 'invest', portfolio: portfolioOf(user, 0) },
          ...{ basket: 'trio', amount: '100' },
        });
      }
      // Out of the band: there is something to rebalance.
      on.pass(1);
      await on.happen({ event: 'price', prices: { WBTC: '110000' } });
      const pockets: string[] = [];
      for (const user of users) pockets.push(await cashOf(on.userOf(user)));
      for (const told of await Promise.all(users.map(user => race(on, user, pockets[user]!))))
        for (const outcome of told) outcomes.add(outcome);

      const left = await stage.rows(
        `select l.balance::text as quantity, h.cost_basis::text as cost
         from portfolio_holdings h join ledger_accounts l on l.user_id = h.user_id and l.id = h.account_id
         where h.user_id = any ($1) and (l.balance, h.cost_basis) <> (0, 0)`,
        [[...on.people.values()]],
      );
      expect(left).toEqual([]);
    }
    expect(await stage.violations()).toEqual([]);
    // What each may come to, depending on who was first. ALL is never refused.
    const possible = [
      'redeem all: done',
      'rebalance: done',
      'rebalance: nothing',
      'rebalance: basket.nothing-held',
      'redeem a part: done',
      'redeem a part: basket.nothing-held',
      'withdraw more than cash: done',
      'withdraw more than cash: ledger.insufficient-funds',
      'invest too little: basket.below-minimum',
    ];
    expect([...outcomes].filter(outcome => !possible.includes(outcome))).toEqual([]);
    expect([...outcomes]).toEqual(
      expect.arrayContaining(['redeem all: done', 'rebalance: done', 'redeem a part: done']),
    );
  }, 60_000);
});
