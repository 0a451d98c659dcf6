import { type Opt, PrimaryKeyProp } from '@mikro-orm/core';
import { Check, Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/es';
import { newId, ownedBy, StateError, Timestamped, type Transitions, transition } from '../shared/index.js';
import { normalizeEmail } from './email.js';

export const USER_STATUSES = ['active', 'suspended', 'closing', 'closed', 'erased'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

const STATUS_AFTER: Transitions<UserStatus> = {
  active: ['suspended', 'closing'],
  suspended: ['active'],
  closing: ['closed'],
  closed: ['erased'],
  erased: [],
};

export const KYC_STATUSES = ['none', 'pending', 'verified', 'rejected', 'expired'] as const;
export type KycStatus = (typeof KYC_STATUSES)[number];

const KYC_AFTER: Transitions<KycStatus> = {
  none: ['pending'],
  pending: ['verified', 'rejected'],
  verified: ['expired'],
  rejected: ['pending'],
  expired: ['pending'],
};

/** A person with an account. Personal data lives in the profile; here are only the address to sign in with and two states. */
@Entity({ tableName: 'users', ...ownedBy('id') })
@Check({
  name: 'users_email_normal',
  expression: `email = lower(btrim(email)) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'`,
})
@Check({ name: 'users_email_nfkc', expression: `email is nfkc normalized` })
@Check({ name: 'users_suspended_at', expression: `status <> 'suspended' or suspended_at is not null` })
@Check({
  name: 'users_closing_at',
  expression: `not (status in ('closing', 'closed', 'erased')) or closing_at is not null`,
})
@Check({ name: 'users_closed_at', expression: `not (status in ('closed', 'erased')) or closed_at is not null` })
@Check({ name: 'users_erased_at', expression: `(status = 'erased') = (erased_at is not null)` })
@Check({ name: 'users_kyc_verified_at', expression: `(kyc_status = 'verified') = (kyc_verified_at is not null)` })
export class User extends Timestamped {
  [PrimaryKeyProp]?: 'id';

  @PrimaryKey({ type: 'uuid' })
  readonly id: string;

  /** The address to sign in with, in its normal form; after erasure a placeholder. */
  @Property({ length: 254, accessor: 'email' })
  @Unique({ name: 'users_email_unique' })
  private _email: string;

  /** When the address was proved to be the person's; absent until then. */
  @Property({ nullable: true })
  emailVerifiedAt?: Date;

  /** What the account may do: `active ↔ suspended`, `active → closing → closed → erased`. */
  @Enum({ items: () => USER_STATUSES, accessor: 'status' })
  private _status: UserStatus = 'active';

  /** When the account was last suspended. */
  @Property({ nullable: true })
  suspendedAt?: Date;

  /** When the account stopped taking new business. */
  @Property({ nullable: true })
  closingAt?: Date;

  /** When the account was closed for good. */
  @Property({ nullable: true })
  closedAt?: Date;

  /** When the personal data was overwritten. */
  @Property({ nullable: true })
  erasedAt?: Date;

  /** What is known of the person's identity: `none → pending → verified / rejected`, `verified → expired`. */
  @Enum({ items: () => KYC_STATUSES, accessor: 'kycStatus' })
  private _kycStatus: KycStatus = 'none';

  /** When the identity was verified; absent unless that counts. */
  @Property({ nullable: true })
  kycVerifiedAt?: Date;

  @Property({ version: true })
  readonly version!: Opt<number>;

  constructor(email: string, id: string = newId()) {
    super();
    this.id = id;
    this._email = normalizeEmail(email);
  }

  get email(): string {
    return this._email;
  }

  get status(): Opt<UserStatus> {
    return this._status;
  }

  get kycStatus(): Opt<KycStatus> {
    return this._kycStatus;
  }

  /** @throws {StateError} `user.not-active`: only an active account takes new business. */
  requireActive(): void {
    if (this._status !== 'active') {
      throw new StateError('user.not-active', `This account is ${this._status} and takes no new business.`, {
        status: this._status,
      });
    }
  }

  /** @throws {StateError} `user.closed`: an account that is closed or erased stays as it is. */
  requireOpen(): void {
    if (this._status === 'closed' || this._status === 'erased')
      throw new StateError('user.closed', `This account is ${this._status} and stays as it is.`, {
        status: this._status,
      });
  }

  /**
   * The first proof counts.
   * @param proved the address that was proved: a proof of one that the account has no longer proves nothing.
   * @throws {StateError} `user.other-email`, `user.closed`
   */
  verifyEmail(now: Date, proved: string = this._email): void {
    this.requireOpen();
    if (normalizeEmail(proved) !== this._email)
      throw new StateError('user.other-email', 'The proof is of another address than the one of this account.');
    this.emailVerifiedAt ??= now;
  }

  /** @param email an address that the person has proved to be theirs. */
  changeEmail(email: string, now: Date): void {
    this.requireActive();
    this._email = normalizeEmail(email);
    this.emailVerifiedAt = now;
  }

  suspend(now: Date): void {
    this.become('suspended');
    this.suspendedAt = now;
  }

  reinstate(): void {
    this.become('active');
  }

  /** The account takes no new business; what is open may still end. */
  startClosing(now: Date): void {
    this.become('closing');
    this.closingAt = now;
  }

  close(now: Date): void {
    this.become('closed');
    this.closedAt = now;
  }

  /** Leaves a tombstone: the row stays for the books, the address is gone. */
  erase(now: Date): void {
    this.become('erased');
    this.erasedAt = now;
    this._email = `${this.id}@erased.invalid`;
    this.emailVerifiedAt = undefined;
  }

  startKyc(): void {
    this.becomeKyc('pending');
  }

  passKyc(now: Date): void {
    this.becomeKyc('verified');
    this.kycVerifiedAt = now;
  }

  rejectKyc(): void {
    this.becomeKyc('rejected');
  }

  /** Who expires has to prove everything anew: without the moment of a verification the database takes nobody for verified. */
  expireKyc(): void {
    this.becomeKyc('expired');
    this.kycVerifiedAt = undefined;
  }

  private become(status: UserStatus): void {
    this._status = transition('user', STATUS_AFTER, this._status, status);
  }

  private becomeKyc(status: KycStatus): void {
    this._kycStatus = transition('kyc', KYC_AFTER, this._kycStatus, status);
  }
}
