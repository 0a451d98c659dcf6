import { describe, expect, test } from 'vitest';
import { id } from './rows.js';
import { useSchema } from './schema.js';

const schema = useSchema();

/** Stores a season beside that of spring, which runs on 2 March from 12:00 to 13:00 and is active. */
const addSeason = (startsAt: string, endsAt: string, status = 'draft') =>
  schema.refusalOf(
    `insert into battle_passes (id, code, name, season, starts_at, ends_at, claim_until, premium_price, currency_id, status, activated_at)
     values (gen_random_uuid(), 'next', 'Next', 2, $1, $2, '2027-01-01', 5, $3, $4, case when $4 = 'active' then now() end)`,
    [`2026-03-02T${startsAt}Z`, `2026-03-02T${endsAt}Z`, id('USD'), status],
  );

describe('a season', () => {
  test.each([
    ['starts before the one before has ended', '12:59:59.999', '14:00'],
    ['ends after the next has started', '11:00', '12:00:00.001'],
    ['lies within another', '12:15', '12:45'],
    ['lies around another', '11:00', '14:00'],
    ['is that of another', '12:00', '13:00'],
  ])('is refused that %s', (_, startsAt, endsAt) =>
    schema.takenBack(async () => {
      const refusal = { code: '23P01', name: 'battle_passes_no_overlap' };
      expect(await addSeason(startsAt, endsAt)).toEqual(refusal);
      expect(await addSeason('13:00', '14:00')).toBeNull();
      expect(
        await schema.refusalOf(
          `update battle_passes set starts_at = $1, ends_at = $2, claim_until = '2027-01-01' where code = 'next'`,
          [`2026-03-02T${startsAt}Z`, `2026-03-02T${endsAt}Z`],
        ),
      ).toEqual(refusal);
    }),
  );

  test.each([
    ['starts when the one before ends', '13:00', '14:00'],
    ['ends when the next starts', '11:00', '12:00'],
    ['lies far from the others', '20:00', '21:00'],
  ])('is allowed that %s', (_, startsAt, endsAt) =>
    schema.takenBack(async () => {
      expect(await addSeason(startsAt, endsAt)).toBeNull();
    }),
  );

  test('is active alone', () =>
    schema.takenBack(async () => {
      const twice = { code: '23505', name: 'battle_passes_one_active' };
      expect(await addSeason('13:00', '14:00', 'active')).toEqual(twice);
      expect(await addSeason('13:00', '14:00')).toBeNull();
      const activate = `update battle_passes set status = 'active', activated_at = now() where code = 'next'`;
      expect(await schema.refusalOf(activate)).toEqual(twice);
      await schema.list(`update battle_passes set status = 'ended', ended_at = now() where code = 'spring'`);
      expect(await schema.refusalOf(activate)).toBeNull();
    }));
});
