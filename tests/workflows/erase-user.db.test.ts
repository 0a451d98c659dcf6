import { beforeAll, describe, expect, test } from 'vitest';
import {
  asReader,
  asUser,
  asWorker,
  checkInvariants,
  closeAccount,
  type EntityManager,
  eraseUser,
  newId,
  ProfileService,
  registerUser,
  User,
  WalletService,
} from '../../src/index.js';
import { useDatabase } from '../support/database.js';
import { type Investor, useWorld } from '../support/world.js';
import { livedBy, PERSONAL } from './full-life.js';

const database = useDatabase();
const world = useWorld(database);

const close = ({ userId }: Investor) => asWorker(database.orm.em, em => closeAccount(em, { userId }, world.clock));
const erase = ({ userId }: Pick<Investor, 'userId'>) =>
  asWorker(database.orm.em, em => eraseUser(em, { userId }, world.clock));

type Dump = Record<string, unknown[]>;

/** Which personal words the database still holds, and in which tables. */
const foundIn = (dump: Dump, secrets: readonly string[]): string[] =>
  secrets.flatMap(secret =>
    Object.entries(dump)
      .filter(([, rows]) => JSON.stringify(rows).includes(secret))
      .map(([table]) => `${secret} in ${table}`),
  );

/** The rows of everybody but one, and of nobody. */
const withoutRowsOf = (dump: Dump, userId: string): Dump =>
  Object.fromEntries(
    Object.entries(dump).map(([table, rows]) => [table, rows.filter(row => !JSON.stringify(row).includes(userId))]),
  );

/**
 * Every column of a user's rows that takes free text or JSON, and why erasing may leave it as it is. A column that is added
 * is to be erased or to be named here.
 */
const KEPT: Record<string, string> = {
  'auto_invest_rules.local_time': 'a time of day of a rule that has ended',
  'auto_invest_rules.pause_reason': 'gone when the rule ends, which closing sees to',
  'auto_invest_runs.reason': 'a code',
  'loan_applications.collateral_offered': 'ids, codes and quantities',
  'loan_applications.decided_by_name': 'who decided for the lender; a decision keeps its author',
  'loan_applications.reasons': 'what the lender has to be able to show',
  'outbox_events.payload': 'ids and amounts',
  'outbox_events.type': 'a code',
  'reward_claims.badge': 'a code',
  'transactions.closing_hash': 'books: a hash',
  'transactions.closing_key': 'books: a key',
  'transactions.external_reference': "books: the event's name at the bank",
  'transactions.external_source': 'books: the bank',
  'transactions.failure_reason': 'books: what the bank said',
  'transactions.idempotency_key': 'books: a key',
  'transactions.request_hash': 'books: a hash',
  'user_ai_interactions.disclaimer_version': 'a version',
  'user_ai_interactions.model_id': 'the model asked',
  'user_ai_interactions.prompt_version': 'a version',
  'user_quests.period_key': 'a code',
  'xp_events.reason': 'a code',
  'xp_events.source_id': 'an id or a code',
};

const ERASED = [
  ...['auto_invest_rules.time_zone', 'notification_deliveries.provider_id', 'notification_deliveries.reason'],
  ...['notification_preferences.quiet_from', 'notification_preferences.quiet_until', 'notifications.body'],
  ...['notifications.data', 'notifications.dedupe_key', 'notifications.title', 'portfolios.name'],
  ...['round_up_rules.funding_source', 'round_ups.funding_source', 'round_ups.purchase_reference'],
  ...['user_ai_interactions.prompt', 'user_ai_interactions.provider_request_id', 'user_ai_interactions.reason'],
  ...['user_ai_interactions.response', 'user_preferences.base_currency', 'user_preferences.locale'],
  ...['user_preferences.next_time_zone', 'user_preferences.time_zone', 'user_profiles.avatar_url'],
  ...['user_profiles.country', 'user_profiles.display_name', 'user_profiles.family_name', 'user_profiles.given_name'],
  ...['user_wallets.address', 'users.email'],
];

