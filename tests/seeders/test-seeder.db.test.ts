import { beforeAll, expect, test } from 'vitest';
import { TEST_WORLD, TestSeeder } from '../../seeders/TestSeeder.js';
import { asReader, asUser, checkInvariants, ValuationService } from '../../src/index.js';
import { FixedClock } from '../../src/testing/index.js';
import { useDatabase } from '../support/database.js';
import { everyByteOf } from './content.js';

const database = useDatabase({ direct: true });

const rows = async (sql: string) => (await (await database.superuser()).query(sql)).rows;

beforeAll(() => database.orm.seeder.seed(TestSeeder));

test('the small world holds two people, three assets and a basket under the ids that tests know', async () => {
  const { assets, basket, ada, bo } = TEST_WORLD;
  expect(await rows(`select code, id from assets order by id`)).toEqual([
    { code: 'USD', id: assets.USD },
    { code: 'AAPL', id: assets.AAPL },
    { code: 'MSFT', id: assets.MSFT },
  ]);
  expect(await rows(`select id, slug, status from baskets`)).toEqual([{ ...basket, status: 'active' }]);
  expect(
    await rows(`select u.id as "userId", p.id as "portfolioId", u.email
      from users u join portfolios p on p.user_id = u.id order by u.id`),
  ).toEqual([ada, bo]);
});

test('the balances of the small world are known by heart', async () => {
  // 250 less 1 % is 247.50: 60 % are 148.50 or 1.485 AAPL at 100, 40 % are 99 or 2.475 MSFT at 40.
  expect(
    await rows(`select u.email, l.kind, a.code, l.balance::text from ledger_accounts l
      join users u on u.id = l.user_id join assets a on a.id = l.asset_id
      where l.kind in ('cash', 'holding') order by u.email, a.id`),
  ).toEqual([
    { email: 'ada@test.example.com', kind: 'cash', code: 'USD', balance: '750.00000000' },
    { email: 'ada@test.example.com', kind: 'holding', code: 'AAPL', balance: '1.48500000' },
    { email: 'ada@test.example.com', kind: 'holding', code: 'MSFT', balance: '2.47500000' },
    { email: 'bo@test.example.com', kind: 'cash', code: 'USD', balance: '50.00000000' },
  ]);
});

test('services work on the small world', async () => {
  const { userId, portfolioId } = TEST_WORLD.ada;
  const { value } = await asUser(database.orm.em, userId, em =>
    new ValuationService(em, new FixedClock(TEST_WORLD.now)).value({ userId, portfolioId }),
  );
  expect(value.toFixed()).toBe('247.5');
});

test('the small world is sound, and left as it is by seeding it again', async () => {
  const before = await everyByteOf(database);
  await database.orm.seeder.seed(TestSeeder);
  expect(await everyByteOf(database)).toEqual(before);
  const results = await asReader(database.orm.em, checkInvariants);
  expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
});
