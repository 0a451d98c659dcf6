import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { LedgerAccount, Transaction } from '../../src/ledger/index.js';
import { type HoldingMovement, PortfolioHolding } from '../../src/portfolio/index.js';
import { Decimal, ZERO } from '../../src/shared/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { activeBasket, aPortfolio, decimal, refusal, share } from '../shared/examples.js';

beforeAll(entitiesKnown, 30_000);

const buy = (holding: PortfolioHolding, cost: Decimal, quantity = new Decimal(1)) =>
  holding.recordPurchase(new Transaction(), quantity, cost);

/** A holding whose purchases have cost the amounts. */
function holdingBoughtFor(...costs: string[]): PortfolioHolding {
  const holding = new PortfolioHolding(aPortfolio(), share(), undefined, new LedgerAccount());
  for (const cost of costs) buy(holding, decimal(cost));
  return holding;
}
const sell = (holding: PortfolioHolding, quantity: string, held: string, proceeds: string) =>
  holding.recordSale(new Transaction(), decimal(quantity), decimal(held), decimal(proceeds)).gain.toFixed();
const figures = (holding: PortfolioHolding) => [holding.costBasis.toFixed(), holding.realisedGain.toFixed()];

describe('a holding', () => {
  test('starts with no cost and no gain', () => {
    expect(figures(holdingBoughtFor())).toEqual(['0', '0']);
  });

  test('is of one asset in one portfolio, through a basket or directly', () => {
    const [portfolio, acme, basket, account] = [aPortfolio(), share(), activeBasket(), new LedgerAccount()];
    const holding = new PortfolioHolding(portfolio, acme, basket, account);
    expect(holding.user).toBe(portfolio.user);
    expect(holding.portfolio.unwrap()).toBe(portfolio);
    expect(holding.asset.unwrap()).toBe(acme);
    expect(holding.basket?.unwrap()).toBe(basket);
    expect(holding.account.unwrap()).toBe(account);
    expect(new PortfolioHolding(portfolio, acme, undefined, account).basket).toBeUndefined();
  });

  test('costs what its purchases cost together', () => {
    expect(figures(holdingBoughtFor('10.00', '4.00', '0.00000001'))).toEqual(['14.00000001', '0']);
  });

  test.each(['0', '-1'])('is not bought for %s', cost => {
    const holding = holdingBoughtFor('10');
    expect(() => buy(holding, decimal(cost))).toThrow(refusal('holding.cost-not-positive'));
    expect(figures(holding)).toEqual(['10', '0']);
  });
});

describe('a sale', () => {
  // By hand: 14.00 × 1.5 ÷ 4 = 5.25 of cost; 6.00 − 5.25 = 0.75; 14.00 − 5.25 = 8.75; 7.50 − 8.75 = −1.25; 0.75 − 1.25 = −0.50.
  test('takes its share of the average cost, and the last one takes all that is left', () => {
    const holding = holdingBoughtFor('10.00', '4.00');
    expect(sell(holding, '1.5', '4', '6.00')).toBe('0.75');
    expect(figures(holding)).toEqual(['8.75', '0.75']);
    expect(sell(holding, '2.5', '2.5', '7.50')).toBe('-1.25');
    expect(figures(holding)).toEqual(['0', '-0.5']);
  });

  // By hand: 10 ÷ 3 = 3.33333333|3…, down to 3.33333333; 6.66666667 ÷ 2 = 3.33333333|5, down again; the rest is 3.33333334.
  // Gains 4 − 3.33333333, 3 − 3.33333333, 3.5 − 3.33333334; together 10.5 − 10.
  test('rounds a share of cost without end down, and loses nothing by it', () => {
    const holding = holdingBoughtFor('10');
    expect(sell(holding, '1', '3', '4')).toBe('0.66666667');
    expect(figures(holding)).toEqual(['6.66666667', '0.66666667']);
    expect(sell(holding, '1', '2', '3')).toBe('-0.33333333');
    expect(figures(holding)).toEqual(['3.33333334', '0.33333334']);
    expect(sell(holding, '1', '1', '3.5')).toBe('0.16666666');
    expect(figures(holding)).toEqual(['0', '0.5']);
  });

  test('of almost everything leaves some of the cost with what remains', () => {
    const holding = holdingBoughtFor('0.00000001');
    expect(sell(holding, '9999999999.99999998', '9999999999.99999999', '1')).toBe('1');
    expect(figures(holding)).toEqual(['0.00000001', '1']);
  });

  test('that brings nothing loses all that was paid', () => {
    const holding = holdingBoughtFor('10');
    expect(sell(holding, '3', '3', '0')).toBe('-10');
    expect(figures(holding)).toEqual(['0', '-10']);
  });

  test('may be followed by a purchase, which starts a cost of its own', () => {
    const holding = holdingBoughtFor('10');
    sell(holding, '3', '3', '12');
    buy(holding, decimal('5'));
    expect(figures(holding)).toEqual(['5', '2']);
  });

  test.each([
    ['nothing', '0'],
    ['less than nothing', '-1'],
    ['more than is held', '4.00000001'],
  ])('of %s is refused and changes nothing', (_what, quantity) => {
    const holding = holdingBoughtFor('10');
    expect(() => sell(holding, quantity, '4', '6')).toThrow(refusal('holding.quantity-range'));
    expect(figures(holding)).toEqual(['10', '0']);
  });
});

