import { Seeder } from '@mikro-orm/seeder';
import {
  asWorker,
  Basket,
  BasketService,
  type DraftBasket,
  type EntityManager,
  type PublishComposition,
} from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';
import { at } from './world/calendar.js';

type Composition = PublishComposition['composition'];
type Offer = DraftBasket & { composition: Composition; becomes: 'draft' | 'active' | 'paused' | 'retired' };

const common = { category: 'Technology', minimumInvestment: '1', curator: 'Nestegg' };

const BASKETS: Offer[] = [
  {
    ...common,
    slug: 'four-giants',
    name: 'Four giants',
    description: 'Four large American companies that have been there for decades.',
    risk: 'aggressive',
    feeRate: '0.5',
    composition: [
      { assetCode: 'AAPL', weight: '30' },
      { assetCode: 'AMZN', weight: '20' },
      { assetCode: 'IBM', weight: '25' },
      { assetCode: 'MSFT', weight: '25' },
    ],
    becomes: 'active',
  },
  {
    ...common,
    slug: 'steady-pair',
    name: 'Steady pair',
    description: 'Two companies that sell to other companies.',
    risk: 'moderate',
    feeRate: '0.25',
    composition: [
      { assetCode: 'IBM', weight: '50', minWeight: '40', maxWeight: '60' },
      { assetCode: 'MSFT', weight: '50', minWeight: '40', maxWeight: '60' },
    ],
    becomes: 'active',
  },
  {
    ...common,
    slug: 'search-and-shop',
    name: 'Search and shop',
    description: 'Two companies that people meet on the web every day.',
    risk: 'aggressive',
    feeRate: '0.4',
    composition: [
      { assetCode: 'AMZN', weight: '62.5' },
      { assetCode: 'GOOG', weight: '37.5' },
    ],
    becomes: 'active',
  },
  {
    ...common,
    slug: 'one-apple',
    name: 'One apple',
    description: 'A single company; not to be bought while its weight limits are reviewed.',
    risk: 'aggressive',
    feeRate: '0.1',
    composition: [{ assetCode: 'AAPL', weight: '100' }],
    becomes: 'paused',
  },
  {
    ...common,
    slug: 'big-blue',
    name: 'Big blue',
    description: 'A single company, no longer offered.',
    risk: 'conservative',
    feeRate: '0.1',
    composition: [{ assetCode: 'IBM', weight: '100' }],
    becomes: 'retired',
  },
  {
    ...common,
    slug: 'all-five',
    name: 'All five',
    description: 'Five companies in equal parts, still being put together.',
    risk: 'moderate',
    feeRate: '0.3',
    composition: ['AAPL', 'AMZN', 'GOOG', 'IBM', 'MSFT'].map(assetCode => ({ assetCode, weight: '20' })),
    becomes: 'draft',
  },
];

/** The baskets on offer, and some that are not. */
export class PortfolioSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await asWorker(em, async inner => {
      const baskets = new BasketService(inner, new FixedClock(at('2009-03-15')));
      for (const { composition, becomes, ...details } of BASKETS) {
        if (await inner.findOne(Basket, { slug: details.slug })) continue;
        await baskets.draft(details);
        await baskets.publish({ slug: details.slug, composition });
        if (becomes !== 'draft') await baskets.activate(details.slug);
        if (becomes === 'paused') await baskets.pause(details.slug);
        if (becomes === 'retired') await baskets.retire(details.slug);
      }
    });
  }
}
