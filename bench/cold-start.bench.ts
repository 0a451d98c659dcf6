/**
 * What a function costs that starts for one request: from the start of its process to the first row, and what of it is
 * Node, loading code, the ORM, connecting and reading. Each way starts once in every round, in turn.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { build } from 'esbuild';
import { ENTITIES, pregenerateMetadata } from '../src/index.js';
import { openBenchDatabase } from './database.js';
import { median } from './statistics.js';

const run = promisify(execFile);
const PARTS = ['node', 'load', 'orm', 'connect', 'read', 'whole'] as const;
type Parts = Record<(typeof PARTS)[number], number>;

interface Way {
  name: string;
  args: string[];
  metadata?: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
  const rounds = Number(values.rounds);
  if (!(rounds >= 1 && rounds <= 50)) throw new Error('usage: npm run bench:cold-start -- [--rounds 9], at most 50');
  const folder = mkdtempSync(join(tmpdir(), 'nestegg-cold-start-'));
  const database = await openBenchDatabase();
  try {
    const userId = await database.registerSomebody();
    const metadata = join(folder, 'metadata.json');
    writeFileSync(metadata, await pregenerateMetadata(ENTITIES));
    await bundle('function', folder);
    await bundle('plain', folder);
    const ways: Way[] = [
      { name: 'pg alone, bundled', args: [join(folder, 'plain.mjs')] },
      { name: 'bundled, with metadata', args: [join(folder, 'function.mjs')], metadata },
      { name: 'bundled, compile cache', args: [join(folder, 'function.mjs')], metadata },
      { name: 'sources, with metadata', args: ['--import', 'tsx', 'bench/cold-start/function.ts'], metadata },
      { name: 'sources', args: ['--import', 'tsx', 'bench/cold-start/function.ts'] },
    ];
    const measured = new Map<string, Parts[]>(ways.map(({ name }) => [name, []]));
    for (let round = -1; round < rounds; round++) {
      for (const way of ways) {
        const env = {
          ...process.env,
          URL_OF_DATABASE: database.serviceUrl,
          USER_ID: userId,
          METADATA: way.metadata ?? '',
          ...(way.name.endsWith('compile cache') && { NODE_COMPILE_CACHE: join(folder, 'compiled') }),
        };
        const { stdout } = await run(process.execPath, way.args, { env });
        // The first of each finds files that nobody has read yet.
        if (round >= 0) measured.get(way.name)!.push(JSON.parse(stdout) as Parts);
      }
      ways.push(ways.shift()!);
    }
    report(measured);
  } finally {
    await database.close();
    rmSync(folder, { recursive: true });
  }
}

/** As it would be deployed: one file for what every start needs, others for what none does. */
async function bundle(name: string, outdir: string): Promise<void> {
  await build({
    entryPoints: [`bench/cold-start/${name}.ts`],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
    // Entities are known by the names of their classes.
    keepNames: true,
    external: ['pg-native'],
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
    logLevel: 'error',
  });
}

function report(measured: ReadonlyMap<string, readonly Parts[]>): void {
  console.log(`${''.padEnd(26)}${PARTS.map(part => part.padStart(9)).join('')}   ms, medians`);
  for (const [name, parts] of measured) {
    const cells = PARTS.map(part =>
      median(parts.map(each => each[part]))
        .toFixed(0)
        .padStart(9),
    );
    console.log(`${name.padEnd(26)}${cells.join('')}`);
  }
}

await main();
