import { describe, expect, test } from 'vitest';
import { readiness } from '../../../src/index.js';
import { usePglite } from '../../support/pglite.js';

const database = usePglite();

describe('a process with an embedded database', () => {
  test('is ready, and has no pool', async () => {
    expect(await readiness(database.orm)).toEqual({
      ready: true,
      roundTripMs: expect.any(Number),
      circuit: 'closed',
    });
  });

  test('is not ready in time while a transaction has its only connection, and says so', async () => {
    await database.orm.em.fork().transactional(async em => {
      await em.execute('select 1');
      expect(await readiness(database.orm, { timeoutMs: 100 })).toMatchObject({
        ready: false,
        reason: 'timeout.answer',
      });
    });
    expect(await readiness(database.orm)).toMatchObject({ ready: true });
  });
});
