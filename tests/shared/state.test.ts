import { describe, expect, test } from 'vitest';
import { StateError, type Transitions, transition } from '../../src/shared/index.js';

type LampStatus = 'off' | 'on' | 'broken';
const AFTER: Transitions<LampStatus> = { off: ['on', 'broken'], on: ['off', 'broken'], broken: [] };

describe('a change of state', () => {
  test('that the table allows happens', () => {
    expect(transition('desk-lamp', AFTER, 'off', 'on')).toBe('on');
  });

  test('that the table does not allow is refused, with both states named', () => {
    const repair = () => transition('desk-lamp', AFTER, 'broken', 'on');
    expect(repair).toThrow(StateError);
    expect(repair).toThrow(
      expect.objectContaining({
        code: 'desk-lamp.not-on',
        message: 'Cannot make a desk lamp on that is broken.',
        details: { from: 'broken', to: 'on' },
        retryable: false,
      }),
    );
  });

  test('into the state it already has is refused too', () => {
    expect(() => transition('desk-lamp', AFTER, 'on', 'on')).toThrow('Cannot make a desk lamp on that is on.');
  });
});
