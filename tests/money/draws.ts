import fc from 'fast-check';
import { ASSETS, BASKETS, COMPOSITIONS, WORTHLESS } from './market.js';
import type { Model, ModelTransaction } from './model.js';
import { LARGEST, priceOf, priceText, smallest, sum, textOf, type Units, units, worthDown } from './units.js';
import type { Event, Wish } from './wishes.js';

/** What chance has a say in. What that means depends on what is there when its turn comes. */
export interface Draw {
  /** Which kind of thing happens; 0 is the most harmless one. */
  kind: number;
  user: number;
  /** One of what there is to choose from. */
  pick: number;
  other: number;
  /** How much, in thousandths of what there is. */
  size: number;
  /** 0 to 74 for something sensible, above for one nonsense or another. */
  odd: number;
}

/** How often each kind is drawn, of all. */
const KINDS = {
  wait: 2,
  price: 9,
  halt: 1,
  crash: 1,
  pause: 1,
  recompose: 3,
  suspend: 1,
  verify: 1,
  expire: 2,
  'open-deposit': 5,
  'settle-deposit': 6,
  'fail-deposit': 2,
  'request-withdrawal': 6,
  'settle-withdrawal': 5,
  'fail-withdrawal': 2,
  'cancel-withdrawal': 2,
  transfer: 6,
  adjust: 3,
  charge: 2,
  reverse: 9,
  buy: 9,
  sell: 8,
  invest: 12,
  redeem: 7,
  rebalance: 11,
} as const;
type Kind = keyof typeof KINDS;

const ALL_KINDS = Object.entries(KINDS).flatMap(([kind, often]) => Array<Kind>(often).fill(kind as Kind));

export const USERS = 3;

export const draw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.nat(ALL_KINDS.length - 1),
  user: fc.nat(USERS - 1),
  pick: fc.nat(997),
  other: fc.nat(997),
  size: fc.nat(999),
  odd: fc.nat(99),
});

/** What is nonsense about a wish, if anything. */
const nonsenseOf = (odd: number) =>
  odd < 75
    ? 'none'
    : odd < 79
      ? 'of somebody else'
      : odd < 82
        ? 'unknown'
        : odd < 86
          ? 'too much'
          : odd < 89
            ? 'no amount'
            : odd < 92
              ? 'too precise'
              : odd < 96
                ? 'another key'
                : odd < 98
                  ? 'the smallest'
                  : 'the largest';

const NO_AMOUNTS = ['0', '-1', '1e3', '0.000000001', '10000000000', 'NaN', '1,5', ' 1', '-0', 'Infinity', ''];

const PLACES = ['main', 'second'] as const;
export const portfolioOf = (user: number, which: number): string => `${PLACES[which % 2]} of ${user}`;

/** What chance has drawn, as things stand in the model. */
export function meaningOf(drawn: Draw, model: Model, key: string): Wish | Event {
  return new Reading(drawn, model, key).meaning;
}

class Reading {
  private readonly nonsense: ReturnType<typeof nonsenseOf>;

  constructor(
    private readonly draw: Draw,
    private readonly model: Model,
    private readonly newKey: string,
  ) {
    this.nonsense = nonsenseOf(draw.odd);
  }

