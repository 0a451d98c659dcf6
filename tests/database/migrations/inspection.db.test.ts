import { describe, expect, test } from 'vitest';
import { type Inspection, inspectDatabase, isAsExpected, openDatabase } from '../../../src/index.js';
import { useDatabase } from '../../support/database.js';

const NOTHING: Inspection = { pending: [], edited: [], drift: [], routines: [], rights: [] };

describe('the deploy gate', () => {
  const db = useDatabase();

  /** As the owner, who deploys: what is changed is inspected and then put back. */
  async function inspectAfter(change: string, back: string): Promise<Inspection> {
    const owner = await db.owner();
    const orm = await openDatabase({ kind: 'server', url: db.fork.ownerUrl }, { quiet: true });
    try {
      await owner.query(change);
      return await inspectDatabase(orm);
    } finally {
      await owner.query(back);
      await orm.close();
    }
  }

  test('finds nothing on a migrated database', async () => {
    const inspection = await inspectAfter('select', 'select');
    expect(inspection).toEqual(NOTHING);
    expect(isAsExpected(inspection)).toBe(true);
  });

  test('names a file that has not run', async () => {
    const name = 'Migration20261122090200_books_and_rights';
    const { rows } = await (await db.owner()).query(
      `select up_sha256 from mikro_orm_migrations where name = '${name}'`,
    );
    const inspection = await inspectAfter(
      `delete from mikro_orm_migrations where name = '${name}'`,
      `insert into mikro_orm_migrations (name, up_sha256) values ('${name}', '${rows[0].up_sha256}')`,
    );
    expect(inspection).toEqual({ ...NOTHING, pending: [name] });
    expect(isAsExpected(inspection)).toBe(false);
  });

  test('names a file that was edited after it ran, and one that is gone', async () => {
    const name = 'Migration20261122090100_tables';
    const { rows } = await (await db.owner()).query(
      `select up_sha256 from mikro_orm_migrations where name = '${name}'`,
    );
    expect(rows[0].up_sha256).toMatch(/^[0-9a-f]{64}$/);
    const inspection = await inspectAfter(
      `update mikro_orm_migrations set up_sha256 = repeat('0', 64) where name = '${name}';
       insert into mikro_orm_migrations (name) values ('Migration20200101000000_gone')`,
      `update mikro_orm_migrations set up_sha256 = '${rows[0].up_sha256}' where name = '${name}';
       delete from mikro_orm_migrations where name = 'Migration20200101000000_gone'`,
    );
    expect(inspection).toEqual({ ...NOTHING, edited: [name, 'Migration20200101000000_gone'] });
  });

  test.each([
    ['a column more', 'alter table assets add column extra text', 'alter table assets drop column extra'],
    [
      'an index less',
      'drop index asset_prices_latest_index',
      'create index asset_prices_latest_index on asset_prices (asset_id, quote_id, as_of)',
    ],
    [
      'a check less',
      'alter table ledger_entries drop constraint ledger_entries_amount_positive',
      'alter table ledger_entries add constraint ledger_entries_amount_positive check (amount > 0)',
    ],
    [
      'a policy less',
      'drop policy own_rows on transactions',
      'create policy own_rows on transactions using (user_id = nestegg_user_id()) with check (user_id = nestegg_user_id())',
    ],
    [
      'row-level security off',
      'alter table transactions disable row level security',
      'alter table transactions enable row level security',
    ],
  ])('sees %s', async (_, change, back) => {
    const { drift, ...rest } = await inspectAfter(change, back);
    expect(drift.length).toBeGreaterThan(0);
    expect(rest).toEqual({ pending: [], edited: [], routines: [], rights: [] });
  });

  test('sees a trigger that is switched off and one that is gone', async () => {
    expect(
      await inspectAfter(
        'alter table ledger_entries disable trigger ledger_entries_append_only',
        'alter table ledger_entries enable trigger ledger_entries_append_only',
      ),
    ).toEqual({ ...NOTHING, routines: ['trigger ledger_entries_append_only on ledger_entries'] });
  });

  test('sees a function that does something else', async () => {
    const original = `select nullif(pg_catalog.current_setting('nestegg.user_id', true), '')::pg_catalog.uuid`;
    const define = (body: string) =>
      `create or replace function nestegg_user_id() returns uuid language sql stable parallel safe as $$ ${body} $$`;
    expect(await inspectAfter(define('select null::uuid'), define(original))).toEqual({
      ...NOTHING,
      routines: ['function nestegg_user_id'],
    });
  });

  test('sees a trigger that fires no more for every row', async () => {
    const trigger = `create trigger transactions_keep before update on transactions for each row`;
    expect(
      await inspectAfter(
        `drop trigger transactions_keep on transactions; ${trigger} when (false) execute function nestegg_keep_transaction()`,
        `drop trigger transactions_keep on transactions; ${trigger} execute function nestegg_keep_transaction()`,
      ),
    ).toEqual({ ...NOTHING, routines: ['trigger transactions_keep on transactions'] });
  });

  test('sees the door to the books without its search path, or with its caller’s rights', async () => {
    const door = 'alter function nestegg_post(uuid, jsonb)';
    const open = { ...NOTHING, routines: ['function nestegg_post'] };
    const back = `${door} security definer set search_path = pg_catalog, public, pg_temp`;
    expect(await inspectAfter(`${door} reset all`, back)).toEqual(open);
    expect(await inspectAfter(`${door} security invoker`, back)).toEqual(open);
  });

  test('sees rights to the books that nobody should have', async () => {
    expect(
      await inspectAfter(
        'grant insert, update on ledger_entries to nestegg_app; grant execute on function nestegg_post to public',
        'revoke insert, update on ledger_entries from nestegg_app; revoke execute on function nestegg_post from public',
      ),
    ).toEqual({
      ...NOTHING,
      rights: [
        'nestegg_app may insert ledger_entries',
        'nestegg_app may update ledger_entries',
        'public may execute nestegg_post',
      ],
    });
  });

  test('is as it was at the end', async () => {
    expect(await inspectAfter('select', 'select')).toEqual(NOTHING);
  });
});
