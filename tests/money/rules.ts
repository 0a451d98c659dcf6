import {
  down,
  isWithin,
  losesMoreThanOnePercent,
  percentUp,
  quantityDown,
  quantityUp,
  smallest,
  split,
  sum,
  type Units,
  worthDown,
  worthUp,
} from './units.js';

/* The rules of trades, once more, from what their documentation says. */

/** A refusal that the services should give too, by its code. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Refuses unless. */
export function need(condition: unknown, code: string): asserts condition {
  if (!condition) throw new Refusal(code);
}

export interface ModelAsset {
  code: string;
  scale: number;
  maxAgeSeconds: number;
  halted: boolean;
}

/** Ten-thousandths of a percent, or a fixed amount. */
export interface FeeTerms {
  kind: string;
  rate?: bigint;
  fixed?: Units;
  asset?: string;
}

export interface Fee {
  kind: string;
  amount: Units;
  rate?: bigint;
}

type Currency = Pick<ModelAsset, 'code' | 'scale'>;

/** Every fee is rounded up; none is of nothing. */
export const feesOn = (terms: readonly FeeTerms[], currency: Currency, amount: Units): Fee[] =>
  terms
    .filter(({ asset = currency.code }) => asset === currency.code)
    .map(({ kind, rate, fixed }) => ({
      kind,
      amount: rate === undefined ? fixed! : percentUp(amount, rate, currency.scale),
      ...(rate !== undefined && { rate }),
    }))
    .filter(fee => fee.amount > 0n);

export const totalOf = (fees: readonly Fee[]): Units => sum(fees.map(fee => fee.amount));

interface Purchase {
  asset: ModelAsset;
  quantity: Units;
  cost: Units;
}

export interface Held {
  asset: ModelAsset;
  quantity: Units;
  price: bigint;
}

interface Sale {
  asset: ModelAsset;
  quantity: Units;
  proceeds: Units;
}

export interface Plan {
  sales: Sale[];
  fees: Fee[];
  purchases: Purchase[];
}

const saleOf = ({ asset, price }: Held, quantity: Units, scale: number): Sale => ({
  ...{ asset, quantity },
  proceeds: worthDown(quantity, price, scale),
});

const feesOnSales = (terms: readonly FeeTerms[], currency: Currency, sales: readonly Sale[]): Fee[] => {
  const proceeds = sum(sales.map(sale => sale.proceeds));
  const fees = feesOn(terms, currency, proceeds);
  need(totalOf(fees) <= proceeds, 'trade.fees-exceed-proceeds');
  return fees;
};

/** The most units whose cost, rounded up, and fees an amount pays for: found by halving, since both only grow with the units. */
export function planBuy(
  amount: Units,
  asset: ModelAsset,
  price: bigint,
  terms: readonly FeeTerms[],
  currency: Currency,
): Plan {
  const costOf = (quantity: Units) => worthUp(quantity, price, currency.scale);
  const isPaidFor = (quantity: Units) => {
    const cost = costOf(quantity);
    return cost + totalOf(feesOn(terms, currency, cost)) <= amount;
  };
  const step = smallest(asset.scale);
  let [paidFor, tooMany] = [0n, quantityDown(amount, price, asset.scale) / step + 1n];
  while (tooMany - paidFor > 1n) {
    const middle = (paidFor + tooMany) / 2n;
    if (isPaidFor(middle * step)) paidFor = middle;
    else tooMany = middle;
  }
  need(paidFor > 0n, 'trade.amount-too-small');
  const quantity = paidFor * step;
  const cost = costOf(quantity);
  return { sales: [], fees: feesOn(terms, currency, cost), purchases: [{ asset, quantity, cost }] };
}

export function planSell(held: Held, quantity: Units, terms: readonly FeeTerms[], currency: Currency): Plan {
  const sale = saleOf(held, quantity, currency.scale);
  need(sale.proceeds > 0n || quantity === held.quantity, 'trade.quantity-too-small');
  return { sales: [sale], fees: feesOnSales(terms, currency, [sale]), purchases: [] };
}

export interface Weighting {
  asset: ModelAsset;
  /** Ten-thousandths of a percent. */
  weight: bigint;
  least: bigint;
  most: bigint;
}

/** The fee out of the amount, the rest split by weight, units rounded down; of no part more than 1 % is lost by that. */
export function planInvest(
  amount: Units,
  composition: readonly Weighting[],
  prices: ReadonlyMap<ModelAsset, bigint>,
  feeRate: bigint,
  currency: Currency,
): Plan {
  const fees = feesOn([{ kind: 'platform', rate: feeRate }], currency, amount);
  const costs = split(
    amount - totalOf(fees),
    composition.map(({ weight }) => weight),
    currency.scale,
  );
  const purchases = composition.map(({ asset }, index) => {
    const cost = costs[index]!;
    const quantity = quantityDown(cost, prices.get(asset)!, asset.scale);
    need(quantity > 0n && !losesMoreThanOnePercent(quantity, prices.get(asset)!, cost), 'basket.amount-too-small');
    return { asset, quantity, cost };
  });
  return { sales: [], fees, purchases };
}

