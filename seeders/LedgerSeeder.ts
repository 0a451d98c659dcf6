import { Seeder } from '@mikro-orm/seeder';
import {
  AutoInvestRule,
  AutoInvestService,
  asWorker,
  type Clock,
  DepositService,
  type EntityManager,
  InvestmentService,
  LedgerAccount,
  ledger,
  Portfolio,
  runDueAutoInvestRules,
  SnapshotService,
} from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';
import { at, MONTHS, type Month } from './world/calendar.js';
import { Draw } from './world/draw.js';
import { forEachPerson } from './world/lives.js';
import { hasLeft, isBorrower, PEOPLE, type Person } from './world/people.js';
import { RULES } from './world/rules.js';

const draw = new Draw('history');

/** Until when borrowers save like everybody; what they do from then on is told with their loans. */
const LAST_BEFORE_LOANS: Month = '2009-09';

/**
 * Twelve months: money comes in, rules and people invest it, every portfolio is valued. All of it goes through the services,
 * each step under a key of its own, so a month that was interrupted is finished when it is lived again.
 */
export class LedgerSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    for (const month of MONTHS) if (!(await isLived(em, month))) await live(em, month, await portfoliosOf(em));
  }
}

const savers = (month: Month): Person[] => PEOPLE.filter(person => !isBorrower(person) || month <= LAST_BEFORE_LOANS);

const investors = (month: Month): Person[] => savers(month).filter(person => !hasLeft(person));

/** A month is over when everybody's portfolio was valued. */
async function isLived(em: EntityManager, month: Month): Promise<boolean> {
  const ids = investors(month).map(({ userId }) => userId);
  const [row] = await asWorker(em, inner =>
    inner.execute<{ taken: string }[]>(
      `select count(distinct user_id)::text as taken from portfolio_snapshots
       where date >= ?::date and date < (?::date + interval '1 month')
         and user_id = any(string_to_array(?, ',')::uuid[])`,
      [`${month}-01`, `${month}-01`, ids.join(',')],
    ),
  );
  return Number(row!.taken) === ids.length;
}

/** The portfolio of each person, by the person's id. */
const portfoliosOf = (em: EntityManager): Promise<Map<string, string>> =>
  asWorker(em, async inner => {
    const portfolios = await inner.find(
      Portfolio,
      { user: { $in: PEOPLE.map(({ userId }) => userId) } },
      { fields: ['id', 'user'] },
    );
    return new Map(portfolios.map(({ id, user }) => [user.id, id]));
  });

async function live(em: EntityManager, month: Month, portfolios: Map<string, string>): Promise<void> {
  await forEachPerson(em, savers(month), (inner, person) => takeIn(inner, person, month));
  await runDueAutoInvestRules(em, new FixedClock(at(`${month}-05`, '20:00')));
  await forEachPerson(em, investors(month), (inner, person) =>
    investAndLookBack(inner, person, month, portfolios.get(person.userId)!),
  );
}

async function takeIn(em: EntityManager, person: Person, month: Month): Promise<void> {
  const { userId, monthly } = person;
  if (hasLeft(person) && month >= '2010-02') {
    if (month === '2010-02') await withdrawAll(em, userId);
    return;
  }
  const clock = new FixedClock(at(`${month}-03`, '09:00'));
  const deposits = new DepositService(em, clock);
  const announced = {
    ...{ userId, assetCode: 'USD', amount: `${monthly}`, source: 'bank', reference: `salary-${month}` },
    idempotencyKey: `seed:deposit:${month}`,
  };
  const { transaction } = await deposits.open(announced);
  clock.moveTo(at(`${month}-03`, '14:30'));
  const closing = { userId, transactionId: transaction.id, idempotencyKey: `seed:settle:${month}` };
  // Somebody's first transfer bounced, and somebody's last one is still on its way.
  if (person.number === 36 && month === '2009-04')
    await deposits.fail({ ...closing, reason: 'The account was closed' });
  else if (person.number !== 37 || month !== '2010-03') await deposits.settle(closing);
}

async function withdrawAll(em: EntityManager, userId: string): Promise<void> {
  const key = { idempotencyKey: 'seed:withdraw', request: { useCase: 'seed-withdrawal' } };
  if (await ledger.replayOf(em, userId, key)) return;
  const cash = await em.findOneOrFail(LedgerAccount, { user: userId, kind: 'cash' });
  const leg = {
    from: { kind: 'cash' },
    to: { kind: 'external' },
    assetId: cash.asset.id,
    amount: cash.balance,
  } as const;
  await ledger.post(em, userId, {
    ...key,
    type: 'withdrawal',
    assetId: cash.asset.id,
    amount: cash.balance,
    occurredAt: at('2010-02-03'),
    external: { source: 'bank', reference: 'payout-2010-02' },
    legs: [leg],
  });
}

async function investAndLookBack(em: EntityManager, person: Person, month: Month, portfolioId: string): Promise<void> {
  const { userId, email } = person;
  const place = { userId, portfolioId };
  const clock = new FixedClock(at(`${month}-05`, '21:00'));
  const investsNow = isBorrower(person) || draw.whole(`${email} ${month} invests`, 1, 3) > 1;
  if (!RULES.has(person.number) && person.number !== 36 && investsNow) {
    const amount = Math.floor((person.monthly * draw.whole(`${email} ${month} share`, 60, 95)) / 100);
    const wish = { ...place, basketSlug: person.basketSlug, amount: `${amount}` };
    await new InvestmentService(em, clock).invest({ ...wish, idempotencyKey: `seed:invest:${month}` });
  }
  await changeRule(em, person, month, clock);
  clock.moveTo(at(`${month}-05`, '22:00'));
  await new SnapshotService(em, clock).take(place);
}

/** In October one person pauses their rule, and another cancels it. */
async function changeRule(em: EntityManager, { number, userId }: Person, month: Month, clock: Clock): Promise<void> {
  const story = RULES.get(number);
  if (month !== '2009-10' || (story !== 'is_paused' && story !== 'is_cancelled')) return;
  const rule = await em.findOneOrFail(AutoInvestRule, { user: userId });
  if (rule.status !== 'active') return;
  const rules = new AutoInvestService(em, clock);
  const which = { userId, ruleId: rule.id };
  if (story === 'is_paused') await rules.pause({ ...which, reason: 'Saving for a journey' });
  else await rules.cancel(which);
}
