import { beforeAll, describe, expect, test } from 'vitest';
import { DatabaseSeeder } from '../../seeders/DatabaseSeeder.js';
import { asReader, checkInvariants } from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { contentOf, everyByteOf } from './content.js';

const database = useDatabase({ direct: true });
const twin = useDatabase({ direct: true });

const rows = async (sql: string) => (await (await database.superuser()).query(sql)).rows;

/** How many rows of a table there are in each state. */
const states = async (table: string, column = 'status'): Promise<Record<string, number>> => {
  const found = await rows(`select ${column} as state, count(*)::int as number from ${table} group by 1 order by 1`);
  return Object.fromEntries(found.map(({ state, number }) => [state, number]));
};

beforeAll(() => database.orm.seeder.seed(DatabaseSeeder), 120_000);

describe('a seeded database', () => {
  test('is sound', async () => {
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
  });

  test('is left as it is by seeding it again', async () => {
    const before = await everyByteOf(database);
    await database.orm.seeder.seed(DatabaseSeeder);
    expect(await everyByteOf(database)).toEqual(before);
  });

  test('is the same world in every database, also when it was interrupted on the way', async () => {
    const owner = await twin.owner();
    await owner.query(`
      create sequence transactions_so_far;
      create function interrupt() returns trigger language plpgsql as $$
      begin
        if nextval('transactions_so_far') > 300 then raise exception 'interrupted'; end if;
        return new;
      end $$;
      create trigger interrupt before insert on transactions for each row execute function interrupt()`);
    await expect(twin.orm.seeder.seed(DatabaseSeeder)).rejects.toThrow();
    await owner.query(
      `drop trigger interrupt on transactions; drop function interrupt(); drop sequence transactions_so_far`,
    );
    await twin.orm.seeder.seed(DatabaseSeeder);
    expect(await contentOf(twin)).toEqual(await contentOf(database));
  }, 120_000);

  test('holds fifty people in every state', async () => {
    expect(await states('users')).toEqual({ active: 42, closed: 2, closing: 2, erased: 1, suspended: 3 });
    expect(await states('users', 'kyc_status')).toEqual({ expired: 3, none: 4, pending: 5, rejected: 3, verified: 35 });
  });

  test('keeps nothing personal of who was erased, and no money of who has left', async () => {
    expect(
      await rows(`select u.email = u.id || '@erased.invalid' as anonymous, p.given_name, p.family_name, p.birth_date
        from users u join user_profiles p on p.user_id = u.id where u.status = 'erased'`),
    ).toEqual([{ anonymous: true, given_name: null, family_name: null, birth_date: null }]);
    expect(
      await rows(`select distinct a.kind, a.balance::text from users u join ledger_accounts a on a.user_id = u.id
        where u.status in ('closed', 'erased') and a.kind = 'cash'`),
    ).toEqual([{ kind: 'cash', balance: '0.00000000' }]);
  });

  test('holds ten years of monthly prices of five companies', async () => {
    expect(
      await rows(
        `select a.code, count(*)::int as prices, min(p.as_of)::text as first, max(p.as_of)::text as last
         from asset_prices p join assets a on a.id = p.asset_id group by 1 order by 1`,
      ),
    ).toEqual([
      { code: 'AAPL', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'AMZN', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'GOOG', prices: 68, first: '2004-08-01 04:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'IBM', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
      { code: 'MSFT', prices: 123, first: '2000-01-01 05:00:00+00', last: '2010-03-01 05:00:00+00' },
    ]);
  });

  test('holds baskets in every state', async () => {
    expect(await states('baskets')).toEqual({ active: 3, draft: 1, paused: 1, retired: 1 });
  });

  test('looks back on twelve months', async () => {
    expect(
      await rows(`select count(distinct user_id)::int as people, count(*)::int as snapshots, min(date)::text as first,
        max(date)::text as last from portfolio_snapshots`),
    ).toEqual([{ people: 47, snapshots: 564, first: '2009-04-05', last: '2010-03-06' }]);
    expect(await states('transactions', `type || ' ' || status`)).toEqual({
      'auto_invest posted': 184,
      'basket_investment posted': 231,
      'collateral_lock posted': 24,
      'collateral_release posted': 6,
      'deposit failed': 1,
      'deposit pending': 1,
      'deposit posted': 592,
      'fee posted': 10,
      'liquidation posted': 1,
      'loan_disbursement posted': 7,
      'loan_repayment posted': 13,
      'reward posted': 61,
      'round_up posted': 8,
      'withdrawal posted': 3,
    });
  });

  test('tells the history of every book in the order in which it happened', async () => {
    expect(
      await rows(`select user_id from (
          select e.user_id, coalesce(t.posted_at, t.occurred_at) as at, lag(coalesce(t.posted_at, t.occurred_at))
            over (partition by e.user_id order by e.id) as before
          from ledger_entries e join transactions t on t.user_id = e.user_id and t.id = e.transaction_id
        ) history where at < before`),
    ).toEqual([]);
  });

  test('holds rules and round-ups in every state', async () => {
    expect(await states('auto_invest_rules')).toEqual({ active: 14, cancelled: 1, completed: 1, paused: 1 });
    expect(await states('auto_invest_runs', `status || coalesce(' ' || reason, '')`)).toEqual({
      'failed ledger.insufficient-funds': 4,
      succeeded: 184,
    });
    expect(await states('round_up_rules')).toEqual({ active: 6, cancelled: 1, paused: 1 });
    expect(await states('round_ups')).toEqual({ cancelled: 8, pending: 8, ready: 17, swept: 63 });
  });

  test('holds loans and applications in every state', async () => {
    expect(await states('loans')).toEqual({
      ...{ active: 3, approved: 1, cancelled: 1, defaulted: 1, liquidated: 1, repaid: 1, written_off: 1 },
    });
    expect(
      await rows(
        `select count(late_since)::int as late, count(margin_called_at)::int as called from loans where status = 'active'`,
      ),
    ).toEqual([{ late: 1, called: 1 }]);
    expect(await states('loan_applications')).toEqual({
      ...{ approved: 2, converted: 7, draft: 1, expired: 2, rejected: 1, submitted: 1, under_review: 1, withdrawn: 1 },
    });
  });

  test('holds debts that are what the books say', async () => {
    expect(
      await rows(`select l.status from loans l
        join ledger_accounts a on a.user_id = l.user_id and a.kind = 'debt' where -a.balance <> l.outstanding_principal`),
    ).toEqual([]);
  });

  test('holds a season under way and quests in every state', async () => {
    expect(await states('battle_passes', `code || ' ' || status`)).toEqual({
      'autumn-2009 ended': 1,
      'spring-2010 draft': 1,
      'winter-2010 active': 1,
    });
    expect(await states('quests')).toEqual({ active: 5, draft: 1, retired: 1 });
    expect(await states('user_quests')).toEqual({ claimed: 69, completed: 19, expired: 50, in_progress: 62 });
    expect(
      await states('user_battle_passes', `case when premium_since is null then 'free' else 'premium' end`),
    ).toEqual({ free: 40, premium: 10 });
  });

  test('holds experts, tips and interactions in every state', async () => {
    expect(await states('ai_experts')).toEqual({ active: 2, draft: 1, retired: 1 });
    expect(await states('ai_tips')).toEqual({ draft: 1, expired: 1, published: 1, withdrawn: 1 });
    expect(await states('user_ai_interactions')).toEqual({ completed: 35, failed: 5, pending: 4, refused: 4 });
  });

  test('holds inboxes, and deliveries in every state', async () => {
    expect(
      await rows(`select count(*)::int as notices, count(seen_at)::int as seen, count(read_at)::int as read,
        count(archived_at)::int as archived from notifications`),
    ).toEqual([{ notices: 156, seen: 79, read: 53, archived: 50 }]);
    expect(await states('notification_deliveries')).toEqual({
      ...{ delayed: 12, delivered: 188, failed: 64, queued: 17, sent: 30, suppressed: 60 },
    });
  });
});
