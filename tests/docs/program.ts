import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** What a document says that a line's value is: `// => value` at its end. */
export interface Claim {
  line: number;
  value: string;
}

/** The blocks of TypeScript in a markdown document: each begins on its line, so that what goes wrong is found in the document. */
export function blocksIn(markdown: string): string[] {
  const blocks: string[] = [];
  const lines = markdown.split('\n');
  for (let start = lines.indexOf('```ts'); start >= 0; start = lines.indexOf('```ts', start + 1)) {
    const end = lines.indexOf('```', start);
    if (end < 0) throw new Error(`The block of line ${start + 1} does not end.`);
    blocks.push('\n'.repeat(start + 1) + lines.slice(start + 1, end).join('\n'));
  }
  return blocks;
}

/** All blocks as one program, every line of which has the number that it has in the document. */
export function programIn(markdown: string): string {
  const lines: string[] = [];
  for (const block of blocksIn(markdown))
    for (const [index, line] of block.split('\n').entries()) lines[index] = line || (lines[index] ?? '');
  return Array.from(lines, line => line ?? '').join('\n');
}

const CLAIM = /\/\/ => (.+)$/;

export const claimsIn = (program: string): Claim[] =>
  program.split('\n').flatMap((text, index) => {
    const value = CLAIM.exec(text)?.[1];
    return value === undefined ? [] : [{ line: index + 1, value }];
  });

/** What a value is in a document: decimals and numbers as they print, instants in ISO 8601, several with commas between. */
const PRELUDE = `
export const claims = [];
const textOf = value =>
  value instanceof Date ? value.toISOString() : Array.isArray(value) ? value.map(textOf).join(', ') : String(value);
function claim(line, value) {
  claims.push({ line, value: textOf(value) });
  return value;
}
`.replaceAll('\n', ' ');

/**
 * The program with every line that a document claims the value of telling that value: of an expression, or of what a `const`
 * is. Numbers of lines stay, so the first one is both what it was and what this needs.
 * @throws {Error} when a claim is made about a line that has no value.
 */
export function telling(program: string): string {
  const source = ts.createSourceFile('program.ts', program, ts.ScriptTarget.Latest, true);
  const claims = claimsIn(program).map(({ line }) => line);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const insertions: { at: number; text: string }[] = [];
  const told = new Set<number>();
  const tell = (line: number, expression: ts.Expression): void => {
    told.add(line);
    insertions.push({ at: expression.getStart(), text: `claim(${line}, ` }, { at: expression.getEnd(), text: ')' });
  };
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    const line = lineOf(node.getEnd());
    if (!claims.includes(line) || told.has(line)) return;
    if (ts.isExpressionStatement(node)) tell(line, node.expression);
    else if (ts.isVariableStatement(node) && node.declarationList.declarations.length === 1)
      tell(line, node.declarationList.declarations[0]!.initializer!);
  };
  visit(source);
  const mute = claims.filter(line => !told.has(line));
  if (mute.length > 0) throw new Error(`What is claimed of these lines cannot be checked: ${mute.join(', ')}.`);
  let text = program;
  for (const { at, text: added } of insertions.sort((a, b) => b.at - a.at))
    text = text.slice(0, at) + added + text.slice(at);
  return PRELUDE + text;
}

/**
 * Runs a program as a module of this package, so that it imports `nestegg` as its users do.
 * @returns the values of the lines of which the document claims one, in the order in which they were reached.
 */
export async function run(program: string): Promise<Claim[]> {
  mkdirSync('.nestegg', { recursive: true });
  const folder = mkdtempSync(join('.nestegg', 'docs-'));
  try {
    const file = join(folder, 'program.ts');
    writeFileSync(file, telling(program));
    return (await import(pathToFileURL(file).href)).claims;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
