import type { EntityManager } from '../database/index.js';
import { type Clock, parseInput, systemClock } from '../shared/index.js';
import { lockUser } from './lock-user.js';
import { requireOperator } from './operator.js';
import type { User } from './user.entity.js';
import { UserAt } from './user.input.js';

/** What is known of who somebody is. The person asks to be known; the other steps are an operator's, inside `asWorker`. */
export class KycService {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * The person hands in what proves who they are: for the first time, after a rejection, or when the proof has expired.
   * After: their identity is pending.
   * @throws {NotFoundError} {@link StateError} `user.not-active`, `kyc.not-pending` when it is pending or verified.
   */
  async start(input: UserAt): Promise<User> {
    const user = await lockUser(this.em, parseInput(UserAt, input).userId);
    user.requireActive();
    user.startKyc();
    await this.em.flush();
    return user;
  }

  /**
   * The proof was good. After: the person's identity is verified.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `kyc.not-verified` unless it is pending.
   */
  pass(input: UserAt): Promise<User> {
    return this.decide(input, user => user.passKyc(this.clock.now()));
  }

  /**
   * The proof was not good enough; the person may hand in another. After: their identity is rejected.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `kyc.not-rejected` unless it is pending.
   */
  reject(input: UserAt): Promise<User> {
    return this.decide(input, user => user.rejectKyc());
  }

  /**
   * What was verified counts no longer, such as when a passport has run out. After: the person has to prove it again.
   * @throws {NotFoundError} {@link NotAllowedError} {@link StateError} `kyc.not-expired` unless it is verified.
   */
  expire(input: UserAt): Promise<User> {
    return this.decide(input, user => user.expireKyc());
  }

  private async decide(input: UserAt, verb: (user: User) => void): Promise<User> {
    const { userId } = parseInput(UserAt, input);
    await requireOperator(this.em);
    const user = await lockUser(this.em, userId);
    user.requireOpen();
    verb(user);
    await this.em.flush();
    return user;
  }
}
