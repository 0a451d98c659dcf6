import { describe, expect, test } from 'vitest';
import { AssetPrice } from '../../src/market/index.js';
import { decimal, NOW, refusal, share, usd } from '../shared/examples.js';

const price = (text: string) => new AssetPrice(share(), usd(), NOW, decimal(text), 'exchange');

describe('a price', () => {
  test('is of one asset in another at an instant, and says who said so', () => {
    const [acme, dollar] = [share(), usd()];
    const quote = new AssetPrice(acme, dollar, NOW, decimal('12.5'), 'exchange');
    expect(quote.asset.unwrap()).toBe(acme);
    expect(quote.quote.unwrap()).toBe(dollar);
    expect(quote).toMatchObject({ asOf: NOW, source: 'exchange', provisional: false });
    expect(new AssetPrice(acme, dollar, NOW, decimal('12.5'), 'exchange', true).provisional).toBe(true);
  });

  test('is greater than 0, be it ever so small', () => {
    expect(price('0.000000000001').price.toFixed()).toBe('0.000000000001');
  });

  test.each(['0', '-0', '-1', 'NaN', '-Infinity'])('of %s is refused', text => {
    expect(() => price(text)).toThrow(refusal('price.not-positive'));
    expect(() => price(text)).toThrow('The price of ACME must be greater than 0.');
  });
});
