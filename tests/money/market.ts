import type { FeeTerms } from './rules.js';
import { percent, units } from './units.js';

/** The market and the terms of the stories, for the services and for the model alike. */

export const CURRENCIES = [
  { code: 'USD', scale: 8 },
  // A euro coin that has two decimals on its chain.
  { code: 'EURS', scale: 2 },
] as const;

export interface Listed {
  code: string;
  /** On its chain; none for a share, whose units have 8. */
  decimals?: number;
  maxAgeSeconds: number;
  /** In US dollars, and in euros as well. */
  price: string;
}

export const ASSETS: readonly Listed[] = [
  { code: 'VTI', maxAgeSeconds: 21_600, price: '271.13' },
  { code: 'WBTC', decimals: 8, maxAgeSeconds: 86_400, price: '64250.5' },
  { code: 'EURC', decimals: 6, maxAgeSeconds: 86_400, price: '1.0837' },
  { code: 'BAR', decimals: 0, maxAgeSeconds: 43_200, price: '0.314159' },
  { code: 'SHIB', decimals: 18, maxAgeSeconds: 86_400, price: '0.000012345678' },
];

/** So little that units of it are worth nothing. */
export const WORTHLESS = '0.000000000001';

export type Composition = readonly (readonly [asset: string, weight: string, least: string, most: string])[];

export const COMPOSITIONS = {
  trio: [
    ['VTI', '50', '45', '55'],
    ['WBTC', '30', '20', '35'],
    ['EURC', '20', '10', '30'],
  ],
  pair: [
    ['EURC', '33.3333', '30', '40'],
    ['VTI', '66.6667', '60', '70'],
  ],
  dust: [
    ['SHIB', '61.8', '50', '75'],
    ['BAR', '38.2', '20', '60'],
  ],
  mixed: [
    ['BAR', '12.5', '0', '20'],
    ['VTI', '12.5', '10', '15'],
    ['SHIB', '37.5', '30', '40'],
    ['WBTC', '37.5', '0', '100'],
  ],
} satisfies Record<string, Composition>;

export const BASKETS = [
  { slug: 'trio', composition: 'trio', minimumInvestment: '10', feeRate: '0.7575' },
  { slug: 'dust', composition: 'dust', minimumInvestment: '0.01', feeRate: '0' },
] as const;

export type CompositionName = keyof typeof COMPOSITIONS;

/** As an operator writes them down. */
type Terms = { kind: 'platform' | 'network' | 'spread' | 'provider'; assetCode?: string } & (
  | { rate: string }
  | { fixed: string; assetCode: string }
);

export const TERMS = {
  deposit: [
    { kind: 'provider', rate: '0.35' },
    { kind: 'network', fixed: '0.25', assetCode: 'USD' },
  ],
  withdrawal: [
    { kind: 'network', fixed: '1.5', assetCode: 'USD' },
    { kind: 'provider', rate: '0.1', assetCode: 'EURS' },
  ],
  // Three rates: each rounds up by itself, so together they come to more than their sum.
  trade: [
    { kind: 'platform', rate: '0.5' },
    { kind: 'spread', rate: '0.25' },
    { kind: 'provider', rate: '0.1234' },
    { kind: 'network', fixed: '0.03', assetCode: 'USD' },
  ],
} satisfies Record<string, Terms[]>;

export const PENDING_DAYS = 2;

/** The same terms as the model reads them. */
export const feeTermsOf = (terms: readonly Terms[]): FeeTerms[] =>
  terms.map(line => ({
    kind: line.kind,
    ...(line.assetCode && { asset: line.assetCode }),
    ...('rate' in line ? { rate: percent(line.rate) } : { fixed: units(line.fixed) }),
  }));
