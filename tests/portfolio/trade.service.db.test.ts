import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { asWorker, Decimal, InsufficientFundsError, newId, TradeService, User } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON } from '../support/world.js';
import { accepted, useTrading } from './trading.js';

const database = useDatabase();
const free = useTrading(database);
const world = free.on({
  fees: [
    { kind: 'platform', rate: '0.5' },
    { kind: 'network', fixed: '0.30', assetCode: 'USD' },
    { kind: 'spread', rate: '0.25' },
    { kind: 'provider', fixed: '0.05', assetCode: 'USD' },
  ],
});

beforeAll(() => world.price({ VTI: '280' }, '2026-03-02T13:00:00Z'));

/*
 * (100 − 0.35) / 1.0075 = 98.90818858|5… buys, at 271.13, 0.36479986|9… units. They cost 98.9081860418, up to 98.90818605;
 * 0.5 % of that is 0.49454093025, 0.25 % 0.247270465125, both rounded up. All in all 99.99999746 leave cash.
 */
describe('100 of 1,000 in cash, put into one asset with fees of all four kinds', () => {
  test('takes each fee and the cost of the units out of cash, and leaves what is too little for another unit', async () => {
    const ann = await world.newInvestor('1000');
    const traded = await world.buy(ann, '100');
    expect(await world.entries(traded)).toEqual([
      'cash fees USD 0.49454094',
      'cash fees USD 0.3',
      'cash fees USD 0.24727047',
      'cash fees USD 0.05',
      'cash market USD 98.90818605',
      'market holding VTI 0.36479986',
    ]);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '900.00000254', 'fees USD': '1.09181141' });
    expect(await world.holdings(ann)).toEqual(['VTI -: 0.36479986 cost 98.90818605 gain 0']);
    expect(traded).toMatchObject({ replayed: false, restatedSnapshots: 0 });
    expect(traded.movements.map(({ quantity, cost }) => `${quantity} ${cost}`)).toEqual(['0.36479986 98.90818605']);
  });

  test('is one transaction of what was spent, with four fees and one event', async () => {
    const ann = await world.newInvestor('1000');
    const { transaction } = await world.buy(ann, '100');
    const { type, status, amount, portfolioId, occurredAt } = transaction;
    expect([type, status, amount.toFixed(), portfolioId, occurredAt]).toEqual([
      ...['buy', 'posted', '99.99999746', ann.portfolioId],
      NOON,
    ]);
    expect(
      await world.rows(
        `select f.kind, trim_scale(f.amount)::text as amount, trim_scale(f.rate)::text as rate, e.position
         from transaction_fees f join ledger_entries e on e.user_id = f.user_id and e.id = f.entry_id
         where f.transaction_id = $1 order by e.position`,
        [transaction.id],
      ),
    ).toEqual([
      { kind: 'platform', amount: '0.49454094', rate: '0.5', position: 1 },
      { kind: 'network', amount: '0.3', rate: null, position: 2 },
      { kind: 'spread', amount: '0.24727047', rate: '0.25', position: 3 },
      { kind: 'provider', amount: '0.05', rate: null, position: 4 },
    ]);
    expect(await world.events(ann, 'asset.bought')).toEqual([
      { portfolioId: ann.portfolioId, assetCode: 'VTI', amount: '99.99999746' },
    ]);
  });

  /*
   * 0.1 at 280 brings 28, less 0.14, 0.3, 0.07 and 0.05; it cost 98.90818605 × 0.1 / 0.36479986 = 27.11300000|2…
   * The rest, 0.26479986, brings 74.1439608, less 0.37071981, 0.3, 0.18535991 and 0.05, and cost all that is left: 71.79518605.
   */
  test('is sold in part and then all of it: exactly nothing is left', async () => {
    const ann = await world.newInvestor('1000');
    await world.buy(ann, '100');
    world.clock.moveTo('2026-03-02T13:00:00Z');
    const part = await world.sell(ann, '0.1');
    expect(await world.entries(part)).toEqual([
      'holding market VTI 0.1',
      'market cash USD 28',
      'cash fees USD 0.14',
      'cash fees USD 0.3',
      'cash fees USD 0.07',
      'cash fees USD 0.05',
    ]);
    expect(await world.holdings(ann)).toEqual(['VTI -: 0.26479986 cost 71.79518605 gain 0.887']);
    const all = await world.sell(ann, 'all');
    expect([all.transaction.type, all.transaction.amount.toFixed()]).toEqual(['sell', '0.26479986']);
    expect(await world.holdings(ann)).toEqual(['VTI -: 0 cost 0 gain 3.23577475']);
    // 900.00000254 + 27.44 + 73.23788108
    expect(await world.balances(ann)).toMatchObject({
      'cash USD': '1000.67788362',
      'holding VTI': '0.00000000',
      'market VTI': '0.00000000',
    });
    expect(await world.events(ann, 'asset.sold')).toEqual([
      { portfolioId: ann.portfolioId, assetCode: 'VTI', quantity: '0.1', received: '27.44' },
      { portfolioId: ann.portfolioId, assetCode: 'VTI', quantity: '0.26479986', received: '73.23788108' },
    ]);
  });

  test('is held apart from the same asset in a basket', async () => {
    const ann = await world.newInvestor('1000');
    await world.buy(ann, '100');
    await world.invest(ann, '33.337');
    expect((await world.holdings(ann)).slice(0, 2)).toEqual([
      'VTI -: 0.36479986 cost 98.90818605 gain 0',
      'VTI trio: 0.06101219 cost 16.54223611 gain 0',
    ]);
    await world.sell(ann, 'all');
    // 98.9081860418 was rounded up when it was paid, and down when it came back.
    expect((await world.holdings(ann)).slice(0, 2)).toEqual([
      'VTI -: 0 cost 0 gain -0.00000001',
      'VTI trio: 0.06101219 cost 16.54223611 gain 0',
    ]);
    await world.refused(() => world.sell(ann, 'all'), 'holding.nothing-held');
  });
});

