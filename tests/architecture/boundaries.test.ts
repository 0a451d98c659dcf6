import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DEPCRUISE = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

/** A small house in which everyone keeps to the rules. */
const LAWFUL = {
  'src/shared/index.ts': `export { zero } from './money/decimal.js';`,
  'src/shared/money/decimal.ts': `export const zero = '0';`,
  'src/market/index.ts': `export { price } from './price.js';`,
  'src/market/price.ts': `import { zero } from '../shared/index.js';\nexport const price = zero;`,
  'src/portfolio/index.ts': `export { worth } from './portfolio.js';\nexport type { Worth } from './portfolio.js';`,
  'src/portfolio/portfolio.ts': `import { price } from '../market/index.js';\nexport const worth = price;\nexport type Worth = string;`,
  'src/testing/index.ts': `export { worth } from '../portfolio/index.js';`,
  'src/workflows/index.ts': `export { worth } from '../portfolio/index.js';`,
  'src/index.ts': `export { worth } from './workflows/index.js';`,
  'tests/support/dice.ts': 'export const dice = 4;',
};

const OFFENCES: [wrong: string, rule: string, path: string, text: string][] = [
  [
    'the market imports the portfolio, above it',
    'market-imports-only-what-is-below',
    'src/market/peek.ts',
    `export { worth } from '../portfolio/index.js';`,
  ],
  [
    'the market imports only a type of the portfolio',
    'market-imports-only-what-is-below',
    'src/market/peek-type.ts',
    `import type { Worth } from '../portfolio/index.js';\nexport const peek = (worth: Worth) => worth;`,
  ],
  [
    'the market imports the portfolio when it runs',
    'market-imports-only-what-is-below',
    'src/market/peek-later.ts',
    `export const peek = () => import('../portfolio/index.js');`,
  ],
  [
    'advice imports lending, beside it',
    'advice-imports-only-what-is-below',
    'src/advice/advice.ts',
    `export { loan } from '../lending/index.js';`,
  ],
  [
    'shared imports anyone',
    'shared-imports-only-what-is-below',
    'src/shared/clock.ts',
    `export { price } from '../market/index.js';`,
  ],
  [
    'a context imports a workflow',
    'portfolio-imports-only-what-is-below',
    'src/portfolio/flow.ts',
    `export { worth } from '../workflows/index.js';`,
  ],
  [
    'a context imports the test tools',
    'portfolio-imports-only-what-is-below',
    'src/portfolio/fake.ts',
    `export { worth } from '../testing/index.js';`,
  ],
  [
    'a workflow imports the test tools',
    'workflows-imports-only-what-is-below',
    'src/workflows/fake.ts',
    `export { worth } from '../testing/index.js';`,
  ],
  [
    'the front door lets the test tools out',
    'front-door-leaves-testing-out',
    'src/fake.ts',
    `export { worth } from './testing/index.js';`,
  ],
  [
    'a context imports the front door of the whole house',
    'portfolio-imports-only-what-is-below',
    'src/portfolio/all.ts',
    `export { worth } from '../index.js';`,
  ],
  [
    'a file of another context is imported past its index',
    'only-through-the-front-door',
    'src/portfolio/deep.ts',
    `export { price } from '../market/price.js';`,
  ],
  [
    'a file in a folder of shared is imported past its index',
    'only-through-the-front-door',
    'src/portfolio/deeper.ts',
    `export { zero } from '../shared/money/decimal.js';`,
  ],
  [
    'the front door reaches past an index',
    'only-through-the-front-door',
    'src/deep.ts',
    `export { price } from './market/price.js';`,
  ],
  [
    'a file imports the index of its own context',
    'not-through-the-own-front-door',
    'src/market/own.ts',
    `export { price } from './index.js';`,
  ],
  [
    'two contexts import each other',
    'no-cycle-across-folders',
    'src/automation/index.ts',
    `export { loan } from '../lending/index.js';`,
  ],
  [
    'a folder that has no place in the table imports something',
    'every-folder-has-its-place',
    'src/casino/bet.ts',
    `export { price } from '../market/index.js';`,
  ],
  [
    'src imports a test',
    'src-stands-alone',
    'src/market/roll.ts',
    `export { dice } from '../../tests/support/dice.js';`,
  ],
  ['an import leads nowhere', 'every-import-resolves', 'src/market/gone.ts', `export { price } from './vanished.js';`],
];

/** Runs what `npm run check` runs. */
function cruise(cwd: string) {
  const { status, stdout } = spawnSync(process.execPath, [DEPCRUISE, 'src'], { cwd, encoding: 'utf8' });
  const said = stripVTControlCharacters(stdout);
  return { status, said, modules: Number(/\((\d+) modules/.exec(said)?.[1]) };
}

function cruiseHouse(files: Record<string, string>) {
  const house = mkdtempSync(join(tmpdir(), 'nestegg-boundaries-'));
  try {
    for (const config of ['.dependency-cruiser.cjs', 'tsconfig.json']) {
      copyFileSync(join(ROOT, config), join(house, config));
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), `${text}\n`);
    }
    return cruise(house);
  } finally {
    rmSync(house, { recursive: true });
  }
}

test('the source keeps to its boundaries, and all of it was looked at', () => {
  const { status, said, modules } = cruise(ROOT);
  expect(said).toContain('no dependency violations found');
  expect(status).toBe(0);
  expect(modules).toBeGreaterThan(10);
});

test('a house in which everyone keeps to the rules passes', () => {
  const { status, said, modules } = cruiseHouse(LAWFUL);
  expect(said).toContain('no dependency violations found');
  expect(status).toBe(0);
  expect(modules).toBe(Object.keys(LAWFUL).length - 1);
});

describe('a house in which someone breaks a rule', () => {
  const lending = { 'src/lending/index.ts': `export * from '../automation/index.js';\nexport const loan = 1;` };
  const planted = Object.fromEntries(OFFENCES.map(([, , path, text]) => [path, text]));
  let outcome: ReturnType<typeof cruise>;
  beforeAll(() => {
    outcome = cruiseHouse({ ...LAWFUL, ...lending, ...planted });
  });

  test('fails the check', () => {
    expect(Object.keys(planted)).toHaveLength(OFFENCES.length);
    expect(outcome.status).toBeGreaterThan(0);
  });

  test.each(OFFENCES)('%s: refused', (_wrong, rule, path) => {
    expect(outcome.said).toContain(`error ${rule}: ${path} → `);
  });
});
