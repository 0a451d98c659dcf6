import { createInterface } from 'node:readline';
import {
  Asset,
  AssetService,
  asUser,
  asWorker,
  migrateUp,
  newId,
  openDatabase,
  registerUser,
  User,
} from '../../src/index.js';

/**
 * A process of its own on an embedded database, driven over its standard input: each line is an address to register. It
 * answers with the number of users there are, the first time when it is ready, and ends with its input.
 */
const orm = await openDatabase({ kind: 'embedded', dataDir: process.argv[2]! }, { quiet: true });

const tell = async () => process.stdout.write(`${await asWorker(orm.em, em => em.count(User))}\n`);

try {
  await migrateUp(orm);
  await asWorker(orm.em, async em => {
    const listed = await em.count(Asset);
    if (listed === 0) new AssetService(em).list({ code: 'USD', name: 'US dollar', kind: 'fiat' });
  });
  await tell();
  for await (const email of createInterface(process.stdin)) {
    const userId = newId();
    await asUser(orm.em, userId, em => registerUser(em, { userId, email, timeZone: 'UTC' }));
    await tell();
  }
} catch (error) {
  process.stdout.write(`${(error as Error).name}\n`);
} finally {
  await orm.close(true);
}
