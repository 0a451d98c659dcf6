import { resolve } from 'node:path';
import { type EntityManager, migrateUp, NesteggError, openDatabase, resetEmbedded } from '../../src/index.js';
import { helpText, parseArguments } from './arguments.js';
import { bundledPrices, readPrices } from './prices.js';
import { progressBar } from './progress.js';
import { monthly, monthsToReplay, Replay } from './replay.js';
import { exitCode, renderStatement, statementJson } from './statement.js';

/** A database of the demo's own: it starts over each time, and never touches one that holds anything of yours. */
const DATA_DIR = resolve('.nestegg/demo');

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(helpText);
    return 0;
  }
  const prices = monthly(await readPrices(options.prices ?? bundledPrices()));
  const months = monthsToReplay(prices, options.from, options.to);

  process.stderr.write('Creating the embedded database in .nestegg/demo and migrating it\n');
  resetEmbedded(DATA_DIR);
  const orm = await openDatabase({ kind: 'embedded', dataDir: DATA_DIR }, { quiet: true });
  try {
    await migrateUp(orm);
    const bar = progressBar('Replaying', months.length);
    const statement = await new Replay(orm.em as EntityManager, options, months, prices)
      .run(month => bar.tick(month))
      .finally(() => bar.stop());
    process.stdout.write(
      options.json
        ? statementJson(statement)
        : renderStatement(statement, { width: process.stdout.columns ?? 80, color: process.stdout.isTTY ?? false }),
    );
    return exitCode(statement);
  } finally {
    await orm.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof NesteggError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
