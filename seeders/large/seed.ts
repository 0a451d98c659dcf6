import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  type EntityManager,
  loadDotEnv,
  migrateUp,
  NesteggError,
  openDatabase,
  targetFromEnvironment,
} from '../../src/index.js';
import { type ProgressBar, progressBar } from '../demo/progress.js';
import { MarketSeeder } from '../MarketSeeder.js';
import { PortfolioSeeder } from '../PortfolioSeeder.js';
import { type LargeWorld, seedUsers } from './seed-users.js';

const USAGE = `npm run seed -- --users 20000 [--seed 1]

Makes so many users with a deposit and an investment each, in the database of DATABASE_URL or else in the embedded one.
The same seed makes the same users. Ctrl-C stops after the batch at hand; the same command goes on where it stopped.
`;

function readArguments(): { users: number; seed: string } | undefined {
  const { values } = parseArgs({
    options: { users: { type: 'string' }, seed: { type: 'string', default: '1' }, help: { type: 'boolean' } },
  });
  if (values.help || values.users === undefined) return undefined;
  if (!/^[1-9]\d{0,7}$/.test(values.users))
    throw new ConfigurationError('--users', 'must be a whole number from 1 to 99999999.');
  if (!/^[a-z0-9]{1,20}$/.test(values.seed))
    throw new ConfigurationError('--seed', 'must be 1 to 20 lower-case letters and digits.');
  return { users: Number(values.users), seed: values.seed };
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (!wanted) {
    process.stdout.write(USAGE);
    return 0;
  }
  loadDotEnv();
  const target = targetFromEnvironment();
  const orm = await openDatabase(target, { quiet: true });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  try {
    if (target.kind === 'embedded') await migrateUp(orm);
    const em = orm.em as EntityManager;
    await new MarketSeeder().run(em);
    await new PortfolioSeeder().run(em);
    const result = await withProgress(progress => seedUsers(em, { ...wanted, signal: stop.signal, ...progress }));
    const inAll = result.found + result.made;
    process.stdout.write(`${inAll} of ${wanted.users} users are there, ${result.made} of them new.\n`);
    if (!result.isComplete) process.stdout.write('Run the same command again to go on.\n');
    return result.isComplete ? 0 : 130;
  } finally {
    await orm.close();
  }
}

/** Shows the users that are made on a bar, with their rate; those of earlier runs are not counted. */
async function withProgress<T>(work: (progress: Pick<LargeWorld, 'onStart' | 'onBatch'>) => Promise<T>): Promise<T> {
  let bar: ProgressBar | undefined;
  let startedAt = 0;
  let made = 0;
  const onStart = (left: number) => {
    startedAt = Date.now();
    bar = progressBar('Users', left);
  };
  const onBatch = (more: number) => {
    made += more;
    const rate = `${Math.round((made * 1000) / (Date.now() - startedAt))} users/s`;
    for (let i = 0; i < more; i++) bar?.tick(rate);
  };
  return work({ onStart, onBatch }).finally(() => bar?.stop());
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof NesteggError)) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