  get meaning(): Wish | Event {
    const kind = ALL_KINDS[this.draw.kind]!;
    const { user, pick, size, other } = this.draw;
    const { model } = this;
    const listed = ASSETS[pick % ASSETS.length]!;
    switch (kind) {
      case 'wait':
        // Up to a day and a half: prices become stale, and some of what is pending expires.
        return { event: 'wait', seconds: size * 130 };
      case 'price':
        return { event: 'price', prices: this.newPrices() };
      case 'halt':
        if (this.hasCrashed(listed.code)) return { event: 'wait', seconds: 1 };
        return { event: model.assets.get(listed.code)!.halted ? 'resume' : 'halt', asset: listed.code };
      case 'crash':
        // Nobody buys what costs nothing: it is halted until it has recovered.
        return this.hasCrashed(listed.code)
          ? { event: 'recover', asset: listed.code, price: listed.price }
          : { event: 'crash', asset: listed.code, price: WORTHLESS, halts: !model.assets.get(listed.code)!.halted };
      case 'pause': {
        const { slug } = BASKETS[pick % BASKETS.length]!;
        return { event: model.baskets.get(slug)!.paused ? 'activate' : 'pause', basket: slug };
      }
      case 'recompose': {
        const names = Object.keys(COMPOSITIONS);
        const { slug } = BASKETS[pick % BASKETS.length]!;
        return { event: 'recompose', basket: slug, composition: names[other % names.length]! };
      }
      case 'suspend':
        return { event: model.users[user]!.suspended ? 'reinstate' : 'suspend', user };
      case 'verify':
        // Nobody is verified twice; a moment passes instead.
        return model.users[user]!.verified ? { event: 'wait', seconds: 1 } : { event: 'verify', user };
      case 'expire':
        return { event: 'expire' };
      default:
        return this.remedy(kind) ?? this.wish(kind);
    }
  }

  /** What stands in the way goes away as often as it is met: a refusal is only as good as what it interrupts. */
  private remedy(kind: Wish['what']): Event | undefined {
    const { model, draw } = this;
    const { user, pick } = draw;
    if (pick % 3 === 0) return undefined;
    if (model.users[user]!.suspended) return { event: 'reinstate', user };
    if (kind !== 'buy' && kind !== 'invest' && kind !== 'rebalance') return undefined;
    const paused = BASKETS.find(({ slug }) => model.baskets.get(slug)!.paused);
    if (paused) return { event: 'activate', basket: paused.slug };
    const halted = ASSETS.find(({ code }) => model.assets.get(code)!.halted);
    if (!halted || pick % 2 === 0) return undefined;
    return this.hasCrashed(halted.code)
      ? { event: 'recover', asset: halted.code, price: halted.price }
      : { event: 'resume', asset: halted.code };
  }

  private wish(drawn: Wish['what']): Wish {
    const { user, pick, other } = this.draw;
    const { model } = this;
    const what = this.nonsense === 'none' ? this.possible(drawn) : drawn;
    const base = { user, key: this.key };
    const money = this.money;
    switch (what) {
      case 'open-deposit': {
        const references = this.model.transactions.filter(each => each.user === user && each.reference);
        const taken = references[pick % (references.length || 1)]?.reference;
        const reference = this.nonsense === 'another key' && taken ? taken : `R-${this.newKey}`;
        return { ...base, what, asset: money, amount: this.amount(this.fresh()), reference };
      }
      case 'settle-deposit': {
        const transaction = this.pick(each => each.type === 'deposit' && each.status === 'pending');
        const announced = model.transactions[transaction];
        const amount = other % 2 === 0 || !announced ? {} : { amount: this.amount(this.fresh(), announced.asset) };
        return { ...base, what, transaction, ...amount };
      }
      case 'fail-deposit':
        return { ...base, what, transaction: this.pick(each => each.type === 'deposit' && each.status === 'pending') };
      case 'request-withdrawal':
        return { ...base, what, asset: money, amount: this.amount(this.part(this.cash(money))) };
      case 'settle-withdrawal': {
        const transaction = this.pick(each => each.type === 'withdrawal' && each.status === 'pending');
        const asked = model.transactions[transaction];
        const amount = other % 2 === 0 || !asked ? {} : { amount: this.amount(this.part(asked.amount), asked.asset) };
        return { ...base, what, transaction, ...amount };
      }
      case 'fail-withdrawal':
      case 'cancel-withdrawal':
        return {
          ...base,
          what,
          transaction: this.pick(each => each.type === 'withdrawal' && each.status === 'pending'),
        };
      case 'transfer': {
        const to = this.nonsense === 'of somebody else' ? user : (user + 1 + (pick % (USERS - 1))) % USERS;
        return {
          ...{ ...base, what, to: this.nonsense === 'unknown' ? USERS : to },
          ...{ asset: money, amount: this.amount(this.part(this.cash(money))) },
        };
      }
      case 'adjust': {
        const direction = other % 2 ? 'credit' : 'debit';
        const amount = this.amount(direction === 'credit' ? this.fresh() : this.part(this.cash(money)));
        return { ...base, user: this.somebody, what, direction, asset: money, amount };
      }
      case 'charge':
        return {
          ...base,
          user: this.somebody,
          what,
          asset: money,
          amount: this.amount(this.part(this.cash(money) / 10n)),
        };
      case 'reverse':
        return this.reversal(base);
      default:
        return this.trade(what, base);
    }
  }

