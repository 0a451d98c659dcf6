import { Seeder } from '@mikro-orm/seeder';
import {
  Asset,
  AssetService,
  asUser,
  asWorker,
  Basket,
  BasketService,
  DepositService,
  type EntityManager,
  InvestmentService,
  Portfolio,
  PriceService,
  registerUser,
  User,
} from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';

/** What the small world holds, for tests to name. */
export const TEST_WORLD = {
  /** When it stands still; the newest prices are three hours old. */
  now: '2026-03-02T12:00:00Z',
  assets: {
    USD: '019cae00-0000-7000-8000-000000000001',
    AAPL: '019cae00-0000-7000-8000-000000000002',
    MSFT: '019cae00-0000-7000-8000-000000000003',
  },
  basket: { id: '019cae00-0000-7000-8000-000000000010', slug: 'duo' },
  /** Has put in 1000 dollars and invested 250 of them. */
  ada: {
    userId: '019cae00-0000-7000-8000-000000000021',
    portfolioId: '019cae00-0000-7000-8000-000000000022',
    email: 'ada@test.example.com',
  },
  /** Has put in 50 dollars. */
  bo: {
    userId: '019cae00-0000-7000-8000-000000000031',
    portfolioId: '019cae00-0000-7000-8000-000000000032',
    email: 'bo@test.example.com',
  },
} as const;

type TestPerson = typeof TEST_WORLD.ada | typeof TEST_WORLD.bo;

/** A small fixed world for tests: three assets with prices, a basket, two people. Run twice it changes nothing. */
export class TestSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const { ada, bo } = TEST_WORLD;
    const hasRun = await asWorker(em, inner => inner.findOne(User, { id: bo.userId }, { fields: ['id'] }));
    if (hasRun) return;
    await asWorker(em, openMarket);
    await asUser(em, ada.userId, inner => settleIn(inner, ada, '1000', '250'));
    await asUser(em, bo.userId, inner => settleIn(inner, bo, '50'));
  }
}

async function openMarket(em: EntityManager): Promise<void> {
  const { assets: ids, basket, now } = TEST_WORLD;
  if (await em.findOne(Asset, { id: ids.USD })) return;
  const assets = new AssetService(em);
  assets.list({ code: 'USD', name: 'US dollar', kind: 'fiat' });
  assets.list({ code: 'AAPL', name: 'Apple Inc.', kind: 'equity' });
  assets.list({ code: 'MSFT', name: 'Microsoft Corporation', kind: 'equity' });
  await em.flush();
  // Services make ids of their own; here they are set before anything refers to them.
  for (const [code, id] of Object.entries(ids)) await em.nativeUpdate(Asset, { code }, { id });
  const clock = new FixedClock(now);
  const baskets = new BasketService(em, clock);
  await baskets.draft({
    slug: basket.slug,
    name: 'Duo',
    description: 'Two companies, one of them in larger part.',
    risk: 'moderate',
    category: 'Technology',
    minimumInvestment: '10',
    feeRate: '1',
    curator: 'Nestegg',
  });
  await em.nativeUpdate(Basket, { slug: basket.slug }, { id: basket.id });
  em.clear();
  await new PriceService(em).import({
    quoteCode: 'USD',
    source: 'exchange',
    prices: [
      { code: 'AAPL', asOf: new Date('2026-03-01T09:00:00Z'), price: '90' },
      { code: 'AAPL', asOf: new Date('2026-03-02T09:00:00Z'), price: '100' },
      { code: 'MSFT', asOf: new Date('2026-03-01T09:00:00Z'), price: '50' },
      { code: 'MSFT', asOf: new Date('2026-03-02T09:00:00Z'), price: '40' },
    ],
  });
  const composition = [
    { assetCode: 'AAPL', weight: '60' },
    { assetCode: 'MSFT', weight: '40' },
  ];
  await baskets.publish({ slug: basket.slug, composition });
  await baskets.activate(basket.slug);
}

async function settleIn(em: EntityManager, person: TestPerson, deposit: string, invest?: string): Promise<void> {
  const { userId, portfolioId, email } = person;
  const clock = new FixedClock(TEST_WORLD.now);
  const { portfolio } = await registerUser(em, { userId, email, timeZone: 'UTC' });
  await em.nativeUpdate(Portfolio, { user: userId, id: portfolio.id }, { id: portfolioId });
  em.clear();
  const deposits = new DepositService(em, clock);
  const announced = { userId, assetCode: 'USD', amount: deposit, source: 'bank', reference: 'first' };
  const { transaction } = await deposits.open({ ...announced, idempotencyKey: 'test:deposit' });
  await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: 'test:settle' });
  if (!invest) return;
  const wish = { userId, portfolioId, basketSlug: TEST_WORLD.basket.slug, amount: invest };
  await new InvestmentService(em, clock).invest({ ...wish, idempotencyKey: 'test:invest' });
}
