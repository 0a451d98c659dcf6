import { ConcurrentChangeError, DatabaseError, NesteggError, transact } from '../../src/index.js';
import { portfolioOf } from './draws.js';
import { ASSETS, BASKETS, COMPOSITIONS } from './market.js';
import type { Done, Stage } from './stage.js';
import { priceOf, priceText, quantityDown, smallest, textOf, type Units, units } from './units.js';
import type { Event, Handle, Wish } from './wishes.js';

/** A number from 0 up to so many, less one. */
export type Dice = (sides: number) => number;

/** Mulberry32: small, and the same run again from the same seed. */
export function diceOf(seed: number): Dice {
  let state = seed;
  return sides => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  };
}

/** What somebody knows of a transaction that was acknowledged. */
interface Known {
  handle: Handle;
  user: number;
  wish: Wish;
  done: Done;
  /** Where it takes two steps: whether the second was acknowledged, and how much of it that came to. */
  settled?: Units;
  ended?: boolean;
  reversed?: boolean;
}

/** Under which of these a wish ended, all attempts taken together. */
type Verdict = 'acknowledged' | 'refused' | 'nothing';

/** People who all do something at the same time, and what each of them was told. */
export class Crowd {
  readonly known: Known[] = [];
  /** By user and key. */
  readonly verdicts = new Map<string, Verdict>();
  readonly refusals = new Map<string, number>();
  /** Whatever reached somebody that was no answer of the business. */
  readonly unexpected: unknown[] = [];
  private keys = 0;

  constructor(private readonly stage: Stage) {}

  get users(): number {
    return this.stage.people.size;
  }

  /** What somebody asks for, by the dice and what they know; one of these kinds. */
  wish(user: number, dice: Dice, kinds: readonly Wish['what'][]): Wish {
    const what = kinds[dice(kinds.length)]!;
    this.keys += 1;
    const base = { user, key: `key-${this.keys}` };
    const asset = dice(4) === 0 ? 'EURS' : 'USD';
    const amount = textOf(someOf(asset, dice));
    switch (what) {
      case 'open-deposit':
        return { ...base, what, asset, amount, reference: base.key };
      case 'settle-deposit':
        return this.closing(base, what, dice, 'open-deposit');
      case 'fail-deposit':
        return this.closing(base, what, dice, 'open-deposit');
      case 'request-withdrawal':
        return { ...base, what, asset, amount };
      case 'settle-withdrawal':
      case 'fail-withdrawal':
      case 'cancel-withdrawal':
        return this.closing(base, what, dice, 'request-withdrawal');
      case 'transfer':
        return { ...base, what, to: (user + 1 + dice(this.users - 1)) % this.users, asset, amount };
      case 'adjust':
        return { ...base, what, direction: dice(2) ? 'credit' : 'debit', asset, amount };
      case 'charge':
        return { ...base, what, asset, amount: textOf(smallest(2) * BigInt(1 + dice(50))) };
      case 'reverse': {
        const own = this.known.filter(each => each.user === user && !each.reversed && each.wish.what !== 'reverse');
        const chosen = own[Math.max(own.length - 1 - dice(12), 0)];
        const by = chosen && 'portfolio' in chosen.wish ? 'portfolio' : 'ledger';
        return { ...base, what, transaction: chosen?.handle ?? -1, by };
      }
      default:
        return this.trade(what, base, dice);
    }
  }

  /** Asks for it, as often at the same moment as told, and keeps what the answers were. */
  async ask(wish: Wish, times = 1): Promise<void> {
    const answers = await Promise.all(Array.from({ length: times }, () => this.answerTo(wish)));
    const done = answers.filter((answer): answer is Done => typeof answer === 'object');
    const [first] = done;
    const verdict = first ? 'acknowledged' : answers.includes('nothing') ? 'nothing' : 'refused';
    this.verdicts.set(`${this.stage.userOf(wish.user)} ${wish.key}`, verdict);
    if (!first) return;
    if (new Set(done.map(({ id }) => id)).size > 1) this.unexpected.push(new Error(`${wish.key} has two answers`));
    if (done.filter(({ replayed }) => !replayed).length > 1)
      this.unexpected.push(new Error(`${wish.key} took effect twice`));
    this.learn(wish, done.find(({ replayed }) => !replayed) ?? first);
  }

  /** What the market does meanwhile. */
  event(dice: Dice): Event {
    const asset = ASSETS[dice(ASSETS.length)]!;
    if (dice(6) === 0) {
      const names = Object.keys(COMPOSITIONS);
      return {
        ...{ event: 'recompose', basket: BASKETS[dice(BASKETS.length)]!.slug },
        composition: names[dice(names.length)]!,
      };
    }
    const moved = (priceOf(asset.price) * BigInt(500 + dice(1_500))) / 1_000n;
    return { event: 'price', prices: { [asset.code]: priceText(moved) } };
  }

