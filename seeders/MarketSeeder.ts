import { Seeder } from '@mikro-orm/seeder';
import { asWorker, type EntityManager, instantOf, PriceService } from '../src/index.js';
import { listCatalogue } from './catalogue.js';
import { bundledPrices, readPrices } from './demo/prices.js';

/** Real assets: a currency, five shares with ten years of monthly closes, the tokens of Ethereum. */
export class MarketSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const lines = await readPrices(bundledPrices());
    await asWorker(em, async inner => {
      await listCatalogue(inner);
      await new PriceService(inner).import({
        quoteCode: 'USD',
        source: 'monthly-close',
        prices: lines.map(({ symbol, date, price }) => ({
          code: symbol,
          asOf: instantOf(date, '00:00', 'America/New_York'),
          price: price.toFixed(),
        })),
      });
    });
  }
}
