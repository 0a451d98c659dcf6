import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CashFeeSchedule, feesOn } from '../../src/ledger/index.js';
import { BuyPlan } from '../../src/portfolio/buy-plan.js';
import type { TradePlan } from '../../src/portfolio/index.js';
import { InvestmentPlan } from '../../src/portfolio/investment-plan.js';
import { RebalancePlan } from '../../src/portfolio/rebalance-plan.js';
import { RedemptionPlan } from '../../src/portfolio/redemption-plan.js';
import type { Charge } from '../../src/portfolio/trade-plan.js';
import { Decimal, NesteggError } from '../../src/shared/index.js';
import { anAsset, at, basketOf, feesOf, positionOf, purchasesOf, salesOf } from '../portfolio/plans.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { NOW } from '../shared/examples.js';
import {
  type Fee,
  type FeeTerms,
  type Held,
  type ModelAsset,
  type Plan,
  planBuy,
  planInvest,
  planRebalance,
  planRedeem,
  Refusal,
  type Weighting,
} from './rules.js';
import { percentText, priceText, smallest, split, sum, textOf, worthDown } from './units.js';

beforeAll(entitiesKnown, 30_000);

/** With MONEY_RUNS so many times as many cases; the same ones again with MONEY_SEED, one of them with MONEY_PATH. */
const TIMES = Number(process.env.MONEY_RUNS) || 1;
const parameters = {
  numRuns: 1_000 * TIMES,
  ...(process.env.MONEY_SEED && { seed: Number(process.env.MONEY_SEED) }),
  ...(process.env.MONEY_PATH && { path: process.env.MONEY_PATH }),
};

/** As the services say it, in the words of the model; or what either refuses it for. */
const planned = (plan: () => TradePlan) =>
  outcomeOf(() => {
    const made = plan();
    return { sales: salesOf(made), fees: feesOf(made), purchases: purchasesOf(made) };
  });

const expected = (plan: () => Plan) =>
  outcomeOf(() => {
    const { sales, fees, purchases } = plan();
    return {
      sales: sales.map(({ asset, quantity, proceeds }) => `${textOf(quantity)} ${asset.code} for ${textOf(proceeds)}`),
      fees: fees.map(feeText),
      purchases: purchases.map(({ asset, quantity, cost }) => `${textOf(quantity)} ${asset.code} for ${textOf(cost)}`),
    };
  });

const feeText = ({ kind, amount, rate }: Fee): string =>
  [kind, textOf(amount), rate === undefined ? 'fixed' : `${percentText(rate)}%`].join(' ');

function outcomeOf<T>(work: () => T): T | { refused: string } {
  try {
    return work();
  } catch (error) {
    if (error instanceof NesteggError || error instanceof Refusal) return { refused: error.code };
    throw error;
  }
}

const assetScale = fc.constantFrom(0, 2, 6, 8);
const currencyScale = fc.constantFrom(2, 6, 8);
/** Of any order of magnitude, from 10 to the power of `least` on. */
const upTo = (digits: number, least = 0) =>
  fc
    .tuple(fc.integer({ min: least, max: digits }), fc.bigInt({ min: 1n, max: 10n ** 9n }))
    .map(([size, part]) => (10n ** BigInt(size) * part) / 10n ** 9n + 1n);
/** Between a millionth and a million. */
const price = upTo(18, 6);
const rate = fc.bigInt({ min: 1n, max: 30_000n });

const KINDS = ['platform', 'spread', 'provider', 'network'] as const;
const terms: fc.Arbitrary<FeeTerms[]> = fc
  .tuple(fc.array(rate, { maxLength: 4 }), fc.nat(300))
  .map(([rates, fixed]) => [
    ...rates.map((each, index) => ({ kind: KINDS[index]!, rate: each })),
    ...(fixed > 150 ? [{ kind: 'network', fixed: BigInt(fixed - 150) * 1_000_000n }] : []),
  ]);

/** A currency of any scale, what trading in it costs, and the same as the services have it. */
const moneyOf = (currencyScale: number, schedule: readonly FeeTerms[]) => {
  const currency = { code: 'USD', scale: currencyScale };
  const written = CashFeeSchedule.parse(
    schedule.map(({ kind, rate: each, fixed }) =>
      each === undefined ? { kind, fixed: textOf(fixed!), assetCode: 'USD' } : { kind, rate: percentText(each) },
    ),
  );
  const charge: Charge = value => feesOn(written, currency, value, NOW);
  return { currency, terms: schedule, charge };
};
const money = fc.tuple(currencyScale, terms).map(([digits, schedule]) => moneyOf(digits, schedule));

interface Thing {
  decimals: number;
  price: bigint;
  halted: boolean;
  /** In its own smallest units. */
  held: bigint;
  weight: number;
  band: number;
  /** Whether the composition has it; otherwise it has left. */
  composed: boolean;
}