test("every column of a user's that takes text is erased, or there is a reason to keep it", async () => {
  const columns = await world.rows<{ name: string }>(
    `select c.table_name || '.' || c.column_name as name from information_schema.columns c
     where c.table_schema = 'public' and c.data_type in ('character varying', 'jsonb')
       and (c.table_name = 'users' or exists (
         select from information_schema.columns o
         where o.table_schema = 'public' and o.table_name = c.table_name and o.column_name = 'user_id'))
     order by 1`,
  );
  expect(columns.map(({ name }) => name).sort()).toEqual([...Object.keys(KEPT), ...ERASED].sort());
});

describe('a person who is erased', () => {
  const secrets = Object.values(PERSONAL).filter(secret => secret !== PERSONAL.earlierName);
  let who: Investor;
  let before: Dump;
  let after: Dump;

  beforeAll(async () => {
    await world.invest(await world.newInvestor('50'), '20');
    who = await livedBy(world);
    await close(who);
    before = await world.dump();
    await erase(who);
    after = await world.dump();
  }, 30_000);

  test('is nowhere in the database any more', () => {
    // In the rules, profiles, preferences, wallets and so on before, so that the search below means something.
    expect(new Set(foundIn(before, secrets).map(found => found.split(' in ')[0]))).toEqual(new Set(secrets));
    expect(foundIn(after, secrets)).toEqual([]);
  });

  test('leaves a tombstone', async () => {
    const { userId } = who;
    expect(
      await world.rows(
        'select email, email_verified_at, status, closed_at, erased_at, kyc_status from users where id = $1',
        [userId],
      ),
    ).toEqual([
      {
        ...{ email: `${userId}@erased.invalid`, email_verified_at: null, status: 'erased', kyc_status: 'verified' },
        ...{ closed_at: world.clock.now(), erased_at: world.clock.now() },
      },
    ]);
    expect(
      await world.rows(
        `select given_name, family_name, display_name, birth_date, country, avatar_url, locale, time_zone, next_time_zone,
           base_currency, ai_enabled from user_profiles join user_preferences using (user_id) where user_id = $1`,
        [userId],
      ),
    ).toEqual([
      {
        ...{
          given_name: null,
          family_name: null,
          display_name: null,
          birth_date: null,
          country: null,
          avatar_url: null,
        },
        ...{ locale: 'en-US', time_zone: 'UTC', next_time_zone: null, base_currency: 'USD', ai_enabled: false },
      },
    ]);
  });

  test('leaves the books as they are, and everything sound', async () => {
    for (const table of ['transactions', 'transaction_fees', 'ledger_accounts', 'ledger_entries', 'outbox_events'])
      expect([table, after[table]]).toEqual([table, before[table]]);
    expect(before.ledger_entries!.length).toBeGreaterThan(3);
    const results = await asReader(database.orm.em, checkInvariants);
    expect(results.filter(({ violations }) => violations > 0)).toEqual([]);
  });

  test('takes nothing of others along', () => {
    expect(withoutRowsOf(after, who.userId)).toEqual(withoutRowsOf(before, who.userId));
  });

  test('leaves how many questions were asked and what they cost, not what was asked', async () => {
    const talk = await world.rows(
      `select prompt, response, reason, status, cost::text, rating, provider_request_id = id::text as anonymous
       from user_ai_interactions where user_id = $1 order by status, id`,
      [who.userId],
    );
    const nothing = { response: null, reason: null, rating: null };
    expect(talk).toEqual([
      {
        ...{ prompt: 'erased', response: 'erased', reason: null, status: 'completed', cost: '0.001250', rating: 5 },
        anonymous: true,
      },
      // It was not answered yet: no answer may come any more.
      { ...nothing, prompt: 'erased', reason: 'erased', status: 'failed', cost: null, anonymous: null },
      { ...nothing, prompt: 'erased', reason: 'erased', status: 'refused', cost: '0.001250', anonymous: true },
    ]);
  });

  test('leaves what purchases came to, not where they were made', async () => {
    expect(
      await world.rows(
        `select status, funding_source, purchase_reference = id::text as anonymous, amount::text
         from round_ups where user_id = $1`,
        [who.userId],
      ),
    ).toEqual(
      Array.from({ length: 3 }, () => ({
        ...{ status: 'cancelled', funding_source: 'erased', anonymous: true, amount: '0.80000000' },
      })),
    );
  });

  test('is told nothing any more, and has no wallet', async () => {
    const [left] = await world.rows(
      `select (select count(*)::int from notifications where user_id = $1) as notices,
         (select count(*)::int from notification_deliveries where user_id = $1) as deliveries,
         (select count(*)::int from user_wallets where user_id = $1) as wallets`,
      [who.userId],
    );
    expect(left).toEqual({ notices: 0, deliveries: 0, wallets: 0 });
  });

  test('is not erased again', async () => {
    const dump = await world.dump();
    await expect(erase(who)).rejects.toMatchObject({ code: 'user.not-erased' });
    expect(await world.dump()).toEqual(dump);
  });

  test('does not come back by an update of the profile or a wallet', async () => {
    const { userId } = who;
    const asThem = (work: (em: EntityManager) => Promise<unknown>) => asUser(database.orm.em, userId, work);
    await expect(
      asThem(em => new ProfileService(em).updateProfile({ userId, displayName: 'Revenant' })),
    ).rejects.toMatchObject({ code: 'user.closed' });
    await expect(
      asThem(em => new WalletService(em).link({ userId, chain: 'ethereum', address: PERSONAL.wallet })),
    ).rejects.toMatchObject({ code: 'user.not-active' });
    expect(foundIn(await world.dump(), [PERSONAL.wallet, 'Revenant'])).toEqual([]);
  });

  test('may open another account with the same address and wallet', async () => {
    const userId = newId();
    await asUser(database.orm.em, userId, async em => {
      await registerUser(em, { userId, email: PERSONAL.email, timeZone: 'UTC' });
      await new WalletService(em).link({ userId, chain: 'ethereum', address: PERSONAL.wallet });
    });
    expect(await world.rows('select id from users where email = $1', [PERSONAL.email])).toEqual([{ id: userId }]);
  });
});

