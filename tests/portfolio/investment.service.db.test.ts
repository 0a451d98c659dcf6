import { describe, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  IdempotencyConflictError,
  InsufficientFundsError,
  InvestmentService,
  NotFoundError,
  newId,
  Portfolio,
  PortfolioService,
  PriceMissingError,
  StalePriceError,
  StateError,
  User,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, NOON, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

/** What a user holds through baskets, by asset: units, their cost and the gain of sales. */
const holdingsOf = ({ userId }: Pick<Investor, 'userId'>) =>
  world.rows(
    `select a.code, b.slug, l.balance::text as units, h.cost_basis::text as cost, h.realised_gain::text as gain
     from portfolio_holdings h join assets a on a.id = h.asset_id join baskets b on b.id = h.basket_id
     join ledger_accounts l on l.user_id = h.user_id and l.id = h.account_id
     where h.user_id = $1 order by h.id`,
    [userId],
  );

const openPortfolio = async ({ userId }: Investor, name = 'Travels'): Promise<Investor> => {
  const { id } = await asUser(database.orm.em, userId, em =>
    new PortfolioService(em).open({ userId, name, currencyCode: 'USD' }),
  );
  return { userId, portfolioId: id };
};

const closePortfolio = ({ userId, portfolioId }: Investor): Promise<void> =>
  asUser(database.orm.em, userId, async em => {
    const portfolio = await em.findOneOrFail(Portfolio, { user: userId, id: portfolioId });
    portfolio.close(world.clock.now());
  });

let baskets = 0;

/** A basket of one asset of its own, free of charge. */
async function basketOfOne({
  price,
  decimals,
  priceMaxAgeSeconds,
}: {
  price?: string;
  decimals?: number;
  priceMaxAgeSeconds?: number;
} = {}) {
  baskets += 1;
  const code = `A${baskets}`;
  const kind = decimals === undefined ? 'equity' : 'crypto';
  await world.list({
    code,
    name: code,
    kind,
    priceMaxAgeSeconds,
    ...(decimals !== undefined && { contract: { chain: 'ethereum', decimals } }),
  });
  if (price) await world.price({ [code]: price });
  const slug = `only-${baskets}`;
  await world.offer({ slug, feeRate: '0', minimumInvestment: '1' }, [{ assetCode: code, weight: '100' }]);
  return { slug, code };
}

/** Nothing at all is stored by what is refused. */
async function refusedWithoutTrace(
  work: () => Promise<unknown>,
  kind: new (...args: never[]) => Error,
  expected: object,
) {
  const before = await world.dump();
  const error = await work().then(
    () => 'it was not refused',
    refused => refused,
  );
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject(expected);
  expect(await world.dump()).toEqual(before);
}

describe('33.337 of 100 in cash, put into a basket of three assets', () => {
  /*
   * Fee 0.7575 % of 33.337 = 0.252527775, rounded up: 0.25252778. The rest, 33.08447222, is split 50 : 30 : 20.
   *   VTI   16.54223611 / 271.13  = 0.06101219|38
   *   WBTC   9.92534167 / 64250.5 = 0.00015447|88
   *   EURC   6.61689444 / 1.0837  = 6.105835|96, six decimals
   */
  test('moves the fee and three purchases, each with both balances after it', async () => {
    const ann = await world.newInvestor('100');
    const transaction = await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    const entries = await world.rows(
      `select e.position, d.kind as debit, c.kind as credit, a.code, e.amount::text,
         e.debit_balance::text as debit_after, e.credit_balance::text as credit_after
       from ledger_entries e join assets a on a.id = e.asset_id
       join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
       join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
       where e.transaction_id = $1 order by e.position`,
      [transaction.id],
    );
    expect(entries.map(row => Object.values(row).join(' '))).toEqual([
      '1 cash fees USD 0.25252778 99.74747222 0.25252778',
      '2 cash market USD 16.54223611 83.20523611 16.54223611',
      '3 market holding VTI 0.06101219 -0.06101219 0.06101219',
      '4 cash market USD 9.92534167 73.27989444 26.46757778',
      '5 market holding WBTC 0.00015447 -0.00015447 0.00015447',
      '6 cash market USD 6.61689444 66.66300000 33.08447222',
      '7 market holding EURC 6.10583500 -6.10583500 6.10583500',
    ]);
    expect(await world.balances(ann)).toEqual({
      'cash USD': '66.66300000',
      'external USD': '-100.00000000',
      'fees USD': '0.25252778',
      'market USD': '33.08447222',
      'holding VTI': '0.06101219',
      'market VTI': '-0.06101219',
      'holding WBTC': '0.00015447',
      'market WBTC': '-0.00015447',
      'holding EURC': '6.10583500',
      'market EURC': '-6.10583500',
    });
  });

  test('is one posted transaction with one fee and one event', async () => {
    const ann = await world.newInvestor('100');
    const { id } = await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    expect(
      await world.rows(
        `select t.type, t.status, a.code, t.amount::text, t.portfolio_id, b.slug, t.occurred_at, t.posted_at, t.idempotency_key
         from transactions t join assets a on a.id = t.asset_id join baskets b on b.id = t.basket_id where t.id = $1`,
        [id],
      ),
    ).toEqual([
      {
        type: 'basket_investment',
        status: 'posted',
        code: 'USD',
        amount: '33.33700000',
        portfolio_id: ann.portfolioId,
        slug: 'trio',
        occurred_at: NOON,
        posted_at: NOON,
        idempotency_key: 'first',
      },
    ]);
    expect(
      await world.rows(
        `select f.kind, a.code, f.amount::text, f.rate::text, e.position from transaction_fees f
         join assets a on a.id = f.asset_id join ledger_entries e on e.user_id = f.user_id and e.id = f.entry_id
         where f.transaction_id = $1`,
        [id],
      ),
    ).toEqual([{ kind: 'platform', code: 'USD', amount: '0.25252778', rate: '0.7575', position: 1 }]);
    const events = await world.rows(
      `select payload from outbox_events where user_id = $1 and type = 'basket.invested'`,
      [ann.userId],
    );
    expect(events).toEqual([{ payload: { portfolioId: ann.portfolioId, basketSlug: 'trio', amount: '33.337' } }]);
  });

  test('is told of each holding: what came in and what it cost', async () => {
    const ann = await world.newInvestor('100');
    const { id } = await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    const movementsOf = (transactionId: string) =>
      world.rows(
        `select a.code, m.quantity::text as units, m.cost::text as cost, m.gain::text as gain from holding_movements m
         join portfolio_holdings h on h.user_id = m.user_id and h.id = m.holding_id join assets a on a.id = h.asset_id
         where m.user_id = $1 and m.transaction_id = $2 order by m.id`,
        [ann.userId, transactionId],
      );
    const bought = [
      { code: 'VTI', units: '0.06101219', cost: '16.54223611', gain: '0.00000000' },
      { code: 'WBTC', units: '0.00015447', cost: '9.92534167', gain: '0.00000000' },
      { code: 'EURC', units: '6.10583500', cost: '6.61689444', gain: '0.00000000' },
    ];
    expect(await movementsOf(id)).toEqual(bought);
    // Asked for again it moves nothing again.
    await world.invest(ann, '33.337', { idempotencyKey: 'first' });
    expect(await movementsOf(id)).toEqual(bought);
    const { id: second } = await world.invest(ann, '10');
    expect((await movementsOf(second)).map(row => Object.values(row).slice(0, 3).join(' '))).toEqual([
      'VTI 0.01830164 4.96212500',
      'WBTC 0.00004633 2.97727500',
      'EURC 1.83154900 1.98485000',
    ]);
    expect(await movementsOf(id)).toEqual(bought);
  });

  test('takes from cash what it costs and what the fee is, to the last digit', async () => {
    const ann = await world.newInvestor('100');
    const { id } = await world.invest(ann, '33.337');
    const [sums] = await world.rows(
      `select sum(e.amount)::text as total, sum(e.amount) filter (where c.kind = 'fees')::text as fees
       from ledger_entries e
       join ledger_accounts d on d.user_id = e.user_id and d.id = e.debit_id
       join ledger_accounts c on c.user_id = e.user_id and c.id = e.credit_id
       where e.transaction_id = $1 and d.kind = 'cash'`,
      [id],
    );
    expect(sums).toEqual({ total: '33.33700000', fees: '0.25252778' });
  });

  test('is held at what it cost, and what comes later is added to it', async () => {
    const ann = await world.newInvestor('100');
    await world.invest(ann, '33.337');
    expect(await holdingsOf(ann)).toEqual([
      { code: 'VTI', slug: 'trio', units: '0.06101219', cost: '16.54223611', gain: '0.00000000' },
      { code: 'WBTC', slug: 'trio', units: '0.00015447', cost: '9.92534167', gain: '0.00000000' },
      { code: 'EURC', slug: 'trio', units: '6.10583500', cost: '6.61689444', gain: '0.00000000' },
    ]);
    // 10 more: fee 0.07575; 4.962125, 2.977275 and 1.98485 buy 0.01830164, 0.00004633 and 1.831549.
    await world.invest(ann, '10');
    expect(await holdingsOf(ann)).toEqual([
      { code: 'VTI', slug: 'trio', units: '0.07931383', cost: '21.50436111', gain: '0.00000000' },
      { code: 'WBTC', slug: 'trio', units: '0.00020080', cost: '12.90261667', gain: '0.00000000' },
      { code: 'EURC', slug: 'trio', units: '7.93738400', cost: '8.60174444', gain: '0.00000000' },
    ]);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '56.66300000', 'fees USD': '0.32827778' });
  });

  test('is held apart from the same asset in another basket', async () => {
    await world.offer({ slug: 'only-vti', feeRate: '0' }, [{ assetCode: 'VTI', weight: '100' }]);
    const ann = await world.newInvestor('100');
    await world.invest(ann, '33.337');
    await world.invest(ann, '27.113', { basketSlug: 'only-vti' });
    expect(await holdingsOf(ann)).toMatchObject([
      { code: 'VTI', slug: 'trio', units: '0.06101219', cost: '16.54223611' },
      { code: 'WBTC' },
      { code: 'EURC' },
      { code: 'VTI', slug: 'only-vti', units: '0.10000000', cost: '27.11300000' },
    ]);
    const fees = await world.rows('select count(*)::int as n from transaction_fees where user_id = $1', [ann.userId]);
    expect(fees).toEqual([{ n: 1 }]);
  });

  test('is what the quote said before', async () => {
    const ann = await world.newInvestor('100');
    const before = await world.dump();
    const quote = await world.quote(ann, '33.337');
    expect(await world.dump()).toEqual(before);
    expect([quote.fee.toFixed(), quote.invested.toFixed()]).toEqual(['0.25252778', '33.08447222']);
    const bought = quote.purchases.map(({ asset, units, cost }) => [asset.code, units.toFixed(8), cost.toFixed(8)]);
    expect(bought).toEqual([
      ['VTI', '0.06101219', '16.54223611'],
      ['WBTC', '0.00015447', '9.92534167'],
      ['EURC', '6.10583500', '6.61689444'],
    ]);
    await world.invest(ann, '33.337');
    expect((await holdingsOf(ann)).map(({ code, units, cost }) => [code, units, cost])).toEqual(bought);
  });
});

