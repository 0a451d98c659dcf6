import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  Basket,
  BasketService,
  ConflictError,
  type DraftBasket,
  NotAllowedError,
  NotFoundError,
  newId,
  type PublishComposition,
  StateError,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { NOON, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

let baskets = 0;

const details = (slug: string): DraftBasket => ({
  slug,
  name: `Basket ${slug}`,
  description: 'What a test needs.',
  risk: 'conservative',
  category: 'Test',
  minimumInvestment: '0.00000001',
  feeRate: '1.2345',
  curator: 'Ann',
});

async function draft(more: Partial<DraftBasket> = {}): Promise<string> {
  baskets += 1;
  const slug = more.slug ?? `basket-${baskets}`;
  await world.baskets(service => service.draft({ ...details(slug), ...more }));
  return slug;
}

const publish = (slug: string, ...composition: PublishComposition['composition']): Promise<Basket> =>
  world.baskets(service => service.publish({ slug, composition }));

const HALVES = [
  { assetCode: 'VTI', weight: '60' },
  { assetCode: 'WBTC', weight: '40' },
];

/** A basket on offer, VTI 60 and WBTC 40. */
async function onOffer(): Promise<string> {
  const slug = await draft();
  await publish(slug, ...HALVES);
  await world.baskets(service => service.activate(slug));
  return slug;
}

const stored = (slug: string) =>
  world.rows(`select status, composition_version as composition, retired_at from baskets where slug = $1`, [slug]);

const composition = (slug: string) =>
  world.rows(
    `select i.version, i.position, a.code, i.weight::text, i.min_weight::text as min, i.max_weight::text as max
     from basket_assets i join baskets b on b.id = i.basket_id join assets a on a.id = i.asset_id
     where b.slug = $1 order by i.version, i.position`,
    [slug],
  );

describe('a basket', () => {
  test('starts as a draft that is sold to nobody', async () => {
    const slug = await draft();
    expect(
      await world.rows(
        `select name, category, minimum_investment::text as minimum, fee_rate::text as fee, curator, status,
        composition_version as composition from baskets where slug = $1`,
        [slug],
      ),
    ).toEqual([
      {
        name: `Basket ${slug}`,
        category: 'Test',
        minimum: '0.00000001',
        fee: '1.2345',
        curator: 'Ann',
        status: 'draft',
        composition: 0,
      },
    ]);
    const refused = world.baskets(service => service.activate(slug));
    await expect(refused).rejects.toThrow(StateError);
    await expect(refused).rejects.toMatchObject({ code: 'basket.no-composition' });
    expect(await stored(slug)).toMatchObject([{ status: 'draft' }]);
  });

  test('has a slug of its own', async () => {
    const slug = await draft();
    const before = await world.dump();
    const refused = draft({ slug });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'basket.slug-taken' });
    expect(await world.dump()).toEqual(before);
  });

  test('is activated, paused, activated again and retired for good', async () => {
    const slug = await onOffer();
    expect(await stored(slug)).toEqual([{ status: 'active', composition: 1, retired_at: null }]);
    await world.baskets(service => service.pause(slug));
    expect(await stored(slug)).toEqual([{ status: 'paused', composition: 1, retired_at: null }]);
    await expect(world.baskets(service => service.retire(slug))).rejects.toMatchObject({ code: 'basket.not-retired' });
    await world.baskets(service => service.activate(slug));
    await world.baskets(service => service.retire(slug));
    expect(await stored(slug)).toEqual([{ status: 'retired', composition: 1, retired_at: NOON }]);
    await expect(world.baskets(service => service.activate(slug))).rejects.toThrow(
      'Cannot make a basket active that is retired.',
    );
    await expect(publish(slug, ...HALVES)).rejects.toMatchObject({ code: 'basket.retired' });
    expect(await composition(slug)).toHaveLength(2);
  });

  test('keeps the compositions it had', async () => {
    const slug = await onOffer();
    await publish(
      slug,
      { assetCode: 'EURC', weight: '33.3333', minWeight: '30', maxWeight: '40.5' },
      { assetCode: 'VTI', weight: '66.6667' },
    );
    expect(await stored(slug)).toMatchObject([{ status: 'active', composition: 2 }]);
    const band = { min: '0.0000', max: '100.0000' };
    expect(await composition(slug)).toEqual([
      { version: 1, position: 1, code: 'VTI', weight: '60.0000', ...band },
      { version: 1, position: 2, code: 'WBTC', weight: '40.0000', ...band },
      { version: 2, position: 1, code: 'EURC', weight: '33.3333', min: '30.0000', max: '40.5000' },
      { version: 2, position: 2, code: 'VTI', weight: '66.6667', ...band },
    ]);
    const current = await asUser(database.orm.em, newId(), async em => {
      const basket = await em.findOneOrFail(Basket, { slug }, { populate: ['assets.asset'] });
      return basket.composition.map(({ asset, weight }) => `${asset.getEntity().code} ${weight}`);
    });
    expect(current).toEqual(['EURC 33.3333', 'VTI 66.6667']);
  });

  test.each([
    [
      '99.9999',
      [
        { assetCode: 'VTI', weight: '60' },
        { assetCode: 'WBTC', weight: '39.9999' },
      ],
      'basket.weights-not-100',
    ],
    [
      '100.0001',
      [
        { assetCode: 'VTI', weight: '60' },
        { assetCode: 'WBTC', weight: '40.0001' },
      ],
      'basket.weights-not-100',
    ],
    [
      '100 with an asset twice',
      [
        { assetCode: 'VTI', weight: '60' },
        { assetCode: 'VTI', weight: '40' },
      ],
      'basket.asset-twice',
    ],
    [
      '100 with a weight of 0',
      [
        { assetCode: 'VTI', weight: '100' },
        { assetCode: 'WBTC', weight: '0' },
      ],
      'basket.weight-range',
    ],
    ['100 outside a band', [{ assetCode: 'VTI', weight: '100', maxWeight: '99' }], 'basket.weight-band'],
    ['100 with an unknown asset', [{ assetCode: 'NOPE', weight: '100' }], 'asset.not-found'],
    ['nothing', [], 'input.invalid'],
  ])('with weights of %s is refused, and keeps the composition it has', async (_, items, code) => {
    const slug = await onOffer();
    const before = await world.dump();
    await expect(publish(slug, ...items)).rejects.toMatchObject({ code });
    expect(await world.dump()).toEqual(before);
  });

  test('that nobody has drafted is not there', async () => {
    for (const work of [
      () => publish('nowhere', ...HALVES),
      () => world.baskets(service => service.activate('nowhere')),
      () => world.baskets(service => service.pause('nowhere')),
      () => world.baskets(service => service.retire('nowhere')),
    ])
      await expect(work()).rejects.toThrow(NotFoundError);
    await expect(world.baskets(service => service.pause('No Slug'))).rejects.toThrow(ValidationError);
  });

  test('is published by two curators one after the other', async () => {
    const slug = await onOffer();
    await Promise.all([publish(slug, ...HALVES), publish(slug, ...HALVES), publish(slug, ...HALVES)]);
    expect(await stored(slug)).toMatchObject([{ composition: 4 }]);
    expect((await composition(slug)).map(({ version }) => version)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  test('is kept by jobs, not by users', async () => {
    const slug = await onOffer();
    const before = await world.dump();
    const asSomebody = (work: (service: BasketService) => Promise<unknown>) =>
      asUser(database.orm.em, newId(), em => work(new BasketService(em)));
    await expect(asSomebody(service => service.draft(details('mine')))).rejects.toThrow(NotAllowedError);
    await expect(asSomebody(service => service.pause(slug))).rejects.toThrow(NotAllowedError);
    await expect(asSomebody(service => service.publish({ slug, composition: HALVES }))).rejects.toThrow(
      NotAllowedError,
    );
    expect(await world.dump()).toEqual(before);
  });
});

describe('weights that do not sum to 100', () => {
  let slug: string;

  beforeEach(async () => {
    slug = await onOffer();
    await publish(slug, { assetCode: 'VTI', weight: '55' }, { assetCode: 'WBTC', weight: '45' });
  });

  /** The statement by which each table may be brought out of balance; `$1` is the basket's slug. */
  const BASKET = `(select id from baskets where slug = $1)`;
  const ITEM = `basket_id = ${BASKET} and version = 2 and asset_id = (select id from assets where code = 'VTI')`;
  const INSERT = (asset: string, version: number, weight: string) =>
    `insert into basket_assets (id, basket_id, version, position, asset_id, weight, min_weight, max_weight)
     select gen_random_uuid(), ${BASKET}, ${version}, 9, id, ${weight}, 0, 100 from assets where code = '${asset}'`;

  interface Refusal {
    at: 'statement' | 'commit';
    code: string;
    constraint?: string;
  }

  /** Runs statements in one transaction; tells what refused them, and when. */
  async function attempt(client: pg.Client, statements: string[], enter?: string): Promise<Refusal | 'committed'> {
    let at: Refusal['at'] = 'statement';
    await client.query('begin');
    try {
      if (enter) await client.query(enter);
      for (const statement of statements) await client.query(statement, statement.includes('$1') ? [slug] : []);
      at = 'commit';
      await client.query('commit');
      return 'committed';
    } catch (error) {
      const { code, constraint } = error as pg.DatabaseError;
      return { at, code: code!, ...(constraint && { constraint }) };
    } finally {
      await client.query('rollback');
    }
  }

  const NOT_100: Refusal = { at: 'commit', code: '23514', constraint: 'baskets_weights_sum' };

  describe.each(['owner', 'superuser'] as const)('are refused at commit, to the %s too', role => {
    test.each([
      ['a weight that is changed', [`update basket_assets set weight = 55.0001 where ${ITEM}`]],
      ['an asset that is added', [INSERT('EURC', 2, '0.0001')]],
      ['an asset that is taken out', [`delete from basket_assets where ${ITEM}`]],
      ['an asset moved to another version', [`update basket_assets set version = 7 where ${ITEM}`]],
      ['a version that is not there', [`update baskets set composition_version = 3 where slug = $1`]],
      [
        'a version that is only half there',
        [INSERT('EURC', 3, '50'), `update baskets set composition_version = 3 where slug = $1`],
      ],
      ['everything taken out', [`delete from basket_assets where basket_id = ${BASKET}`]],
    ])('%s', async (_, statements) => {
      const before = await world.dump();
      expect(await attempt(await database[role](), statements)).toEqual(NOT_100);
      expect(await world.dump()).toEqual(before);
    });
  });

  test.each([
    [
      'one weight up and another down',
      [
        `update basket_assets set weight = case when ${ITEM} then weight + 5 else weight - 5 end where basket_id = ${BASKET} and version = 2`,
      ],
    ],
    ['one asset for another', [`delete from basket_assets where ${ITEM}`, INSERT('EURC', 2, '55')]],
    ['back to the version before', [`update baskets set composition_version = 1 where slug = $1`]],
    [
      'a version by hand',
      [INSERT('EURC', 3, '50'), INSERT('USD', 3, '50'), `update baskets set composition_version = 3 where slug = $1`],
    ],
  ])('are the only thing refused: the owner may change %s', async (_, statements) => {
    expect(await attempt(await database.owner(), statements)).toBe('committed');
  });

  describe('are refused to a job', () => {
    const worker = `select nestegg_enter('nestegg_worker', null)`;

    test.each([
      ['an asset added to the version that counts', [INSERT('EURC', 2, '1')], NOT_100],
      ['a version that is not there', [`update baskets set composition_version = 99 where slug = $1`], NOT_100],
      [
        'a weight that is changed',
        [`update basket_assets set weight = 1 where ${ITEM}`],
        { at: 'statement', code: '42501' },
      ],
      ['an asset that is taken out', [`delete from basket_assets where ${ITEM}`], { at: 'statement', code: '42501' }],
    ])('%s', async (_, statements, refusal) => {
      const before = await world.dump();
      expect(await attempt(await database.service(), statements, worker)).toEqual(refusal);
      expect(await world.dump()).toEqual(before);
    });

    test('by the same error that the service gives', async () => {
      const work = asWorker(database.orm.em, em =>
        em.execute('update baskets set composition_version = 99 where slug = ?', [slug]),
      );
      await expect(work).rejects.toThrow(ValidationError);
      await expect(work).rejects.toMatchObject({ code: 'basket.weights-not-100' });
    });
  });
});