describe('a purchase', () => {
  test('takes the last cent that it needs, and not one more', async () => {
    const ann = await free.newInvestor('20');
    await free.refused(() => free.buy(ann, '20.01'), { code: 'ledger.insufficient-funds' });
    await free.buy(ann, '20');
    // 20 / 271.13 = 0.07376535|2… units cost 19.9999993455, rounded up.
    expect((await free.balances(ann))['cash USD']).toBe('0.00000065');
  });

  test('of a halted asset is refused, its sale is made', async () => {
    const ann = await free.newInvestor('100');
    await free.list({ code: 'HALT', name: 'Halt', kind: 'equity' });
    await free.price({ HALT: '4' });
    await free.buy(ann, '10', { assetCode: 'HALT' });
    await free.changeAsset('HALT', asset => asset.halt());
    await free.refused(() => free.buy(ann, '10', { assetCode: 'HALT' }), 'asset.not-buyable');
    await free.refused(() => free.quoteBuy(ann, '10', { assetCode: 'HALT' }), 'asset.not-buyable');
    await free.sell(ann, 'all', { assetCode: 'HALT' });
    expect(await free.holdings(ann)).toEqual(['HALT -: 0 cost 0 gain 0']);
  });

  test('or a sale at a price older than the asset allows is refused, a second earlier made', async () => {
    const ann = await free.newInvestor('100');
    await free.list({ code: 'FRESH', name: 'Fresh', kind: 'equity', priceMaxAgeSeconds: 60 });
    await free.refused(() => free.buy(ann, '10', { assetCode: 'FRESH' }), 'price.missing');
    await free.price({ FRESH: '4' });
    free.clock.moveTo('2026-03-02T12:01:01Z');
    await free.refused(() => free.buy(ann, '10', { assetCode: 'FRESH' }), { code: 'price.stale', retryable: true });
    free.clock.moveTo('2026-03-02T12:01:00Z');
    await free.buy(ann, '10', { assetCode: 'FRESH' });
    free.clock.moveTo('2026-03-02T12:01:01Z');
    await free.refused(() => free.sell(ann, 'all', { assetCode: 'FRESH' }), 'price.stale');
    free.clock.moveTo('2026-03-02T12:01:00Z');
    await free.sell(ann, 'all', { assetCode: 'FRESH' });
  });

  test.each([
    ['an asset that is not there', { assetCode: 'NONE' }, 'asset.not-found'],
    ['its own currency', { assetCode: 'USD' }, 'trade.own-currency'],
    ['a portfolio that is not there', { portfolioId: newId() } as never, 'portfolio.not-found'],
  ])('of or in %s is refused', async (_, wish, code) => {
    const ann = await free.newInvestor('100');
    await free.refused(() => free.buy({ ...ann, ...(wish as object) }, '10', wish), code);
  });

  test.each([
    ['amount', { amount: '0' }],
    ['amount', { amount: '10.000000001' }],
    ['amount', { amount: 'all' }],
    ['fees', { fees: [] } as never],
    ['occurredAt', { occurredAt: '2026-03-01T00:00:00Z' as never }],
    ['quote.fingerprint', { quote: { fingerprint: 'x', expiresAt: NOON } }],
  ])('with a wrong %s is refused at the door', async (field, wish) => {
    const ann = await free.newInvestor('100');
    await free.refused(() => free.buy(ann, '10', wish), { code: 'input.invalid', details: { fields: field } });
  });

  test('in a stranger’s portfolio looks like one in none', async () => {
    const [ann, bob] = [await free.newInvestor('100'), await free.newInvestor('100')];
    await free.buy(ann, '10');
    const hers = { ...bob, portfolioId: ann.portfolioId };
    await free.refused(() => free.buy(hers, '10'), 'portfolio.not-found');
    await free.refused(() => free.sell(hers, 'all'), 'portfolio.not-found');
    await free.refused(() => free.quoteSell(hers, 'all'), 'portfolio.not-found');
  });
});

