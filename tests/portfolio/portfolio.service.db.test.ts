import { describe, expect, test } from 'vitest';
import {
  asUser,
  ConflictError,
  NotAllowedError,
  NotFoundError,
  newId,
  type OpenPortfolio,
  Portfolio,
  PortfolioService,
  StateError,
  ValidationError,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';

const database = useDatabase();
const world = useWorld(database);

const as = <T>(userId: string, work: (portfolios: PortfolioService) => Promise<T>): Promise<T> =>
  asUser(database.orm.em, userId, em => work(new PortfolioService(em)));

const open = ({ userId }: Pick<Investor, 'userId'>, details: Partial<OpenPortfolio> = {}): Promise<Portfolio> =>
  as(userId, portfolios => portfolios.open({ userId, name: 'Travels', currencyCode: 'USD', ...details }));

const rename = (userId: string, portfolioId: string, name: string): Promise<Portfolio> =>
  as(userId, portfolios => portfolios.rename({ userId, portfolioId, name }));

const close = ({ userId, portfolioId }: Investor): Promise<void> =>
  asUser(database.orm.em, userId, async em => {
    const portfolio = await em.findOneOrFail(Portfolio, { user: userId, id: portfolioId });
    portfolio.close(world.clock.now());
  });

/** The portfolios of a user by name. */
const portfoliosOf = ({ userId }: Pick<Investor, 'userId'>) =>
  world.rows(
    `select p.name, a.code as currency, p.goal_amount::text as goal, goal_date::text, p.is_default, p.status
     from portfolios p join assets a on a.id = p.currency_id where p.user_id = $1 order by p.name, p.status`,
    [userId],
  );

const MINE = { name: 'My portfolio', currency: 'USD', goal: null, goal_date: null, is_default: true, status: 'active' };

describe('a portfolio', () => {
  test('is opened beside the default one, with a goal', async () => {
    const ann = await world.newInvestor();
    await open(ann, {
      name: '  A house by the sea ',
      currencyCode: 'EURC',
      goal: { amount: '250000.50', date: '2040-12-31' },
    });
    expect(await portfoliosOf(ann)).toEqual([
      {
        name: 'A house by the sea',
        currency: 'EURC',
        goal: '250000.50000000',
        goal_date: '2040-12-31',
        is_default: false,
        status: 'active',
      },
      MINE,
    ]);
  });

  test('has a name of its own among its owner’s open ones', async () => {
    const [ann, bob] = [await world.newInvestor(), await world.newInvestor()];
    await open(ann, { name: 'Travels' });
    const before = await world.dump();
    const refused = open(ann, { name: 'Travels' });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'portfolio.name-taken' });
    expect(await world.dump()).toEqual(before);

    await open(ann, { name: 'travels' });
    await open(bob, { name: 'Travels' });
    expect(await portfoliosOf(bob)).toMatchObject([{ name: 'My portfolio' }, { name: 'Travels' }]);
  });

  test('may have the name of one that is closed', async () => {
    const ann = await world.newInvestor();
    const first = await open(ann);
    await close({ userId: ann.userId, portfolioId: first.id });
    await open(ann);
    expect(await portfoliosOf(ann)).toMatchObject([
      { name: 'My portfolio' },
      { name: 'Travels', status: 'active' },
      { name: 'Travels', status: 'closed' },
    ]);
  });

  test('is the only default', async () => {
    const ann = await world.newInvestor();
    const before = await world.dump();
    const refused = open(ann, { isDefault: true });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toMatchObject({ code: 'portfolio.default-taken' });
    expect(await world.dump()).toEqual(before);

    await close(ann);
    await open(ann, { isDefault: true });
    expect(await portfoliosOf(ann)).toMatchObject([
      { name: 'My portfolio', is_default: false, status: 'closed' },
      { name: 'Travels', is_default: true, status: 'active' },
    ]);
  });

  test('opened twice at the same moment is opened once', async () => {
    const ann = await world.newInvestor();
    const outcomes = await Promise.allSettled([open(ann), open(ann), open(ann)]);
    const refused = outcomes.filter(outcome => outcome.status === 'rejected').map(({ reason }) => reason.code);
    expect(refused).toEqual(['portfolio.name-taken', 'portfolio.name-taken']);
    expect(await portfoliosOf(ann)).toHaveLength(2);
  });

  test('belongs to a user who exists and is oneself', async () => {
    const [ann, nobody] = [await world.newInvestor(), newId()];
    const before = await world.dump();
    const refusals = await Promise.all([
      open({ userId: nobody }).catch(error => error),
      as(newId(), portfolios => portfolios.open({ userId: ann.userId, name: 'Hers', currencyCode: 'USD' })).catch(
        error => error,
      ),
    ]);
    for (const error of refusals) {
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ code: 'user.not-found', message: 'There is no such user.', details: {} });
    }
    expect(await world.dump()).toEqual(before);
  });

  test.each([
    ['a currency nobody has listed', { currencyCode: 'XYZ' }, NotFoundError, 'asset.not-found'],
    ['a share for a currency', { currencyCode: 'VTI' }, ValidationError, 'portfolio.not-a-currency'],
    ['no name', { name: ' ' }, ValidationError, 'input.invalid'],
    ['a name of 81 letters', { name: 'x'.repeat(81) }, ValidationError, 'input.invalid'],
    ['a goal of nothing', { goal: { amount: '0' } }, ValidationError, 'input.invalid'],
    ['a goal on 30 February', { goal: { amount: '1', date: '2030-02-30' } }, ValidationError, 'input.invalid'],
  ])('with %s is refused', async (_, details, kind, code) => {
    const ann = await world.newInvestor();
    const before = await world.dump();
    const refused = open(ann, details);
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toMatchObject({ code });
    expect(await world.dump()).toEqual(before);
  });

  test('is renamed while it is open', async () => {
    const ann = await world.newInvestor();
    await open(ann);
    await rename(ann.userId, ann.portfolioId, 'Old age');
    expect(await portfoliosOf(ann)).toMatchObject([{ name: 'Old age', is_default: true }, { name: 'Travels' }]);

    await expect(rename(ann.userId, ann.portfolioId, 'Travels')).rejects.toMatchObject({
      code: 'portfolio.name-taken',
    });
    await close(ann);
    const refused = rename(ann.userId, ann.portfolioId, 'Older age');
    await expect(refused).rejects.toThrow(StateError);
    await expect(refused).rejects.toMatchObject({ code: 'portfolio.closed' });
    expect(await portfoliosOf(ann)).toMatchObject([{ name: 'Old age', status: 'closed' }, { name: 'Travels' }]);
  });

  test('of a stranger cannot be renamed, and looks like none', async () => {
    const [ann, bob] = [await world.newInvestor(), await world.newInvestor()];
    const before = await world.dump();
    const errors = await Promise.all([
      rename(bob.userId, ann.portfolioId, 'Mine now').catch(error => error),
      rename(bob.userId, newId(), 'Mine now').catch(error => error),
      as(bob.userId, portfolios => portfolios.rename({ ...ann, name: 'Mine now' })).catch(error => error),
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ code: 'portfolio.not-found', message: 'There is no such portfolio.', details: {} });
    }
    expect(await world.dump()).toEqual(before);
  });

  test('cannot be written into a stranger’s name with plain SQL', async () => {
    const [ann, bob] = [await world.newInvestor(), await world.newInvestor()];
    const before = await world.dump();
    const insert = `insert into portfolios (user_id, id, name, currency_id, risk, is_default, status, version)
      select ?, ?, 'Forged', currency_id, risk, false, status, 1 from portfolios limit 1`;
    await expect(asUser(database.orm.em, bob.userId, em => em.execute(insert, [ann.userId, newId()]))).rejects.toThrow(
      NotAllowedError,
    );
    await asUser(database.orm.em, bob.userId, em =>
      em.execute(`update portfolios set name = 'x' where user_id = ?`, [ann.userId]),
    );
    expect(await world.dump()).toEqual(before);
  });
});
