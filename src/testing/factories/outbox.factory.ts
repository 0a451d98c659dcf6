import { type Ref, ref } from '@mikro-orm/core';
import { User } from '../../identity/index.js';
import { OutboxEvent } from '../../outbox/index.js';
import { newId } from '../../shared/index.js';
import { userFactory } from './identity.factory.js';
import { FACTORY_NOW } from './sequence.js';

export interface OutboxEventOverrides extends Partial<Omit<OutboxEvent, 'user'>> {
  user?: User | Ref<User>;
}

const waiting = ({ user = userFactory.active(), ...overrides }: OutboxEventOverrides = {}): OutboxEvent =>
  Object.assign(
    new OutboxEvent(),
    {
      id: newId(),
      user: user instanceof User ? ref(user) : user,
      type: 'transaction.posted',
      payload: { transactionId: newId() },
      occurredAt: FACTORY_NOW,
      createdAt: FACTORY_NOW,
    },
    overrides,
  );

/** Events as the outbox shows them, for pure tests: the database only takes them from `ledger.post`. */
export const outboxEventFactory = {
  waiting,
  dispatched: (overrides: OutboxEventOverrides = {}): OutboxEvent =>
    waiting({ dispatchedAt: FACTORY_NOW, ...overrides }),
};