const thing: fc.Arbitrary<Thing> = fc.record({
  ...{ decimals: assetScale, price, halted: fc.nat(5).map(die => die === 0) },
  ...{ held: fc.oneof(fc.constant(0n), upTo(14)), weight: fc.integer({ min: 1, max: 100 }) },
  ...{ band: fc.integer({ min: 0, max: 20_0000 }), composed: fc.nat(4).map(die => die > 0) },
});

/** Some things as a basket: for the services and for the model. */
function basketWith(things: readonly Thing[]) {
  const pairs = things.map((each, index) => {
    const code = `A${index}`;
    const asset = anAsset(code, each.decimals);
    return { ...each, asset, model: { code, scale: each.decimals, maxAgeSeconds: 1, halted: each.halted } };
  });
  const composed = pairs.filter(each => each.composed);
  const weights = split(
    1_000_000n,
    composed.map(({ weight }) => BigInt(weight)),
    8,
  );
  const composition = composed.map(({ model, band }, index): Weighting => {
    const weight = weights[index]!;
    const [least, most] = [weight - BigInt(band), weight + BigInt(band)];
    return { asset: model, weight, least: least < 0n ? 0n : least, most: most > 1_000_000n ? 1_000_000n : most };
  });
  const basket = basketOf(
    ...composition.map(({ weight, least, most }, index): Parameters<typeof basketOf>[0] => [
      composed[index]!.asset,
      ...([weight, least, most].map(percentText) as [string, string, string]),
    ]),
  );
  for (const { asset, halted } of pairs) if (halted) asset.halt();
  const held = pairs.filter(each => each.held > 0n);
  const unitsOf = (each: Thing) => each.held * smallest(each.decimals);
  return {
    basket,
    composition,
    positions: held.map(each => positionOf(each.asset, textOf(unitsOf(each)), basket)),
    held: held.map((each): Held => ({ asset: each.model, quantity: unitsOf(each), price: each.price })),
    latest: new Map(pairs.map(each => [each.asset.id, at(priceText(each.price))])),
    prices: new Map(pairs.map(each => [each.model as ModelAsset, each.price])),
  };
}

const things = fc.array(thing, { minLength: 1, maxLength: 6 }).filter(all => all.some(each => each.composed));

describe('the plans of the services and of the model are the same, to the last digit', {
  timeout: 20_000 * TIMES,
}, () => {
  test('for purchases: as many units as the amount pays for, with every fee', () => {
    fc.assert(
      fc.property(upTo(16), assetScale, price, money, (wanted, decimals, each, { currency, terms: costs, charge }) => {
        const amount = (wanted / smallest(currency.scale) + 1n) * smallest(currency.scale);
        const asset = anAsset('ACME', decimals);
        const model = { code: 'ACME', scale: decimals, maxAgeSeconds: 1, halted: false };
        expect(
          planned(() => new BuyPlan(asset, new Decimal(textOf(amount)), at(priceText(each)), charge, currency.scale)),
        ).toEqual(expected(() => planBuy(amount, model, each, costs, currency)));
      }),
      parameters,
    );
  });

  test('for investments: fee up, largest remainder, units down', () => {
    fc.assert(
      fc.property(upTo(16), things, currencyScale, rate, (wanted, all, digits, feeRate) => {
        const { basket, composition, latest, prices } = basketWith(all.map(each => ({ ...each, halted: false })));
        Object.assign(basket, {
          feeRate: new Decimal(percentText(feeRate)),
          minimumInvestment: new Decimal('0.00000001'),
        });
        const amount = (wanted / smallest(digits) + 1n) * smallest(digits);
        expect(planned(() => new InvestmentPlan(basket, new Decimal(textOf(amount)), latest, digits))).toEqual(
          expected(() => planInvest(amount, composition, prices, feeRate, { code: 'USD', scale: digits })),
        );
      }),
      parameters,
    );
  });

  test('for redemptions: of each holding the fewest units that bring its part, or all', () => {
    fc.assert(
      fc.property(fc.nat(1_050), things, money, (thousandths, all, { currency, terms: costs, charge }) => {
        const { basket, positions, latest, held } = basketWith(all);
        const worth = held.map(({ quantity, price: each }) => worthDown(quantity, each, currency.scale));
        const step = smallest(currency.scale);
        const part = ((sum(worth) * BigInt(thousandths)) / 1_000n / step) * step;
        const amount = part > 0n ? part : 'all';
        const asked = amount === 'all' ? amount : new Decimal(textOf(amount));
        expect(planned(() => new RedemptionPlan(basket, positions, asked, latest, charge, currency.scale))).toEqual(
          expected(() => planRedeem(amount, held, costs, currency)),
        );
      }),
      parameters,
    );
  });

  test('for rebalances: sales first, purchases from what they bring, nothing halted is bought', () => {
    fc.assert(
      fc.property(things, money, (all, { currency, terms: costs, charge }) => {
        const { basket, positions, latest, held, composition, prices } = basketWith(all);
        expect(planned(() => new RebalancePlan(basket, positions, latest, charge, currency.scale))).toEqual(
          expected(() => planRebalance(held, composition, prices, costs, currency)),
        );
      }),
      parameters,
    );
  });
});
