import { Seeder } from '@mikro-orm/seeder';
import { Asset, Decimal, type EntityManager, Loan, LoanApplication, User } from '../src/index.js';
import { Borrowing, USUAL_TERMS } from './world/borrowing.js';
import { at, MONTHS, type Month } from './world/calendar.js';
import { forEachPerson, lifeOf, writtenFor } from './world/lives.js';
import { isBorrower, LOAN_STORIES, type LoanStory, PEOPLE, type Person } from './world/people.js';

const HUNDRED_DOLLARS = new Decimal(100);

/** Loans in every state, and applications that never became one. A borrower's months from October on are told in one commit. */
export class LendingSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const written = await writtenFor(em, 'loan_applications');
    const people = PEOPLE.filter(({ number, userId }) => number <= LAST_APPLICANT && !written.has(userId));
    await forEachPerson(em, people, async (inner, person) => {
      const story = LOAN_STORIES[person.number];
      if (story && isBorrower(person)) await borrow(inner, person, story);
      else await apply(inner, person);
    });
  }
}

async function borrow(em: EntityManager, person: Person, story: LoanStory): Promise<void> {
  const life = await lifeOf(em, person);
  const borrowing = new Borrowing(em, life, await em.findOneOrFail(User, { id: OFFICER.userId }));
  for (const month of MONTHS.filter(later => later >= '2009-10')) {
    await borrowing.saveAndLookBack(month);
    await STORIES[story]!(borrowing, month);
    await em.flush();
  }
}

type Chapter = (borrowing: Borrowing, month: Month) => Promise<void>;

/** What each borrower does in a month. */
const STORIES: Partial<Record<LoanStory, Chapter>> = {
  active: async (borrowing, month) => {
    if (month === '2009-10') await borrowing.takeOut(month, { ltv: 50, termMonths: 12 });
    else await borrowing.payInstallment(month);
  },
  late: async (borrowing, month) => {
    if (month === '2009-10') await borrowing.takeOut(month, { ltv: 50, termMonths: 12 });
    else if (month <= '2009-12') await borrowing.payInstallment(month);
    else if (month === '2010-01') borrowing.fallLate(month);
    else borrowing.accrue(`${month}-08`);
  },
  margin_called: async (borrowing, month) => {
    if (month === '2010-01') borrowing.loan.callMargin(at('2010-01-06'));
    if (month === '2009-12') await borrowing.takeOut(month, FALLING);
    else if (month > '2009-12') await borrowing.payInstallment(month);
  },
  repaid: async (borrowing, month) => {
    if (month === '2009-10') await borrowing.takeOut(month, { ltv: 40, termMonths: 6 });
    else if (month <= '2009-12') await borrowing.payInstallment(month);
    else if (month === '2010-01') await borrowing.payOff(month);
  },
  liquidated: async (borrowing, month) => {
    if (month === '2009-12') await borrowing.takeOut(month, { ...FALLING, ltv: 75, threshold: 79 });
    if (month === '2010-01') await borrowing.beLiquidated('2010-01-06');
  },
  defaulted: async (borrowing, month) => {
    if (month === '2009-10') await borrowing.takeOut(month, { ltv: 50, termMonths: 24 });
    if (month === '2009-11') borrowing.fallLate(month);
    if (month === '2010-01') borrowing.loan.declareDefault(at('2010-01-20'));
  },
  written_off: async (borrowing, month) => {
    if (month === '2009-10') await borrowing.takeOut(month, { ltv: 30, termMonths: 36 });
    if (month === '2009-11') borrowing.fallLate(month);
    if (month === '2009-12') borrowing.loan.declareDefault(at('2009-12-20'));
    if (month === '2010-03') borrowing.loan.writeOff(at('2010-03-08'));
  },
};

/** Two shares that lost value after December 2009, and a debt close to what they carry. */
const FALLING = { ltv: 72, threshold: 80, termMonths: 60, assets: ['AMZN', 'MSFT'] };

/** What else somebody's application came to, by the number of the person. */
const APPLICATIONS: Record<number, (application: LoanApplication, em: EntityManager, officer: User) => void> = {
  0: (application, em, officer) => void em.persist(new Loan(approve(application, officer, '2010-03-10'), USUAL_TERMS)),
  4: (application, em, officer) => {
    const loan = new Loan(approve(application, officer, '2010-01-10'), USUAL_TERMS);
    em.persist(loan);
    loan.cancel(at('2010-02-01'));
    application.expire(at('2010-02-01'));
  },
  9: () => {},
  10: application => application.submit(at('2010-03-08')),
  11: application => review(application, '2010-03-08'),
  12: (application, _, officer) => void approve(application, officer, '2010-03-09'),
  13: (application, _, officer) => {
    review(application, '2010-02-09');
    application.rate(310);
    const reasons = ['The collateral is less than what was asked for.'];
    application.reject({ by: officer, byName: nameOf(OFFICER), reasons }, at('2010-02-11'));
  },
  14: application => {
    application.submit(at('2010-02-15'));
    application.withdraw(at('2010-02-16'));
  },
  15: (application, _, officer) => {
    approve(application, officer, '2009-12-10');
    application.expire(at('2010-01-31'));
  },
};

const LAST_APPLICANT = 15;

/** Who decides on the applications. */
const OFFICER = PEOPLE[41]!;

const nameOf = ({ givenName, familyName }: Person): string => `${givenName} ${familyName}`;

async function apply(em: EntityManager, person: Person): Promise<void> {
  const { user, portfolio } = await lifeOf(em, person);
  const collateral = await Borrowing.offer(em, portfolio);
  const usd = await em.findOneOrFail(Asset, { code: 'USD' });
  const wish = { amount: HUNDRED_DOLLARS, termMonths: 12, purpose: 'education', collateral } as const;
  const application = new LoanApplication(user, usd, wish);
  em.persist(application);
  APPLICATIONS[person.number]!(application, em, await em.findOneOrFail(User, { id: OFFICER.userId }));
}

function review(application: LoanApplication, date: string): void {
  application.submit(at(date, '09:00'));
  application.startReview(at(date, '15:00'));
}

function approve(application: LoanApplication, officer: User, date: string): LoanApplication {
  review(application, date);
  application.rate(720);
  const offer = { amount: application.requestedAmount, expiresAt: new Date(at(date).getTime() + 40 * 86_400_000) };
  application.approve(offer, { by: officer, byName: nameOf(OFFICER) }, at(date, '17:00'));
  return application;
}