describe('who takes no new business', () => {
  const change = ({ userId }: Investor, verb: (user: User) => void) =>
    asWorker(database.orm.em, async em => verb(await em.findOneOrFail(User, { id: userId })));

  test('sells while the account is closing, and buys nothing', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '50');
    await change(ann, user => user.startClosing(NOON));
    await free.refused(() => free.buy(ann, '10'), 'user.not-active');
    await free.sell(ann, 'all');
  });

  test('neither sells nor buys while suspended, whatever the prices', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '50');
    await change(ann, user => user.suspend(NOON));
    free.clock.moveTo('2026-04-02T12:00:00Z');
    await free.refused(() => free.buy(ann, '10'), 'user.not-active');
    await free.refused(() => free.sell(ann, 'all'), 'user.not-active');
  });
});

describe('a sale', () => {
  test('of more than is held is refused, of a fraction finer than the asset too', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '27.113');
    await free.refused(() => free.sell(ann, '0.10000001'), {
      code: 'ledger.insufficient-funds',
      details: { account: 'holding', asset: 'VTI', available: '0.10000000', needed: '0.10000001' },
    });
    await free.buy(ann, '10.837', { assetCode: 'EURC' });
    await free.refused(() => free.sell(ann, '0.0000001', { assetCode: 'EURC' }), 'decimal.too-precise');
    await free.sell(ann, '0.1');
  });

  test('of ALL takes what is there when the book is held, not what was read before', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '27.113');
    const [bought, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const buying = free.as(ann, async em => {
      await new TradeService(em, free.clock).buy({
        ...ann,
        assetCode: 'VTI',
        amount: '27.113',
        idempotencyKey: 'more',
      });
      bought.resolve();
      await released.promise;
    });
    await bought.promise;
    const selling = free.sell(ann, 'all');
    released.resolve();
    await buying;
    expect((await selling).transaction.amount.toFixed()).toBe('0.2');
    expect(await free.holdings(ann)).toEqual(['VTI -: 0 cost 0 gain 0']);
  });

  test('of the same units ten times at once is made once', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '27.113');
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => free.sell(ann, '0.1')));
    const refusals = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refusals).toHaveLength(9);
    for (const { reason } of refusals) expect(reason).toBeInstanceOf(InsufficientFundsError);
    expect((await free.balances(ann))['cash USD']).toBe('100.00000000');
  });

  test('happens after the purchase of what it sells, also when its server’s clock is behind', async () => {
    const ann = await free.newInvestor('100');
    await free.buy(ann, '27.113');
    free.clock.moveTo('2026-03-02T11:59:58Z');
    expect((await free.sell(ann, 'all')).transaction.occurredAt).toEqual(NOON);
  });
});

