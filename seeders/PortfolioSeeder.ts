import { Seeder } from '@mikro-orm/seeder';
import {
  asWorker,
  Basket,
  BasketService,
  type DraftBasket,
  type EntityManager,
  type PublishComposition,
} from '../src/index.js';

const BASKETS: (DraftBasket & Pick<PublishComposition, 'composition'>)[] = [
  {
    slug: 'four-giants',
    name: 'Four giants',
    description: 'Four large American companies that have been there for decades.',
    risk: 'aggressive',
    category: 'Technology',
    minimumInvestment: '1',
    feeRate: '0.5',
    curator: 'Nestegg',
    composition: [
      { assetCode: 'AAPL', weight: '30' },
      { assetCode: 'AMZN', weight: '20' },
      { assetCode: 'IBM', weight: '25' },
      { assetCode: 'MSFT', weight: '25' },
    ],
  },
  {
    slug: 'steady-pair',
    name: 'Steady pair',
    description: 'Two companies that sell to other companies.',
    risk: 'moderate',
    category: 'Technology',
    minimumInvestment: '1',
    feeRate: '0.25',
    curator: 'Nestegg',
    composition: [
      { assetCode: 'IBM', weight: '50', minWeight: '40', maxWeight: '60' },
      { assetCode: 'MSFT', weight: '50', minWeight: '40', maxWeight: '60' },
    ],
  },
];

/** The baskets on offer. */
export class PortfolioSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    await asWorker(em, async inner => {
      const baskets = new BasketService(inner);
      for (const { composition, ...details } of BASKETS) {
        if (await inner.findOne(Basket, { slug: details.slug })) continue;
        await baskets.draft(details);
        await baskets.publish({ slug: details.slug, composition });
        await baskets.activate(details.slug);
      }
    });
  }
}
