import { describe, expect, test } from 'vitest';
import { Asset } from '../../src/market/index.js';
import { Portfolio, type PortfolioStatus } from '../../src/portfolio/index.js';
import { everyTransition } from '../shared/every-transition.js';
import { aPortfolio, at, aUser, closedPortfolio, decimal, NOW, refusal, share, usd } from '../shared/examples.js';

describe('a portfolio', () => {
  test('belongs to a user and is valued in a currency', () => {
    const [user, dollar] = [aUser(), usd()];
    const portfolio = new Portfolio(user, 'Rainy days', dollar);
    expect(portfolio.user.unwrap()).toBe(user);
    expect(portfolio.currency.unwrap()).toBe(dollar);
    expect(portfolio).toMatchObject({ name: 'Rainy days', status: 'active', isDefault: false, risk: 'moderate' });
    expect(portfolio.goalAmount).toBeUndefined();
  });

  test('may be valued in a stablecoin', () => {
    const usdc = new Asset({
      code: 'USDC',
      name: 'USD Coin',
      kind: 'stablecoin',
      contract: { chain: 'base', decimals: 6 },
    });
    expect(new Portfolio(aUser(), 'On chain', usdc).currency.unwrap()).toBe(usdc);
  });

  test('is not valued in something whose own value moves', () => {
    const sol = new Asset({ code: 'SOL', name: 'Solana', kind: 'crypto', contract: { chain: 'solana', decimals: 9 } });
    expect(() => new Portfolio(aUser(), 'To the moon', sol)).toThrow(refusal('portfolio.not-a-currency'));
    expect(() => new Portfolio(aUser(), 'Shares', share())).toThrow(
      'A portfolio is valued in a currency, not in ACME.',
    );
  });

  everyTransition<Portfolio, PortfolioStatus, 'be closed'>({
    a: 'a portfolio',
    reach: { active: aPortfolio, closed: closedPortfolio },
    verbs: { 'be closed': portfolio => portfolio.close(NOW) },
    allowed: { active: { 'be closed': 'closed' }, closed: {} },
    stateOf: portfolio => portfolio.status,
  });

  test('that is closed keeps the moment and is nobody’s default any more', () => {
    const portfolio = new Portfolio(aUser(), 'Rainy days', usd(), { isDefault: true });
    expect(portfolio.isDefault).toBe(true);
    portfolio.close(NOW);
    expect(portfolio).toMatchObject({ isDefault: false, closedAt: NOW });
    expect(() => portfolio.close(at('2027-01-01T00:00:00Z'))).toThrow('Cannot make a portfolio closed that is closed.');
    expect(portfolio.closedAt).toEqual(NOW);
  });

  test('takes a new name while it is open, not once it is closed', () => {
    const open = aPortfolio();
    open.rename('Sunny days');
    expect(open.name).toBe('Sunny days');
    const closed = closedPortfolio();
    expect(() => closed.rename('Sunny days')).toThrow(refusal('portfolio.closed'));
    expect(closed.name).toBe('Rainy days');
  });

  test('is open to money until it is closed', () => {
    expect(() => aPortfolio().requireOpen()).not.toThrow();
    expect(() => closedPortfolio().requireOpen()).toThrow('This portfolio is closed.');
  });
});

describe('a goal', () => {
  test('is an amount, with or without a date', () => {
    const portfolio = aPortfolio();
    portfolio.aimFor({ amount: decimal('5000'), date: '2030-12-31' });
    expect([portfolio.goalAmount?.toFixed(), portfolio.goalDate]).toEqual(['5000', '2030-12-31']);
    portfolio.aimFor({ amount: decimal('0.01') });
    expect([portfolio.goalAmount?.toFixed(), portfolio.goalDate]).toEqual(['0.01', undefined]);
  });

  test.each(['0', '-1', 'NaN'])('of %s is refused', amount => {
    const portfolio = aPortfolio();
    expect(() => portfolio.aimFor({ amount: decimal(amount) })).toThrow(refusal('portfolio.goal-not-positive'));
    expect(portfolio.goalAmount).toBeUndefined();
  });

  test('comes too late for a closed portfolio', () => {
    expect(() => closedPortfolio().aimFor({ amount: decimal('5000') })).toThrow(refusal('portfolio.closed'));
  });
});
