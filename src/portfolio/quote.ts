import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AccountKind, FeeKind } from '../ledger/index.js';
import { type Decimal, StateError } from '../shared/index.js';
import type { Portfolio } from './portfolio.entity.js';
import type { TradePlan } from './trade-plan.js';

/** How long a quote is good for, in seconds, unless a service is told otherwise. */
export const QUOTE_LIFETIME_SECONDS = 30;

/** The quote that a commit was agreed to on. It is refused unless it comes to the same, to the last digit, in time. */
export const AcceptedQuote = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  expiresAt: z.date(),
});
export type AcceptedQuote = z.output<typeof AcceptedQuote>;

/** An amount of an asset that would move, in the order of booking. */
export interface QuotedLeg {
  from: AccountKind;
  to: AccountKind;
  /** Code of the asset. */
  asset: string;
  amount: Decimal;
  fee?: { kind: FeeKind; rate?: Decimal };
}

/** What a quote says beside its plan. */
export interface QuoteTerms {
  legs: readonly QuotedLeg[];
  totals: {
    /** Code of the portfolio's currency. */
    currency: string;
    /** What sales bring before fees. */
    proceeds: Decimal;
    /** What purchases cost before fees. */
    cost: Decimal;
    fees: Decimal;
    /** What cash gains; negative when it pays. */
    cashChange: Decimal;
  };
  /** The last instant at which it may be committed. */
  expiresAt: Date;
  /** SHA-256, in hex, of all that the quote says: use case, place, legs, fees, totals, prices with their instants, expiry. */
  fingerprint: string;
}

/** A plan that a user may agree to. */
export type Quote<P extends TradePlan> = P & QuoteTerms;

/** What is quoted: which use case, where, and when if that lies in the past. */
export interface QuotedTrade {
  useCase: string;
  portfolio: Portfolio;
  occurredAt?: Date;
}

export function quoteOf<P extends TradePlan>(plan: P, trade: QuotedTrade, expiresAt: Date): Quote<P> {
  return Object.assign(plan, termsOf(plan, trade, expiresAt));
}

/**
 * Refuses to commit what was agreed to on other terms.
 * @throws {StateError} `quote.moved`
 */
export function requireUnmoved(plan: TradePlan, trade: QuotedTrade, accepted: AcceptedQuote): void {
  if (termsOf(plan, trade, accepted.expiresAt).fingerprint !== accepted.fingerprint)
    throw new StateError('quote.moved', 'This is not what was quoted any more. Ask for a new quote.');
}

/** @throws {StateError} `quote.expired` */
export function requireUnexpired({ expiresAt }: AcceptedQuote, now: Date): void {
  if (now > expiresAt)
    throw new StateError('quote.expired', 'This quote has expired. Ask for a new one.', {
      expiresAt: expiresAt.toISOString(),
    });
}

function termsOf(plan: TradePlan, trade: QuotedTrade, expiresAt: Date): QuoteTerms {
  const { portfolio } = trade;
  const currency = portfolio.currency.getEntity();
  const codes = new Map([currency, ...plan.prices.map(({ asset }) => asset)].map(({ id, code }) => [id, code]));
  const legs = plan.legsIn(portfolio).map(
    ({ from, to, assetId, amount, fee }): QuotedLeg => ({
      ...{ from: from.kind, to: to.kind, asset: codes.get(assetId)!, amount },
      ...(fee && { fee }),
    }),
  );
  const { proceeds, cost, feeTotal: fees, cashChange } = plan;
  const totals = { currency: currency.code, proceeds, cost, fees, cashChange };
  return { legs, totals, expiresAt, fingerprint: fingerprintOf(plan, trade, { legs, totals, expiresAt }) };
}

/** Canonical by construction: every field at its place, decimals as plain text, instants in ISO 8601. */
function fingerprintOf(plan: TradePlan, trade: QuotedTrade, terms: Omit<QuoteTerms, 'fingerprint'>): string {
  const { useCase, portfolio, occurredAt } = trade;
  const { currency, proceeds, cost, fees, cashChange } = terms.totals;
  const said = [
    [useCase, portfolio.user.id, portfolio.id, plan.basket?.slug ?? null, occurredAt?.toISOString() ?? null],
    terms.legs.map(({ from, to, asset, amount, fee }) => [
      ...[from, to, asset, amount.toFixed()],
      ...(fee ? [fee.kind, fee.rate?.toFixed() ?? null] : []),
    ]),
    [currency, ...[proceeds, cost, fees, cashChange].map(figure => figure.toFixed())],
    plan.prices.map(({ asset, price, asOf }) => [asset.code, price.toFixed(), asOf.toISOString()]),
    terms.expiresAt.toISOString(),
  ];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}
