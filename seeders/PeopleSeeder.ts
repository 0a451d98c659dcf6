import { Seeder } from '@mikro-orm/seeder';
import {
  AutoInvestService,
  asUser,
  asWorker,
  DepositService,
  type EntityManager,
  InvestmentService,
  newId,
  registerUser,
  User,
} from '../src/index.js';
import { FixedClock } from '../src/testing/index.js';

/** The day after the newest of the bundled prices. */
const NOW = '2010-03-02T15:00:00Z';

const PEOPLE = [
  {
    email: 'ada@example.com',
    displayName: 'Ada',
    timeZone: 'America/New_York',
    deposit: '500',
    invest: '300',
    basketSlug: 'four-giants',
  },
  {
    email: 'bo@example.com',
    displayName: 'Bo',
    timeZone: 'Asia/Kathmandu',
    deposit: '120.50',
    invest: '100',
    basketSlug: 'steady-pair',
  },
  {
    email: 'cleo@example.com',
    displayName: 'Cleo',
    timeZone: 'Europe/Rome',
    deposit: '80',
    invest: '25.25',
    basketSlug: 'four-giants',
  },
];

/** A few people who have put money in, invested some of it and started a rule. */
export class PeopleSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    for (const person of PEOPLE) {
      const known = await asWorker(em, inner => inner.findOne(User, { email: person.email }));
      if (!known) await this.settleIn(em, person);
    }
  }

  private async settleIn(
    em: EntityManager,
    { email, displayName, timeZone, deposit, invest, basketSlug }: (typeof PEOPLE)[number],
  ): Promise<void> {
    const userId = newId();
    const clock = new FixedClock(NOW);
    await asUser(em, userId, async inner => {
      const { portfolio } = await registerUser(inner, { userId, email, displayName, timeZone });
      const deposits = new DepositService(inner, clock);
      const { transaction } = await deposits.open({
        userId,
        assetCode: 'USD',
        amount: deposit,
        source: 'seed',
        reference: 'first',
        idempotencyKey: 'seed:deposit',
      });
      await deposits.settle({ userId, transactionId: transaction.id, idempotencyKey: 'seed:settle' });
      const place = { userId, portfolioId: portfolio.id, basketSlug };
      await new InvestmentService(inner, clock).invest({ ...place, amount: invest, idempotencyKey: 'seed:invest' });
      await new AutoInvestService(inner, clock).create({
        ...place,
        amount: '25',
        frequency: 'monthly',
        anchorDate: '2010-04-01',
        localTime: '09:30',
      });
    });
  }
}