describe('a key', () => {
  test('takes effect once, also when the same could not be done any more', async () => {
    const ann = await free.newInvestor('100');
    const first = await free.buy(ann, '100', { idempotencyKey: 'k' });
    const sold = await free.sell(ann, 'all', { idempotencyKey: 's' });
    const before = await free.dump();
    free.clock.moveTo('2027-03-02T12:00:00Z');
    const again = [
      await free.buy(ann, '100.0', { idempotencyKey: 'k' }),
      await free.sell(ann, 'all', { idempotencyKey: 's' }),
    ];
    expect(again.map(({ transaction, replayed }) => [transaction.id, replayed])).toEqual([
      [first.transaction.id, true],
      [sold.transaction.id, true],
    ]);
    expect(again.map(({ movements }) => movements.map(({ quantity }) => quantity.toFixed()))).toEqual([
      ['0.36882676'],
      ['-0.36882676'],
    ]);
    expect(await free.dump()).toEqual(before);
  });

  test('stands for one request', async () => {
    const ann = await free.newInvestor('200');
    await free.buy(ann, '50', { idempotencyKey: 'k' });
    const conflict = 'ledger.idempotency-conflict';
    await free.refused(() => free.buy(ann, '50.01', { idempotencyKey: 'k' }), conflict);
    await free.refused(() => free.buy(ann, '50', { idempotencyKey: 'k', assetCode: 'EURC' }), conflict);
    await free.refused(() => free.buy(ann, '50', { idempotencyKey: 'k', occurredAt: NOON }), conflict);
    await free.refused(() => free.sell(ann, 'all', { idempotencyKey: 'k' }), conflict);
    await free.refused(() => free.invest(ann, '50', { idempotencyKey: 'k' }), conflict);
  });
});

