import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { useDatabase } from '../support/database.js';
import { useLine } from './line.js';

const database = useDatabase();
const line = useLine(database);

let worker: ChildProcessByStdio<Writable, Readable, null>;
let said: AsyncIterator<string>;

const hear = async (): Promise<string> => (await said.next()).value;
const tell = (...words: unknown[]) => worker.stdin.write(`${words.join(' ')}\n`);
const sessions = async () =>
  (
    await line.world.rows(
      `select from pg_stat_activity where application_name = 'frozen' and datname = current_database()`,
    )
  ).length;

/** As a function is between two calls, for so long that the server has ended its session. */
async function freeze(): Promise<void> {
  worker.kill('SIGSTOP');
  await vi.waitFor(async () => expect(await sessions()).toBe(0), 10_000);
  worker.kill('SIGCONT');
}

beforeAll(async () => {
  const admin = await database.superuser();
  const set = (setting: string) =>
    admin.query(`alter role nestegg_service in database ${database.fork.name} set ${setting}`);
  await set(`idle_session_timeout to '500ms'`);
  await set(`idle_in_transaction_session_timeout to '500ms'`);
  const script = join(import.meta.dirname, 'fixtures/worker.ts');
  const url = `${database.fork.serviceUrl}?application_name=frozen`;
  worker = spawn(process.execPath, ['--import', 'tsx', script, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  said = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
  expect(await hear()).toBe('ready');
}, 60_000);

afterAll(async () => {
  if (!worker) return;
  worker.kill('SIGCONT');
  worker.stdin.end();
  await once(worker, 'exit');
});

test('a process that was frozen for longer than the server keeps its session goes on as if nothing had been', async () => {
  const ann = await line.world.newInvestor();
  tell(ann.userId, 'before');
  expect(await hear()).toBe('done 1');
  expect(await sessions()).toBe(1);
  await freeze();
  tell(ann.userId, 'after');
  expect(await hear()).toMatch(/^done [12]$/);
  expect(await line.effects(ann)).toEqual([
    'before: deposit of 10.00000000 posted',
    'after: deposit of 10.00000000 posted',
  ]);
  await line.expectRecovery();
});

test('a process that was frozen in the middle of a transaction finds it taken back, and has kept nobody else from the book', async () => {
  const ann = await line.world.newInvestor();
  tell(ann.userId, 'salary', 100);
  expect(await hear()).toBe('holds');
  await freeze();
  expect(await line.deposit(ann, 'bonus')).toMatchObject({ transactionId: expect.any(String) });
  expect(await hear()).toBe('timeout.transaction-idle 1');
  expect(await line.effects(ann)).toEqual(['bonus: deposit of 10.00000000 posted']);
  tell(ann.userId, 'salary');
  expect(await hear()).toMatch(/^done [12]$/);
  expect(await line.effects(ann)).toEqual([
    'bonus: deposit of 10.00000000 posted',
    'salary: deposit of 10.00000000 posted',
  ]);
  await line.expectRecovery();
});