describe('a movement', () => {
  const told = ({ quantity, cost, gain }: HoldingMovement) => [quantity.toFixed(), cost.toFixed(), gain.toFixed()];

  test('of a purchase is what came in and what it cost', () => {
    const holding = holdingBoughtFor();
    const transaction = new Transaction();
    const movement = holding.recordPurchase(transaction, decimal('0.00000001'), decimal('9999999999.99999999'));
    expect(told(movement)).toEqual(['0.00000001', '9999999999.99999999', '0']);
    expect(movement.holding.unwrap()).toBe(holding);
    expect(movement.transaction.unwrap()).toBe(transaction);
    expect(movement.user).toBe(holding.user);
  });

  // By hand: 14 × 1.5 ÷ 4 = 5.25 of cost; 6 − 5.25 = 0.75.
  test('of a sale is what went out, its share of the cost, and what it brought beyond', () => {
    const holding = holdingBoughtFor('10', '4');
    const sale = holding.recordSale(new Transaction(), decimal('1.5'), decimal('4'), decimal('6'));
    expect(told(sale)).toEqual(['-1.5', '-5.25', '0.75']);
  });

  test('of a sale at a loss has a gain below zero', () => {
    const holding = holdingBoughtFor('10');
    const sale = holding.recordSale(new Transaction(), decimal('1'), decimal('1'), decimal('0'));
    expect(told(sale)).toEqual(['-1', '-10', '-10']);
  });

  test('of almost nothing may take no cost along', () => {
    const holding = holdingBoughtFor('0.00000001');
    const sale = holding.recordSale(new Transaction(), decimal('1'), decimal('2'), decimal('3'));
    expect(told(sale)).toEqual(['-1', '0', '3']);
    expect(figures(holding)).toEqual(['0.00000001', '3']);
  });
});

