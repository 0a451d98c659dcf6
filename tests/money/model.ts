import {
  ASSETS,
  BASKETS,
  COMPOSITIONS,
  type CompositionName,
  CURRENCIES,
  feeTermsOf,
  PENDING_DAYS,
  TERMS,
} from './market.js';
import {
  costTaken,
  type Fee,
  type FeeTerms,
  feesOn,
  type Held,
  type ModelAsset,
  need,
  type Plan,
  planBuy,
  planInvest,
  planRebalance,
  planRedeem,
  planSell,
  Refusal,
  totalOf,
  type Weighting,
} from './rules.js';
import { fits, LARGEST, percent, percentText, priceOf, sum, textOf, type Units, units } from './units.js';
import { type Event, type Handle, requestOf, type Wish } from './wishes.js';

interface Move {
  user: number;
  from: string;
  to: string;
  asset: string;
  amount: Units;
}

/** What a trade did to a holding. */
interface Movement {
  holding: ModelHolding;
  quantity: Units;
  cost: Units;
  gain: Units;
}

interface ModelHolding {
  user: number;
  portfolio: string;
  basket?: string;
  asset: ModelAsset;
  cost: Units;
  gain: Units;
}

export interface ModelTransaction {
  handle: Handle;
  user: number;
  type: string;
  status: string;
  asset: string;
  amount: Units;
  moves: Move[];
  movements: Movement[];
  fees: Fee[];
  key?: string;
  request?: string;
  closingKey?: string;
  closingRequest?: string;
  expiresAt?: number;
  reference?: string;
  portfolio?: string;
  reverses?: Handle;
  /** The other half of a transfer. */
  other?: Handle;
}

interface ModelBasket {
  slug: string;
  paused: boolean;
  minimum: Units;
  feeRate: bigint;
  composition: readonly Weighting[];
}

interface ModelUser {
  suspended: boolean;
  verified: boolean;
}

export type Outcome =
  | { refused: string }
  | { transaction: Handle; replayed: boolean }
  /** A rebalance that had nothing to do. */
  | 'nothing';

const CASH = 'cash';
const RESERVED = 'reserved';
const EXTERNAL = 'external';
const MARKET = 'market';
const FEES = 'fees';

/** Accounts that never hold less than nothing. */
const isOwn = (place: string): boolean => place === CASH || place === RESERVED || place.startsWith('holding');
const holdingPlace = (portfolio: string, basket?: string): string => ['holding', portfolio, basket ?? '-'].join(' ');

const REVERSIBLE_BY = {
  ledger: ['deposit', 'withdrawal', 'fee', 'adjustment', 'transfer'],
  portfolio: ['buy', 'sell', 'basket_investment', 'basket_redemption', 'rebalance'],
} as const;

const DAY_MS = 86_400_000;
const FREE: FeeTerms[] = [];

/** The books as they should be: every operation once more, in plain numbers, for a few users. */
export class Model {
  readonly assets = new Map<string, ModelAsset>();
  readonly baskets = new Map<string, ModelBasket>();
  readonly users: ModelUser[];
  readonly transactions: ModelTransaction[] = [];
  readonly balances = new Map<string, Units>();
  readonly holdings: ModelHolding[] = [];
  private readonly prices = new Map<string, { price: bigint; at: number }>();

  /** @param portfolios by name: whose, and in which currency. */
  constructor(
    public now: number,
    readonly portfolios: ReadonlyMap<string, { user: number; currency: string }>,
    users: number,
  ) {
    for (const { code, scale } of CURRENCIES) this.assets.set(code, { code, scale, maxAgeSeconds: 0, halted: false });
    for (const { code, decimals = 8, maxAgeSeconds, price } of ASSETS) {
      this.assets.set(code, { code, scale: Math.min(decimals, 8), maxAgeSeconds, halted: false });
      this.prices.set(code, { price: priceOf(price), at: now });
    }
    for (const { slug, composition, minimumInvestment, feeRate } of BASKETS)
      this.baskets.set(slug, {
        ...{ slug, paused: false, minimum: units(minimumInvestment), feeRate: percent(feeRate) },
        composition: this.compositionOf(composition),
      });
    this.users = Array.from({ length: users }, () => ({ suspended: false, verified: false }));
  }

