import { expect } from 'vitest';
import { User } from '../../src/identity/index.js';
import { Asset } from '../../src/market/index.js';
import { Basket, type BasketDetails, Portfolio } from '../../src/portfolio/index.js';
import { Decimal } from '../../src/shared/index.js';

/** A Monday at noon in London, 08:00 in New York, 17:45 in Kathmandu. */
export const NOW = new Date('2026-06-15T12:00:00Z');

export const at = (instant: string): Date => new Date(instant);
export const decimal = (text: string): Decimal => new Decimal(text);
/** Decimals as plain text, so that a failure can be read. */
export const texts = (values: readonly Decimal[]): string[] => values.map(value => value.toFixed());

export const usd = (): Asset => new Asset({ code: 'USD', name: 'US dollar', kind: 'fiat' });
export const share = (code = 'ACME'): Asset => new Asset({ code, name: `${code} shares`, kind: 'equity' });
export const aUser = (): User => new User('anna@example.com');
export const aPortfolio = (): Portfolio => new Portfolio(aUser(), 'Rainy days', usd());

export function closedPortfolio(): Portfolio {
  const portfolio = aPortfolio();
  portfolio.close(NOW);
  return portfolio;
}

/** A draft with a minimum of 10.00 and a fee of 0.5 %, unless told otherwise. */
export const draftBasket = (details: Partial<BasketDetails> = {}): Basket =>
  new Basket({
    slug: 'green-energy',
    name: 'Green energy',
    description: 'Wind, sun and water.',
    risk: 'moderate',
    category: 'climate',
    minimumInvestment: decimal('10'),
    feeRate: decimal('0.5'),
    curator: 'Nestegg',
    ...details,
  });

export function activeBasket(details: Partial<BasketDetails> = {}): Basket {
  const basket = draftBasket(details);
  basket.publish([
    { asset: share('WIND'), weight: decimal('60') },
    { asset: share('SUN'), weight: decimal('40') },
  ]);
  basket.activate();
  return basket;
}

/** Matches a refusal by its code: `expect(() => …).toThrow(refusal('basket.asset-twice'))`. */
export const refusal = (code: string): Error => expect.objectContaining({ code });