describe('a reversal', () => {
  const reversalOf = (holding: PortfolioHolding, movement: HoldingMovement) => {
    const reversal = holding.recordReversal(new Transaction(), movement);
    return [reversal.quantity.toJSON(), reversal.cost.toJSON(), reversal.gain.toJSON()];
  };

  test('of a purchase takes out what came in', () => {
    const holding = holdingBoughtFor('10');
    const movement = buy(holding, decimal('5'), decimal('2'));
    expect(reversalOf(holding, movement)).toEqual(['-2', '-5', '0']);
    expect(figures(holding)).toEqual(['10', '0']);
  });

  // By hand: 10 ÷ 3 is rounded down to 3.33333333, so a sale of the same units at another time takes 3.33333334.
  test('of a sale brings back the very cost that it took, and takes its gain', () => {
    const holding = holdingBoughtFor('10');
    const first = holding.recordSale(new Transaction(), decimal('1'), decimal('3'), decimal('4'));
    sell(holding, '1', '2', '3');
    expect(figures(holding)).toEqual(['3.33333334', '0.33333334']);
    expect(reversalOf(holding, first)).toEqual(['1', '3.33333333', '-0.66666667']);
    expect(figures(holding)).toEqual(['6.66666667', '-0.33333333']);
  });

  test('of a loss gives the loss back', () => {
    const holding = holdingBoughtFor('10');
    const loss = holding.recordSale(new Transaction(), decimal('1'), decimal('1'), decimal('4'));
    expect(reversalOf(holding, loss)).toEqual(['1', '10', '6']);
    expect(figures(holding)).toEqual(['10', '0']);
  });

  test('refers to the reversing transaction, not to the one that it takes back', () => {
    const holding = holdingBoughtFor();
    const [purchase, reversing] = [new Transaction(), new Transaction()];
    const movement = holding.recordPurchase(purchase, decimal('1'), decimal('5'));
    expect(holding.recordReversal(reversing, movement).transaction.unwrap()).toBe(reversing);
    expect(movement.transaction.unwrap()).toBe(purchase);
  });
});

const HUNDRED_MILLIONTHS = fc.bigInt({ min: 1n, max: 10n ** 13n }).map(n => new Decimal(n.toString()).div(1e8));

test('whatever is bought and sold, what came in less what went out is the gain, and nothing held costs nothing', () => {
  const trade = fc.record({ buys: fc.boolean(), quantity: HUNDRED_MILLIONTHS, money: HUNDRED_MILLIONTHS });
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 20 }), HUNDRED_MILLIONTHS, (trades, last) => {
      const holding = holdingBoughtFor();
      let [held, cashFlow] = [ZERO, ZERO];
      const sale = (quantity: Decimal, proceeds: Decimal) => {
        holding.recordSale(new Transaction(), quantity, held, proceeds);
        [held, cashFlow] = [held.minus(quantity), cashFlow.plus(proceeds)];
      };
      for (const { buys, quantity, money } of trades) {
        if (buys) {
          buy(holding, money, quantity);
          [held, cashFlow] = [held.plus(quantity), cashFlow.minus(money)];
        } else if (held.gt(0)) sale(Decimal.min(quantity, held), money);
        expect(holding.costBasis.gt(0)).toBe(held.gt(0));
        expect(holding.realisedGain.minus(holding.costBasis).eq(cashFlow)).toBe(true);
      }
      if (held.gt(0)) sale(held, last);
      expect(figures(holding)).toEqual(['0', cashFlow.toFixed()]);
    }),
  );
});

test('whatever is bought and sold, its movements add up to the holding, and taken back from the last to the first leave nothing', () => {
  const trade = fc.record({ buys: fc.boolean(), quantity: HUNDRED_MILLIONTHS, money: HUNDRED_MILLIONTHS });
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 20 }), trades => {
      const holding = holdingBoughtFor();
      const movements: HoldingMovement[] = [];
      const sum = (figure: 'quantity' | 'cost' | 'gain') =>
        movements.reduce((total, movement) => total.plus(movement[figure]), ZERO);
      for (const { buys, quantity, money } of trades) {
        const held = sum('quantity');
        if (buys) movements.push(buy(holding, money, quantity));
        else if (held.gt(0))
          movements.push(holding.recordSale(new Transaction(), Decimal.min(quantity, held), held, money));
        expect(figures(holding)).toEqual([sum('cost').toFixed(), sum('gain').toFixed()]);
      }
      for (const movement of movements.reverse()) holding.recordReversal(new Transaction(), movement);
      expect(figures(holding)).toEqual(['0', '0']);
    }),
  );
});

test('a purchase or sale of NaN is refused', () => {
  const nan = new Decimal(Number.NaN);
  const own = holdingBoughtFor();
  expect(() => buy(own, nan)).toThrow('A purchase costs more than 0.');
  expect(() => buy(own, new Decimal(1), nan)).toThrow('A purchase is of more than 0 units.');
  expect(() => own.recordSale(new Transaction(), nan, new Decimal(1), new Decimal(1))).toThrow(
    'A sale is of more than 0',
  );
});