  /** Something has to be announced before it can arrive, and bought before it can be sold. */
  private possible(what: Wish['what']): Wish['what'] {
    const isPending = (type: string) =>
      this.model.transactions.some(
        each => each.user === this.draw.user && each.type === type && each.status === 'pending',
      );
    if (what === 'settle-deposit' && !isPending('deposit')) return 'open-deposit';
    if (what === 'settle-withdrawal' && !isPending('withdrawal')) return 'request-withdrawal';
    const isHeld = this.model.holdings.some(({ user, cost }) => user === this.draw.user && cost > 0n);
    if (what === 'sell' && !isHeld) return 'buy';
    if ((what === 'redeem' || what === 'rebalance') && !isHeld) return 'invest';
    return what;
  }

  private reversal(base: { user: number; key: string }): Wish {
    const isTrade = ({ portfolio }: ModelTransaction) => portfolio !== undefined;
    const wanted = this.draw.other % 3 > 0;
    const transaction = this.pick(
      each => isTrade(each) === wanted && each.status === 'posted' && each.type !== 'reversal',
      true,
    );
    // Now and then at the wrong place, or what cannot be reversed at all.
    const isElsewhere = this.draw.size % 8 === 0;
    return { ...base, what: 'reverse', transaction, by: wanted === isElsewhere ? 'ledger' : 'portfolio' };
  }

  private trade(what: Wish['what'], base: { user: number; key: string }): Wish {
    const { user, other, size } = this.draw;
    const { model } = this;
    const owner = this.nonsense === 'of somebody else' ? (user + 1) % USERS : user;
    const [portfolio, known] = this.position(owner, what);
    const { currency } = model.portfolios.get(portfolio)!;
    const place = { ...base, portfolio: this.nonsense === 'unknown' && size % 2 ? 'of nobody' : portfolio };
    const isUnknown = this.nonsense === 'unknown' && size % 2 === 0;
    const cash = this.part(model.balance(user, 'cash', currency) / 2n);
    const basket = isUnknown ? 'none' : known;
    switch (what) {
      case 'buy': {
        const codes = [...ASSETS.map(({ code }) => code), ...(this.nonsense === 'too precise' ? ['EURS'] : [])];
        const asset = isUnknown ? 'NONE' : codes[other % codes.length]!;
        return { ...place, what, asset, amount: this.amount(cash, currency) };
      }
      case 'sell': {
        const held = model.held(portfolio);
        const chosen = held[other % (held.length || 1)];
        const asset = isUnknown ? 'NONE' : (chosen?.asset.code ?? ASSETS[other % ASSETS.length]!.code);
        const quantity = size % 4 === 0 ? 'all' : this.amount(this.part(chosen?.quantity ?? 0n), asset);
        return { ...place, what, asset, quantity };
      }
      case 'invest':
        return { ...place, what, basket, amount: this.amount(cash, currency) };
      case 'redeem': {
        const { scale } = model.assets.get(currency)!;
        const value = sum(
          model.held(portfolio, basket).map(each => worthDown(each.quantity, model.priceOf(each.asset.code), scale)),
        );
        return { ...place, what, basket, amount: size % 4 === 0 ? 'all' : this.amount(this.part(value), currency) };
      }
      default:
        return { ...place, what: 'rebalance', basket };
    }
  }

