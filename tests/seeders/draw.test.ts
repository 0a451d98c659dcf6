import { expect, test } from 'vitest';
import { Draw } from '../../seeders/world/draw.js';

const AT = new Date('2009-04-01T08:00:00Z');

test('the same seed draws the same under the same name, in any order', () => {
  const [first, second] = [new Draw('a'), new Draw('a')];
  second.whole('something else', 1, 6);
  expect(second.whole('die', 1, 1_000_000)).toBe(first.whole('die', 1, 1_000_000));
  expect(new Draw('b').whole('die', 1, 1_000_000)).not.toBe(first.whole('die', 1, 1_000_000));
});

test('a whole number is drawn from all between its limits, both included', () => {
  const draw = new Draw('a');
  const drawn = Array.from({ length: 200 }, (_, i) => draw.whole(`die ${i}`, 1, 6));
  expect([...new Set(drawn)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('an id is a UUIDv7 of its instant', () => {
  const id = new Draw('a').id('ada', AT);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(AT.getTime());
  expect(new Draw('a').id('bo', AT)).not.toBe(id);
});
