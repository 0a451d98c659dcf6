import { expect, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  checkInvariants,
  closeAccount,
  eraseUser,
  exportUserData,
} from '../../src/index.js';
import { usePglite } from '../support/pglite.js';
import { useWorld } from '../support/world.js';
import { livedBy, PERSONAL } from './full-life.js';

const database = usePglite();
const world = useWorld(database);

test('a person takes their data along and leaves nothing personal behind, on the embedded database too', async () => {
  const { em } = database.orm;
  const { userId } = await livedBy(world);
  const document = await asUser(em, userId, inner => exportUserData(inner, { userId }, world.clock));
  expect(document.tables.transactions?.map(({ type, amount }) => [type, amount])).toEqual([
    ['deposit', '100.00000000'],
    ['withdrawal', '100.00000000'],
    ['deposit', '100.00000000'],
  ]);
  expect(document.tables.users).toMatchObject([{ id: userId, email_verified_at: '2026-03-02T12:00:00.000Z' }]);
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);

  await asWorker(em, inner => closeAccount(inner, { userId }, world.clock));
  await asWorker(em, inner => eraseUser(inner, { userId }, world.clock));
  const left = JSON.stringify(await world.dump());
  for (const secret of Object.values(PERSONAL)) if (secret !== PERSONAL.earlierName) expect(left).not.toContain(secret);
  const results = await asReader(em, checkInvariants);
  expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
});
