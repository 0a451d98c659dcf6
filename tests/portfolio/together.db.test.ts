import { beforeAll, expect, test } from 'vitest';
import { takeDueSnapshots } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);

beforeAll(async () => {
  await world.list({ code: 'A', name: 'A', kind: 'equity' }, { code: 'B', name: 'B', kind: 'equity' });
  await world.price({ A: '4', B: '5' }, '2026-03-02T11:00:00Z');
  await world.price({ A: '8' }, '2026-03-02T12:00:00Z');
  await world.offer({ slug: 'duo', feeRate: '0.5' }, [
    { assetCode: 'A', weight: '50', minWeight: '49', maxWeight: '51' },
    { assetCode: 'B', weight: '50', minWeight: '49', maxWeight: '51' },
  ]);
});

/** What may be refused when everything happens at once: there is too little, nothing, or something has been done already. */
const REFUSALS = [
  'ledger.insufficient-funds',
  'holding.nothing-held',
  'basket.nothing-held',
  'redemption.exceeds-value',
  'transaction.has-dependents',
  'transaction.not-reversible',
];

test('whatever two people and the jobs do at the same moment, nobody waits in a circle and all books are right', async () => {
  const people = [await world.newInvestor('500'), await world.newInvestor('500')];
  const codes: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    world.clock.moveTo(new Date(Date.parse('2026-03-02T12:00:00Z') + round * 3_600_000));
    const work = people.flatMap(who => [
      world.buy(who, '30'),
      world.buy(who, '30', { occurredAt: new Date('2026-03-02T11:30:00Z') }),
      world.invest(who, '50', { basketSlug: 'duo' }),
      world.invest(who, '50'),
      world.sell(who, 'all'),
      world.redeem(who, '20', { basketSlug: 'duo' }),
      world.redeem(who, 'all'),
      world.rebalance(who, 'duo'),
      world.takeSnapshot(who),
      world.buy(who, '10', { assetCode: 'B' }).then(traded => world.reverse(who, traded)),
    ]);
    const jobs = [1, 2].map(() => takeDueSnapshots(database.orm.em, world.clock, { batchSize: 1 }));
    for (const outcome of await Promise.allSettled([...work, ...jobs]))
      if (outcome.status === 'rejected') codes.push(outcome.reason.code ?? String(outcome.reason));
  }
  expect(codes.filter(code => !REFUSALS.includes(code))).toEqual([]);
  expect(await world.violations()).toEqual([]);
}, 60_000);
