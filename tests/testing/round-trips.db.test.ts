import { describe } from 'vitest';
import { useDatabase } from '../support/database.js';
import { testRoundTrips } from './round-trips.js';

describe('on PostgreSQL', () => {
  const database = useDatabase();

  testRoundTrips({
    get orm() {
      return database.orm;
    },
    async tryAsSuperuser(work) {
      const client = await database.superuser();
      await client.query('begin');
      try {
        return await work(async sql => (await client.query(sql)).rows);
      } finally {
        await client.query('rollback');
      }
    },
  });
});
