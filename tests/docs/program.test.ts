import { describe, expect, test } from 'vitest';
import { blocksIn, claimsIn, programIn, run, telling } from './program.js';

const fenced = (...lines: string[]) => ['```ts', ...lines, '```'];
const DOCUMENT = [
  '# A title',
  ...fenced("import { Decimal } from 'nestegg';", "const half = new Decimal('0.50'); // => 0.5"),
  'Words, and what is no program:',
  '```sh',
  'rm -rf node_modules',
  '```',
  ...fenced('half.mul(3); // => 1.5', 'half.mul(4);'),
].join('\n');

describe('the program in a document', () => {
  test('is its blocks of TypeScript, every line where it was', () => {
    const lines = programIn(DOCUMENT).split('\n');
    expect(lines.filter(line => line !== '')).toHaveLength(4);
    expect(lines.map((line, index) => (line === DOCUMENT.split('\n')[index] ? line : ''))).toEqual(lines);
  });

  test('is not guessed at when a block has no end', () => {
    expect(() => blocksIn('```ts\n1 + 1;')).toThrow('The block of line 1 does not end.');
  });

  test('claims what stands behind the arrows', () => {
    expect(claimsIn(programIn(DOCUMENT))).toEqual([
      { line: 4, value: '0.5' },
      { line: 11, value: '1.5' },
    ]);
  });
});

describe('running it', () => {
  test('tells the values of those lines, whatever was claimed of them', async () => {
    const wrong = DOCUMENT.replace('=> 1.5', '=> 1.6');
    expect(await run(programIn(wrong))).toEqual([
      { line: 4, value: '0.5' },
      { line: 11, value: '1.5' },
    ]);
  });

  test('tells decimals, instants and lists as people write them, also of statements over several lines', async () => {
    const program = [
      '',
      "new Date('2026-03-02T10:00:00Z'); // => an instant",
      "[1, 'two', undefined]; // => a list",
      'await Promise.resolve(',
      '  true,',
      '); // => a truth',
    ];
    expect((await run(program.join('\n'))).map(({ value }) => value)).toEqual([
      '2026-03-02T10:00:00.000Z',
      '1, two, undefined',
      'true',
    ]);
  });

  test('says nothing of a line that is not reached, and fails where the program does', async () => {
    expect(await run('\nif (1 > 2) {\n  1; // => 1\n}')).toEqual([]);
    await expect(run("\nthrow new Error('no more');")).rejects.toThrow('no more');
  });

  test('refuses a claim about a line without a value', () => {
    expect(() => telling('\nif (1 < 2) { // => true\n}')).toThrow('cannot be checked: 2');
  });
});
