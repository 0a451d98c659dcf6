import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountForServer, handOver } from '../../src/testing/embedded-postgres.js';
import { useDatabase } from '../support/database.js';
import { usePrivateServer } from '../support/private-server.js';
import { useLine } from './line.js';

const DONE = { transactionId: expect.any(String) };

const MOUNT = 'mount -t tmpfs -o size=12m nestegg "$1" || { rmdir "$1"; exit 1; }';
/** Takes the disk away again when this process ends, in whatever way. */
const UNMOUNT = 'cat > /dev/null; umount -l "$1"; rmdir "$1"';

/** A disk of 12 MB, where this process may mount one. */
function mountSmallDisk(): { path: string; unmount(): Promise<void> } | undefined {
  const path = mkdtempSync(join(tmpdir(), 'nestegg-disk-'));
  if (spawnSync('sh', ['-c', MOUNT, 'mount', path]).status !== 0) return undefined;
  const keeper = spawn('sh', ['-c', UNMOUNT, 'keeper', path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  keeper.unref();
  return {
    path,
    async unmount() {
      const gone = once(keeper, 'exit');
      keeper.stdin.end();
      await gone;
    },
  };
}

const disk = mountSmallDisk();

describe.skipIf(!disk)('a server whose disk is full, where one can be mounted', () => {
  const server = usePrivateServer();
  const database = useDatabase({ on: () => server.address });
  const line = useLine(database);

  beforeAll(async () => {
    handOver(disk!.path, accountForServer());
    const admin = await database.superuser();
    await admin.query(`create tablespace small location '${disk!.path}'`);
    await admin.query('alter table ledger_entries set tablespace small');
    await admin.query('create table ballast (filling text) tablespace small');
    await admin.query('alter table ballast alter filling set storage plain');
  });
  afterAll(() => disk!.unmount());

  test('refuses deposits without a storm of attempts, keeps what it has, and takes them when there is room', async () => {
    const ann = await line.world.newInvestor();
    const admin = await database.superuser();
    const fillUp = async (size: number) => {
      while (true) await admin.query(`insert into ballast select repeat('x', ${size}) from generate_series(1, 50)`);
    };
    for (const size of [8_000, 1_000]) await expect(fillUp(size)).rejects.toMatchObject({ code: '53100' });

    const made: string[] = [];
    let refused: Awaited<ReturnType<typeof line.deposit>> | undefined;
    // What is left of the last page of each table takes some more.
    for (let number = 0; !refused; number++) {
      const outcome = await line.deposit(ann, `salary-${number}`);
      if (outcome.error) refused = outcome;
      else made.push(`salary-${number}: deposit of 10.00000000 posted`);
    }
    expect(refused).toMatchObject({ error: { code: 'overloaded.out-of-resources', retryable: false }, attempts: 1 });
    expect(await line.effects(ann)).toEqual(made);

    await admin.query('drop table ballast');
    expect(await line.deposit(ann, 'salary')).toMatchObject({ ...DONE, attempts: 1 });
    expect(await line.effects(ann)).toEqual([...made, 'salary: deposit of 10.00000000 posted']);
    await line.expectRecovery();
  }, 60_000);
});
