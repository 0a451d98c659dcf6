import {
  Achievement,
  BattlePass,
  type DailyCount,
  Decimal,
  type EntityManager,
  type Leg,
  ledger,
  localDayOf,
  Quest,
  RewardClaim,
  Transaction,
  UserAchievement,
  UserBattlePass,
  UserLevel,
  UserQuest,
  type XpCause,
} from '../../src/index.js';
import { at } from './calendar.js';
import { type Life, lifeOf } from './lives.js';
import { hasLeft, type Person } from './people.js';

const XP_OF_DEPOSIT = 20;
const CLAIMED_AT = at('2010-03-12');

/** What a person's year comes to in points, quests, achievements and the running season; in one commit. */
export async function play(em: EntityManager, person: Person): Promise<void> {
  const life = await lifeOf(em, person);
  const deposits = await em.find(
    Transaction,
    { user: person.userId, type: 'deposit', status: 'posted' },
    { orderBy: { occurredAt: 'asc' } },
  );
  const days = { timeZone: life.preferences.timeZone, dayStartHour: life.preferences.dayStartHour };
  const season = await em.findOneOrFail(BattlePass, { code: 'winter-2010' }, { populate: ['tiers'] });
  const player = new Player(em, life, days, season, await levelOf(em, life));
  player.deposit(deposits);
  await player.doQuests(deposits);
  await player.unlock(deposits);
  if (person.number % 5 === 1 && !hasLeft(person)) await player.goPremium();
  if (!hasLeft(person)) await player.claimTiers();
}

async function levelOf(em: EntityManager, { user }: Life): Promise<UserLevel> {
  const known = await em.findOne(UserLevel, { user: user.id });
  if (known) return known;
  const level = new UserLevel(user);
  em.persist(level);
  return level;
}

class Player {
  private readonly pass: UserBattlePass;

  constructor(
    private readonly em: EntityManager,
    private readonly life: Life,
    private readonly days: DailyCount,
    private readonly season: BattlePass,
    private readonly level: UserLevel,
  ) {
    this.pass = new UserBattlePass(life.user, season, at('2010-01-02'));
    em.persist(this.pass);
  }

  deposit(deposits: readonly Transaction[]): void {
    const reason = 'deposit.settled';
    for (const { id, occurredAt } of deposits)
      this.gain(XP_OF_DEPOSIT, { sourceType: 'transaction', sourceId: id, reason, occurredAt });
    this.gain(50, {
      sourceType: 'milestone',
      sourceId: 'email_verified',
      reason: 'email.verified',
      occurredAt: at('2009-04-01'),
    });
    this.level.rewardLevels();
  }

  async doQuests(deposits: readonly Transaction[]): Promise<void> {
    const first = await this.begin('first-hundred', at('2009-04-02'));
    this.count(first, deposits);
    if (first.status === 'completed') this.claim(first, at('2009-05-10'));
    if (first.status === 'claimed') this.count(await this.begin('ten-thousand', at('2009-06-01'), first), deposits);
    // Left unclaimed by some: what is completed can wait.
    const seasonal = await this.begin('spring-saver', at('2010-01-02'));
    this.count(seasonal, deposits);
    if (seasonal.status === 'completed' && this.life.person.number % 2 === 0) this.claim(seasonal, CLAIMED_AT);
    const lastWeek = await this.begin('week-by-week', at('2010-02-17'));
    lastWeek.expire(at('2010-02-24'));
  }

  async unlock(deposits: readonly Transaction[]): Promise<void> {
    const { user, person } = this.life;
    for (const achievement of await this.em.find(
      Achievement,
      { status: 'active' },
      { orderBy: { code: 'asc', tier: 'asc' } },
    )) {
      const mine = new UserAchievement(user, achievement);
      if (achievement.code === 'saver') for (const { amount, occurredAt } of deposits) mine.count(amount, occurredAt);
      else if (person.kyc === 'verified') mine.count(new Decimal(1), at('2009-04-02'));
      if (mine.counted.gt(0)) this.em.persist(mine);
    }
  }

  async goPremium(): Promise<void> {
    const { premiumPrice } = this.season;
    const leg: Leg = {
      from: { kind: 'cash' },
      to: { kind: 'fees' },
      assetId: this.season.currency.id,
      amount: premiumPrice,
    };
    this.pass.goPremium(await this.post('fee', 'premium', premiumPrice, leg), CLAIMED_AT);
  }

  async claimTiers(): Promise<void> {
    const tiers = this.season.tiers.getItems().sort((a, b) => a.number - b.number);
    for (const track of ['free', 'premium'] as const) {
      for (const tier of tiers) {
        const reward = tier.rewardOn(track);
        if (!reward || tier.xp > this.pass.xp || (track === 'premium' && !this.pass.isPremium)) continue;
        const grant = 'badge' in reward ? undefined : await this.grant(`${track}-${tier.number}`, reward.amount);
        this.em.persist(new RewardClaim(this.pass, tier, track, CLAIMED_AT, grant));
      }
    }
  }

  private grant(name: string, amount: Decimal): Promise<Transaction> {
    const assetId = this.season.currency.id;
    return this.post('reward', name, amount, { from: { kind: 'rewards' }, to: { kind: 'cash' }, assetId, amount });
  }

  private async post(type: 'fee' | 'reward', name: string, amount: Decimal, leg: Leg): Promise<Transaction> {
    const { transaction } = await ledger.post(this.em, this.life.person.userId, {
      ...{ type, amount, assetId: leg.assetId, occurredAt: CLAIMED_AT, legs: [leg] },
      idempotencyKey: `seed:${this.season.code}:${name}`,
      request: { useCase: `seed-${type}`, season: this.season.code, name },
    });
    return transaction;
  }

  private async begin(code: string, now: Date, prerequisite?: UserQuest): Promise<UserQuest> {
    const quest = await this.em.findOneOrFail(Quest, { code });
    const start = { now, days: this.days, season: this.season, prerequisite };
    const mine = new UserQuest(this.life.user, quest, start);
    this.em.persist(mine);
    return mine;
  }

  private count(quest: UserQuest, deposits: readonly Transaction[]): void {
    for (const { amount, occurredAt } of deposits) {
      const isInPeriod = occurredAt >= quest.startsAt && (!quest.endsAt || occurredAt < quest.endsAt);
      if (isInPeriod) quest.count(amount, occurredAt);
    }
  }

  private claim(quest: UserQuest, now: Date): void {
    quest.claim(now);
    const { xp, code } = quest.quest.getEntity();
    this.gain(xp, {
      sourceType: 'quest',
      sourceId: `${code}:${quest.periodKey}`,
      reason: 'quest.claimed',
      occurredAt: now,
    });
  }

  private gain(xp: number, cause: Omit<XpCause, 'localDate'>): void {
    const event = this.level.gain(xp, { ...cause, localDate: localDayOf(cause.occurredAt, this.days) }, 0);
    this.em.persist(event);
    if (this.season.isInWindow(cause.occurredAt)) this.pass.gain(event.delta, cause.occurredAt);
  }
}