  /** What a wish comes to. A refused one changes nothing. */
  apply(wish: Wish): Outcome {
    try {
      return this.fulfil(wish);
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.code };
      throw error;
    }
  }

  happen(event: Event): void {
    switch (event.event) {
      case 'wait':
        this.now += event.seconds * 1000;
        return;
      case 'expire':
        for (const transaction of this.transactions)
          if (transaction.status === 'pending' && transaction.expiresAt! <= this.now) this.end(transaction, 'expired');
        return;
      case 'price':
        for (const [code, price] of Object.entries(event.prices))
          this.prices.set(code, { price: priceOf(price), at: this.now });
        return;
      case 'halt':
      case 'resume':
        this.assets.get(event.asset)!.halted = event.event === 'halt';
        return;
      case 'crash':
      case 'recover':
        this.assets.get(event.asset)!.halted = event.event === 'crash';
        this.prices.set(event.asset, { price: priceOf(event.price), at: this.now });
        return;
      case 'pause':
      case 'activate':
        this.baskets.get(event.basket)!.paused = event.event === 'pause';
        return;
      case 'recompose':
        this.baskets.get(event.basket)!.composition = this.compositionOf(event.composition as CompositionName);
        return;
      case 'suspend':
      case 'reinstate':
        this.users[event.user]!.suspended = event.event === 'suspend';
        return;
      case 'verify':
        this.users[event.user]!.verified = true;
    }
  }

  balance(user: number, place: string, asset: string): Units {
    return this.balances.get(`${user} ${place} ${asset}`) ?? 0n;
  }

  /** Of a basket, or of what was bought directly; in the order they were first bought. */
  held(portfolio: string, basket?: string): { holding: ModelHolding; asset: ModelAsset; quantity: Units }[] {
    return this.holdings
      .filter(each => each.portfolio === portfolio && each.basket === basket)
      .map(holding => ({ holding, asset: holding.asset, quantity: this.quantityOf(holding) }));
  }

  priceOf(asset: string): bigint {
    return this.prices.get(asset)!.price;
  }

  /** Everything that the database should show of it. */
  books() {
    return {
      balances: sorted([...this.balances].map(([account, balance]) => [account, textOf(balance)])),
      holdings: sorted(
        this.holdings.map(({ user, portfolio, basket, asset, cost, gain }) => [
          [user, holdingPlace(portfolio, basket), asset.code].join(' '),
          `cost ${textOf(cost)} gain ${textOf(gain)}`,
        ]),
      ),
      transactions: sorted(
        this.transactions.map(each => [
          this.nameOf(each),
          [each.user, each.type, each.status, textOf(each.amount), each.asset].join(' '),
        ]),
      ),
      fees: sorted(
        this.transactions
          .filter(({ fees }) => fees.length > 0)
          .map(each => [
            this.nameOf(each),
            each.fees
              .map(({ kind, amount, rate }) =>
                [kind, textOf(amount), rate === undefined ? 'fixed' : percentText(rate)].join(' '),
              )
              .join(', '),
          ]),
      ),
    };
  }

  private nameOf({ handle, reverses }: ModelTransaction): string {
    return reverses === undefined ? `#${handle}` : `reversal of #${reverses}`;
  }

  private fulfil(wish: Wish): Outcome {
    switch (wish.what) {
      case 'open-deposit':
        return this.openDeposit(wish);
      case 'settle-deposit':
        return this.settleDeposit(wish);
      case 'fail-deposit':
        return this.close(wish, 'deposit', transaction => this.end(transaction, 'failed'));
      case 'request-withdrawal':
        return this.requestWithdrawal(wish);
      case 'settle-withdrawal':
        return this.settleWithdrawal(wish);
      case 'fail-withdrawal':
        return this.close(wish, 'withdrawal', transaction => this.end(transaction, 'failed'));
      case 'cancel-withdrawal':
        return this.close(wish, 'withdrawal', transaction => this.end(transaction, 'voided'));
      case 'transfer':
        return this.transfer(wish);
      case 'adjust':
      case 'charge':
        return this.bookByHand(wish);
      case 'reverse':
        return this.reverse(wish);
      default:
        return this.trade(wish);
    }
  }

  // Cash.

  private openDeposit(wish: Wish & { what: 'open-deposit' }): Outcome {
    const amount = amountIn(wish.amount);
    return this.open(wish, () => {
      const asset = this.asset(wish.asset);
      need(fits(amount, asset.scale), 'decimal.too-precise');
      return {
        ...{ type: 'deposit', status: 'pending', asset: asset.code, amount, moves: [] },
        ...{ expiresAt: this.now + PENDING_DAYS * DAY_MS, reference: wish.reference },
      };
    });
  }

  private settleDeposit(wish: Wish & { what: 'settle-deposit' }): Outcome {
    const named = wish.amount === undefined ? undefined : amountIn(wish.amount);
    return this.close(wish, 'deposit', transaction => {
      const asset = this.asset(transaction.asset);
      const amount = named ?? transaction.amount;
      need(fits(amount, asset.scale), 'decimal.too-precise');
      let left = amount;
      const fees: Fee[] = [];
      for (const fee of feesOn(wish.free ? FREE : feeTermsOf(TERMS.deposit), asset, amount)) {
        const taken = fee.amount < left ? fee.amount : left;
        left -= taken;
        if (taken > 0n) fees.push({ ...fee, amount: taken });
      }
      this.move(transaction, [
        this.leg(transaction, EXTERNAL, CASH, amount),
        ...fees.map(fee => this.leg(transaction, CASH, FEES, fee.amount)),
      ]);
      Object.assign(transaction, { status: 'posted', amount, fees });
    });
  }

  private requestWithdrawal(wish: Wish & { what: 'request-withdrawal' }): Outcome {
    const amount = amountIn(wish.amount);
    return this.open(wish, () => {
      this.requireMaySend(wish.user);
      const asset = this.asset(wish.asset);
      need(fits(amount, asset.scale), 'decimal.too-precise');
      const fees = feesOn(wish.free ? FREE : feeTermsOf(TERMS.withdrawal), asset, amount);
      const hold = (part: Units): Move => ({
        ...{ user: wish.user, from: CASH, to: RESERVED },
        asset: asset.code,
        amount: part,
      });
      return {
        ...{ type: 'withdrawal', status: 'pending', asset: asset.code, amount },
        moves: [amount, ...fees.map(fee => fee.amount)].map(hold),
        expiresAt: this.now + PENDING_DAYS * DAY_MS,
      };
    });
  }

  private settleWithdrawal(wish: Wish & { what: 'settle-withdrawal' }): Outcome {
    const named = wish.amount === undefined ? undefined : amountIn(wish.amount);
    return this.close(wish, 'withdrawal', transaction => {
      const asset = this.asset(transaction.asset);
      const paid = named ?? transaction.amount;
      need(fits(paid, asset.scale), 'decimal.too-precise');
      need(paid <= transaction.amount, 'withdrawal.more-than-requested');
      const fees = feesOn(wish.free ? FREE : feeTermsOf(TERMS.withdrawal), asset, transaction.amount);
      const held = sum(transaction.moves.map(({ amount }) => amount));
      need(held - transaction.amount === totalOf(fees), 'withdrawal.fees-differ');
      const rest = transaction.amount - paid;
      this.move(transaction, [
        this.leg(transaction, RESERVED, EXTERNAL, paid),
        ...fees.map(fee => this.leg(transaction, RESERVED, FEES, fee.amount)),
        ...(rest > 0n ? [this.leg(transaction, RESERVED, CASH, rest)] : []),
      ]);
      Object.assign(transaction, { status: 'posted', amount: paid, fees });
    });
  }

  private transfer(wish: Wish & { what: 'transfer' }): Outcome {
    const amount = amountIn(wish.amount);
    need(wish.user !== wish.to, 'input.invalid');
    const replay = this.replayOf(wish);
    if (replay) return replay;
    this.requireMaySend(wish.user);
    need(this.users[wish.to], 'recipient.not-found');
    need(!this.users[wish.to]!.suspended, 'recipient.not-active');
    const asset = this.asset(wish.asset);
    need(fits(amount, asset.scale), 'decimal.too-precise');
    this.requireUnusedForClosing(wish);
    const half = { type: 'transfer', status: 'posted', asset: asset.code, amount };
    const away = { user: wish.user, from: CASH, to: EXTERNAL, asset: asset.code, amount };
    const here = { user: wish.to, from: EXTERNAL, to: CASH, asset: asset.code, amount };
    this.shift([away, here]);
    const sent = this.record({ ...half, user: wish.user, moves: [away], key: wish.key, request: requestOf(wish) });
    const received = this.record({ ...half, user: wish.to, moves: [here], other: sent.handle });
    sent.other = received.handle;
    return { transaction: sent.handle, replayed: false };
  }

  private bookByHand(wish: Wish & { what: 'adjust' | 'charge' }): Outcome {
    const amount = amountIn(wish.amount);
    return this.open(wish, () => {
      need(this.users[wish.user], 'user.not-found');
      const asset = this.asset(wish.asset);
      need(fits(amount, asset.scale), 'decimal.too-precise');
      const between = (from: string, to: string): Move[] => [{ user: wish.user, from, to, asset: asset.code, amount }];
      const booked = { status: 'posted', asset: asset.code, amount };
      if (wish.what === 'charge')
        return { ...booked, type: 'fee', moves: between(CASH, FEES), fees: [{ kind: 'platform', amount }] };
      const moves = wish.direction === 'credit' ? between(EXTERNAL, CASH) : between(CASH, EXTERNAL);
      return { ...booked, type: 'adjustment', moves };
    });
  }

  // Taking back.

  private reverse(wish: Wish & { what: 'reverse' }): Outcome {
    // The ledger looks first whether it is a transfer, to know whose books to hold.
    if (wish.by === 'ledger') this.own(wish);
    const replay = this.replayOf(wish);
    if (replay) return replay;
    const transaction = this.own(wish);
    need(transaction.status === 'posted' && transaction.type !== 'reversal', 'transaction.not-reversible');
    need((REVERSIBLE_BY[wish.by] as readonly string[]).includes(transaction.type), 'transaction.not-reversible-here');
    if (wish.by === 'portfolio') need(!this.hasDependents(transaction), 'transaction.has-dependents');
    this.requireUnusedForClosing(wish);
    const both = [transaction, ...(transaction.other === undefined ? [] : [this.transactions[transaction.other]!])];
    const moves = both.map(each => opposite(each.moves));
    this.shift(moves.flat());
    const [first] = both.map((each, index) => {
      each.status = 'reversed';
      const movements = each.movements.map(back);
      movements.forEach(settle);
      return this.record({
        ...{ type: 'reversal', status: 'posted', user: each.user, asset: each.asset, amount: each.amount },
        ...{ moves: moves[index]!, movements, reverses: each.handle, portfolio: each.portfolio },
        ...(index === 0 && { key: wish.key, request: requestOf(wish) }),
      });
    });
    return { transaction: first!.handle, replayed: false };
  }

  /** Whether units were sold later, and not given back, from a holding that the trade has touched. */
  private hasDependents(trade: ModelTransaction): boolean {
    const touched = new Set(trade.movements.map(({ holding }) => holding));
    return this.transactions.some(
      ({ handle, status, type, movements }) =>
        handle > trade.handle &&
        status === 'posted' &&
        type !== 'reversal' &&
        movements.some(({ holding, quantity }) => quantity < 0n && touched.has(holding)),
    );
  }

  // Trades.

  private trade(wish: Wish & { portfolio: string }): Outcome {
    const given = amountsIn(wish);
    const portfolio = this.portfolios.get(wish.portfolio);
    need(portfolio?.user === wish.user, 'portfolio.not-found');
    const replay = this.replayOf(wish);
    if (replay) return replay;
    need(!this.users[wish.user]!.suspended, 'user.not-active');
    const currency = this.asset(portfolio.currency);
    const { type, asset, amount, plan, basket } = this.plan(wish, given, currency);
    const { sales, fees, purchases } = plan;
    if (sales.length + purchases.length === 0) return 'nothing';
    const place = holdingPlace(wish.portfolio, basket);
    const leg = (from: string, to: string, what: string, part: Units): Move => ({
      ...{ user: wish.user, from, to },
      ...{ asset: what, amount: part },
    });
    const moves = [
      ...sales.flatMap(sale => [
        leg(place, MARKET, sale.asset.code, sale.quantity),
        ...(sale.proceeds > 0n ? [leg(MARKET, CASH, currency.code, sale.proceeds)] : []),
      ]),
      ...fees.map(fee => leg(CASH, FEES, currency.code, fee.amount)),
      ...purchases.flatMap(each => [
        leg(CASH, MARKET, currency.code, each.cost),
        leg(MARKET, place, each.asset.code, each.quantity),
      ]),
    ];
    // What no account can hold is refused before anybody looks at what this one holds.
    need(
      moves.every(move => move.amount <= LARGEST),
      'decimal.out-of-range',
    );
    this.requireUnusedForClosing(wish);
    const before = this.held(wish.portfolio, basket);
    this.shift(moves);
    const sold = sales.map((sale): Movement => {
      const { holding, quantity } = before.find(each => each.asset === sale.asset)!;
      const cost = costTaken(holding.cost, sale.quantity, quantity);
      return { holding, quantity: -sale.quantity, cost: -cost, gain: sale.proceeds - cost };
    });
    const bought = purchases.map(({ asset: what, quantity, cost }): Movement => {
      const known = before.find(each => each.asset === what)?.holding;
      const holding = known ?? { user: wish.user, portfolio: wish.portfolio, basket, asset: what, cost: 0n, gain: 0n };
      if (!known) this.holdings.push(holding);
      return { holding, quantity, cost, gain: 0n };
    });
    const movements = [...sold, ...bought];
    movements.forEach(settle);
    const { handle } = this.record({
      ...{ type, status: 'posted', user: wish.user, asset, amount, moves, movements, fees },
      ...{ key: wish.key, request: requestOf(wish), portfolio: wish.portfolio },
    });
    return { transaction: handle, replayed: false };
  }

  private plan(
    wish: Wish & { portfolio: string },
    { amount, quantity }: Given,
    currency: ModelAsset,
  ): Pick<ModelTransaction, 'type' | 'asset' | 'amount'> & { plan: Plan; basket?: string } {
    const terms = 'free' in wish && wish.free ? FREE : feeTermsOf(TERMS.trade);
    switch (wish.what) {
      case 'buy': {
        const asset = this.asset(wish.asset);
        need(asset !== currency, 'trade.own-currency');
        need(!asset.halted, 'asset.not-buyable');
        need(fits(amount as Units, currency.scale), 'decimal.too-precise');
        const plan = planBuy(amount as Units, asset, this.fresh([asset]).get(asset)!, terms, currency);
        return { type: 'buy', asset: currency.code, amount: plan.purchases[0]!.cost + totalOf(plan.fees), plan };
      }
      case 'sell': {
        const asset = this.asset(wish.asset);
        const held = this.held(wish.portfolio).find(each => each.asset === asset);
        need(held, 'holding.nothing-held');
        const price = this.fresh([asset]).get(asset)!;
        if (quantity === 'all') need(held.quantity > 0n, 'holding.nothing-held');
        else {
          need(fits(quantity as Units, asset.scale), 'decimal.too-precise');
          need((quantity as Units) <= held.quantity, 'ledger.insufficient-funds');
        }
        const sold = quantity === 'all' ? held.quantity : (quantity as Units);
        const plan = planSell({ asset, price, quantity: held.quantity }, sold, terms, currency);
        return { type: 'sell', asset: asset.code, amount: sold, plan };
      }
      case 'invest': {
        need(fits(amount as Units, currency.scale), 'decimal.too-precise');
        const basket = this.basket(wish.basket);
        need(!basket.paused, 'basket.not-investable');
        need((amount as Units) >= basket.minimum, 'basket.below-minimum');
        const assets = basket.composition.map(({ asset }) => asset);
        need(!assets.some(({ halted }) => halted), 'asset.not-buyable');
        const plan = planInvest(amount as Units, basket.composition, this.fresh(assets), basket.feeRate, currency);
        return { type: 'basket_investment', asset: currency.code, amount: amount as Units, plan, basket: basket.slug };
      }
      case 'redeem': {
        if (amount !== 'all') need(fits(amount as Units, currency.scale), 'decimal.too-precise');
        const basket = this.basket(wish.basket);
        const plan = planRedeem(amount!, this.heldAtPrices(wish.portfolio, basket), terms, currency);
        const proceeds = sum(plan.sales.map(sale => sale.proceeds));
        const [first] = plan.sales;
        const about =
          proceeds > 0n
            ? { asset: currency.code, amount: proceeds }
            : { asset: first!.asset.code, amount: first!.quantity };
        return { type: 'basket_redemption', ...about, plan, basket: basket.slug };
      }
      default: {
        const { basket: slug } = wish as Wish & { what: 'rebalance' };
        const basket = this.basket(slug);
        need(!basket.paused, 'basket.not-investable');
        const prices = this.fresh([
          ...this.held(wish.portfolio, slug)
            .filter(each => each.quantity > 0n)
            .map(({ asset }) => asset),
          ...basket.composition.map(({ asset }) => asset),
        ]);
        const held = this.heldAtPrices(wish.portfolio, basket);
        const plan = planRebalance(held, basket.composition, prices, terms, currency);
        const proceeds = sum(plan.sales.map(sale => sale.proceeds));
        return { type: 'rebalance', asset: currency.code, amount: proceeds, plan, basket: slug };
      }
    }
  }

  private heldAtPrices(portfolio: string, { slug }: ModelBasket): Held[] {
    const held = this.held(portfolio, slug).filter(({ quantity }) => quantity > 0n);
    const prices = this.fresh(held.map(({ asset }) => asset));
    return held.map(({ asset, quantity }) => ({ asset, quantity, price: prices.get(asset)! }));
  }

  /** Prices to decide on: of each one there must be one that is young enough. */
  private fresh(assets: readonly ModelAsset[]): Map<ModelAsset, bigint> {
    for (const { code } of assets) need(this.prices.has(code), 'price.missing');
    for (const { code, maxAgeSeconds } of assets)
      need(Math.floor((this.now - this.prices.get(code)!.at) / 1000) <= maxAgeSeconds, 'price.stale');
    return new Map(assets.map(asset => [asset, this.priceOf(asset.code)]));
  }

  // Requests, keys and books.

  /** A transaction under a new key, or what the same request came to before. */
  private open(
    wish: Wish,
    reckon: () => Omit<ModelTransaction, 'handle' | 'user' | 'movements' | 'fees'> & { fees?: Fee[] },
  ): Outcome {
    const replay = this.replayOf(wish);
    if (replay) return replay;
    const wanted = reckon();
    this.requireUnusedForClosing(wish);
    if (wanted.reference)
      need(
        !this.transactions.some(({ user, reference }) => user === wish.user && reference === wanted.reference),
        'transaction.reference-taken',
      );
    this.shift(wanted.moves);
    const { handle } = this.record({ ...wanted, user: wish.user, key: wish.key, request: requestOf(wish) });
    return { transaction: handle, replayed: false };
  }

  private close(
    wish: Wish & { transaction: Handle },
    type: string,
    how: (transaction: ModelTransaction) => void,
  ): Outcome {
    const transaction = this.own(wish);
    need(transaction.type === type, `transaction.not-a-${type}`);
    if (transaction.closingKey === wish.key) {
      need(transaction.closingRequest === requestOf(wish), 'ledger.idempotency-conflict');
      return { transaction: transaction.handle, replayed: true };
    }
    need(transaction.status === 'pending', 'transaction.not-pending');
    const isUsed = this.transactions.some(
      ({ user, key, closingKey }) => user === wish.user && (key === wish.key || closingKey === wish.key),
    );
    if (isUsed && wish.what === 'settle-withdrawal' && wish.amount !== undefined) {
      // What the amount is refused for comes before the key.
      need(fits(amountIn(wish.amount), this.asset(transaction.asset).scale), 'decimal.too-precise');
      need(amountIn(wish.amount) <= transaction.amount, 'withdrawal.more-than-requested');
    }
    if (isUsed && wish.what === 'settle-deposit' && wish.amount !== undefined)
      need(fits(amountIn(wish.amount), this.asset(transaction.asset).scale), 'decimal.too-precise');
    need(!isUsed, 'ledger.idempotency-conflict');
    how(transaction);
    Object.assign(transaction, { closingKey: wish.key, closingRequest: requestOf(wish) });
    return { transaction: transaction.handle, replayed: false };
  }

  private end(transaction: ModelTransaction, status: 'failed' | 'voided' | 'expired'): void {
    this.move(transaction, opposite(transaction.moves));
    transaction.status = status;
  }

  private replayOf(wish: Wish): Outcome | undefined {
    const found = this.transactions.find(({ user, key }) => user === wish.user && key === wish.key);
    if (!found) return undefined;
    need(found.request === requestOf(wish), 'ledger.idempotency-conflict');
    return { transaction: found.handle, replayed: true };
  }

  private requireUnusedForClosing(wish: Wish): void {
    const isUsed = this.transactions.some(({ user, closingKey }) => user === wish.user && closingKey === wish.key);
    need(!isUsed, 'ledger.idempotency-conflict');
  }

  private own({ user, transaction }: { user: number; transaction: Handle }): ModelTransaction {
    const found = this.transactions[transaction];
    need(found?.user === user, 'transaction.not-found');
    return found;
  }

  private asset(code: string): ModelAsset {
    const asset = this.assets.get(code);
    need(asset, 'asset.not-found');
    return asset;
  }

  private basket(slug: string): ModelBasket {
    const basket = this.baskets.get(slug);
    need(basket, 'basket.not-found');
    return basket;
  }

  private compositionOf(name: CompositionName): Weighting[] {
    return COMPOSITIONS[name].map(([code, weight, least, most]) => ({
      asset: this.asset(code),
      ...{ weight: percent(weight), least: percent(least), most: percent(most) },
    }));
  }

  private requireMaySend(user: number): void {
    const sender = this.users[user];
    need(sender, 'user.not-found');
    need(!sender.suspended, 'user.not-active');
    need(sender.verified, 'user.not-verified');
  }

  private quantityOf({ user, portfolio, basket, asset }: ModelHolding): Units {
    return this.balance(user, holdingPlace(portfolio, basket), asset.code);
  }

  private leg({ user, asset }: ModelTransaction, from: string, to: string, amount: Units): Move {
    return { user, from, to, asset, amount };
  }

  private record(
    wanted: Omit<ModelTransaction, 'handle' | 'movements' | 'fees'> &
      Partial<Pick<ModelTransaction, 'movements' | 'fees'>>,
  ): ModelTransaction {
    const transaction = { movements: [], fees: [], ...wanted, handle: this.transactions.length };
    this.transactions.push(transaction);
    return transaction;
  }

  private move(transaction: ModelTransaction, moves: Move[]): void {
    this.shift(moves);
    transaction.moves = [...transaction.moves, ...moves];
  }

  /** Moves all of it or nothing. */
  private shift(moves: readonly Move[]): void {
    const changed = new Map<string, Units>();
    const balanceOf = (account: string) => changed.get(account) ?? this.balances.get(account) ?? 0n;
    for (const { user, from, to, asset, amount } of moves) {
      const [source, target] = [`${user} ${from} ${asset}`, `${user} ${to} ${asset}`];
      need(!isOwn(from) || balanceOf(source) >= amount, 'ledger.insufficient-funds');
      changed.set(source, balanceOf(source) - amount);
      changed.set(target, balanceOf(target) + amount);
    }
    for (const [account, balance] of changed) this.balances.set(account, balance);
  }
}