  /** What came in less what went out and was paid in fees and for units, by the answers alone: hundred-millionths of each currency. */
  cashByAnswers(feesById: ReadonlyMap<string, Units>): Record<string, Units> {
    const cash: Record<string, Units> = { USD: 0n, EURS: 0n };
    for (const { wish, done, settled, reversed } of this.known) {
      if (reversed) continue;
      const fees = feesById.get(done.id) ?? 0n;
      if (wish.what === 'open-deposit' && settled !== undefined) cash[wish.asset]! += settled - fees;
      if (wish.what === 'request-withdrawal' && settled !== undefined) cash[wish.asset]! -= settled + fees;
      if (wish.what === 'adjust') cash[wish.asset]! += (wish.direction === 'credit' ? 1n : -1n) * units(wish.amount);
      if (wish.what === 'charge') cash[wish.asset]! -= units(wish.amount);
      if ('portfolio' in wish) {
        const currency = wish.portfolio.startsWith('main') ? 'USD' : 'EURS';
        // A sale brings its gain and what the units had cost; a purchase has no gain, and a cost above 0.
        const traded = done.movements.reduce((sum, { cost, gain }) => sum + units(gain) - units(cost), 0n);
        cash[currency]! += traded - fees;
      }
    }
    return cash;
  }

  /** What the answers say of each holding, by its id: those of reversals too. */
  quantitiesByAnswers(): Map<string, Units> {
    const quantities = new Map<string, Units>();
    for (const { holdingId, quantity } of this.known.flatMap(({ done }) => done.movements))
      quantities.set(holdingId, (quantities.get(holdingId) ?? 0n) + units(quantity));
    return quantities;
  }

  private closing(
    base: { user: number; key: string },
    what: 'settle-deposit' | 'fail-deposit' | 'settle-withdrawal' | 'fail-withdrawal' | 'cancel-withdrawal',
    dice: Dice,
    opened: Wish['what'],
  ): Wish {
    // Also what has ended already, by somebody else a moment ago.
    const open = this.known.filter(
      ({ user, wish, ended }) => user === base.user && wish.what === opened && (!ended || dice(10) === 0),
    );
    const transaction = open[dice(open.length || 1)]?.handle ?? -1;
    return { ...base, what, transaction };
  }

  private trade(what: Wish['what'], base: { user: number; key: string }, dice: Dice): Wish {
    const second = dice(4) === 0;
    const place = { ...base, portfolio: portfolioOf(base.user, second ? 1 : 0) };
    const money = someOf(second ? 'EURS' : 'USD', dice);
    const amount = textOf(money);
    const { code: asset, price, decimals = 8 } = ASSETS[dice(ASSETS.length)]!;
    const basket = BASKETS[dice(BASKETS.length)]!.slug;
    const isAll = dice(4) === 0;
    switch (what) {
      case 'buy':
        return { ...place, what, asset, amount };
      case 'sell': {
        const part = quantityDown(money, priceOf(price), Math.min(decimals, 8));
        return { ...place, what, asset, quantity: isAll || part === 0n ? 'all' : textOf(part) };
      }
      case 'invest':
        return { ...place, what, basket, amount };
      case 'redeem':
        return { ...place, what, basket, amount: isAll ? 'all' : amount };
      default:
        return { ...place, what: 'rebalance', basket };
    }
  }

  private async answerTo(wish: Wish): Promise<Done | 'nothing' | 'refused'> {
    try {
      return await this.stage.fulfil(wish, work => transact(work, { deadlineMs: 60_000, onUnknownOutcome: 'rerun' }));
    } catch (error) {
      const isAnswer =
        error instanceof NesteggError && !(error instanceof DatabaseError || error instanceof ConcurrentChangeError);
      if (!isAnswer) this.unexpected.push(error);
      else this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1);
      return 'refused';
    }
  }

  private learn(wish: Wish, done: Done): void {
    if ('transaction' in wish && wish.what !== 'reverse') {
      const opened = this.known[wish.transaction]!;
      opened.ended = true;
      if (wish.what.startsWith('settle')) opened.settled = units((opened.wish as { amount: string }).amount);
      return;
    }
    const handle = this.known.length;
    this.known.push({ handle, user: wish.user, wish, done });
    this.stage.ids[handle] = done.id;
    if (wish.what === 'reverse') this.known[wish.transaction]!.reversed = true;
  }
}

/** Between one and sixty, with all the decimals that there are. */
const someOf = (asset: string, dice: Dice): Units =>
  asset === 'EURS' ? BigInt(100 + dice(5_900)) * smallest(2) : BigInt(100_000_000 + dice(2 ** 31)) * 2n + 1n;
