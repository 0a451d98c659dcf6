import { describe } from 'vitest';
import { usePglite } from '../support/pglite.js';
import { testRoundTrips } from './round-trips.js';

describe('on PGlite', () => {
  const database = usePglite();

  testRoundTrips({
    get orm() {
      return database.orm;
    },
    async tryAsSuperuser(work) {
      const em = database.orm.em.fork();
      await em.begin();
      try {
        return await work(sql => em.execute(sql));
      } finally {
        await em.rollback();
      }
    },
  });
});