describe('an investment', () => {
  test('is made at the composition and the prices that count when it is made', async () => {
    const { slug, code } = await basketOfOne({ price: '4' });
    const ann = await world.newInvestor('100');
    await world.invest(ann, '10', { basketSlug: slug });
    world.clock.moveTo('2026-03-02T12:00:01Z');
    await world.price({ [code]: '5' });
    await world.invest(ann, '10', { basketSlug: slug });
    await world.baskets(service => service.publish({ slug, composition: [{ assetCode: 'VTI', weight: '100' }] }));
    await world.invest(ann, '27.113', { basketSlug: slug });
    expect(await holdingsOf(ann)).toMatchObject([
      { code, units: '4.50000000', cost: '20.00000000' },
      { code: 'VTI', units: '0.10000000', cost: '27.11300000' },
    ]);
  });

  test('says what made it', async () => {
    const ann = await world.newInvestor('100');
    const made = [await world.invest(ann, '10', {}, 'round_up'), await world.invest(ann, '10', {}, 'auto_invest')];
    expect(made.map(({ type }) => type)).toEqual(['round_up', 'auto_invest']);
  });

  test('takes the last cent, and not one more', async () => {
    const ann = await world.newInvestor('20');
    await refusedWithoutTrace(() => world.invest(ann, '20.00000001'), InsufficientFundsError, {
      code: 'ledger.insufficient-funds',
      retryable: false,
      details: { account: 'cash', asset: 'USD' },
    });
    await world.invest(ann, '20');
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '0.00000000' });
    await refusedWithoutTrace(() => world.invest(ann, '10'), InsufficientFundsError, {});
  });

  test('needs cash that has arrived', async () => {
    const ann = await world.newInvestor();
    await refusedWithoutTrace(() => world.invest(ann, '10'), InsufficientFundsError, {
      details: { account: 'cash', asset: 'USD', available: '0.00000000' },
    });
  });

  test.each([
    ['paused', ['pause'], StateError, 'basket.not-investable'],
    ['retired', ['retire'], StateError, 'basket.not-investable'],
  ] as const)('in a basket that is %s is refused', async (_, verbs, kind, code) => {
    const { slug } = await basketOfOne({ price: '4' });
    const ann = await world.newInvestor('100');
    for (const verb of verbs) await world.baskets(service => service[verb](slug));
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: slug }), kind, { code });
    await refusedWithoutTrace(() => world.quote(ann, '10', { basketSlug: slug }), kind, { code });
  });

  test('in a basket that is a draft is refused', async () => {
    const ann = await world.newInvestor('100');
    await world.baskets(service =>
      service.draft({
        slug: 'draft',
        name: 'Draft',
        description: 'Not on offer yet.',
        risk: 'moderate',
        category: 'Test',
        minimumInvestment: '1',
        feeRate: '0',
        curator: 'Ann',
      }),
    );
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: 'draft' }), StateError, {
      code: 'basket.not-investable',
      details: { slug: 'draft' },
    });
  });

  test('in a basket that is active again is taken', async () => {
    const { slug } = await basketOfOne({ price: '4' });
    const ann = await world.newInvestor('100');
    await world.baskets(service => service.pause(slug));
    await world.baskets(service => service.activate(slug));
    await world.invest(ann, '10', { basketSlug: slug });
    expect(await holdingsOf(ann)).toMatchObject([{ units: '2.50000000', cost: '10.00000000' }]);
  });

  test('in a halted asset is refused until it is resumed', async () => {
    const { slug, code } = await basketOfOne({ price: '4' });
    const ann = await world.newInvestor('100');
    await world.changeAsset(code, asset => asset.halt());
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: slug }), StateError, {
      code: 'asset.not-buyable',
      details: { code },
    });
    await world.changeAsset(code, asset => asset.resume());
    await world.invest(ann, '10', { basketSlug: slug });
    expect(await holdingsOf(ann)).toHaveLength(1);
  });

  test('that could never be made is refused for that, not for a price that is old or missing', async () => {
    const halted = await basketOfOne({ price: '4', priceMaxAgeSeconds: 60 });
    const paused = await basketOfOne({ price: '4', priceMaxAgeSeconds: 60 });
    const ann = await world.newInvestor('100');
    await world.changeAsset(halted.code, asset => asset.halt());
    await world.baskets(service => service.pause(paused.slug));
    for (const at of ['2026-03-02T13:00:00Z', '2026-03-02T11:59:59Z']) {
      world.clock.moveTo(at);
      await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: halted.slug }), StateError, {
        code: 'asset.not-buyable',
        retryable: false,
      });
      await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: paused.slug }), StateError, {
        code: 'basket.not-investable',
        retryable: false,
      });
    }
    world.clock.moveTo('2026-03-04T12:00:00Z');
    await refusedWithoutTrace(() => world.invest(ann, '9.99'), ValidationError, { code: 'basket.below-minimum' });
  });

  test('into a closed portfolio is refused', async () => {
    const ann = await world.newInvestor('100');
    const travels = await openPortfolio(ann);
    await closePortfolio(travels);
    await refusedWithoutTrace(() => world.invest(travels, '10'), StateError, { code: 'portfolio.closed' });
    await world.invest(ann, '10');
  });

  test('of a suspended user is refused until the account is reinstated', async () => {
    const ann = await world.newInvestor('100');
    const change = (verb: (user: User) => void): Promise<void> =>
      asWorker(database.orm.em, async em => verb(await em.findOneOrFail(User, { id: ann.userId })));
    await change(user => user.suspend(world.clock.now()));
    await refusedWithoutTrace(() => world.invest(ann, '10'), StateError, {
      code: 'user.not-active',
      details: { status: 'suspended' },
    });
    await change(user => user.reinstate());
    await world.invest(ann, '10');
  });

  test('below the minimum is refused, at the minimum it is made', async () => {
    const ann = await world.newInvestor('100');
    await refusedWithoutTrace(() => world.invest(ann, '9.99999999'), ValidationError, {
      code: 'basket.below-minimum',
      details: { minimum: '10' },
    });
    await world.invest(ann, '10');
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '90.00000000' });
  });

  test('too small for a unit of an asset is refused', async () => {
    const { slug, code } = await basketOfOne({ price: '50', decimals: 0 });
    const ann = await world.newInvestor('100');
    await refusedWithoutTrace(() => world.invest(ann, '49.99999999', { basketSlug: slug }), ValidationError, {
      code: 'basket.amount-too-small',
      details: { code },
    });
    await world.invest(ann, '50', { basketSlug: slug });
    expect(await holdingsOf(ann)).toMatchObject([{ code, units: '1.00000000', cost: '50.00000000' }]);
  });

  test('without a price is refused', async () => {
    const { slug, code } = await basketOfOne();
    const ann = await world.newInvestor('100');
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: slug }), PriceMissingError, {
      code: 'price.missing',
      details: { code, quote: 'USD' },
    });
  });

  test('at a price as old as its asset allows is made, at one a second older refused', async () => {
    const { slug, code } = await basketOfOne({ price: '4', priceMaxAgeSeconds: 60 });
    const ann = await world.newInvestor('100');
    world.clock.moveTo('2026-03-02T12:01:01Z');
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: slug }), StalePriceError, {
      code: 'price.stale',
      retryable: true,
      details: { code, ageSeconds: 61, maxAgeSeconds: 60 },
    });
    world.clock.moveTo('2026-03-02T12:01:00Z');
    await world.invest(ann, '10', { basketSlug: slug });
  });

  test('of more units than the books can hold is refused', async () => {
    const { slug } = await basketOfOne({ price: '0.000000000001' });
    const ann = await world.newInvestor('100');
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: slug }), ValidationError, {
      code: 'decimal.out-of-range',
    });
  });

  test('in a basket that is not there is refused', async () => {
    const ann = await world.newInvestor('100');
    await refusedWithoutTrace(() => world.invest(ann, '10', { basketSlug: 'nowhere' }), NotFoundError, {
      code: 'basket.not-found',
    });
  });

  test.each([
    ['amount', { amount: '0' }],
    ['amount', { amount: '-5' }],
    ['amount', { amount: '10.000000001' }],
    ['amount', { amount: 10 as never }],
    ['idempotencyKey', { idempotencyKey: 'two words' }],
    ['basketSlug', { basketSlug: 'No Slug' }],
    ['portfolioId', { portfolioId: '019AE0D1-0000-7000-8000-000000000000' }],
    ['fee', { fee: '0' } as never],
  ])('with a wrong %s is refused at the door', async (field, more) => {
    const ann = await world.newInvestor('100');
    const input = { ...ann, basketSlug: 'trio', amount: '10', idempotencyKey: 'k', ...more };
    const work = () => asUser(database.orm.em, ann.userId, em => new InvestmentService(em, world.clock).invest(input));
    await refusedWithoutTrace(work, ValidationError, { code: 'input.invalid', details: { fields: field } });
  });

  test('into a stranger’s portfolio looks like one into none', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const nowhere = newId();
    const input = { basketSlug: 'trio', amount: '10', idempotencyKey: 'k' };
    const asBob = (place: Investor) =>
      asUser(database.orm.em, bob.userId, em => new InvestmentService(em, world.clock).invest({ ...place, ...input }));
    for (const place of [{ ...bob, portfolioId: ann.portfolioId }, { ...bob, portfolioId: nowhere }, ann]) {
      await refusedWithoutTrace(() => asBob(place), NotFoundError, {
        code: 'portfolio.not-found',
        message: 'There is no such portfolio.',
        details: {},
      });
      const quote = asUser(database.orm.em, bob.userId, em =>
        new InvestmentService(em, world.clock).quote({ ...place, basketSlug: 'trio', amount: '10' }),
      );
      await expect(quote).rejects.toMatchObject({ code: 'portfolio.not-found', details: {} });
    }
  });
});

