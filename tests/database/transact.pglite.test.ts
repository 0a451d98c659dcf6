import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { asReader, asUser, asWorker, DeclaredReadError, dropConnections, transact, User } from '../../src/index.js';
import { usePglite } from '../support/pglite.js';

const database = usePglite();
const ann = new User('ann@example.com');

beforeAll(() =>
  asUser(database.orm.em, ann.id, async em => {
    em.persist(new User(ann.email, ann.id));
  }),
);

const count = () => asReader(database.orm.em, em => em.count(User), { reads: 'replica' });

test('on the embedded database, a deadline ends the wait for its one connection, and nothing runs after it', async () => {
  const holding = asWorker(database.orm.em, () => setTimeout(400));
  let runs = 0;
  const late = transact(
    () =>
      asWorker(database.orm.em, async em => {
        runs += 1;
        em.persist(new User('late@example.com'));
      }),
    { deadlineMs: 100 },
  );
  await expect(late).rejects.toMatchObject({ code: 'timeout.deadline' });
  await holding;
  expect(await count()).toBe(1);
  expect(runs).toBe(0);
});

test('on the embedded database, declared reads read, and change nothing', async () => {
  expect(await count()).toBe(1);
  const change = asUser(database.orm.em, ann.id, em => em.execute('update users set version = version + 1'), {
    reads: 'replica',
  });
  await expect(change).rejects.toThrow(DeclaredReadError);
});

test('on the embedded database, there are no connections to drop', async () => {
  await dropConnections(database.orm);
  expect(await transact(count)).toBe(1);
});
