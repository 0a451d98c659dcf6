import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { useDatabase } from '../support/database.js';
import { Crowd, diceOf } from './crowd.js';
import { expectSoundBooks, fillPockets } from './crowded-books.js';
import { useStage } from './stage.js';
import type { Wish } from './wishes.js';

/** The same dice again with MONEY_SEED; who comes first only the machine knows. */
const SEED = Number(process.env.MONEY_SEED) || randomInt(2 ** 31);
const ROUNDS = Number(process.env.MONEY_RUNS) || 2;

const stage = useStage(useDatabase());

const EVERYTHING: Wish['what'][] = [
  ...(['open-deposit', 'settle-deposit', 'settle-deposit', 'fail-deposit'] as const),
  ...(['request-withdrawal', 'settle-withdrawal', 'fail-withdrawal', 'cancel-withdrawal'] as const),
  ...(['transfer', 'transfer', 'adjust', 'charge', 'reverse', 'reverse', 'buy', 'buy', 'sell', 'sell'] as const),
  ...(['invest', 'invest', 'redeem', 'rebalance', 'rebalance'] as const),
];

test('of people who do everything at once, each gets an answer of the business, and the books are sound', async () => {
  console.log(`MONEY_SEED=${SEED}`);
  for (let round = 0; round < ROUNDS; round += 1) {
    const on = await stage.newStory();
    const crowd = new Crowd(on);
    await fillPockets(on, crowd, '700');

    const tasks = Array.from({ length: 12 }, async (_, task) => {
      const dice = diceOf(SEED + 100 * round + task);
      for (let step = 0; step < 20; step += 1)
        await crowd.ask(crowd.wish(task % crowd.users, dice, EVERYTHING), dice(5) === 0 ? 2 : 1);
    });
    const market = (async () => {
      const dice = diceOf(SEED + 100 * round + 99);
      for (let step = 0; step < 15; step += 1) {
        on.pass(1);
        await on.happen(step % 5 === 4 ? { event: 'expire' } : crowd.event(dice));
      }
    })();
    await Promise.all([...tasks, market]);

    await expectSoundBooks(stage, on, crowd);
    const verdicts = [...crowd.verdicts.values()];
    expect(verdicts).toHaveLength(3 * 4 + 240);
    // More than the pockets that were filled. How many more is chance, and what the market does: 65 to 153 were seen.
    expect(verdicts.filter(verdict => verdict === 'acknowledged').length).toBeGreaterThan(2 * 3 * 4);
    expect(verdicts.filter(verdict => verdict === 'refused').length).toBeGreaterThan(0);
  }
}, 120_000);
