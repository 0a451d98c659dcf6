import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { cursorAfter, positionOf } from '../../src/ledger/cursor.js';

const LIST = { list: 'statement', userId: 'ann', filters: { order: 'newest-first', from: new Date(0) } };
const Position = z.tuple([z.string(), z.int()]);
const Text = z.string().regex(/^[\w-]+\.[0-9a-f]{32}$/);

test('a cursor gives back the position it was made of', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.integer(), (text, number) => {
      const cursor = cursorAfter([text, number], LIST);
      expect(Text.safeParse(cursor).success).toBe(true);
      expect(positionOf(cursor, LIST, Position)).toEqual([text, number]);
    }),
  );
});

test('a cursor with any character changed is refused', () => {
  const cursor = cursorAfter(['2026-11-22T12:00:00.123456Z', 7], LIST);
  for (let at = 0; at < cursor.length; at += 1) {
    for (const other of ['A', '0', '.', '=', 'é']) {
      if (cursor[at] === other) continue;
      const bent = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect(() => positionOf(bent, LIST, Position), bent).toThrow('This cursor is not of this list');
    }
  }
});

test('a cursor is of one list, user and set of filters', () => {
  const cursor = cursorAfter(['a', 1], LIST);
  for (const other of [
    { ...LIST, list: 'history' },
    { ...LIST, userId: 'bob' },
    { ...LIST, filters: { order: 'newest-first' } },
    { ...LIST, filters: { order: 'newest-first', from: new Date(1) } },
  ])
    expect(() => positionOf(cursor, other, Position)).toThrow('This cursor is not of this list');
});

test('a cursor whose digest was made anew is still only a position of the right shape', () => {
  const forged = cursorAfter(["' or true --", 'x'], LIST);
  expect(() => positionOf(forged, LIST, Position)).toThrow('This cursor is not of this list');
});

test('any text is either a cursor of this list or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      const text = Buffer.from(bytes).toString('latin1');
      expect(() => positionOf(text, LIST, Position)).toThrow('This cursor is not of this list');
    }),
  );
});