interface Given {
  amount?: Units | 'all';
  quantity?: Units | 'all';
}

const PLAIN = /^(0|[1-9]\d*)(\.\d{1,8})?$/;

/** An amount as it was sent: a plain decimal above nothing that fits into a column. */
function amountIn(text: string): Units {
  need(PLAIN.test(text), 'input.invalid');
  const amount = units(text);
  need(amount > 0n && amount <= LARGEST, 'input.invalid');
  return amount;
}

const amountsIn = (wish: Wish): Given => ({
  ...('amount' in wish &&
    wish.amount !== undefined && {
      amount: wish.what === 'redeem' && wish.amount === 'all' ? ('all' as const) : amountIn(wish.amount),
    }),
  ...('quantity' in wish && { quantity: wish.quantity === 'all' ? ('all' as const) : amountIn(wish.quantity) }),
});

const opposite = (moves: readonly Move[]): Move[] =>
  moves.map(move => ({ ...move, from: move.to, to: move.from })).reverse();

const back = ({ holding, quantity, cost, gain }: Movement): Movement => ({
  ...{ holding, quantity: -quantity },
  ...{ cost: -cost, gain: -gain },
});

function settle({ holding, cost, gain }: Movement): void {
  holding.cost += cost;
  holding.gain += gain;
}

const sorted = (pairs: (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