  /** Whoever sells or rebalances has something there, as a rule. */
  private position(owner: number, what: Wish['what']): [portfolio: string, basket: string] {
    const { pick, other, size } = this.draw;
    const anywhere = [0, 1].flatMap(which =>
      BASKETS.map(({ slug }): [string, string] => [portfolioOf(owner, which), slug]),
    );
    const isHeld = ([portfolio, basket]: [string, string]) =>
      this.model.held(portfolio, what === 'sell' ? undefined : basket).some(({ quantity }) => quantity > 0n);
    const isSale = what === 'sell' || what === 'redeem' || what === 'rebalance';
    const held = isSale && size % 10 > 0 ? anywhere.filter(isHeld) : [];
    return held[other % (held.length || 1)] ?? anywhere[(pick % 2) * 2 + (other % 2)]!;
  }

  private get key(): string {
    if (this.nonsense !== 'another key') return this.newKey;
    const keys = this.model.transactions
      .filter(({ user }) => user === this.draw.user)
      .flatMap(({ key, closingKey }) => [key, closingKey].filter(each => each !== undefined));
    return keys[this.draw.pick % (keys.length || 1)] ?? this.newKey;
  }

  /** Whom an operator books something for. */
  private get somebody(): number {
    return this.nonsense === 'unknown' ? USERS : this.draw.user;
  }

  private get money(): string {
    if (this.nonsense === 'unknown' && this.draw.size % 2) return 'NONE';
    return this.draw.other % 4 === 3 ? 'EURS' : 'USD';
  }

  private cash(asset: string): Units {
    return this.model.balance(this.draw.user, 'cash', asset);
  }

  /** One of the user's own transactions, if there is one; of any status where chance will have it. */
  private pick(isFit: (transaction: ModelTransaction) => boolean, isNewestLikely = false): number {
    const { pick, user, size } = this.draw;
    const all = this.model.transactions;
    if (this.nonsense === 'unknown') return all.length + 1_000;
    const theirs = (each: ModelTransaction) => (each.user === user) !== (this.nonsense === 'of somebody else');
    const fit = all.filter(each => theirs(each) && (isFit(each) || size % 12 === 0));
    if (fit.length === 0) return all.length + 1_000;
    // Most trades can be taken back only while they are the newest of their holdings.
    return fit[isNewestLikely && pick % 3 ? Math.max(fit.length - 1 - (pick % 4), 0) : pick % fit.length]!.handle;
  }

  /** Money that comes from outside. */
  private fresh(): Units {
    return BigInt(this.draw.size + 1) * 123_456_789n + BigInt(this.draw.pick);
  }

  private part(whole: Units): Units {
    return (whole * BigInt(this.draw.size + 1)) / 1_000n;
  }

  /** As it is sent: what is meant, rounded to what the asset has, or something that nobody could mean. */
  private amount(meant: Units, code = this.money): string {
    const step = smallest(this.model.assets.get(code)?.scale ?? 8);
    const most = this.model.balance(this.draw.user, 'cash', code);
    switch (this.nonsense) {
      case 'no amount':
        return NO_AMOUNTS[this.draw.pick % NO_AMOUNTS.length]!;
      case 'too much':
        return textOf(((most + meant) / step + 1n) * step);
      case 'too precise':
        return textOf(meant + 1n);
      case 'the smallest':
        return textOf(step);
      case 'the largest':
        // Not what comes from outside: two of these do not fit into one account.
        return textOf(meant === this.fresh() ? meant : LARGEST);
      default:
        return textOf(meant / step > 0n ? (meant / step) * step : step);
    }
  }

  private hasCrashed(code: string): boolean {
    return this.model.priceOf(code) === priceOf(WORTHLESS);
  }

  /** Of one asset, or of all; between a quarter and four times what they were at first. What has crashed stays there. */
  private newPrices(): Record<string, string> {
    const { pick, other, size } = this.draw;
    const chosen = size % 3 === 0 ? [ASSETS[pick % ASSETS.length]!] : ASSETS;
    return Object.fromEntries(
      chosen.map(({ code, price }, index) => {
        const factor = BigInt(250 + ((pick * 37 + other * 101 * (index + 1)) % 3_750));
        const moved = (priceOf(price) * factor) / 1_000n;
        return [code, this.hasCrashed(code) ? WORTHLESS : priceText(moved > 0n ? moved : 1n)];
      }),
    );
  }
}

/** For stories that begin with some money. */
export const SOME_MONEY = textOf(units('731.23456789'));
