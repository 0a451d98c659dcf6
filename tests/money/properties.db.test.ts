import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NesteggError } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { storedBooks } from './books.js';
import { type Draw, draw, meaningOf, portfolioOf, SOME_MONEY, USERS } from './draws.js';
import { ASSETS, BASKETS, CURRENCIES } from './market.js';
import { Model, type Outcome } from './model.js';
import { type Done, type Stage, useStage } from './stage.js';
import { textOf } from './units.js';
import type { Event, Wish } from './wishes.js';

/*
 * Stories by chance: three people, two portfolios each, a market that moves. Again as they were with MONEY_SEED, one of them with
 * MONEY_PATH; more of them with MONEY_RUNS.
 */
const SEED = Number(process.env.MONEY_SEED) || randomInt(2 ** 31);
const RUNS = Number(process.env.MONEY_RUNS) || 6;

const database = useDatabase();
const stage = useStage(database);

/** A story as it goes on: each step is taken by the services and by the model, then everything is compared. */
class Story {
  private digest = '';
  private readonly told: string[] = [];
  /** What took effect, and as what. */
  private readonly effects: { wish: Wish; id: string }[] = [];
  readonly outcomes = new Map<string, number>();
  private keys = 0;

  constructor(
    private readonly on: Stage,
    readonly model: Model,
  ) {}

  newKey(): string {
    this.keys += 1;
    return `key-${this.keys}`;
  }

  async goOn(step: Wish | Event): Promise<void> {
    this.told.push(JSON.stringify(step));
    try {
      this.on.pass(1);
      this.model.now = this.on.clock.now().getTime();
      if ('event' in step) await this.happen(step);
      else await this.ask(step);
      expect(await stage.violations()).toEqual([]);
      expect(await storedBooks(stage.rows, this.on)).toEqual(this.model.books());
    } catch (error) {
      const { message } = error as Error;
      // At once: looking for a shorter story that fails takes its time.
      console.log(`After ${this.told.length} steps, the last of them ${this.told.at(-1)}:\n${message}`);
      throw new Error(`${message}\nThe story so far:\n${this.told.join('\n')}`, { cause: error });
    }
  }

  /** Every key again: nothing happens, and the answers are the same transactions. */
  async replay(): Promise<void> {
    for (const { wish, id } of this.effects)
      expect(await this.on.fulfil(wish), JSON.stringify(wish)).toMatchObject({ id, replayed: true });
    expect(await stage.digest()).toBe(this.digest);
  }

  /** In nobody's account and at no cost. */
  async expectNothingLeft(): Promise<void> {
    const left = await stage.rows(
      `select kind, balance::text as amount from ledger_accounts
       where user_id = any ($1) and kind in ('cash', 'reserved', 'holding') and balance <> 0
       union all select 'cost', cost_basis::text from portfolio_holdings where user_id = any ($1) and cost_basis <> 0`,
      [[...this.on.people.values()]],
    );
    expect(left).toEqual([]);
  }

  private async happen(event: Event): Promise<void> {
    this.model.happen(event);
    await this.on.happen(event);
    this.digest = await stage.digest();
  }

