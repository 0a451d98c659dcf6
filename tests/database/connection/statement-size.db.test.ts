import { afterAll, beforeAll, expect, test } from 'vitest';
import { Asset, asWorker, openDatabase } from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';
import { pinningReason } from '../../support/pinning.js';
import { WireProxy } from '../../support/wire-proxy.js';

const database = useDatabase();
const pinned: string[] = [];
let proxy: WireProxy;

beforeAll(async () => {
  proxy = await WireProxy.listen(database.fork.serviceUrl, message => {
    const reason = message.kind === 'startup' ? undefined : pinningReason(message);
    if (reason) pinned.push(reason);
  });
});
afterAll(() => proxy.close());

/** Lists 200 assets in one unit of work. */
const list = (orm: Pick<typeof database.orm, 'em'>, letter: string): Promise<void> =>
  asWorker(orm.em, async em => {
    for (let n = 0; n < 200; n++)
      em.persist(new Asset({ code: `${letter}${n}`, name: `Number ${n} of ${letter}`, kind: 'equity' }));
  });

test('many rows at once are inserted by statements too small to pin a session of a proxy', async () => {
  await list(database.orm, 'A');
  expect(database.pinned).toEqual(new Set());
  const { rows } = await (await database.superuser()).query(
    `select count(*)::int as n from assets where code like 'A%'`,
  );
  expect(rows).toEqual([{ n: 200 }]);
});

test('and by one statement where nothing stands between', async () => {
  const orm = await openDatabase({ kind: 'server', url: proxy.through(database.fork.serviceUrl), profile: 'server' });
  await list(orm, 'B').finally(() => orm.close(true));
  expect(pinned).toEqual([expect.stringMatching(/^statement text of \d{5} bytes: insert into "assets"/)]);
});
