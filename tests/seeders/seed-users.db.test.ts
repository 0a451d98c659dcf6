import { beforeAll, expect, test } from 'vitest';
import { seedUsers } from '../../seeders/large/seed-users.js';
import { MarketSeeder } from '../../seeders/MarketSeeder.js';
import { PortfolioSeeder } from '../../seeders/PortfolioSeeder.js';
import { asReader, checkInvariants } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { contentOf, everyByteOf } from './content.js';

const uninterrupted = useDatabase({ direct: true });
const interrupted = useDatabase({ direct: true });

beforeAll(async () => {
  for (const { orm } of [uninterrupted, interrupted]) await orm.seeder.seed(MarketSeeder, PortfolioSeeder);
  await seedUsers(uninterrupted.orm.em, { users: 300, seed: 'a1' });
}, 60_000);

test('a large world has as many users as were asked for, each with a deposit and an investment', async () => {
  const { rows } = await (await uninterrupted.superuser()).query(
    `select count(*)::int as users, count(d.id)::int as deposits, count(i.id)::int as investments
     from users u left join transactions d on d.user_id = u.id and d.type = 'deposit'
     left join transactions i on i.user_id = u.id and i.type = 'basket_investment'`,
  );
  expect(rows).toEqual([{ users: 300, deposits: 300, investments: 300 }]);
});

test('a large world is sound', async () => {
  const results = await asReader(uninterrupted.orm.em, checkInvariants);
  expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
  expect(results.find(({ name }) => name === 'every book closes to zero per asset')?.checked).toBeGreaterThan(900);
});

test('what is interrupted ends after its batch, and continued it is the same as if nothing had happened', async () => {
  const { em } = interrupted.orm;
  const stop = new AbortController();
  const first = await seedUsers(em, {
    ...{ users: 300, seed: 'a1', batch: 70, signal: stop.signal },
    onBatch: () => stop.abort(),
  });
  expect(first).toEqual({ found: 0, made: 70, isComplete: false });
  expect(await seedUsers(em, { users: 300, seed: 'a1' })).toEqual({ found: 70, made: 230, isComplete: true });
  expect(await contentOf(interrupted)).toEqual(await contentOf(uninterrupted));
}, 60_000);

test('a world that is complete stays as it is', async () => {
  const before = await everyByteOf(uninterrupted);
  expect(await seedUsers(uninterrupted.orm.em, { users: 300, seed: 'a1' })).toEqual({
    ...{ found: 300, made: 0, isComplete: true },
  });
  expect(await everyByteOf(uninterrupted)).toEqual(before);
});

test('another seed makes other people, beside those that are there', async () => {
  const made = await seedUsers(interrupted.orm.em, { users: 2, seed: 'b2' });
  expect(made).toEqual({ found: 0, made: 2, isComplete: true });
  const { rows } = await (await interrupted.superuser()).query(
    `select email from users where email like 'b2-%' order by 1`,
  );
  expect(rows).toEqual([{ email: 'b2-00000001@seeded.example.com' }, { email: 'b2-00000002@seeded.example.com' }]);
});