  private async ask(wish: Wish): Promise<void> {
    const expected = this.model.apply(wish);
    const answer = await this.on.fulfil(wish).catch((error: unknown) => {
      if (error instanceof NesteggError) return error;
      throw error;
    });
    expect(await this.outcomeOf(answer, expected), JSON.stringify(wish)).toEqual(expected);
    const digest = await stage.digest();
    const isEffect = typeof expected === 'object' && 'transaction' in expected && !expected.replayed;
    if (isEffect) expect(digest).not.toBe(this.digest);
    else expect(digest, 'a refusal or replay leaves every row as it was').toBe(this.digest);
    this.digest = digest;
    if (isEffect) this.effects.push({ wish, id: (answer as Done).id });
    const told = typeof expected === 'string' ? expected : 'refused' in expected ? expected.refused : 'done';
    const name = `${wish.what} ${told}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
  }

  /** In the words of the model, which has given a new transaction its number already. */
  private async outcomeOf(answer: Done | 'nothing' | NesteggError, expected: Outcome): Promise<Outcome> {
    if (answer === 'nothing') return answer;
    if (answer instanceof NesteggError) return { refused: answer.code };
    const { ids } = this.on;
    if (!ids.includes(answer.id) && typeof expected === 'object' && 'transaction' in expected) {
      ids[expected.transaction] = answer.id;
      const other = answer.other ?? (await this.otherReversal(expected.transaction));
      if (other) ids[expected.transaction + 1] = other;
    }
    return { transaction: ids.indexOf(answer.id), replayed: answer.replayed };
  }

  /** A transfer is taken back in both books; the answer names the reversal in one of them. */
  private async otherReversal(handle: number): Promise<string | undefined> {
    const reverses = this.model.transactions[handle + 1]?.reverses;
    if (reverses === undefined) return undefined;
    const [row] = await stage.rows<{ id: string }>('select id from transactions where reverses_id = $1', [
      this.on.ids[reverses],
    ]);
    return row?.id;
  }
}

async function beginStory(): Promise<Story> {
  const on = await stage.newStory();
  const currencies = CURRENCIES.map(({ code }) => code);
  const portfolios = new Map(
    [...on.places.keys()].map(name => {
      const [place, , user] = name.split(' ');
      return [name, { user: Number(user), currency: currencies[place === 'main' ? 0 : 1]! }];
    }),
  );
  const story = new Story(on, new Model(on.clock.now().getTime(), portfolios, USERS));
  // The third one has yet to prove who they are.
  for (const user of [0, 1]) await story.goOn({ event: 'verify', user });
  for (let user = 0; user < USERS; user += 1)
    for (const asset of currencies) {
      const reference = `first ${asset}`;
      const amount = asset === 'USD' ? SOME_MONEY : '500';
      await story.goOn({ what: 'open-deposit', user, key: story.newKey(), asset, amount, reference });
      const transaction = story.model.transactions.length - 1;
      await story.goOn({ what: 'settle-deposit', user, key: story.newKey(), transaction });
    }
  return story;
}

/** Everybody takes out everything, at no charge. */
async function endStory(story: Story): Promise<void> {
  const { model } = story;
  await story.goOn({ event: 'price', prices: Object.fromEntries(ASSETS.map(({ code, price }) => [code, price])) });
  for (const { handle: transaction, user, type, status } of [...model.transactions])
    if (status === 'pending')
      await story.goOn({
        what: type === 'deposit' ? 'fail-deposit' : 'cancel-withdrawal',
        ...{ user, key: story.newKey(), transaction },
      });
  for (let user = 0; user < USERS; user += 1) {
    if (model.users[user]!.suspended) await story.goOn({ event: 'reinstate', user });
    if (!model.users[user]!.verified) await story.goOn({ event: 'verify', user });
    for (const portfolio of [portfolioOf(user, 0), portfolioOf(user, 1)]) {
      const base = { user, portfolio, free: true };
      for (const { slug: basket } of BASKETS)
        if (model.held(portfolio, basket).some(({ quantity }) => quantity > 0n))
          await story.goOn({ what: 'redeem', ...base, key: story.newKey(), basket, amount: 'all' });
      for (const { asset, quantity } of model.held(portfolio))
        if (quantity > 0n)
          await story.goOn({ what: 'sell', ...base, key: story.newKey(), asset: asset.code, quantity: 'all' });
    }
    for (const { code: asset } of CURRENCIES) {
      const cash = model.balance(user, 'cash', asset);
      if (cash === 0n) continue;
      const base = { user, free: true };
      await story.goOn({ what: 'request-withdrawal', ...base, key: story.newKey(), asset, amount: textOf(cash) });
      const transaction = model.transactions.length - 1;
      await story.goOn({ what: 'settle-withdrawal', ...base, key: story.newKey(), transaction });
    }
  }
}

test(
  'whatever people do, the books are what they should be, and in the end everybody has taken out everything',
  async () => {
    console.log(`MONEY_SEED=${SEED} MONEY_RUNS=${RUNS}`);
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(draw, { minLength: 40, maxLength: 60 }), async (draws: Draw[]) => {
        const story = await beginStory();
        for (const drawn of draws) await story.goOn(meaningOf(drawn, story.model, story.newKey()));
        await story.replay();
        await endStory(story);
        await story.expectNothingLeft();
        for (const [outcome, times] of story.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times);
      }),
      {
        ...{ seed: SEED, numRuns: RUNS, ...(process.env.MONEY_PATH && { path: process.env.MONEY_PATH }) },
        // Looks no longer than this for a shorter story that fails; a story that was never told is a failure too.
        ...{ interruptAfterTimeLimit: RUNS * 25_000, markInterruptAsFailure: true },
      },
    );
    console.log(Object.fromEntries([...outcomes].sort()));
  },
  RUNS * 30_000,
);