describe('a key', () => {
  test('takes effect once: the same request gets the first transaction again, and nothing changes', async () => {
    const ann = await world.newInvestor('100');
    const first = await world.invest(ann, '20', { idempotencyKey: 'k-1' });
    const before = await world.dump();
    const again = [
      await world.invest(ann, '20', { idempotencyKey: 'k-1' }),
      await world.invest(ann, '20.00', { idempotencyKey: 'k-1' }),
    ];
    expect(again.map(({ id, amount }) => [id, amount.toFixed()])).toEqual([
      [first.id, '20'],
      [first.id, '20'],
    ]);
    expect(await world.dump()).toEqual(before);
  });

  test('is answered also when the same could not be done any more', async () => {
    const { slug, code } = await basketOfOne({ price: '4', priceMaxAgeSeconds: 60 });
    const ann = await world.newInvestor('10');
    const wish = { basketSlug: slug, idempotencyKey: 'k-1' };
    const first = await world.invest(ann, '10', wish);
    await world.baskets(service => service.retire(slug));
    await world.changeAsset(code, asset => asset.retire());
    world.clock.moveTo('2027-01-01T00:00:00Z');
    expect((await world.invest(ann, '10', wish)).id).toBe(first.id);
    expect(await holdingsOf(ann)).toMatchObject([{ units: '2.50000000' }]);
  });

  test('stands for one request', async () => {
    const { slug } = await basketOfOne({ price: '4' });
    const ann = await world.newInvestor('100');
    const travels = await openPortfolio(ann);
    await world.invest(ann, '20', { idempotencyKey: 'k-1' });
    const wish = { idempotencyKey: 'k-1' };
    const conflict = { code: 'ledger.idempotency-conflict', retryable: false };
    await refusedWithoutTrace(() => world.invest(ann, '20.00000001', wish), IdempotencyConflictError, conflict);
    await refusedWithoutTrace(
      () => world.invest(ann, '20', { ...wish, basketSlug: slug }),
      IdempotencyConflictError,
      conflict,
    );
    await refusedWithoutTrace(() => world.invest(travels, '20', wish), IdempotencyConflictError, conflict);
    await refusedWithoutTrace(() => world.invest(ann, '20', wish, 'round_up'), IdempotencyConflictError, conflict);
  });

  test('of one user is free for another', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const made = [
      await world.invest(ann, '20', { idempotencyKey: 'k-1' }),
      await world.invest(bob, '30', { idempotencyKey: 'k-1' }),
    ];
    expect(made.map(({ amount }) => amount.toFixed())).toEqual(['20', '30']);
  });

  test('that was refused may be used again', async () => {
    const ann = await world.newInvestor('5');
    await expect(world.invest(ann, '20', { idempotencyKey: 'k-1' })).rejects.toThrow(InsufficientFundsError);
    await world.deposit(ann.userId, '15');
    await world.invest(ann, '20', { idempotencyKey: 'k-1' });
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '0.00000000' });
  });

  test('sent five times at once takes effect once', async () => {
    const ann = await world.newInvestor('100');
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => world.invest(ann, '20', { idempotencyKey: 'k-1' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '80.00000000' });
  });
});

