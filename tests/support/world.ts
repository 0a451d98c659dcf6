import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/sql';
import { beforeAll, beforeEach } from 'vitest';
import {
  Asset,
  AssetService,
  asUser,
  asWorker,
  BasketService,
  DepositService,
  type DraftBasket,
  type InvestInBasket,
  type InvestmentKind,
  InvestmentService,
  type ListAsset,
  newId,
  PriceService,
  type PublishComposition,
  type RegisterUser,
  registerUser,
  SnapshotService,
  type Transaction,
} from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import type { SuiteDatabase } from './database.js';

/** When every test starts. */
export const NOON = new Date('2026-03-02T12:00:00Z');
/** When the first prices were observed: three hours before noon. */
const PRICED_AT = new Date('2026-03-02T09:00:00Z');

const ASSETS: ListAsset[] = [
  { code: 'USD', name: 'US dollar', kind: 'fiat' },
  { code: 'VTI', name: 'Vanguard Total Stock Market ETF', kind: 'equity' },
  {
    code: 'WBTC',
    name: 'Wrapped Bitcoin',
    kind: 'crypto',
    contract: { chain: 'ethereum', address: '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599', decimals: 8 },
  },
  {
    code: 'EURC',
    name: 'Euro Coin',
    kind: 'stablecoin',
    contract: { chain: 'ethereum', address: '0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c', decimals: 6 },
  },
];

const PRICES = { VTI: '271.13', WBTC: '64250.5', EURC: '1.0837' };

/** The basket that people invest in when a test names none. */
const TRIO: DraftBasket = {
  slug: 'trio',
  name: 'Trio',
  description: 'A share of everything, a bit of gold, some euros.',
  risk: 'moderate',
  category: 'Mixed',
  minimumInvestment: '10',
  feeRate: '0.7575',
  curator: 'Nestegg',
};

const TRIO_WEIGHTS = [
  { assetCode: 'VTI', weight: '50' },
  { assetCode: 'WBTC', weight: '30' },
  { assetCode: 'EURC', weight: '20' },
];

export interface Investor {
  userId: string;
  portfolioId: string;
}

type Wish = Partial<Omit<InvestInBasket, 'amount'>>;

/** A small market on a suite's database, made through the services, and the people in it. Call it beside `useDatabase`. */
export function useWorld(database: SuiteDatabase | { readonly orm: MikroORM }) {
  const clock = new FixedClock(NOON);

  const rows = async <T extends object = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<T[]> =>
    'superuser' in database
      ? ((await (await database.superuser()).query(sql, values)).rows as T[])
      : database.orm.em.fork().execute<T[]>(sql.replaceAll(/\$\d/g, '?'), values);

  const list = (...assets: ListAsset[]): Promise<void> =>
    asWorker(database.orm.em, async em => {
      for (const asset of assets) new AssetService(em).list(asset);
    });

  /** Prices in USD that one source observed at one instant. */
  const price = (prices: Record<string, string>, asOf: Date | string = clock.now()): Promise<number> =>
    asWorker(database.orm.em, em =>
      new PriceService(em).import({
        quoteCode: 'USD',
        source: 'exchange',
        prices: Object.entries(prices).map(([code, text]) => ({ code, asOf: new Date(asOf), price: text })),
      }),
    );

  /** A basket that takes investments. */
  const offer = (
    details: Partial<DraftBasket> & Pick<DraftBasket, 'slug'>,
    composition: PublishComposition['composition'],
  ): Promise<void> =>
    asWorker(database.orm.em, async em => {
      const baskets = new BasketService(em, clock);
      await baskets.draft({ ...TRIO, ...details });
      await baskets.publish({ slug: details.slug, composition });
      await baskets.activate(details.slug);
    });

  beforeAll(async () => {
    await list(...ASSETS);
    await price(PRICES, PRICED_AT);
    await offer(TRIO, TRIO_WEIGHTS);
  });

  beforeEach(() => clock.moveTo(NOON));

  const deposit = (userId: string, amount: string): Promise<void> =>
    asUser(database.orm.em, userId, async em => {
      const deposits = new DepositService(em, clock);
      const [reference, opening, settling] = [randomUUID(), randomUUID(), randomUUID()];
      const announced = { userId, assetCode: 'USD', amount, source: 'bank', reference, idempotencyKey: opening };
      const { transaction } = await deposits.open(announced);
      await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: settling });
    });

  const wishOf = ({ userId, portfolioId }: Investor, amount: string, wish: Wish) => ({
    ...{ userId, portfolioId, basketSlug: 'trio', amount },
    ...wish,
  });

  return {
    database,
    clock,
    rows,
    list,
    price,
    offer,
    deposit,

    /** A registered person, with as much in US dollars as they have deposited. */
    async newInvestor(cash?: string, details: Partial<RegisterUser> = {}): Promise<Investor> {
      const userId = newId();
      const { portfolio } = await asUser(database.orm.em, userId, em =>
        registerUser(em, { userId, email: `${userId}@example.com`, timeZone: 'UTC', ...details }),
      );
      if (cash) await deposit(userId, cash);
      return { userId, portfolioId: portfolio.id };
    },

    invest: (who: Investor, amount: string, wish: Wish = {}, kind?: InvestmentKind): Promise<Transaction> =>
      asUser(database.orm.em, who.userId, em =>
        new InvestmentService(em, clock).invest(
          { idempotencyKey: randomUUID(), ...wishOf(who, amount, wish) },
          ...(kind ? [kind] : []),
        ),
      ),

    quote: (who: Investor, amount: string, wish: Wish = {}) =>
      asUser(database.orm.em, who.userId, em => new InvestmentService(em, clock).quote(wishOf(who, amount, wish))),

    takeSnapshot: ({ userId, portfolioId }: Investor) =>
      asUser(database.orm.em, userId, em => new SnapshotService(em, clock).take({ userId, portfolioId })),

    /** Lets a job change an asset of the catalogue by one of its verbs. */
    changeAsset: (code: string, change: (asset: Asset) => void): Promise<void> =>
      asWorker(database.orm.em, async em => change(await em.findOneOrFail(Asset, { code }))),

    baskets: <T>(work: (baskets: BasketService) => Promise<T>): Promise<T> =>
      asWorker(database.orm.em, em => work(new BasketService(em, clock))),

    /** The balances of a book by account, such as `{ 'cash USD': '5.00000000' }`. */
    async balances({ userId }: Pick<Investor, 'userId'>): Promise<Record<string, string>> {
      const found = await rows<{ account: string; balance: string }>(
        `select l.kind || ' ' || a.code as account, l.balance::text as balance
         from ledger_accounts l join assets a on a.id = l.asset_id where l.user_id = $1 order by 1`,
        [userId],
      );
      return Object.fromEntries(found.map(row => [row.account, row.balance]));
    },

    /** Every row of every table: two dumps are equal when nothing was stored, changed or removed between them. */
    async dump(): Promise<Record<string, unknown[]>> {
      const tables = await rows<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
      );
      const contents: Record<string, unknown[]> = Object.fromEntries(tables.map(({ name }) => [name, []]));
      const parts = tables.map(({ name }) => `select '${name}' as name, to_jsonb(t) as row from ${name} t`);
      const found = await rows<{ name: string; row: unknown }>(`${parts.join(' union all ')} order by name, row`);
      for (const { name, row } of found) contents[name]!.push(row);
      return contents;
    },
  };
}
