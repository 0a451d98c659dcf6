import { PrimaryKeyProp, type Ref, ref } from '@mikro-orm/core';
import { Check, Entity, OneToOne, Property } from '@mikro-orm/decorators/es';
import { ownedBy, Timestamped } from '../shared/index.js';
import type { User } from './user.entity.js';

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