test('a person is erased once by two at the same moment', async () => {
  const who = await world.newInvestor();
  await close(who);
  const outcomes = await Promise.allSettled([erase(who), erase(who)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find(outcome => outcome.status === 'rejected')!.reason.code).toBe('user.not-erased');
});

describe('nobody is erased', () => {
  const refusalOf = async (work: () => Promise<User>): Promise<string> => {
    const before = await world.dump();
    const code = await work().then(
      () => 'erased',
      error => error.code,
    );
    expect(await world.dump()).toEqual(before);
    return code;
  };

  test.each<[string, (user: User) => void]>([
    ['active', () => undefined],
    ['suspended', user => user.suspend(world.clock.now())],
    ['closing', user => user.startClosing(world.clock.now())],
  ])('whose account is %s', async (_, reach) => {
    const who = await world.newInvestor();
    await asWorker(database.orm.em, async em => reach(await em.findOneOrFail(User, { id: who.userId })));
    expect(await refusalOf(() => erase(who))).toBe('user.not-erased');
  });

  test('by themselves, nor who is not there', async () => {
    const who = await world.newInvestor();
    await close(who);
    const { userId } = who;
    expect(await refusalOf(() => asUser(database.orm.em, userId, em => eraseUser(em, { userId })))).toBe(
      'context.not-allowed',
    );
    expect(await refusalOf(() => erase({ userId: newId() }))).toBe('user.not-found');
    expect(await refusalOf(() => erase({ userId: 'nobody' }))).toBe('input.invalid');
  });
});

test('a long history is erased whole, batch by batch', async () => {
  const who = await world.newInvestor();
  await close(who);
  await world.rows(
    `with expert as (
       insert into ai_experts (id, slug, version, name, persona, speciality, model_id, prompt_version, disclaimer_version, status, activated_at)
       values (gen_random_uuid(), 'long-talker', 1, 'Long', 'Talks.', 'talk', 'm', 'p', 'd', 'active', now()) returning id
     )
     insert into user_ai_interactions (user_id, id, kind, expert_id, prompt, model_id, prompt_version, disclaimer_version,
       status, started_at, finished_at, reason)
     select $1, gen_random_uuid(), 'question', expert.id, 'secret ' || n, 'm', 'p', 'd', 'failed', now(), now(), 'timeout'
     from expert, generate_series(1, 450) n`,
    [who.userId],
  );
  await erase(who);
  expect(
    await world.rows(
      'select prompt, reason, count(*)::int as n from user_ai_interactions where user_id = $1 group by 1, 2',
      [who.userId],
    ),
  ).toEqual([{ prompt: 'erased', reason: 'erased', n: 450 }]);
});
