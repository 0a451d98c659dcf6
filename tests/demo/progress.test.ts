import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { progressBar } from '../../seeders/demo/progress.js';

/** A stream that remembers what was written, as a terminal or as a file. */
const screen = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY, columns: 80 });
const written = (stream: PassThrough) => `${stream.read() ?? ''}`;

function run(total: number, ticks: number, isTTY = false): string {
  const stream = screen(isTTY);
  const bar = progressBar('Replaying', total, stream);
  for (let month = 1; month <= ticks; month++) bar.tick(`month ${month}`);
  bar.stop();
  return written(stream);
}

test('away from a terminal ten lines tell how far the work is', () => {
  expect(run(123, 123)).toBe(`Replaying: 13 of 123 (month 13)
Replaying: 25 of 123 (month 25)
Replaying: 37 of 123 (month 37)
Replaying: 50 of 123 (month 50)
Replaying: 62 of 123 (month 62)
Replaying: 74 of 123 (month 74)
Replaying: 87 of 123 (month 87)
Replaying: 99 of 123 (month 99)
Replaying: 111 of 123 (month 111)
Replaying: 123 of 123 (month 123)
`);
});

test('short work is told step by step', () => {
  expect(run(3, 3)).toBe('Replaying: 1 of 3 (month 1)\nReplaying: 2 of 3 (month 2)\nReplaying: 3 of 3 (month 3)\n');
});

test('a line has no brackets without a detail', () => {
  const stream = screen(false);
  progressBar('Seeding', 1, stream).tick();
  expect(written(stream)).toBe('Seeding: 1 of 1\n');
});

test('work that ends early tells only what was done', () => {
  expect(run(20, 5)).toBe('Replaying: 2 of 20 (month 2)\nReplaying: 4 of 20 (month 4)\n');
  expect(run(20, 0)).toBe('');
});

test('on a terminal a bar shows count, percentage and detail, and ends its line', () => {
  const text = run(4, 4, true);
  expect(text).toContain('Replaying [---------------------] 0/4 0 % | 0.0/s');
  expect(text).toMatch(/Replaying \[=+\] 4\/4 100 % \| \d+\.\d\/s.* \| month 4/);
  expect(text.endsWith('\n')).toBe(true);
});

test('on a terminal a bar that stops early shows how far it came', () => {
  expect(run(4, 1, true)).toMatch(/Replaying \[=+-+\] 1\/4 25 % \| .* \| month 1/);
});
