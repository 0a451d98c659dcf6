import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DraftBasket, InvestmentService, type ListAsset, PortfolioService } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import type { Investor } from '../support/world.js';
import { useTrading } from './trading.js';

const database = useDatabase();
const world = useTrading(database);

const token = (code: string, decimals: number): ListAsset => ({
  ...{ code, name: code, kind: 'crypto' },
  contract: { chain: 'ethereum', decimals },
});

const codes = Array.from({ length: 50 }, (_, i) => `M${i + 1}`);
const cheap = { minimumInvestment: '0.01', feeRate: '0.3' } satisfies Partial<DraftBasket>;

beforeAll(async () => {
  await world.list(
    ...codes.map((code, i) => (i % 3 === 0 ? token(code, 18) : i % 3 === 1 ? token(code, 8) : token(code, 6))),
    ...[0, 2, 6, 8, 18].map(decimals => token(`D${decimals}`, decimals)),
  );
  await world.price({
    ...Object.fromEntries(
      codes.map((code, i) => [code, `${(i * 37) % 11}.${String(7919 * (i + 1)).padStart(12, '0')}`]),
    ),
    ...{ D0: '7.13', D2: '3.00007', D6: '1.00009', D8: '64250.5', D18: '2599.123456789012' },
  });
  await world.offer(
    { slug: 'market', ...cheap },
    codes.map((assetCode, i) => ({ assetCode, weight: i % 2 === 0 ? '2.0001' : '1.9999' })),
  );
  await world.offer(
    { slug: 'scales', ...cheap },
    ['D2', 'D6', 'D8', 'D18'].map(assetCode => ({ assetCode, weight: '25' })),
  );
});

/** Whatever the user holds or has traded against is exactly zero, and money is where it should be: to the last digit. */
async function expectNothingLeft(who: Investor): Promise<void> {
  for (const line of await world.holdings(who)) expect(line).toMatch(/: 0 cost 0 gain /);
  const balances = Object.entries(await world.balances(who)).filter(([account]) => !account.endsWith(' USD'));
  expect(balances.length).toBeGreaterThan(0);
  for (const [, balance] of balances) expect(balance).toBe('0.00000000');
  const [sum] = await world.rows<{ money: string; gain: string }>(
    `select trim_scale(sum(l.balance))::text as money,
       trim_scale((select sum(realised_gain) from portfolio_holdings where user_id = $1) +
         (select balance from ledger_accounts where user_id = $1 and kind = 'market' and asset_id = l.asset_id))::text as gain
     from ledger_accounts l join assets a on a.id = l.asset_id where l.user_id = $1 and a.code = 'USD' group by l.asset_id`,
    [who.userId],
  );
  // The book closes, and what all sales have gained is what the market has paid more than it got.
  expect(sum).toEqual({ money: '0', gain: '0' });
}

test('an investment in fifty assets, as many as a basket may have, spends every hundred-millionth, and all of it comes back out', async () => {
  const ann = await world.newInvestor('1000');
  const { transaction } = await world.book(ann, '999.99999999', { basketSlug: 'market' });
  const [spent] = await world.rows(
    `select sum(e.amount)::text as total, count(*)::int as legs from ledger_entries e
     join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id where e.transaction_id = $1 and d.kind = 'cash'`,
    [transaction.id],
  );
  expect(spent).toEqual({ total: '999.99999999', legs: 51 });
  const plan = await world.quoteRedemption(ann, '100', { basketSlug: 'market' });
  expect(plan.sales).toHaveLength(50);
  await world.redeem(ann, '100', { basketSlug: 'market' });
  await world.redeem(ann, 'all', { basketSlug: 'market' });
  await expectNothingLeft(ann);
});

test('two thousand small investments leave exactly zero in every holding, account and cost once all is redeemed', async () => {
  const ann = await world.newInvestor('100000');
  const amounts = Array.from(
    { length: 2_000 },
    (_, i) => `${13 + (i % 37)}.${String((i * 7_919_117) % 100_000_000).padStart(8, '0')}`,
  );
  for (let start = 0; start < amounts.length; start += 25)
    await world.as(ann, async em => {
      const service = new InvestmentService(em, world.clock);
      for (const amount of amounts.slice(start, start + 25))
        await service.invest({ ...ann, basketSlug: 'scales', amount, idempotencyKey: randomUUID() });
    });
  await world.redeem(ann, '12345.67890123', { basketSlug: 'scales' });
  await world.redeem(ann, 'all', { basketSlug: 'scales' });
  await expectNothingLeft(ann);
  expect(await world.violations()).toEqual([]);
}, 180_000);

