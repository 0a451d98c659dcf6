import { Seeder } from '@mikro-orm/seeder';
import {
  type EntityManager,
  NOTIFICATION_CHANNELS,
  Notification,
  type NotificationCategory,
  NotificationDelivery,
  type NotificationDetails,
  NotificationPreference,
} from '../src/index.js';
import { at } from './world/calendar.js';
import { forEachPerson, lifeOf, writtenFor } from './world/lives.js';
import { LOAN_STORIES, PEOPLE, type Person } from './world/people.js';

/** Inboxes with read and unread notices, and deliveries in every state. */
export class NotificationsSeeder extends Seeder {
  async run(em: EntityManager): Promise<void> {
    const written = await writtenFor(em, 'notifications');
    const people = PEOPLE.filter(({ userId }) => !written.has(userId));
    await forEachPerson(em, people, fillInbox);
  }
}

async function fillInbox(em: EntityManager, person: Person): Promise<void> {
  const { user, preferences } = await lifeOf(em, person);
  let wishes = await em.find(NotificationPreference, { user: user.id });
  if (wishes.length === 0) {
    wishes = NotificationPreference.defaultsOf(user);
    em.persist(wishes);
  }
  const wishFor = (category: NotificationCategory, channel: string) =>
    wishes.find(wish => wish.category === category && wish.channel === channel)!;
  if (person.number % 3 === 0) wishFor('money', 'push').keepQuiet({ from: '22:00', until: '07:00' });
  if (person.number % 5 === 0)
    wishFor('investing', 'push').disable(wishes.filter(wish => wish.category === 'investing'));
  for (const details of noticesFor(person)) {
    const notice = new Notification(user, details);
    em.persist(notice);
    for (const channel of NOTIFICATION_CHANNELS) {
      const plan = wishFor(notice.category, channel).plan(notice.severity, notice.occurredAt, preferences.timeZone);
      // A channel that is off for most people leaves no trace; one that a person switched off does.
      if (plan.when === 'never' && channel !== 'push') continue;
      const delivery = new NotificationDelivery(notice, channel, plan, notice.occurredAt);
      if (delivery.status === 'queued') send(delivery, person.number, notice.occurredAt);
      em.persist(delivery);
    }
    const readAt = new Date(notice.occurredAt.getTime() + 3_600_000);
    if (details.dedupeKey === 'welcome') notice.archive(readAt);
    else if (person.number % 4 === 1) notice.see(readAt);
    else if (person.number % 4 > 1) notice.read(readAt);
  }
}

/** What became of a message by the number of the person: still waiting, sent, arrived, come back, or tried in vain. */
function send(delivery: NotificationDelivery, number: number, from: Date): void {
  const [now, later] = [new Date(from.getTime() + 1_000), new Date(from.getTime() + 60_000)];
  if (number % 5 === 0) return;
  const attempt = delivery.claim(30_000, now);
  if (number % 5 === 1) delivery.giveUp(attempt, 'address-unknown', later);
  else {
    delivery.markSent(attempt, now, `message-${number}`);
    if (number % 5 === 2) delivery.bounce('mailbox-full', later);
    if (number % 5 === 3) delivery.markDelivered(later);
  }
}

function noticesFor({ number, monthly, status, givenName }: Person): NotificationDetails[] {
  const notices: NotificationDetails[] = [
    {
      category: 'product',
      title: `Welcome, ${givenName}`,
      body: 'Good to have you here. Your first portfolio is ready.',
      dedupeKey: 'welcome',
      occurredAt: at('2009-04-01', '09:00'),
    },
    {
      category: 'money',
      title: 'Your deposit has arrived',
      body: `${monthly} US dollars are in your account.`,
      data: { amount: `${monthly}`, currency: 'USD' },
      dedupeKey: 'deposit:2010-03',
      occurredAt: at('2010-03-03', '23:30'),
    },
    {
      category: 'investing',
      title: 'Your month in a line',
      body: 'What you hold was valued on the fifth.',
      dedupeKey: 'month:2010-03',
      occurredAt: at('2010-03-05', '22:30'),
      expiresAt: at('2010-04-05'),
    },
  ];
  const story = LOAN_STORIES[number];
  if (story === 'margin_called' || story === 'liquidated' || story === 'late')
    notices.push({
      category: 'loan_risk',
      severity: 'critical',
      title: 'Your loan needs you',
      body: 'Pay an instalment or add collateral, or part of what you pledged may be sold.',
      dedupeKey: 'loan:2010-01',
      occurredAt: at('2010-01-20', '13:00'),
    });
  if (status === 'suspended')
    notices.push({
      category: 'security',
      severity: 'warning',
      title: 'Your account is suspended',
      body: 'We saw a sign-in that was not like you. Call us.',
      dedupeKey: 'suspended:2010-03',
      occurredAt: at('2010-03-25', '12:00'),
    });
  return notices;
}
