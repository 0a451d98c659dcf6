import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, OneToOne, Property } from '@mikro-orm/decorators/es';
import { localDate, ownedBy, Timestamped, ValidationError } from '../shared/index.js';
import type { User } from './user.entity.js';

/** What is left out stays as it is; null empties a field. */
export type ProfileDetails = {
  [field in 'givenName' | 'familyName' | 'displayName' | 'birthDate' | 'country' | 'avatarUrl']?: string | null;
};

/** Where a date begins first on earth. */
const FIRST_ZONE = 'Pacific/Kiritimati';

/** What is known of the person. All personal data except e-mail and wallets is here, so that erasing is one place. */
@Entity({ tableName: 'user_profiles', ...ownedBy() })
@Check({ name: 'user_profiles_country_iso', expression: `country ~ '^[A-Z]{2}$'` })
@Check({
  name: 'user_profiles_birth_date_range',
  expression: `birth_date >= '1900-01-01'::date and birth_date <= '2100-01-01'::date`,
})
export class UserProfile extends Timestamped {
  [PrimaryKeyProp]?: 'user';

  @OneToOne({ primary: true, deleteRule: 'cascade', updateRule: 'no action' })
  readonly user: Ref<User>;

  /** Given name as on an identity document. */
  @Property({ length: 100, nullable: true })
  givenName?: string;

  /** Family name as on an identity document. */
  @Property({ length: 100, nullable: true })
  familyName?: string;

  /** The name other people see. */
  @Property({ length: 60, nullable: true })
  displayName?: string;

  /** Date of birth. */
  @Property({ type: 'date', nullable: true })
  birthDate?: string;

  /** Country of residence, ISO 3166-1 alpha-2. */
  @Property({ length: 2, nullable: true })
  country?: string;

  /** Where the person's picture is. */
  @Property({ length: 500, nullable: true })
  avatarUrl?: string;

  constructor(user: User) {
    super();
    this.user = ref(user);
  }

  /** @throws {ValidationError} `profile.birth-date`: from 1900 on, and nowhere on earth still to come. */
  update(details: ProfileDetails, now: Date): void {
    const { birthDate } = details;
    if (birthDate && !(birthDate >= '1900-01-01' && birthDate <= localDate(now, FIRST_ZONE)))
      throw new ValidationError('profile.birth-date', 'A date of birth is from 1900-01-01 on, and not in the future.');
    const keep = (said: string | null | undefined, known: string | undefined) =>
      said === undefined ? known : (said ?? undefined);
    this.givenName = keep(details.givenName, this.givenName);
    this.familyName = keep(details.familyName, this.familyName);
    this.displayName = keep(details.displayName, this.displayName);
    this.birthDate = keep(birthDate, this.birthDate);
    this.country = keep(details.country, this.country);
    this.avatarUrl = keep(details.avatarUrl, this.avatarUrl);
  }

  /** Overwrites every personal field. */
  erase(): void {
    this.givenName = undefined;
    this.familyName = undefined;
    this.displayName = undefined;
    this.birthDate = undefined;
    this.country = undefined;
    this.avatarUrl = undefined;
  }
}