describe('a quote', () => {
  test('says every leg, fee, total and price, and stores nothing', async () => {
    const ann = await world.newInvestor('1000');
    const before = await world.dump();
    const quote = await world.quoteBuy(ann, '100');
    expect(await world.dump()).toEqual(before);
    const legs = quote.legs.map(({ from, to, asset, amount, fee }) =>
      [from, to, asset, amount.toFixed(), ...(fee ? [fee.kind, fee.rate?.toFixed() ?? 'fixed'] : [])].join(' '),
    );
    expect(legs).toEqual([
      'cash fees USD 0.49454094 platform 0.5',
      'cash fees USD 0.3 network fixed',
      'cash fees USD 0.24727047 spread 0.25',
      'cash fees USD 0.05 provider fixed',
      'cash market USD 98.90818605',
      'market holding VTI 0.36479986',
    ]);
    const { totals, prices } = JSON.parse(JSON.stringify({ totals: quote.totals, prices: quote.prices }));
    expect(totals).toEqual({
      ...{ currency: 'USD', proceeds: '0', cost: '98.90818605', fees: '1.09181141', cashChange: '-99.99999746' },
    });
    expect(prices).toMatchObject([{ price: '271.13', asOf: '2026-03-02T09:00:00.000Z' }]);
    expect(quote.expiresAt).toEqual(new Date('2026-03-02T12:00:30Z'));
    expect(quote.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is committed to the last digit until it expires, and not a moment later', async () => {
    const ann = await world.newInvestor('1000');
    const quote = accepted(await world.quoteBuy(ann, '100'));
    world.clock.moveTo('2026-03-02T12:00:30.001Z');
    await world.refused(() => world.buy(ann, '100', { quote }), {
      code: 'quote.expired',
      details: { expiresAt: '2026-03-02T12:00:30.000Z' },
    });
    world.clock.moveTo('2026-03-02T12:00:30Z');
    const traded = await world.buy(ann, '100', { quote, idempotencyKey: 'k' });
    expect(traded.transaction.amount.toFixed()).toBe('99.99999746');
    // The key answers before the quote is looked at.
    world.clock.moveTo('2026-03-02T12:10:00Z');
    const replayed = await world.buy(ann, '100', { quote, idempotencyKey: 'k' });
    expect(replayed.replayed).toBe(true);
    // As much as the first answer: the movement, and the holding that it moved.
    expect(replayed.movements.map(({ id, holding }) => [id, holding.getEntity().costBasis.toFixed()])).toEqual([
      [traded.movements[0]!.id, '98.90818605'],
    ]);
    expect((await world.buy(ann, '100', { idempotencyKey: 'k' })).replayed).toBe(true);
  });

  test('is refused when it has moved: another price, another observation of the same one, another quantity, another fee', async () => {
    await world.list({ code: 'MOVE', name: 'Move', kind: 'equity' });
    await world.price({ MOVE: '4' });
    const ann = await world.newInvestor('1000');
    const wish = { assetCode: 'MOVE' };
    const quote = accepted(await world.quoteBuy(ann, '100', wish));
    await world.refused(() => world.buy(ann, '99', { ...wish, quote }), 'quote.moved');
    await world.refused(() => free.buy(ann, '100', { ...wish, quote }), 'quote.moved');
    await world.buy(ann, '100', { ...wish, quote });
    const all = accepted(await world.quoteSell(ann, 'all', wish));
    await world.buy(ann, '100', wish);
    await world.refused(() => world.sell(ann, 'all', { ...wish, quote: all }), 'quote.moved');
    const fresh = accepted(await world.quoteSell(ann, 'all', wish));
    world.clock.moveTo('2026-03-02T12:00:01Z');
    await world.price({ MOVE: '4' });
    await world.refused(() => world.sell(ann, 'all', { ...wish, quote: fresh }), 'quote.moved');
    await world.sell(ann, 'all', { ...wish, quote: accepted(await world.quoteSell(ann, 'all', wish)) });
  });

  test('of one person is none for another, and its term is not to be stretched', async () => {
    const [ann, bob] = [await world.newInvestor('1000'), await world.newInvestor('1000')];
    const quote = accepted(await world.quoteBuy(ann, '100'));
    await world.refused(() => world.buy(bob, '100', { quote }), 'quote.moved');
    const stretched = { ...quote, expiresAt: new Date('2026-03-03T12:00:00Z') };
    await world.refused(() => world.buy(ann, '100', { quote: stretched }), 'quote.moved');
  });

  test('lasts as long as the service says', async () => {
    const ann = await free.newInvestor('100');
    const quote = await free.on({ quoteLifetimeSeconds: 120 }).quoteBuy(ann, '10');
    expect(quote.expiresAt).toEqual(new Date('2026-03-02T12:02:00Z'));
  });
});

test('whatever is bought and sold, the quote is what is booked', async () => {
  const ann = await world.newInvestor('5000000');
  const cents = fc.integer({ min: 1_000, max: 1_000_000 }).map(n => new Decimal(n).div(100).toFixed());
  const code = fc.constantFrom('VTI', 'WBTC', 'EURC');
  await fc.assert(
    fc.asyncProperty(cents, code, fc.integer({ min: 1, max: 100 }), async (amount, assetCode, percent) => {
      const quote = await world.quoteBuy(ann, amount, { assetCode });
      const bought = await world.buy(ann, amount, { assetCode, quote: accepted(quote) });
      const said = (each: typeof quote.legs) =>
        each.map(({ from, to, asset, amount: moved }) => `${from} ${to} ${asset} ${moved.toFixed()}`);
      expect(await world.entries(bought)).toEqual(said(quote.legs));
      const { available } = (await world.quoteSell(ann, 'all', { assetCode })).sales[0].position;
      const part = available
        .mul(percent)
        .div(100)
        .toDecimalPlaces(assetCode === 'EURC' ? 6 : 8, Decimal.ROUND_UP);
      // A part so small that its fees eat it up is no sale.
      if (part.mul({ VTI: 271, WBTC: 64250, EURC: 1 }[assetCode]!).lt(1)) return;
      const sale = await world.quoteSell(ann, part.toFixed(), { assetCode });
      const sold = await world.sell(ann, part.toFixed(), { assetCode, quote: accepted(sale) });
      expect(await world.entries(sold)).toEqual(said(sale.legs));
    }),
    { numRuns: 25 },
  );
  expect(await world.violations()).toEqual([]);
}, 60_000);

test('all that was traded here left nothing that must not be', async () => {
  expect(await world.violations()).toEqual([]);
});
