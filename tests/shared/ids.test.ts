import { describe, expect, test } from 'vitest';
import { Id, newId, parseInput } from '../../src/shared/index.js';
import { refusal } from './examples.js';

describe('a new id', () => {
  test('is a UUID of version 7 in its canonical text', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInput(Id, newId())).toHaveLength(36);
  });

  test('carries the time in its first 48 bits', () => {
    const before = Date.now();
    const milliseconds = Number.parseInt(newId().replaceAll('-', '').slice(0, 12), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(before);
    expect(milliseconds).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('sorts behind every one made before it, within one millisecond too', () => {
    const ids = Array.from({ length: 10_000 }, newId);
    expect(ids.every((id, i) => i === 0 || id > ids[i - 1]!)).toBe(true);
  });
});

describe('an id that is sent', () => {
  test('is taken as it is', () => {
    // The example of RFC 9562, appendix A.6.
    expect(parseInput(Id, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  test.each([
    ['in capitals', '017F22E2-79B0-7CC3-98C4-DC0C0C07398F'],
    ['with one capital', '017f22e2-79b0-7cc3-98c4-dc0c0c07398F'],
    ['in braces', '{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}'],
    ['without hyphens', '017f22e279b07cc398c4dc0c0c07398f'],
    ['as a URN', 'urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f'],
    ['with spaces', ' 017f22e2-79b0-7cc3-98c4-dc0c0c07398f'],
    ['with a line end', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n'],
    ['too short', '017f22e2-79b0-7cc3-98c4-dc0c0c07398'],
    ['with a letter that is no digit', '017f22e2-79b0-7cc3-98c4-dc0c0c07398g'],
    ['as an operator object', { $ne: null }],
    ['as a number', 7],
    ['not at all', undefined],
  ])('%s is refused', (_what, id) => {
    expect(() => parseInput(Id, id)).toThrow(refusal('input.invalid'));
  });
});