describe('at the same moment', () => {
  const succeeded = async (attempts: Promise<unknown>[]) => {
    const outcomes = await Promise.allSettled(attempts);
    const refused = outcomes.filter(outcome => outcome.status === 'rejected').map(({ reason }) => reason);
    for (const reason of refused) expect(reason).toBeInstanceOf(InsufficientFundsError);
    return outcomes.length - refused.length;
  };

  // 20 buys 0.03660328 VTI for 9.92425, 0.00009267 WBTC for 5.95455 and 3.663098 EURC for 3.9697; the fee is 0.1515.
  test('ten investments of 20 out of 100 in cash are five', async () => {
    const ann = await world.newInvestor('100');
    expect(await succeeded(Array.from({ length: 10 }, () => world.invest(ann, '20')))).toBe(5);
    expect(await world.balances(ann)).toEqual({
      'cash USD': '0.00000000',
      'external USD': '-100.00000000',
      'fees USD': '0.75750000',
      'market USD': '99.24250000',
      'holding VTI': '0.18301640',
      'market VTI': '-0.18301640',
      'holding WBTC': '0.00046335',
      'market WBTC': '-0.00046335',
      'holding EURC': '18.31549000',
      'market EURC': '-18.31549000',
    });
    expect(await holdingsOf(ann)).toMatchObject([
      { code: 'VTI', units: '0.18301640', cost: '49.62125000' },
      { code: 'WBTC', units: '0.00046335', cost: '29.77275000' },
      { code: 'EURC', units: '18.31549000', cost: '19.84850000' },
    ]);
  });

  test('ten investments out of two portfolios spend the same cash once', async () => {
    const ann = await world.newInvestor('100');
    const travels = await openPortfolio(ann);
    const attempts = Array.from({ length: 10 }, (_, i) => world.invest(i % 2 ? ann : travels, '20'));
    expect(await succeeded(attempts)).toBe(5);
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '0.00000000', 'fees USD': '0.75750000' });
    const [{ cost }] = (await world.rows(
      'select sum(cost_basis)::text as cost from portfolio_holdings where user_id = $1',
      [ann.userId],
    )) as [{ cost: string }];
    expect(cost).toBe('99.24250000');
  });

  test('two first investments open each holding once', async () => {
    const ann = await world.newInvestor('100');
    expect(await succeeded([world.invest(ann, '20'), world.invest(ann, '20')])).toBe(2);
    expect(await holdingsOf(ann)).toMatchObject([
      { code: 'VTI', units: '0.07320656', cost: '19.84850000' },
      { code: 'WBTC', units: '0.00018534', cost: '11.90910000' },
      { code: 'EURC', units: '7.32619600', cost: '7.93940000' },
    ]);
  });

  test('two people invest without waiting for each other', async () => {
    const [ann, bob] = [await world.newInvestor('100'), await world.newInvestor('100')];
    const [invested, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const anns = asUser(database.orm.em, ann.userId, async em => {
      const wish = { ...ann, basketSlug: 'trio', amount: '20', idempotencyKey: 'a' };
      await new InvestmentService(em, world.clock).invest(wish);
      invested.resolve();
      await released.promise;
    });
    await invested.promise;
    await world.invest(bob, '20');
    released.resolve();
    await anns;
    expect(await world.balances(ann)).toMatchObject({ 'cash USD': '80.00000000' });
    expect(await world.balances(bob)).toMatchObject({ 'cash USD': '80.00000000' });
  });
});
