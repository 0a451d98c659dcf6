import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Compiled, compiled } from './compiled.js';
import { GIVEN, NAMES, PRODUCTION_OPENING, PRODUCTION_USE, README, USE_CASES } from './documents.js';

const CONTEXTS = ['identity', 'market', 'ledger', 'portfolio'];

/** What other use cases do on the way, with the reason why nobody calls it for itself. */
const NOT_TOLD: Record<string, string> = {
  'UserService.register': 'registerUser adds what other contexts start with',
  'PriceService.latest': 'valuations ask for many prices at once',
  'PriceService.fresh': 'trades ask for many prices at once',
};

interface UseCase {
  /** Such as `DepositService.open`. */
  name: string;
  docstring: string;
}

function useCasesIn(file: string): UseCase[] {
  const source = ts.createSourceFile(basename(file), readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(ts.isClassDeclaration)
    .flatMap(({ name, members }) =>
      members
        .filter(isOffered)
        .map(member => ({ name: `${name!.text}.${member.name!.getText()}`, docstring: docstringOf(member) })),
    );
}

const isOffered = (member: ts.ClassElement): boolean =>
  (ts.isMethodDeclaration(member) || ts.isPropertyDeclaration(member)) &&
  !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private);

const docstringOf = (member: ts.ClassElement): string =>
  ts
    .getJSDocCommentsAndTags(member)
    .map(comment => comment.getFullText())
    .join('\n');

/** What the services of the contexts offer. */
const OFFERED = CONTEXTS.flatMap(context => globSync(`src/${context}/*.service.ts`)).flatMap(useCasesIn);
const NAMED = OFFERED.map(({ name }) => name);

describe('the examples', () => {
  let story: Compiled;
  beforeAll(() => {
    story = compiled({ 'use-cases.ts': USE_CASES });
  }, 120_000);

  test('of the story are what the compiler takes', () => {
    expect(story.problems).toEqual([]);
  });

  test('of the story call every use case', () => {
    expect(NAMED.length).toBeGreaterThan(50);
    expect(NAMED).toContain('BasketService.pause');
    expect(NAMED).not.toContain('WithdrawalService.end');
    const untold = NAMED.filter(name => !story.calls.has(name));
    expect(untold.sort()).toEqual(Object.keys(NOT_TOLD).sort());
  });

  test('of the README and for production are what the compiler takes', () => {
    expect(PRODUCTION_OPENING).toHaveLength(2);
    const [password, metadata] = PRODUCTION_OPENING.map(example => NAMES + example);
    const { problems } = compiled({
      'README.ts': README,
      'production.ts': [GIVEN, ...PRODUCTION_USE].join('\n'),
      'password.ts': password!,
      'metadata.ts': metadata!,
      'metadata.json': '{}',
    });
    expect(problems).toEqual([]);
  }, 120_000);

  test('would not be, if they called what is not there, or with what is not asked for', () => {
    const calls = "import { ledger, newId } from 'nestegg';\n\nnewId().missing;\nledger.lockBook(1);\n";
    expect(compiled({ 'wrong.ts': calls }).problems).toEqual([
      "wrong.ts 3: Property 'missing' does not exist on type 'string'.",
      'wrong.ts 4: Expected 2 arguments, but got 1.',
    ]);
  }, 120_000);
});

test('every use case of a service says what it throws', () => {
  const silent = OFFERED.filter(({ docstring }) => !docstring.includes('@throws')).map(({ name }) => name);
  expect(silent).toEqual([]);
});
