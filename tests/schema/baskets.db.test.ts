import { describe, expect, test } from 'vitest';
import { id } from './rows.js';
import { useSchema } from './schema.js';

const schema = useSchema();

const NOT_100 = { code: '23514', name: 'baskets_weights_sum' };
const [DUO, FIRST, SECOND] = [id('duo'), id('duo 1'), id('duo 2')];

/** A second basket with a composition of its own. */
const SOLO = `
  with solo as (insert into baskets select (jsonb_populate_record(b, jsonb_build_object('id', '${id('solo')}', 'slug', 'solo'))).* from baskets b)
  insert into basket_assets (id, basket_id, version, position, asset_id, weight, min_weight, max_weight)
  values ('${id('solo 1')}', '${id('solo')}', 1, 1, '${id('USD')}', 100, 0, 100)`;

const add = (weight: number, version = 1, basket = DUO) => `
  insert into basket_assets (id, basket_id, version, position, asset_id, weight, min_weight, max_weight)
  select gen_random_uuid(), '${basket}', ${version}, 9, id, ${weight}, 0, 100 from assets where code = 'EUR'`;

const EURO = `
  insert into assets (id, code, name, kind, display_scale, price_max_age_seconds, status)
  values ('${id('EUR')}', 'EUR', 'Euro', 'fiat', 2, 60, 'active')`;

/** Runs statements as one transaction would; tells what refuses it at commit. */
const commit = (...statements: string[]) =>
  schema.takenBack(async () => {
    for (const statement of [EURO, SOLO, ...statements]) await schema.list(statement);
    return schema.refusalOf('set constraints all immediate');
  });

describe('weights that do not sum to 100 are refused at commit', () => {
  test.each([
    ['when an asset is added', add(0.0001)],
    ['when a weight is changed', `update basket_assets set weight = 59.9999 where id = '${FIRST}'`],
    ['when an asset is taken out', `delete from basket_assets where id = '${FIRST}'`],
    ['when all of them are', `delete from basket_assets where basket_id = '${DUO}'`],
    ['when an asset goes into another version', `update basket_assets set version = 2 where id = '${FIRST}'`],
    [
      'in the basket that an asset comes to',
      `update basket_assets set basket_id = '${DUO}', asset_id = '${id('EUR')}' where id = '${id('solo 1')}'`,
    ],
    [
      'in the basket that an asset leaves',
      `update basket_assets set basket_id = '${DUO}', version = 2 where id = '${id('solo 1')}'`,
    ],
    ['when another version counts', `update baskets set composition_version = 2 where id = '${DUO}'`],
    [
      'of a basket that begins with a composition',
      `insert into baskets select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'slug', 'new'))).* from baskets b where id = '${DUO}'`,
    ],
    ['of a draft too, once it has a composition', `update baskets set status = 'draft', composition_version = 2`],
  ])('%s', async (_, statement) => {
    expect(await commit(statement)).toEqual(NOT_100);
  });
});

test('weights of a composition of the past are refused too', async () => {
  const next = [`update baskets set composition_version = 2 where id = '${DUO}'`, add(100, 2)];
  expect(await commit(...next, add(1, 1))).toEqual(NOT_100);
  expect(await commit(...next)).toBeNull();
});

describe('weights may be anything on the way to 100', () => {
  test.each([
    [
      'one down, then another up',
      [
        `update basket_assets set weight = 55 where id = '${FIRST}'`,
        `update basket_assets set weight = 45 where id = '${SECOND}'`,
      ],
    ],
    ['one asset out, then another in', [`delete from basket_assets where id = '${FIRST}'`, add(60)]],
    [
      'another version, then its asset',
      [`update baskets set composition_version = 2 where id = '${DUO}'`, add(100, 2)],
    ],
    ['a version that does not count', [add(1, 2)]],
    ['a basket without a composition', [`update baskets set status = 'draft', composition_version = 0`]],
  ])('%s', async (_, statements) => {
    expect(await commit(...statements)).toBeNull();
  });
});
