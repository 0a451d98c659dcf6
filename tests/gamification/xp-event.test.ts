import { ref } from '@mikro-orm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserLevel, XpEvent } from '../../src/gamification/index.js';
import { entitiesKnown } from '../shared/entities-known.js';
import { at, aUser, refusal } from '../shared/examples.js';
import { deposit } from './examples.js';

beforeAll(entitiesKnown, 30_000);

const anna = aUser();
const eventOf = (delta: number, takesBack?: XpEvent, details = {}) =>
  new XpEvent(ref(anna), delta, deposit(details), takesBack);

describe('an XP event', () => {
  test('says how much, for what, and on which of the user’s days', () => {
    const event = eventOf(40);
    expect(event.user.unwrap()).toBe(anna);
    expect(event).toMatchObject({
      delta: 40,
      sourceType: 'transaction',
      sourceId: 'transaction-1',
      reason: 'deposit.settled',
      localDate: '2026-06-15',
      occurredAt: at('2026-06-15T12:00:00Z'),
    });
    expect(event.takesBack).toBeUndefined();
  });

  test('is of whole XP, 0 to 100,000', () => {
    expect([0, 1, 100_000].map(delta => eventOf(delta).delta)).toEqual([0, 1, 100_000]);
    for (const delta of [100_001, -100_001, 0.5, Number.NaN]) {
      expect(() => eventOf(delta), `${delta}`).toThrow(refusal('xp.delta'));
    }
  });

  test('is below 0 only when it takes back a gain, and then never above', () => {
    expect(() => eventOf(-1)).toThrow(refusal('xp.sign'));
    const gain = eventOf(40);
    expect(eventOf(-40, gain)).toMatchObject({ delta: -40 });
    expect(() => eventOf(1, gain)).toThrow(refusal('xp.sign'));
  });

  test('takes back a gain, not what took one back', () => {
    const gain = eventOf(40);
    const back = eventOf(-40, gain);
    expect(back.takesBack?.unwrap()).toBe(gain);
    expect(() => eventOf(0, back)).toThrow(refusal('xp.not-a-gain'));
  });

  test('takes back nobody else’s gain', () => {
    const bens = new UserLevel(aUser()).gain(40, deposit(), 0);
    expect(() => eventOf(-40, bens)).toThrow(refusal('xp.other-user'));
  });

  test.each([{ sourceId: '' }, { reason: '' }, { reason: 'deposit' }, { reason: 'Deposit.settled' }])(
    'has a cause by name and a reason: not %o',
    details => {
      expect(() => eventOf(40, undefined, details)).toThrow(refusal('xp.cause'));
    },
  );
});