describe('an asset of so many decimals', () => {
  test.each([
    // 100 / 7.13 = 14|.02…; × 7.13 = 99.82
    ['0', 'D0', '14', '99.82'],
    // 100 / 3.00007 = 33.33|2…; × 3.00007 = 99.9923331
    ['2', 'D2', '33.33', '99.9923331'],
    // 100 / 1.00009 = 99.991000|8…; × 1.00009 = 99.99999919
    ['6', 'D6', '99.991', '99.99999919'],
    // 100 / 64250.5 = 0.00155640|8…; × 64250.5 = 99.9994782
    ['8', 'D8', '0.0015564', '99.9994782'],
    // Kept to eight of its eighteen: 100 / 2599.123456789012 = 0.03847450|9…; × that price = 99.999975438…, up
    ['18', 'D18', '0.0384745', '99.99997544'],
  ])('(%s) is bought, held and sold in its own units', async (_, assetCode, units, cost) => {
    const ann = await world.newInvestor('100');
    const { movements } = await world.buy(ann, '100', { assetCode });
    expect(movements.map(({ quantity, cost: paid }) => [quantity.toFixed(), paid.toFixed()])).toEqual([[units, cost]]);
    await world.sell(ann, 'all', { assetCode });
    await expectNothingLeft(ann);
  });
});

test('an investment that would lose more than a hundredth of itself in whole pieces is refused', async () => {
  await world.offer({ slug: 'pieces', ...cheap, feeRate: '0' }, [{ assetCode: 'D0', weight: '100' }]);
  const ann = await world.newInvestor('1000');
  // 7.13 a piece: 100 pays for 14, 99.82; 101 pays for 14 as well, and would lose 1.18.
  await world.invest(ann, '100', { basketSlug: 'pieces' });
  await world.refused(() => world.invest(ann, '101', { basketSlug: 'pieces' }), 'basket.amount-too-small');
});

describe('the largest amounts', () => {
  const MOST = '9999999999.99999999';

  test('are invested, redeemed and traded to the last digit', async () => {
    await world.list({ code: 'PAR', name: 'Par', kind: 'equity' });
    await world.price({ PAR: '1' });
    const ann = await world.newInvestor(MOST);
    await world.buy(ann, MOST, { assetCode: 'PAR' });
    expect(await world.holdings(ann)).toEqual([`PAR -: ${MOST} cost ${MOST} gain 0`]);
    await world.takeSnapshot(ann);
    await world.sell(ann, '9999999999.99999998', { assetCode: 'PAR' });
    await world.sell(ann, 'all', { assetCode: 'PAR' });
    expect((await world.balances(ann))['cash USD']).toBe(MOST);
    await expectNothingLeft(ann);
    await world.invest(ann, MOST);
    await world.redeem(ann, 'all');
    await expectNothingLeft(ann);
  });

  test('and what is more than the books can hold is refused', async () => {
    await world.list({ code: 'TINY', name: 'Tiny', kind: 'equity' });
    await world.price({ TINY: '0.000000000001' });
    const ann = await world.newInvestor('1');
    await world.refused(() => world.buy(ann, '1', { assetCode: 'TINY' }), 'decimal.out-of-range');
    await world.buy(ann, '0.00999999', { assetCode: 'TINY' });
    expect(await world.holdings(ann)).toEqual(['TINY -: 9999990000 cost 0.00999999 gain 0']);
  });
});

test('a portfolio in a currency of six decimals moves no smaller parts of it', async () => {
  const ann = await world.newInvestor();
  const { id } = await world.as(ann, em =>
    new PortfolioService(em).open({ userId: ann.userId, name: 'Euros', currencyCode: 'EURC' }),
  );
  const euros = { userId: ann.userId, portfolioId: id };
  await world.refused(() => world.buy(euros, '1.0000001', { assetCode: 'D8' }), 'decimal.too-precise');
  await world.refused(() => world.invest(euros, '10.0000001'), 'decimal.too-precise');
  await world.refused(() => world.redeem(euros, '1.0000001'), 'decimal.too-precise');
});
