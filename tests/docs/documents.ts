import { readFileSync } from 'node:fs';
import { blocksIn, programIn } from './program.js';

/** The story, as one program. */
export const USE_CASES = programIn(readFileSync('docs/use-cases.md', 'utf8'));

/** The example of the README. */
export const README = programIn(readFileSync('README.md', 'utf8'));

const PRODUCTION = blocksIn(readFileSync('docs/production.md', 'utf8'));

/** The examples for production that open a database, each for itself. */
export const PRODUCTION_OPENING = PRODUCTION.filter(block => block.includes('const orm'));

/** The examples for production that use one, one after the other. */
export const PRODUCTION_USE = PRODUCTION.filter(block => block.includes('asUser(')).map(block => block.trim());

/** What {@link PRODUCTION_OPENING} takes for granted, on one line. */
export const NAMES = `import { openDatabase, targetFromEnvironment } from 'nestegg'; declare const currentPassword: () => Promise<string>; `;

/** What {@link PRODUCTION_USE} takes for granted, on one line: a person whose deposit of 10 dollars has been announced. */
export const GIVEN = `
  import * as given from 'nestegg';
  const orm = await given.openDatabase(given.targetFromEnvironment());
  const [userId, idempotencyKey] = [given.newId(), 'settle-1'];
  await given.asWorker(orm.em, async em => void new given.AssetService(em).list({ code: 'USD', name: 'US dollar', kind: 'fiat' }));
  const transactionId = await given.asUser(orm.em, userId, async em => {
    await given.registerUser(em, { userId, email: 'ada@example.com', timeZone: 'UTC' });
    const announced = { userId, assetCode: 'USD', amount: '10', source: 'bank', reference: 'T-1', idempotencyKey: 'open-1' };
    return (await new given.DepositService(em).open(announced)).transaction.id;
  });`.replaceAll('\n', ' ');
