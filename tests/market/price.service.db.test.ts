import { describe, expect, test } from 'vitest';
import {
  Asset,
  asUser,
  asWorker,
  ConflictError,
  type EntityManager,
  type ImportPrices,
  type LatestPrice,
  NotAllowedError,
  newId,
  type PriceAt,
  PriceMissingError,
  PriceService,
  StalePriceError,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

type Line = ImportPrices['prices'][number];

let assets = 0;

/** A share that nobody has priced yet. */
async function newShare(priceMaxAgeSeconds?: number): Promise<string> {
  assets += 1;
  const code = `S${assets}`;
  await world.list({ code, name: `Share ${assets}`, kind: 'equity', priceMaxAgeSeconds });
  return code;
}

const importPrices = (prices: Line[], more: Partial<ImportPrices> = {}): Promise<number> =>
  asWorker(database.orm.em, em =>
    new PriceService(em).import({ quoteCode: 'USD', source: 'exchange', prices, ...more }),
  );

const line = (code: string, asOf: string, price: string, provisional?: boolean): Line => ({
  code,
  asOf: new Date(asOf),
  price,
  ...(provisional !== undefined && { provisional }),
});

/** What is stored of an asset's prices, oldest first, such as `2026-01-01T00:00:00.000Z 10 exchange`. */
const stored = async (code: string): Promise<string[]> => {
  const found = await world.rows<{ as_of: Date; price: string; source: string; provisional: boolean }>(
    `select p.as_of, trim_scale(p.price)::text as price, p.source, p.provisional
     from asset_prices p join assets a on a.id = p.asset_id where a.code = $1 order by p.as_of, p.source`,
    [code],
  );
  return found.map(
    row => `${row.as_of.toISOString()} ${row.price} ${row.source}${row.provisional ? ' (provisional)' : ''}`,
  );
};

type Question = (service: PriceService, asset: Asset, quote: Asset) => Promise<Map<string, LatestPrice>>;

/** Asks for the price of one asset in US dollars, as some user does. */
const ask = (code: string, question: Question): Promise<LatestPrice> =>
  asUser(database.orm.em, newId(), async (em: EntityManager) => {
    const asset = await em.findOneOrFail(Asset, { code });
    const quote = await em.findOneOrFail(Asset, { code: 'USD' });
    return (await question(new PriceService(em), asset, quote)).get(asset.id)!;
  });

const latest = (code: string, at: string) =>
  ask(code, (service, asset, quote) => service.latest([asset], quote, new Date(at)));

const fresh = (code: string, at: string) =>
  ask(code, (service, asset, quote) => service.fresh([asset], quote, new Date(at)));

describe('an import of prices', () => {
  test('stores each observation, and the same once more changes nothing', async () => {
    const code = await newShare();
    const prices = [
      line(code, '2026-01-01T00:00:00Z', '10'),
      line(code, '2026-01-01T00:00:00.001Z', '0.000000000001'),
      line(code, '2026-02-01T00:00:00Z', '9999999999999999.999999999999'),
    ];
    expect(await importPrices(prices)).toBe(3);
    const before = await world.dump();
    expect(await importPrices(prices)).toBe(0);
    expect(
      await importPrices(prices.map(each => ({ ...each, price: each.price === '10' ? '10.00' : each.price }))),
    ).toBe(0);
    expect(await world.dump()).toEqual(before);
    expect(await stored(code)).toEqual([
      '2026-01-01T00:00:00.000Z 10 exchange',
      '2026-01-01T00:00:00.001Z 0.000000000001 exchange',
      '2026-02-01T00:00:00.000Z 9999999999999999.999999999999 exchange',
    ]);
  });

  test('of several sources keeps what each has observed', async () => {
    const code = await newShare();
    expect(await importPrices([line(code, '2026-01-01T00:00:00Z', '10')])).toBe(1);
    expect(await importPrices([line(code, '2026-01-01T00:00:00Z', '11')], { source: 'broker' })).toBe(1);
    expect(await stored(code)).toEqual(['2026-01-01T00:00:00.000Z 11 broker', '2026-01-01T00:00:00.000Z 10 exchange']);
  });

  test('replaces a provisional price, by another and then by the final one', async () => {
    const code = await newShare();
    const at = '2026-01-01T00:00:00Z';
    expect(await importPrices([line(code, at, '10', true)])).toBe(1);
    expect(await importPrices([line(code, at, '10', true)])).toBe(0);
    expect(await importPrices([line(code, at, '10.5', true)])).toBe(1);
    expect(await stored(code)).toEqual(['2026-01-01T00:00:00.000Z 10.5 exchange (provisional)']);
    expect(await importPrices([line(code, at, '10.5')])).toBe(1);
    expect(await importPrices([line(code, at, '10.5')])).toBe(0);
    expect(await stored(code)).toEqual(['2026-01-01T00:00:00.000Z 10.5 exchange']);
  });

  test('that would change a final price is refused, and nothing of it is stored', async () => {
    const code = await newShare();
    await importPrices([line(code, '2026-01-15T00:00:00Z', '10')]);
    const before = await world.dump();
    for (const provisional of [false, true]) {
      const refused = importPrices([
        line(code, '2026-01-14T00:00:00Z', '9'),
        line(code, '2026-01-15T00:00:00Z', '10.000000000001', provisional),
        line(code, '2026-01-16T00:00:00Z', '11'),
      ]);
      await expect(refused).rejects.toThrow(ConflictError);
      await expect(refused).rejects.toMatchObject({ code: 'price.differs', details: { code } });
    }
    expect(await world.dump()).toEqual(before);
  });

  test('may say the same thing twice, but not two things', async () => {
    const code = await newShare();
    const at = '2026-01-01T00:00:00Z';
    expect(await importPrices([line(code, at, '10'), line(code, at, '10.0')])).toBe(1);
    expect(await importPrices([line(code, at, '10'), line(code, at, '10')])).toBe(0);
    const later = '2026-01-02T00:00:00Z';
    expect(await importPrices([line(code, later, '10', true), line(code, later, '10.1')])).toBe(1);
    await expect(
      importPrices([line(code, '2026-01-03T00:00:00Z', '10'), line(code, '2026-01-03T00:00:00Z', '11')]),
    ).rejects.toMatchObject({ code: 'price.differs', details: { code } });
    expect(await stored(code)).toEqual([
      '2026-01-01T00:00:00.000Z 10 exchange',
      '2026-01-02T00:00:00.000Z 10.1 exchange',
    ]);
  });

  test('of 1,050 prices is stored to the last one, or not at all', async () => {
    const code = await newShare();
    const minute = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
    const prices = Array.from({ length: 1050 }, (_, n) => line(code, minute(n), `${n + 1}.5`));
    await importPrices([line(code, minute(1049), '7')], { source: 'broker' });
    const before = await world.dump();
    const stopped = importPrices([...prices.slice(0, 1049), line(code, minute(1049), '8')], { source: 'broker' });
    await expect(stopped).rejects.toMatchObject({ code: 'price.differs' });
    expect(await world.dump()).toEqual(before);

    expect(await importPrices(prices)).toBe(1050);
    expect(await importPrices(prices)).toBe(0);
    expect(await importPrices([...prices, line(code, minute(1050), '1051.5')])).toBe(1);
    expect(
      await world.rows(
        `select count(*)::int as n, sum(price)::text as total from asset_prices p join assets a on a.id = p.asset_id
         where a.code = $1 and p.source = 'exchange'`,
        [code],
      ),
    ).toEqual([{ n: 1051, total: '553351.500000000000' }]);
  });

  test('by several jobs at once stores each price once', async () => {
    const code = await newShare();
    const prices = Array.from({ length: 20 }, (_, n) =>
      line(code, `2026-01-01T00:00:${`${n}`.padStart(2, '0')}Z`, '5'),
    );
    const counts = await Promise.all([1, 2, 3, 4].map(() => importPrices(prices)));
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(20);
    expect(await stored(code)).toHaveLength(20);
  });

  test('of nothing stores nothing', async () => {
    expect(await importPrices([])).toBe(0);
  });

  test.each([
    ['an asset nobody has listed', () => [line('NOPE', '2026-01-01T00:00:00Z', '1')], {}, 'price.unknown-asset'],
    ['a quote nobody has listed', () => [], { quoteCode: 'NOPE' }, 'price.unknown-asset'],
    ['a price of 0', (code: string) => [line(code, '2026-01-01T00:00:00Z', '0')], {}, 'input.invalid'],
    ['a price below 0', (code: string) => [line(code, '2026-01-01T00:00:00Z', '-1')], {}, 'input.invalid'],
    ['13 decimals', (code: string) => [line(code, '2026-01-01T00:00:00Z', '1.0000000000001')], {}, 'input.invalid'],
    ['no date', (code: string) => [line(code, 'never', '1')], {}, 'input.invalid'],
    ['a price of a currency in itself', () => [line('USD', '2026-01-01T00:00:00Z', '1')], {}, 'database.constraint'],
  ] as const)('with %s is refused whole', async (_, lines, more, code) => {
    const share = await newShare();
    const before = await world.dump();
    await expect(importPrices([line(share, '2026-01-01T00:00:00Z', '1'), ...lines(share)], more)).rejects.toMatchObject(
      {
        code,
      },
    );
    expect(await world.dump()).toEqual(before);
  });

  test('names the asset that is unknown', async () => {
    const refused = importPrices([line('NOPE', '2026-01-01T00:00:00Z', '1')]);
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(refused).rejects.toThrow('There is no asset NOPE; list it before importing its prices.');
  });

  test('is the work of a job: a user reads prices and writes none', async () => {
    const code = await newShare();
    const before = await world.dump();
    await expect(
      asUser(database.orm.em, newId(), em =>
        new PriceService(em).import({
          quoteCode: 'USD',
          source: 'me',
          prices: [line(code, '2026-01-01T00:00:00Z', '1000000')],
        }),
      ),
    ).rejects.toThrow(NotAllowedError);
    for (const statement of [
      'update asset_prices set price = 1',
      'delete from asset_prices',
      `update assets set name = 'x'`,
    ])
      await expect(asUser(database.orm.em, newId(), em => em.execute(statement))).rejects.toThrow(NotAllowedError);
    expect(await world.dump()).toEqual(before);
  });
});

describe('the latest price', () => {
  test('is the newest at or before the instant, with its age', async () => {
    const code = await newShare();
    await importPrices([
      line(code, '2026-01-01T00:00:00Z', '10'),
      line(code, '2026-01-02T00:00:00Z', '11.000000000001'),
    ]);
    const figures = async (at: string) => {
      const { price, asOf, ageSeconds } = await latest(code, at);
      return [price.toFixed(), asOf.toISOString(), ageSeconds];
    };
    expect(await figures('2026-01-01T00:00:00Z')).toEqual(['10', '2026-01-01T00:00:00.000Z', 0]);
    expect(await figures('2026-01-01T23:59:59.999Z')).toEqual(['10', '2026-01-01T00:00:00.000Z', 86_399]);
    expect(await figures('2026-01-02T00:00:00Z')).toEqual(['11.000000000001', '2026-01-02T00:00:00.000Z', 0]);
    expect(await figures('2036-01-02T00:00:00Z')).toEqual(['11.000000000001', '2026-01-02T00:00:00.000Z', 315_532_800]);
  });

  test('is missing just before the first, and of an asset that has none', async () => {
    const [code, unpriced] = [await newShare(), await newShare()];
    await importPrices([line(code, '2026-01-01T00:00:00Z', '10')]);
    const refused = latest(code, '2025-12-31T23:59:59.999Z');
    await expect(refused).rejects.toThrow(PriceMissingError);
    await expect(refused).rejects.toMatchObject({ code: 'price.missing', details: { code, quote: 'USD' } });
    await expect(latest(unpriced, '2026-01-01T00:00:00Z')).rejects.toThrow(PriceMissingError);
  });

  test('in another currency is another price', async () => {
    const code = await newShare();
    await importPrices([line(code, '2026-01-01T00:00:00Z', '10')], { quoteCode: 'EURC' });
    await expect(latest(code, '2026-01-01T00:00:00Z')).rejects.toThrow(`There is no price of ${code} in USD`);
  });

  test('of two observed at one instant is the final one', async () => {
    const code = await newShare();
    const at = '2026-01-01T00:00:00Z';
    await importPrices([line(code, at, '10', true)], { source: 'a-broker' });
    await importPrices([line(code, at, '11')], { source: 'exchange' });
    expect((await latest(code, at)).price.toFixed()).toBe('11');
  });

  test('of a currency in itself is 1 at any time', async () => {
    const { price, ageSeconds } = await latest('USD', '1999-12-31T23:59:59Z');
    expect([price.toFixed(), ageSeconds]).toEqual(['1', 0]);
    expect((await fresh('USD', '1999-12-31T23:59:59Z')).price.toFixed()).toBe('1');
  });

  test('of many assets comes in one answer, each asked for as often as one likes', async () => {
    const [one, two] = [await newShare(), await newShare()];
    await importPrices([line(one, '2026-01-01T00:00:00Z', '1.5'), line(two, '2026-01-01T00:00:00Z', '2.5')]);
    const prices = await asUser(database.orm.em, newId(), async em => {
      const found = await em.find(Asset, { code: { $in: [one, two] } }, { orderBy: { code: 'asc' } });
      const quote = await em.findOneOrFail(Asset, { code: 'USD' });
      const answer = await new PriceService(em).latest(
        [...found, ...found, quote],
        quote,
        new Date('2026-01-01T00:00:00Z'),
      );
      return [...answer.values()].map(({ price }) => price.toFixed());
    });
    expect(prices).toEqual(['1.5', '2.5', '1']);
  });
});

describe('a price that something is decided on', () => {
  test('may be as old as its asset allows, and not a second older', async () => {
    const code = await newShare(3600);
    await importPrices([line(code, '2026-01-01T00:00:00Z', '10')]);
    expect((await fresh(code, '2026-01-01T01:00:00Z')).ageSeconds).toBe(3600);
    const refused = fresh(code, '2026-01-01T01:00:01Z');
    await expect(refused).rejects.toThrow(StalePriceError);
    await expect(refused).rejects.toMatchObject({
      code: 'price.stale',
      retryable: true,
      details: { code, ageSeconds: 3601, maxAgeSeconds: 3600 },
    });
    // To look is allowed at any age.
    expect((await latest(code, '2026-01-01T01:00:01Z')).ageSeconds).toBe(3601);
  });
});

describe('the price of one asset', () => {
  const ask = (question: PriceAt): Promise<LatestPrice> =>
    asUser(database.orm.em, newId(), em => new PriceService(em, world.clock).at(question));

  test('is the newest at an instant, with its age then, and now when no instant is named', async () => {
    const code = await newShare();
    await importPrices([line(code, '2026-03-02T09:00:00Z', '10'), line(code, '2026-03-02T11:30:00Z', '11.25')]);
    const then = await ask({ assetCode: code, quoteCode: 'USD', at: new Date('2026-03-02T11:29:59.999Z') });
    expect([then.price.toFixed(), then.asOf, then.ageSeconds]).toEqual(['10', new Date('2026-03-02T09:00:00Z'), 8999]);
    // The tests' clock stands at noon.
    const now = await ask({ assetCode: code, quoteCode: 'USD' });
    expect([now.price.toFixed(), now.ageSeconds]).toEqual(['11.25', 1800]);
  });

  test('is refused when it is too old, missing, or of what nobody has listed', async () => {
    const code = await newShare(60);
    const quoteCode = 'USD';
    await expect(ask({ assetCode: code, quoteCode })).rejects.toThrow(PriceMissingError);
    await importPrices([line(code, '2026-03-02T11:58:59Z', '10')]);
    await expect(ask({ assetCode: code, quoteCode })).rejects.toMatchObject({
      ...{ code: 'price.stale', details: { code, ageSeconds: 61, maxAgeSeconds: 60 } },
    });
    await expect(ask({ assetCode: 'NONE', quoteCode })).rejects.toMatchObject({ code: 'asset.not-found' });
    await expect(ask({ assetCode: code, quoteCode: 'NONE' })).rejects.toMatchObject({ code: 'asset.not-found' });
  });

  test.each([
    ['assetCode', { assetCode: 'two words' }],
    ['at', { at: '2026-03-02' as never }],
    ['source', { source: 'exchange' } as never],
  ])('is asked for with a right %s', async (fields, wrong) => {
    const refused = ask({ assetCode: 'USD', quoteCode: 'USD', ...wrong });
    await expect(refused).rejects.toMatchObject({ code: 'input.invalid', details: { fields } });
  });
});