/** Of each holding the fewest units that bring its part of the amount; all of all for ALL. */
export function planRedeem(
  amount: Units | 'all',
  held: readonly Held[],
  terms: readonly FeeTerms[],
  currency: Currency,
): Plan {
  need(held.length > 0, 'basket.nothing-held');
  const { scale } = currency;
  const values = held.map(({ quantity, price }) => worthDown(quantity, price, scale));
  need(amount === 'all' || amount <= sum(values), 'redemption.exceeds-value');
  const parts = amount === 'all' ? [] : split(amount, values, scale);
  const sales = held
    .map((each, index) =>
      saleOf(each, amount === 'all' ? each.quantity : quantityUp(parts[index]!, each.price, each.asset.scale), scale),
    )
    .filter(({ quantity }) => quantity > 0n);
  return { sales, fees: feesOnSales(terms, currency, sales), purchases: [] };
}

interface Line extends Weighting {
  held: Units;
  price: bigint;
  value: Units;
  target: Units;
  frozen: boolean;
}

const NOTHING: Plan = { sales: [], fees: [], purchases: [] };

/** Nothing within the bands. Otherwise all to their weights, but for what is halted and too little: that stays. */
export function planRebalance(
  held: readonly Held[],
  composition: readonly Weighting[],
  prices: ReadonlyMap<ModelAsset, bigint>,
  terms: readonly FeeTerms[],
  currency: Currency,
): Plan {
  need(held.length > 0, 'basket.nothing-held');
  const { scale } = currency;
  const gone = held
    .filter(({ asset }) => !composition.some(wanted => wanted.asset === asset))
    .map(({ asset }) => ({ asset, weight: 0n, least: 0n, most: 0n }));
  const lines = [...composition, ...gone].map((wanted): Line => {
    const quantity = held.find(({ asset }) => asset === wanted.asset)?.quantity ?? 0n;
    const price = prices.get(wanted.asset)!;
    return { ...wanted, held: quantity, price, value: worthDown(quantity, price, scale), target: 0n, frozen: false };
  });
  aim(lines, scale);
  const whole = sum(lines.map(({ value }) => value));
  const isDue =
    whole > 0n && lines.some(({ frozen, value, least, most }) => !frozen && !isWithin(value, whole, least, most));
  if (!isDue) return NOTHING;

  const sales = lines
    .map(line => saleOf({ ...line, quantity: line.held }, excessOf(line), scale))
    .filter(({ quantity }) => quantity > 0n);
  if (sales.length === 0) return NOTHING;
  const fees = feesOnSales(terms, currency, sales);
  const purchases = spend(sum(sales.map(({ proceeds }) => proceeds)) - totalOf(fees), lines, scale);
  return purchases.length > 0 ? { sales, fees, purchases } : NOTHING;
}

function aim(lines: readonly Line[], scale: number): void {
  for (let moved = true; moved; ) {
    const free = lines.filter(({ frozen }) => !frozen);
    if (free.every(({ weight }) => weight === 0n)) {
      for (const line of free) line.target = line.value;
      return;
    }
    const targets = split(
      sum(free.map(({ value }) => value)),
      free.map(({ weight }) => weight),
      scale,
    );
    free.forEach((line, index) => {
      line.target = targets[index]!;
    });
    const stuck = free.filter(({ asset, target, value }) => asset.halted && target > value);
    for (const line of stuck) Object.assign(line, { frozen: true, target: line.value });
    moved = stuck.length > 0;
  }
}

/** All of what is no longer composed; otherwise the whole units above the target. */
function excessOf({ asset, weight, held, price, value, target }: Line): Units {
  if (weight === 0n && target === 0n) return held;
  return value > target ? quantityDown(value - target, price, asset.scale) : 0n;
}

function spend(amount: Units, lines: readonly Line[], scale: number): Purchase[] {
  const short = lines.filter(({ target, value }) => target > value);
  if (short.length === 0 || amount <= 0n) return [];
  const budgets = split(
    amount,
    short.map(({ target, value }) => target - value),
    scale,
  );
  return short
    .map(({ asset, price }, index) => {
      const quantity = quantityDown(budgets[index]!, price, asset.scale);
      return { asset, quantity, cost: worthUp(quantity, price, scale) };
    })
    .filter(({ quantity }) => quantity > 0n);
}

/** What a sale takes of what the units have cost: its share rounded down, all of it when nothing is left. */
export const costTaken = (cost: Units, quantity: Units, held: Units): Units =>
  quantity === held ? cost : down(cost * quantity, held, 8);
