/** Runs the soak test for as long as one likes: `npm run soak -- --seconds 600 --seed 42`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { soak } from './soak-run.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? randomInt(2 ** 31));
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('Usage: npm run soak -- [--seconds <number above 0>] [--seed <whole number>]');
  process.exit(64);
}
console.log(`${seconds} s with --seed ${seed}`);
const { wrong, ...report } = await soak({ seconds, seed });
console.log(report);
console.log(wrong.length === 0 ? 'Everything is stored as it was told, and all books are right.' : wrong.join('\n'));
process.exitCode = wrong.length === 0 ? 0 : 1;
