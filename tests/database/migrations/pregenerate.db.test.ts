import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  asUser,
  asWorker,
  ConfigurationError,
  DepositService,
  ENTITIES,
  newId,
  openDatabase,
  pregenerateMetadata,
  registerUser,
  User,
  ValidationError,
} from '../../../src/index.js';
import { assetFactory } from '../../../src/testing/index.js';
import { useDatabase } from '../../support/database.js';

const database = useDatabase();
let metadata: Record<string, unknown>;
let orm: Awaited<ReturnType<typeof openDatabase>>;

beforeAll(async () => {
  metadata = JSON.parse(await pregenerateMetadata(ENTITIES));
  orm = await openDatabase({ kind: 'server', url: database.fork.serviceUrl }, { metadata });
}, 60_000);

afterAll(() => orm?.close(true));

test('metadata that was made beforehand knows every entity, and what is embedded in one', () => {
  expect(Object.keys(metadata).sort()).toEqual([...ENTITIES.map(({ name }) => name), 'LoanDebt'].sort());
});

test('an ORM opened with it works like any other: money in, money seen, nonsense refused', async () => {
  const userId = newId();
  await asWorker(orm.em, async em => void em.persist(assetFactory.currency({ code: 'USD' })));
  const balance = await asUser(orm.em, userId, async em => {
    await registerUser(em, { userId, email: 'ada@example.com', timeZone: 'Europe/Rome' });
    const deposits = new DepositService(em);
    const input = {
      userId,
      assetCode: 'USD',
      amount: '12.34',
      source: 'bank',
      reference: 'T-1',
      idempotencyKey: 'd-1',
    };
    const { transaction } = await deposits.open(input);
    const settled = await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: 's-1' });
    return settled.entries[0]!.creditBalance.toFixed();
  });
  expect(balance).toBe('12.34');
  const tooFine = {
    userId,
    assetCode: 'USD',
    amount: '0.000000001',
    source: 'bank',
    reference: 'T-2',
    idempotencyKey: 'd-2',
  };
  await expect(asUser(orm.em, userId, em => new DepositService(em).open(tooFine))).rejects.toThrow(ValidationError);
  const [user] = await asUser(orm.em, userId, em => em.find(User, {}));
  expect(user?.email).toBe('ada@example.com');
});

test('nothing is loaded for it that reads sources, migrates, seeds or embeds a database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nestegg-metadata-'));
  try {
    const file = join(folder, 'metadata.json');
    writeFileSync(file, JSON.stringify(metadata));
    const args = ['--import', 'tsx', 'tests/database/fixtures/loaded-packages.ts', file, database.fork.serviceUrl];
    const loaded: string[] = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
    expect(loaded).toEqual(expect.arrayContaining(['@mikro-orm/core', '@mikro-orm/postgresql', 'pg', 'zod']));
    const tools = [
      '@mikro-orm/reflection',
      '@mikro-orm/migrations',
      '@mikro-orm/seeder',
      '@mikro-orm/pglite',
      'ts-morph',
    ];
    expect(loaded.filter(name => tools.includes(name))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test('the embedded database, which is for development, is refused with it', async () => {
  await expect(openDatabase({ kind: 'embedded', dataDir: 'memory://' }, { metadata })).rejects.toThrow(
    ConfigurationError,
  );
});
